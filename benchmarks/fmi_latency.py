"""Measures from a frame at the port to its number in the database and in `status`; alone, and beside a bad sensor."""

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from fmi_rig import Cable, living

from actors.fmi.simulation.day import Passage
from actors.fmi.simulation.sensor import SimulatedSensor
from club import Database
from club.migrations import initialise
from config import SettingsFile
from service.channel.client import ask, find
from service.channel.handshake import make_key
from service.instance import acquire
from service.paths import HOME_VARIABLE, Folders, folders
from service.roster import ROSTER, settings_schema
from service.run import identity_of
from service.station import Channel, Station

SETTINGS = """
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[[stations.ACCUEIL.sensors]]
name = "entree"
driver = "terabee"
port = "{entree}"
zone = "bassin"
[[stations.ACCUEIL.sensors]]
name = "mauvais"
driver = "terabee"
port = "{mauvais}"
zone = "gradins"
[fmi.zones.bassin]
limit = 100000
[fmi.zones.gradins]
"""
PATIENCE_SECONDS = 5.0


class Bench:
    """A station with a good sensor, and one that can hang or flood; measured from the good one's port."""

    def __init__(self, folder: Path, station: Station, home: Folders) -> None:
        self.folder = folder
        self.station = station
        self.home = home

    def present(self) -> int:
        with closing(sqlite3.connect(self.folder / "club.db", timeout=20)) as connection:
            return int(connection.execute("SELECT present FROM attendance WHERE zone = 'bassin'").fetchone()[0])

    def status(self) -> int:
        answer = ask(find("ACCUEIL", self.home), {"command": "status", "language": "en"}, self.home).answer
        return next(int(zone["present"]) for zone in answer["fmi"]["zones"] if zone["name"] == "bassin")


def wait(is_so, seconds: float = PATIENCE_SECONDS) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    began = time.perf_counter()
    while not is_so():
        if time.perf_counter() - began > seconds:
            raise SystemExit("the number did not come")
        Event().wait(0.001)
    return time.perf_counter() - began


def measure(bench: Bench, sensor: SimulatedSensor, passages: int) -> tuple[list[float], list[float]]:
    """Have people pass one after the other; return the seconds to the database and to `status`, each sorted."""
    database, status = [], []
    people = bench.present()
    for number in range(passages):
        people += 1
        began = time.perf_counter()
        sensor.passes([Passage(0, "entree", is_entry=True)])
        if number % 2:
            wait(lambda: bench.status() >= people)  # noqa: B023 - called before the next round
            status.append(time.perf_counter() - began)
            wait(lambda: bench.present() >= people)  # noqa: B023
        else:
            wait(lambda: bench.present() >= people)  # noqa: B023
            database.append(time.perf_counter() - began)
        Event().wait(0.06)
    return sorted(database), sorted(status)


def tell(what: str, times: tuple[list[float], list[float]]) -> None:
    for where, each in zip(("database", "status"), times, strict=True):
        p99 = each[min(len(each) - 1, int(len(each) * 0.99))]
        print(f"  {what:22} -> {where:8} median {statistics.median(each) * 1000:6.1f} ms   p99 {p99 * 1000:6.1f} ms")


FLOOD = """
import os, sys
garbage = os.urandom(1500) + b"PC" * 300 + b"DD\\x00\\x00" * 200
end = int(sys.argv[1])
os.set_blocking(end, True)
while True:
    os.write(end, garbage)
"""


@contextmanager
def flooding(cable: Cable) -> Iterator[None]:
    """Have a process send, at full speed, what is no frame and what nearly is."""
    command = [sys.executable, "-c", FLOOD, str(cable.fileno())]
    with subprocess.Popen(command, pass_fds=(cable.fileno(),)) as process:
        try:
            yield
        finally:
            process.kill()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--passages", type=int, default=300)
    options = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good, bad = Cable(folder / "entree"), Cable(folder / "mauvais")
        entree, mauvais = SimulatedSensor("entree", good), SimulatedSensor("mauvais", bad)
        file = folder / "heitz-service.toml"
        file.write_text(SETTINGS.format(entree=good.port, mauvais=bad.port), "utf-8")
        database = Database(f"sqlite:///{folder / 'club.db'}")
        initialise(database)
        database.dispose()
        home = folders({**os.environ, HOME_VARIABLE: str(folder / "home")})
        followed = SettingsFile(file, settings_schema())
        followed.load()
        with acquire("ACCUEIL", datetime.now(UTC), home) as instance:
            channel = Channel(instance.holder.address, make_key(home))
            station = Station(
                identity_of(instance.holder), followed, ROSTER, home.of("ACCUEIL"), channel, threading.Event()
            )
            station.start()
            bench = Bench(folder, station, home)
            try:
                run(bench, (entree, mauvais), bad, options.passages)
            finally:
                station.stop()
                good.close()
                bad.close()


def run(bench: Bench, sensors: tuple[SimulatedSensor, SimulatedSensor], bad: Cable, passages: int) -> None:
    entree, mauvais = sensors
    with living(entree):
        with living(mauvais):
            wait(lambda: bench.station.describe("en")["fmi"]["zones"] != [], 30)
            entree.show()
            Event().wait(1.0)
            alone = measure(bench, entree, passages)
            tell("two good sensors", alone)
        Event().wait(2.5)
        silent = measure(bench, entree, passages)
        tell("one silent", silent)
        with flooding(bad):
            flooded = measure(bench, entree, passages)
        tell("one flooding", flooded)
    for what, times in (("silent", silent), ("flooding", flooded)):
        ratio = statistics.median(times[0]) / statistics.median(alone[0])
        print(f"  one {what}: the other's latency is {ratio:.2f} times that without")


if __name__ == "__main__":
    main()
