"""Measures how fast `which_children` answers while children hang everywhere and others crash without end.

Usage: never_blocks.py [QUESTIONS]
"""

import logging
import sys
import threading
import time
from contextlib import suppress

import pykka

from supervisor import Backoff, ChildSpec, Intensity, SupervisedActor, SupervisorFlags, Tree

HANGING = 10  # of each kind
STORM = 50
_go_on = threading.Event()


class Hanging(SupervisedActor):
    """Hangs where it is told: in its constructor, on_start, a handler or on_stop."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._hang_in("constructor")

    def on_start(self) -> None:
        self._hang_in("on_start")

    def on_receive(self, _message: object) -> None:
        self._hang_in("handler")

    def on_stop(self) -> None:
        self._hang_in("on_stop")

    def _hang_in(self, where: str) -> None:
        if self._where == where:
            _go_on.wait()


class Crashing(SupervisedActor):
    """Crashes as soon as it runs."""

    def on_start(self) -> None:
        self.actor_ref.tell("crash")

    def on_receive(self, _message: object) -> None:
        raise ValueError("storm")


def _start(tree: Tree, spec: ChildSpec) -> None:
    with suppress(Exception):  # the start of a hanging child is not waited for
        tree.start_child(spec, timeout=0.01)


def _ask(tree: Tree, questions: int) -> list[float]:
    times = []
    for _ in range(questions):
        began = time.perf_counter()
        reports = tree.which_children()
        times.append((time.perf_counter() - began) * 1e3)
        assert reports
    return sorted(times)


def _show(name: str, times: list[float]) -> None:
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    print(f"{name:44}{p50:9.2f} ms{p99:9.2f} ms{times[-1]:9.2f} ms")


def main() -> None:
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    logging.disable(logging.CRITICAL)
    tree = Tree(SupervisorFlags(intensity=Intensity(10**6, 60), max_concurrent_starts=64), [])
    tree.start()
    print(f"{'which_children, ' + str(questions) + ' questions':44}{'p50':>12}{'p99':>12}{'max':>12}")
    _show("nothing else", _ask_idle(tree, questions))
    for where in ("constructor", "on_start", "handler", "on_stop"):
        for n in range(HANGING):
            _start(tree, ChildSpec(id=f"{where}-{n}", start=Hanging, args=(where,), shutdown_seconds=1))
    for n in range(HANGING):
        tree.child(f"handler-{n}").tell("hang")
        threading.Thread(target=tree.terminate_child, args=(f"on_stop-{n}",), daemon=True).start()
    _show(f"{4 * HANGING} children hang, {HANGING} in each place", _ask(tree, questions))
    for n in range(STORM):
        _start(tree, ChildSpec(id=f"storm-{n}", start=Crashing, backoff=Backoff(0, 0)))
    before = sum(report.incarnation for report in tree.which_children())
    began = time.perf_counter()
    _show(f"the same, and {STORM} children crash without backoff", _ask(tree, questions))
    crashes = sum(report.incarnation for report in tree.which_children()) - before
    print(f"crashes meanwhile: {crashes} ({crashes / (time.perf_counter() - began):.0f} per second)")
    began = time.perf_counter()
    tree.stop(5)
    print(f"stop of it all: {time.perf_counter() - began:.2f} s")
    _go_on.set()


def _ask_idle(tree: Tree, questions: int) -> list[float]:
    with suppress(pykka.ActorDeadError):
        tree.start_child(ChildSpec(id="calm", start=SupervisedActor))
    return _ask(tree, questions)


if __name__ == "__main__":
    main()
