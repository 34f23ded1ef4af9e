"""A club with two simulated sensors on pseudo-terminals, that people pass when a test says so."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fmi_rig import Cable, living

from actors.fmi.simulation.day import Passage
from actors.fmi.simulation.sensor import SimulatedSensor
from tests.program.sample_club import Club

SENSORS = """
[[stations.ACCUEIL.sensors]]
name = "entree"
driver = "terabee"
port = "{entree}"
zone = "bassin"
{entree_more}
[[stations.ACCUEIL.sensors]]
name = "sortie"
driver = "terabee"
port = "{sortie}"
zone = "bassin"
"""
SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
{server}
[stations.ACCUEIL]
{sensors}
[fmi]
[fmi.zones.bassin]
limit = {limit}
{more}
"""


class Pool(Club):
    """A club that counts; `entree` and `sortie` are its sensors' cables."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cables = {name: Cable(folder / name) for name in ("entree", "sortie")}
        self.sensors = {name: SimulatedSensor(name, cable) for name, cable in self.cables.items()}

    def write_pool(self, limit: int = 250, more: str = "", server: str = "", entree_more: str = "") -> None:
        """Replace the settings file atomically."""
        ports = {name: cable.port for name, cable in self.cables.items()}
        text = SETTINGS.format(
            sensors=SENSORS.format(**ports, entree_more=entree_more), limit=limit, more=more, server=server
        )
        fresh = self.settings.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.settings)

    def pass_in(self, count: int, sensor: str = "entree") -> None:
        self.sensors[sensor].passes([Passage(0, sensor, is_entry=True)] * count)

    def pass_out(self, count: int, sensor: str = "sortie") -> None:
        self.sensors[sensor].passes([Passage(0, sensor, is_entry=False)] * count)

    def unplug(self, sensor: str) -> None:
        self.cables[sensor].unplug()
        self.sensors[sensor].lose_power()

    def zone(self) -> dict[str, Any]:
        zones = self.status()["fmi"]["zones"]
        return dict(zones[0]) if zones else {"known": False, "present": None}

    def present(self) -> tuple[int, bool] | None:
        """Return how many are inside by the database, and whether it knows."""
        rows = self.rows("SELECT present, known FROM attendance WHERE zone = 'bassin'")
        return (int(rows[0][0]), bool(rows[0][1])) if rows else None

    def wait_present(self, people: int) -> None:
        with_why = f"{people} people were to be inside"
        self.wait_until(lambda: self.present() == (people, True))
        assert self.present() == (people, True), with_why

    def begin_counting(self) -> None:
        """Start the station, and have each sensor tell its first word."""
        self.start()
        self.wait_until(lambda: self.present() == (0, True))
        for sensor in self.sensors.values():
            sensor.show()
        self.wait_until(lambda: all(memory for (memory,) in self.rows("SELECT memory FROM fmi_sensor")))


@contextmanager
def a_pool(folder: Path) -> Iterator[Pool]:
    """Make the pool and end all of it."""
    pool = Pool(folder)
    try:
        pool.write_pool()
        pool.make_database()
        with living(*pool.sensors.values()):
            yield pool
    finally:
        pool.close()
        for cable in pool.cables.values():
            with contextlib.suppress(OSError):
                cable.close()
