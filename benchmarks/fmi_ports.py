"""Measures what 64 sensors cost that send 20 frames a second each, read three ways, with rows written each second.

The same frames for each: heartbeats, and one person at each port every `--every` seconds, by default 20: with 64 ports
that is 11,500 people an hour. `drivers` is the program's way, a thread
per port; beside it a thread per port that reads byte by byte, and one that reads seven bytes at a time, both by
pyserial and with the program's decoder, each in a process of its own that writes what was counted to a SQLite file each
second. `whole program` is the service: an actor per sensor, zones, history, the club database.
"""

import argparse
import contextlib
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

import attrs
import psutil
import serial
from sensor_simulators import count_long, heartbeat

from actors.fmi.drivers.driver import Totals
from actors.fmi.drivers.roster import open_driver
from actors.fmi.drivers.settings import TerabeeSettings
from actors.fmi.drivers.terabee import TerabeeDecoder
from club import Database
from club.migrations import initialise

FRAMES_PER_SECOND = 20
SETTLING_SECONDS = 12
NOBODY = 1e6
CLUB = """
[club]
name = "Forme"
language = "en"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[fmi.zones.bassin]
limit = 100000
"""
SENSOR = """
[[stations.ACCUEIL.sensors]]
name = "porte {place}"
driver = "terabee"
port = "{port}"
zone = "bassin"
"""
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


PROGRAM = "whole program"
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


@attrs.define
class Sensors:
    """Pseudo-terminals with a sensor behind each, in step with a clock."""

    count: int
    every: float
    """How many seconds are between two people at a port."""
    people: int = 0
    counters: list[int] = attrs.field(init=False)
    pairs: list[tuple[int, int]] = attrs.field(init=False)
    sent: int = 0
    late: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.counters = [0] * self.count
        self.pairs = [pty.openpty() for _ in range(self.count)]
        for master, slave in self.pairs:
            tty.setraw(master)
            tty.setraw(slave)
            os.set_blocking(master, False)

    @property
    def ports(self) -> list[str]:
        return [os.ttyname(slave) for _, slave in self.pairs]

    def speak(self, seconds: float) -> float:
        """Send each frame in its time; return how long it took."""
        never, rate = threading.Event(), FRAMES_PER_SECOND * self.count
        began, first = time.monotonic(), self.sent
        while (at := (self.sent - first) / rate) < seconds:
            self.late = max(self.late, time.monotonic() - began - at)
            never.wait(max(began + at - time.monotonic(), 0))
            turn, place = divmod(self.sent, self.count)
            turns = round(self.every * FRAMES_PER_SECOND)
            is_count = turn % turns == place * turns // self.count
            self.people += is_count
            self.counters[place] += is_count
            frame = count_long(self.counters[place], 0) if is_count else heartbeat()
            with contextlib.suppress(BlockingIOError):  # nobody reads yet
                os.write(self.pairs[place][0], frame)
            self.sent += 1
        return time.monotonic() - began

    def close(self) -> None:
        for master, slave in self.pairs:
            os.close(master)
            os.close(slave)


def by_a_reader(way: str, sensors: Sensors, folder: Path, seconds: float) -> dict[str, float]:
    command = [sys.executable, __file__, "--be", way, "--file", f"{folder}/rows.db", *sensors.ports]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.write("go\n")
        child.stdin.flush()
        took = sensors.speak(seconds)
        child.stdin.write("end\n")
        child.stdin.flush()
        found = json.loads(child.stdout.readline())
    return {**found, "share": found["cpu"] / took}


def by_the_program(sensors: Sensors, folder: Path, seconds: float) -> dict[str, float]:
    """Have the whole program count: an actor for each sensor, zones, a row each, the station's signs of life."""
    file = folder / "heitz-service.toml"
    file.write_text(CLUB + "".join(SENSOR.format(place=place, port=port) for place, port in enumerate(sensors.ports)))
    database = Database(f"sqlite:///{folder / 'club.db'}")
    initialise(database)
    database.dispose()
    command = [sys.executable, "-m", "service", "run", "--station", "ACCUEIL", "--config", str(file)]
    environment = {**os.environ, "HEITZ_SERVICE_HOME": str(folder / "home")}
    with subprocess.Popen(command, env=environment, stderr=(folder / "log").open("w")) as child:
        every, sensors.every = sensors.every, 1.0
        sensors.speak(SETTLING_SECONDS)  # each sensor's first word is where counting begins
        sensors.every = NOBODY
        sensors.speak(1)  # what was sent last is written
        sensors.every = every
        process = psutil.Process(child.pid)
        before, present = sum(process.cpu_times()[:2]), people(folder)
        sensors.people = 0
        took = sensors.speak(seconds)
        cpu = sum(process.cpu_times()[:2]) - before
        memory = process.memory_info().rss
        sensors.every = NOBODY
        sensors.speak(1)
        told = people(folder) - present
        child.send_signal(signal.SIGTERM)
    return {"told": told, "written": told, "memory": memory, "share": cpu / took}


def people(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(folder / "club.db", timeout=20)) as connection:
        return int(connection.execute("SELECT coalesce(sum(present), 0) FROM attendance").fetchone()[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ports", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--ways", choices=(*WAYS, PROGRAM), nargs="+", default=(*WAYS, PROGRAM))
    parser.add_argument("--be", choices=WAYS)
    parser.add_argument("--file", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.be:
        reader(options.be, options.names, options.file)
        return
    each = f"{FRAMES_PER_SECOND} frames/s and a person every {options.every:g} s"
    print(f"{options.ports} ports, {each} each, {options.seconds:g} s")
    print("read by           part of a core   times ours   people counted   memory")
    ours = None
    for way in options.ways:
        sensors = Sensors(options.ports, options.every)
        with tempfile.TemporaryDirectory() as name:
            if way in WAYS:
                found = by_a_reader(way, sensors, Path(name), options.seconds)
            else:
                found = by_the_program(sensors, Path(name), options.seconds)
        sensors.close()
        ours = ours or found["share"]
        print(
            f"{way:16} {found['share']:15.1%} {found['share'] / ours:12.1f} {found['told']:8.0f} of {sensors.people:5}"
            f" {found['memory'] / 1e6:5.0f} MB"
        )


if __name__ == "__main__":
    main()
