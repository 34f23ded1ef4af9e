"""Measures crash to replacement running, with 50 actors: this runtime, a naive pykka supervisor, Erlang/OTP if present.

The time runs from the `raise` in the handler to the replacement's `on_start`. Usage: crash_latency.py [CRASHES]
"""

import logging
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pykka

from supervisor import Backoff, ChildSpec, Intensity, SupervisedActor, SupervisorFlags, Tree

ACTORS = 50
_raised_at = 0.0
_up: SimpleQueue[float] = SimpleQueue()

_ERLANG = """
-module(crash).
-export([main/1, init/1, start_link/2, child/2]).
init(N) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1},
          [#{id => I, start => {crash, start_link, [I, whereis(bench)]}} || I <- lists:seq(1, N)]}}.
start_link(I, Bench) -> {ok, proc_lib:spawn_link(crash, child, [I, Bench])}.
child(I, Bench) -> Bench ! {up, I, self(), erlang:monotonic_time(nanosecond)},
    receive crash -> Bench ! {raised, erlang:monotonic_time(nanosecond)}, exit(crashed) end.
main([A]) ->
    Crashes = list_to_integer(A), register(bench, self()), logger:set_primary_config(level, none),
    {ok, _} = supervisor:start_link(crash, 50),
    Pids = maps:from_list([receive {up, I, P, _} -> {I, P} end || I <- lists:seq(1, 50)]),
    Times = run(Crashes, Pids, []), Sorted = lists:sort(Times),
    io:format("~p ~p~n", [lists:nth(Crashes div 2, Sorted) / 1000, lists:nth(Crashes * 99 div 100, Sorted) / 1000]),
    halt().
run(0, _, Times) -> Times;
run(N, Pids, Times) ->
    I = N rem 50 + 1, maps:get(I, Pids) ! crash, T0 = receive {raised, R} -> R end,
    receive {up, I, P, T1} -> run(N - 1, Pids#{I => P}, [T1 - T0 | Times]) end.
"""


class Crashing(SupervisedActor):
    def on_start(self) -> None:
        _up.put(time.perf_counter())

    def on_receive(self, _message: object) -> None:
        _crash()


class NaiveChild(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, supervisor: "pykka.ActorRef[NaiveSupervisor]", number: int) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._number = number

    def on_start(self) -> None:
        _up.put(time.perf_counter())

    def on_receive(self, _message: object) -> None:
        _crash()

    def on_failure(self, *_exc_info: object) -> None:
        self._supervisor.tell(self._number)


class NaiveSupervisor(pykka.ThreadingActor):
    """What everybody writes first: it starts children in its own thread and sees only crashes in a tell."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.children: dict[int, pykka.ActorRef[NaiveChild]] = {}

    def on_receive(self, message: object) -> None:
        number = int(str(message))
        self.children[number] = NaiveChild.start(self.actor_ref, number)


def _crash() -> None:
    global _raised_at  # noqa: PLW0603 - one crash at a time
    _raised_at = time.perf_counter()
    raise ValueError("crash")


def _measure(crash: Callable[[int], None], crashes: int) -> list[float]:
    times = []
    for n in range(crashes):
        crash(n % ACTORS)
        up_at = _up.get(timeout=10)
        times.append((up_at - _raised_at) * 1e6)
    return sorted(times)


def _ours(crashes: int) -> list[float]:
    specs = [ChildSpec(id=f"c{n}", start=Crashing, backoff=Backoff(0, 0)) for n in range(ACTORS)]
    tree = Tree(SupervisorFlags(intensity=Intensity(10**6, 60)), specs)
    tree.start()
    refs = [tree.child(f"c{n}") for n in range(ACTORS)]
    for _ in refs:
        _up.get()

    def crash(n: int) -> None:
        tree.report(f"c{n}")  # the naive one is asked for its children each time: both are at rest then
        refs[n].tell("crash")

    times = _measure(crash, crashes)
    tree.stop()
    return times


def _naive(crashes: int) -> list[float]:
    supervisor = NaiveSupervisor.start()
    for n in range(ACTORS):
        supervisor.tell(n)
    for _ in range(ACTORS):
        _up.get()
    children = supervisor.proxy().children

    def crash(n: int) -> None:
        children.get()[n].tell("crash")

    times = _measure(crash, crashes)
    pykka.ActorRegistry.stop_all()  # noqa: TID251 - the naive way to the end
    return times


def _erlang(crashes: int) -> tuple[float, float] | None:
    if shutil.which("erlc") is None or shutil.which("erl") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "crash.erl").write_text(_ERLANG)
        subprocess.run(["erlc", "crash.erl"], cwd=folder, check=True)
        run = ["erl", "-noshell", "-run", "crash", "main", str(crashes)]
        out = subprocess.run(run, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout
    median, high = out.split()
    return float(median), float(high)


def main() -> None:
    crashes = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    logging.disable(logging.CRITICAL)
    print(f"crash -> replacement running, {ACTORS} actors, {crashes} crashes, {threading.active_count()} thread before")
    print(f"{'':22}{'p50':>10}{'p99':>10}")
    for name, run in (("this runtime", _ours), ("naive pykka supervisor", _naive)):
        times = run(crashes)
        print(f"{name:22}{times[len(times) // 2]:8.0f} us{times[len(times) * 99 // 100]:7.0f} us")
    found = _erlang(crashes)
    if found is None:
        print(f"{'Erlang/OTP':22}not installed here (Debian: erlang-base)")
    else:
        print(f"{'Erlang/OTP':22}{found[0]:8.0f} us{found[1]:7.0f} us")


if __name__ == "__main__":
    main()
