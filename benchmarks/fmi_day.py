"""A day of 5,000 passages at four sensors, with noise, unplugs, crashes and kill -9: what was counted, by the truth."""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from fmi_rig import Cable, living

from actors.fmi.simulation.day import Hours, Passage, generated
from actors.fmi.simulation.sensor import SimulatedSensor
from club import Database
from club.migrations import initialise

NAMES = ("entree", "sortie", "jardin", "passage")
SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
{sensors}
[fmi.zones.bassin]
limit = 400
[fmi.zones.gradins]
limit = 100
[fmi.zones.tout]
includes = ["bassin", "gradins"]
"""
SENSOR = """
[[stations.ACCUEIL.sensors]]
name = "{name}"
driver = "terabee"
port = "{port}"
zone = "{zone}"
{more}
"""
ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 30.0
_RNG = Random(20261124)


class Pool:
    """The pool, its sensors, and the program that counts them."""

    def __init__(self, folder: Path, noise: float) -> None:
        self.folder = folder
        self.cables = {name: Cable(folder / name) for name in NAMES}
        self.sensors = {
            name: SimulatedSensor(
                name, self.cables[name], form=11 if name == "jardin" else 15, noise=noise, random=_RNG
            )
            for name in NAMES
        }
        # The counters begin near their end, so that each wraps within the day.
        for sensor in self.sensors.values():
            sensor.stand_at(65_400, 65_380)
        self.unseen = 0
        self.blind: list[tuple[str, float, float]] = []
        """Which sensor was away, from when the database said so until it was plugged in again: by the clock."""
        self.plugged = dict.fromkeys(NAMES, True)
        self.lock = threading.Lock()
        self.program: subprocess.Popen[str] | None = None
        sensors = "".join(
            SENSOR.format(
                name=name,
                port=self.cables[name].port,
                zone="gradins" if name == "passage" else "bassin",
                more='from_zone = "bassin"' if name == "passage" else "",
            )
            for name in NAMES
        )
        (folder / "heitz-service.toml").write_text(SETTINGS.format(sensors=sensors), "utf-8")
        database = Database(f"sqlite:///{folder / 'club.db'}")
        initialise(database)
        database.dispose()

    def start(self) -> None:
        environment = {**os.environ, "HEITZ_SERVICE_HOME": str(self.folder / "home"), "PYTHONPATH": str(ROOT)}
        self.program = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "benchmarks/fmi_station.py"),
                str(self.folder / "heitz-service.toml"),
                "ACCUEIL",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("a"),
            text=True,
            env=environment,
        )
        assert self.program.stdout is not None
        self.program.stdout.readline()

    def kill(self) -> None:
        assert self.program is not None
        self.program.send_signal(signal.SIGKILL)
        self.program.communicate()

    def crash(self, name: str) -> None:
        assert self.program is not None
        assert self.program.stdin is not None
        self.program.stdin.write(f"crash fmi/{name}\n")
        self.program.stdin.flush()

    def stop(self) -> None:
        if self.program is not None:
            self.program.send_signal(signal.SIGTERM)
            self.program.communicate(timeout=30)

    def passes(self, passages: list[Passage]) -> None:
        with self.lock:
            for passage in passages:
                if self.plugged[passage.sensor]:
                    self.sensors[passage.sensor].passes([passage])
                else:
                    self.unseen += 1

    def unplug(self, name: str) -> None:
        with self.lock:
            self.plugged[name] = False
        # What was told last is read, also by an actor that has just crashed: it was told, and can be known. Who passes
        # from now on is seen by nobody.
        until = time.monotonic() + PATIENCE
        while self.cables[name].unread and time.monotonic() < until:
            Event().wait(0.001)
        Event().wait(0.3)
        with self.lock:
            self.cables[name].unplug()
            self.sensors[name].lose_power()

    def plug(self, name: str) -> None:
        with self.lock:
            self.cables[name].plug_in()
            self.plugged[name] = True

    def reset(self, name: str) -> None:
        with self.lock:
            self.sensors[name].lose_power()

    def rows(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "club.db", timeout=20)) as connection:
            return connection.execute(statement).fetchall()

    def known(self, name: str) -> bool:
        return self.rows(f"SELECT known FROM fmi_sensor WHERE name = '{name}'") == [(1,)]

    def wait_caught_up(self, name: str) -> None:
        """Let people pass until the database has more than whom the sensor has told of by now.

        A sensor that loses its count while its reader is still down takes with it whom nobody can know of: that is
        another fault than those that are judged here.
        """
        until = time.monotonic() + PATIENCE
        told = self.sensors[name].told[0]
        while self.rows(f"SELECT entries FROM fmi_sensor WHERE name = '{name}'")[0][0] <= told:
            if time.monotonic() > until:
                raise SystemExit(f"{name} did not catch up")
            self.passes([Passage(0, name, is_entry=True)])
            Event().wait(0.1)

    def wait_known(self, name: str, known: bool) -> float:  # noqa: FBT001 - what is waited for
        began = time.monotonic()
        while self.known(name) != known:
            if time.monotonic() - began > PATIENCE:
                raise SystemExit(f"{name} did not become {'known' if known else 'unknown'}")
            Event().wait(0.02)
        return time.monotonic() - began


def faults(pool: Pool, counts: dict[str, int], until: Event) -> dict[str, list[float]]:
    """Do all faults in a random order, one after the other, and measure how soon each is seen."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    _RNG.shuffle(kinds)
    seen: dict[str, list[float]] = {"unplug -> unknown": [], "replug -> counting": []}
    for kind in kinds:
        name = _RNG.choice(NAMES)
        match kind:
            case "unplug":
                pool.unplug(name)
                seen["unplug -> unknown"].append(pool.wait_known(name, known=False))
                unknown_at = time.time()  # noqa: TID251 - what the history is compared with
                Event().wait(_RNG.uniform(0.1, 1.0))
                pool.blind.append((name, unknown_at, time.time()))  # noqa: TID251 - as above
                pool.plug(name)
                seen["replug -> counting"].append(pool.wait_known(name, known=True))
            case "crash":
                pool.crash(name)
            case "kill":
                pool.kill()
                Event().wait(0.3)
                pool.start()
            case "reset":
                pool.reset(name)
        Event().wait(_RNG.uniform(0.3, 0.8))
        for each in NAMES:
            pool.wait_known(each, known=True)
            pool.wait_caught_up(each)
    until.set()
    return seen


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--visits", type=int, default=2500)
    words.add_argument("--noise", type=float, default=3.0)
    words.add_argument("--faults", type=float, default=1.0, help="the part of all faults that is done")
    options = words.parse_args()
    counts = {
        kind: max(1, round(count * options.faults))
        for kind, count in {"unplug": 20, "crash": 10, "kill": 5, "reset": 2}.items()
    }
    with tempfile.TemporaryDirectory() as name:
        pool = Pool(Path(name), options.noise / 100)
        passages = generated(options.visits, NAMES, Hours(), _RNG)
        with living(*pool.sensors.values()):
            pool.start()
            for each in NAMES:
                pool.wait_known(each, known=True)
            for sensor in pool.sensors.values():
                sensor.show()
            Event().wait(1.0)
            done = Event()
            results: list[dict[str, list[float]]] = []
            doing = threading.Thread(target=lambda: results.append(faults(pool, counts, done)))
            began = time.monotonic()
            doing.start()
            left = list(passages)
            # The day is as long as the faults: what is left when they are over passes quickly.
            pace = len(left) / (sum(counts.values()) * 2.2)
            while left:
                step, left = left[: max(1, round(pace * 0.05))], left[max(1, round(pace * 0.05)) :]
                pool.passes(step)
                Event().wait(0.01 if done.is_set() else 0.05)
            doing.join()
            for name_ in NAMES:  # one last frame of each sensor that arrives whole
                pool.sensors[name_].noise = 0.0
                pool.passes([Passage(0, name_, is_entry=True)])
            Event().wait(1.5)
            seconds = time.monotonic() - began
            rows = pool.rows("SELECT name, entries, exits FROM fmi_sensor")
            counted = {str(name_): (int(entries), int(exits)) for name_, entries, exits in rows}
            called_known = [minute for stretch in pool.blind for minute in minutes_called_known(pool, *stretch)]
            pool.stop()
        return tell(pool, counts, counted, results, seconds) | say_unknown(pool, called_known)


def minutes_called_known(pool: Pool, sensor: str, since: float, until: float) -> list[str]:
    """Return the minutes in which a sensor was away and the history of a zone beside it says that all was known."""
    zones = ("bassin", "gradins") if sensor == "passage" else ("bassin", "tout")
    wrong = []
    at = datetime.fromtimestamp(since, UTC).replace(second=0, microsecond=0)
    while at.timestamp() <= until:
        for zone in zones:
            row = pool.rows(
                f"SELECT known FROM attendance_minute WHERE zone = '{zone}' AND minute_at <= '{at:%Y-%m-%d %H:%M:%S}.9'"
                " ORDER BY minute_at DESC LIMIT 1"
            )
            wrong += [f"{at:%H:%M} in {zone}"] if row == [(1,)] else []
        at += timedelta(minutes=1)
    return wrong


def say_unknown(pool: Pool, called_known: list[str]) -> int:
    verdict = (
        f"WRONG, known: {', '.join(called_known)}" if called_known else "every minute of them unknown in the history"
    )
    print(f"stretches in which a sensor was away: {len(pool.blind)}, {verdict}")
    return 1 if called_known else 0


def tell(
    pool: Pool,
    counts: dict[str, int],
    counted: dict[str, tuple[int, int]],
    results: list[dict[str, list[float]]],
    seconds: float,
) -> int:
    total = sum(sensor.entries + sensor.exits for sensor in pool.sensors.values()) + pool.unseen
    print(f"{total} passages in {seconds:.0f} s, faults: {counts}")
    print(f"passed while a sensor had no power (not knowable): {pool.unseen}")
    is_exact = True
    for name in NAMES:
        truth, got = pool.sensors[name].told, counted.get(name, (0, 0))
        is_exact &= truth == got
        verdict = "exact" if truth == got else "WRONG"
        print(
            f"  {name:8} knowable {truth[0]:5} in {truth[1]:5} out   counted {got[0]:5} in {got[1]:5} out   {verdict}"
        )
    for what, times in (results[0] if results else {}).items():
        times.sort()
        print(f"  {what}: median {times[len(times) // 2]:.2f} s, worst {times[-1]:.2f} s")
    if not is_exact:
        print((pool.folder / "log").read_text("utf-8")[-6000:])
    return 0 if is_exact else 1


if __name__ == "__main__":
    sys.exit(main())
