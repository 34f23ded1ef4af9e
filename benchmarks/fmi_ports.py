"""Measures what 64 sensors cost that send 20 frames a second each, read three ways, with rows written each second.

The same frames for each: heartbeats, and each second one count of a port, which is written to a row of a SQLite file.
`drivers` is the program's way, a thread per port; beside it a thread per port that reads byte by byte, and one that
reads seven bytes at a time, both by pyserial and with the program's decoder. Each in a process of its own.
"""

import argparse
import json
import os
import pty
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

import psutil
import serial

from actors.fmi.drivers.driver import Totals
from actors.fmi.drivers.roster import open_driver
from actors.fmi.drivers.settings import TerabeeSettings
from actors.fmi.drivers.terabee import TerabeeDecoder

FRAMES_PER_SECOND = 20
Tell = Callable[[int, Totals], None]


def by_driver(place: int, port: str, is_over: threading.Event, tell: Tell) -> None:
    driver = open_driver(TerabeeSettings(driver="terabee", port=port))
    while not is_over.is_set():
        for seen in driver.read():
            if isinstance(seen, Totals):
                tell(place, seen)
    driver.close()


def by_pyserial(size: int) -> Callable[[int, str, threading.Event, Tell], None]:
    def read(place: int, port: str, is_over: threading.Event, tell: Tell) -> None:
        decoder = TerabeeDecoder()
        with serial.Serial(port, 115_200, timeout=0.2, exclusive=True) as opened:
            while not is_over.is_set():
                for seen in decoder.feed(opened.read(size)).counts:
                    if isinstance(seen, Totals):
                        tell(place, seen)

    return read


WAYS = {"drivers": by_driver, "read(7)": by_pyserial(7), "read(1)": by_pyserial(1)}


class Rows:
    """Writes each second the rows of the ports that counted."""

    def __init__(self, file: Path) -> None:
        self._changed: dict[int, Totals] = {}
        self._connection = sqlite3.connect(file, check_same_thread=False)
        self._connection.execute("CREATE TABLE sensor (place INTEGER PRIMARY KEY, entries INTEGER, exits INTEGER)")
        self.told = self.written = 0

    def tell(self, place: int, totals: Totals) -> None:
        self._changed[place] = totals
        self.told += 1

    def write(self) -> None:
        changed, self._changed = self._changed, {}
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO sensor VALUES (?, ?, ?)",
                [(place, each.entries, each.exits) for place, each in changed.items()],
            )
        self.written += len(changed)


def reader(way: str, ports: list[str], file: Path) -> None:
    """Be the process that is measured: from the first line on the input to the second."""
    rows, is_over = Rows(file), threading.Event()
    threads = [
        threading.Thread(target=WAYS[way], args=(place, port, is_over, rows.tell)) for place, port in enumerate(ports)
    ]
    for thread in threads:
        thread.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    before, told = time.process_time(), rows.told
    ended = threading.Event()
    threading.Thread(target=wait_for_the_end, args=(ended,), daemon=True).start()
    while not ended.wait(1):
        rows.write()
    cpu = time.process_time() - before
    is_over.set()
    for thread in threads:
        thread.join()
    memory = psutil.Process().memory_info().rss
    print(json.dumps({"cpu": cpu, "told": rows.told - told, "written": rows.written, "memory": memory}))


def wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.readline()
    ended.set()


def measured(way: str, count: int, seconds: float) -> dict[str, float]:
    from sensor_simulators import count_long, heartbeat  # noqa: PLC0415 - beside the tests

    pairs = [pty.openpty() for _ in range(count)]
    for master, slave in pairs:
        tty.setraw(master)
        tty.setraw(slave)
        os.set_blocking(master, False)
    ports = [os.ttyname(slave) for _, slave in pairs]
    never = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--be", way, "--file", f"{folder}/rows.db", *ports]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdout.readline()
            child.stdin.write("go\n")
            child.stdin.flush()
            began, sent, late = time.monotonic(), 0, 0.0
            while (at := sent / (FRAMES_PER_SECOND * count)) < seconds:
                late = max(late, time.monotonic() - began - at)
                never.wait(max(began + at - time.monotonic(), 0))
                turn, place = divmod(sent, count)
                is_count = turn % FRAMES_PER_SECOND == place % FRAMES_PER_SECOND
                os.write(pairs[place][0], count_long(turn, 0) if is_count else heartbeat())
                sent += 1
            took = time.monotonic() - began
            child.stdin.write("end\n")
            child.stdin.flush()
            found = json.loads(child.stdout.readline())
    for master, slave in pairs:
        os.close(master)
        os.close(slave)
    expected = sent // FRAMES_PER_SECOND
    return {**found, "share": found["cpu"] / took, "expected": expected, "late": late}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ports", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--be", choices=WAYS)
    parser.add_argument("--file", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.be:
        reader(options.be, options.names, options.file)
        return
    print(f"{options.ports} ports, {FRAMES_PER_SECOND} frames/s each, {options.seconds:g} s")
    print("read by     part of a core   times ours   counts heard   rows written   memory")
    ours = None
    for way in WAYS:
        found = measured(way, options.ports, options.seconds)
        ours = ours or found["share"]
        print(
            f"{way:10} {found['share']:15.1%} {found['share'] / ours:12.1f} {found['told']:8} of {found['expected']}"
            f" {found['written']:11} {found['memory'] / 1e6:9.0f} MB"
        )


if __name__ == "__main__":
    main()
