"""The demonstration's pool: two simulated sensors at TCP ports, and a day of visitors in some seconds."""

import threading
from random import Random
from typing import Final, Self

from actors.fmi.simulation.day import Hours, generated
from actors.fmi.simulation.outlets import Listener
from actors.fmi.simulation.play import STEP_SECONDS, play
from actors.fmi.simulation.sensor import SimulatedSensor

NAMES: Final = ("entree", "sortie")
SETTINGS: Final = """
[fmi.zones.bassin]
limit = 45
"""
SENSOR: Final = """
[[stations.ACCUEIL.sensors]]
name = "{name}"
driver = "terabee"
port = "{port}"
zone = "bassin"
"""
_VISITS: Final = 150
_PART_OF_THE_TIME: Final = 0.6
"""The day ends well before the demonstration does: the last number is to be seen."""


class Pool:
    """Has people come and go once `begin` was called; `truth` is who did. A context manager."""

    def __init__(self) -> None:
        self._sensors = tuple(SimulatedSensor(name, Listener()) for name in NAMES)
        self._is_begun = threading.Event()
        self._is_over = threading.Event()
        self._has_ended = threading.Event()
        self._seconds = 1.0
        self._thread = threading.Thread(target=self._play)

    @property
    def settings(self) -> str:
        """What the settings file says of the sensors and their zone."""
        sensors = "".join(SENSOR.format(name=each.name, port=each.outlet.port) for each in self._sensors)
        return sensors + SETTINGS

    @property
    def truth(self) -> tuple[int, int]:
        """Who came in and who went out, whatever the program counted."""
        return sum(each.entries for each in self._sensors), sum(each.exits for each in self._sensors)

    @property
    def has_ended(self) -> bool:
        """Whether the last visitor has left."""
        return self._has_ended.is_set()

    def begin(self, seconds: float) -> None:
        """Open the doors; the day takes a part of these seconds."""
        self._seconds = max(seconds * _PART_OF_THE_TIME, 1.0)
        self._is_begun.set()

    def _play(self) -> None:
        while not self._is_begun.is_set() and not self._is_over.wait(STEP_SECONDS):
            for sensor in self._sensors:
                sensor.live()
                sensor.show()  # so that the first visitor is counted, too
        passages = generated(_VISITS, NAMES, Hours(), Random(7))
        speed = (passages[-1].at_seconds - passages[0].at_seconds) / self._seconds
        play(passages, self._sensors, speed, self._is_over.wait)
        self._has_ended.set()
        while not self._is_over.wait(STEP_SECONDS):
            for sensor in self._sensors:
                sensor.live()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._is_begun.set()
        self._thread.join()
        for sensor in self._sensors:
            sensor.outlet.close()
