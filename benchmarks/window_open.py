"""Measures the status window: exec to visible, memory, change to shown, and what ending it in all ways disturbs.

PYTHONPATH=.:tests/desktop_window/lab .venv/bin/python benchmarks/window_open.py [--rounds 20] [--ends 100]
"""

import argparse
import os
import signal
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import psutil
from window_desk import STATUS, Screen, Station, Window, operation, screen, wait_until

from service.paths import HOME_VARIABLE, folders

HEAD = 48
RAISING = """
class Raising:
    def __getattr__(self, name): raise RuntimeError(f"every call of Tk raises: {name}")
    def __call__(self, *_, **__): raise RuntimeError("every call of Tk raises")
    def __mro_entries__(self, _bases): return (object,)
def __getattr__(name):
    if name.startswith("__"): raise AttributeError(name)
    return Raising()
"""


class Work:
    """The work that a window must not disturb: a tick each 10 ms, and the longest gap between two."""

    def __init__(self) -> None:
        self.ticks, self.longest = 0, 0.0
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        last = perf_counter()
        while not self._over.wait(0.01):
            now = perf_counter()
            self.ticks, self.longest, last = self.ticks + 1, max(self.longest, now - last), now

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def seconds_until(is_so: Callable[[], object]) -> float:
    begun = perf_counter()
    while not is_so():
        Event().wait(0.002)
    return perf_counter() - begun


def opened(on: Screen, environment: dict[str, str]) -> tuple[Window, float]:
    """Start a window and return it with the seconds until the window manager shows it."""
    begun = perf_counter()
    window = Window(on, environment)
    while not window.is_visible():
        Event().wait(0.002)
    return window, perf_counter() - begun


def said(name: str, values: list[float], aim: str) -> None:
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    print(
        f"{name}: median {1000 * statistics.median(values):.0f} ms, p99 {1000 * p99:.0f} ms of {len(values)}   ({aim})"
    )


def measure_opening(on: Screen, environment: dict[str, str], rounds: int) -> None:
    times = []
    for _round in range(rounds):
        window, seconds = opened(on, environment)
        times.append(seconds)
        with window:
            pass
    said("exec -> visible", times, "aim <= 1 s")


def measure_changes(on: Screen, station: Station, rounds: int) -> None:
    times = []
    for round_ in range(rounds):
        state = ("failed", "active")[round_ % 2]
        Event().wait(0.3)
        station.status = {**STATUS, "state": state, "operations": station.status["operations"]}
        times.append(seconds_until(partial(on.shows, state, HEAD)))
    said("change -> shown, with the look at the pixels", times, "aim p99 <= 1 s")


def measure_idle(window: Window, seconds: float) -> None:
    process = psutil.Process(window.pid)
    Event().wait(3)
    memory = process.memory_full_info()
    print(
        f"memory with the window open: {memory.rss / 2**20:.1f} MiB resident, {memory.uss / 2**20:.1f} MiB its own, "
        f"{memory.pss / 2**20:.1f} MiB its share   (aim: + <= 45 MiB)"
    )
    before = process.cpu_times()
    station = psutil.Process().cpu_times()
    Event().wait(seconds)
    after, later = process.cpu_times(), psutil.Process().cpu_times()
    used = after.user + after.system - before.user - before.system
    watched = later.user + later.system - station.user - station.system
    print(
        f"processor of an idle window: {100 * used / seconds:.2f} %; of the station that it watches: "
        f"{100 * watched / seconds:.2f} %, this benchmark included"
    )


def measure_ends(on: Screen, environment: dict[str, str], ends: int) -> None:
    work, times = Work(), []
    last: Window | None = None
    for number in range(ends):
        window, seconds = opened(on, environment)  # one that hangs is found out and replaced
        times.append(seconds)
        if last is not None:
            with last:
                pass
        os.kill(window.pid, (signal.SIGKILL, signal.SIGSTOP)[number % 2])
        if number % 2 == 0:
            window.process.wait()
            raise_at_every_call(on, environment)
        last = window
    window, seconds = opened(on, environment)
    for each in (window, last):
        if each is not None:
            with each:
                pass
    work.end()
    print(
        f"killed and frozen {ends} times, made to raise at every call of Tk {(ends + 1) // 2} times: back each time, "
        f"the longest took {max([*times, seconds]):.1f} s; "
        f"the work beside it went on, {work.ticks} ticks, longest gap {1000 * work.longest:.0f} ms"
    )


def raise_at_every_call(on: Screen, environment: dict[str, str]) -> None:
    """Start a window whose Tk raises at whatever is asked of it, and see it end with an error."""
    with tempfile.TemporaryDirectory() as faulty:
        (Path(faulty) / "tkinter").mkdir()
        (Path(faulty) / "tkinter" / "__init__.py").write_text(RAISING)
        path = os.pathsep.join((faulty, environment.get("PYTHONPATH", "")))
        with Window(on, {**environment, "PYTHONPATH": path}) as window:
            code, _ = window.ended()
            assert code == 1, code


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--ends", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, screen() as on:
        environment = {**os.environ, HOME_VARIABLE: str(Path(name) / "h"), "DISPLAY": on.name, "LANG": "C.UTF-8"}
        station = Station(folders(environment))
        names = ("backup", "sms", "email", "fmi", "synchronisation", "planning", "maps", "verification", "web_server")
        station.status = {**STATUS, "operations": [operation(name) for name in (*names, "a", "b", "c")]}
        station.start()
        try:
            measure_opening(on, environment, options.rounds)
            with opened(on, environment)[0] as window:
                wait_until(lambda: on.shows("active", HEAD))
                measure_idle(window, options.seconds)
                measure_changes(on, station, options.rounds)
            measure_ends(on, environment, options.ends)
        finally:
            station.close()


if __name__ == "__main__":
    main()
