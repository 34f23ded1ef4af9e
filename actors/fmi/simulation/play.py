"""Plays a day of passages into simulated sensors, faster than life or as fast."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from actors.fmi.simulation.day import Passage
from actors.fmi.simulation.sensor import SimulatedSensor

STEP_SECONDS: Final = 0.05
"""A real sensor sends some twenty frames a second."""


def play(
    passages: Sequence[Passage],
    sensors: Sequence[SimulatedSensor],
    speed: float,
    wait: Callable[[float], bool],
    told: Callable[[float, int], None] = lambda _at, _left: None,
) -> bool:
    """Play the passages in order, `speed` times as fast as they were; False when `wait` said that it is to end.

    `wait` waits so many seconds and returns True to end it. `told` hears, at each step, the second of the day and how
    many passages are left.
    """
    by_name = {sensor.name: sensor for sensor in sensors}
    at = passages[0].at_seconds if passages else 0.0
    done = 0
    while done < len(passages):
        at += STEP_SECONDS * speed
        due = done
        while due < len(passages) and passages[due].at_seconds <= at:
            due += 1
        step = sorted(passages[done:due], key=lambda passage: passage.sensor)  # keeps the order within a sensor
        for name, of_sensor in groupby(step, key=lambda passage: passage.sensor):
            by_name[name].passes(of_sensor)
        done = due
        for sensor in sensors:
            sensor.live()
        told(at, len(passages) - done)
        if wait(STEP_SECONDS):
            return False
    return True
