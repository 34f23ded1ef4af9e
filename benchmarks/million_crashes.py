"""Crashes one child again and again, and counts threads and memory. Usage: million_crashes.py [CRASHES]"""

import gc
import logging
import sys
import threading
import time

import psutil

from supervisor import Backoff, ChildSpec, Intensity, SupervisedActor, SupervisorFlags, Tree

_done = threading.Event()
_marks: list[tuple[int, float, int]] = []


class Crashing(SupervisedActor):
    """Crashes as soon as it runs, until it has done so often enough."""

    crashes = 0
    limit = 0

    def on_start(self) -> None:
        self.actor_ref.tell("crash")

    def on_receive(self, _message: object) -> None:
        cls = type(self)
        cls.crashes += 1
        if cls.crashes % (cls.limit // 10) == 0:
            gc.collect()
            memory = psutil.Process().memory_info().rss / 2**20
            _marks.append((cls.crashes, memory, threading.active_count()))
        if cls.crashes >= cls.limit:
            _done.set()
            return
        raise ValueError("crash")


def main() -> None:
    Crashing.limit = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    logging.disable(logging.CRITICAL)
    spec = ChildSpec(id="crashing", start=Crashing, backoff=Backoff(0, 0), shutdown_seconds=0.5)
    tree = Tree(SupervisorFlags(intensity=Intensity(10**6, 1)), [spec])
    began = time.perf_counter()
    tree.start()
    _done.wait()
    took = time.perf_counter() - began
    print(f"{'crashes':>10}{'memory':>12}{'threads':>9}")
    for crashes, memory, threads in _marks:
        print(f"{crashes:10}{memory:8.2f} MiB{threads:9}")
    warm = _marks[0][1]
    report = tree.report("crashing")
    print(f"{Crashing.limit / took:.0f} restarts per second, {report.restarts} counted, growth after the first tenth:")
    print(f"{max(memory for _, memory, _ in _marks[1:]) - warm:+.2f} MiB (aim: below 1 MiB)")
    tree.stop()
    print(f"threads after the stop: {threading.active_count()}")


if __name__ == "__main__":
    main()
