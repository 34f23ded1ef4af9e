"""Which sensor counts badly: a door has much the same share of entries every day, until it misses one way. Pure."""

from collections.abc import Sequence
from math import sqrt
from statistics import median
from typing import Final

import attrs

from club.attendance_desk import SensorDay
from club.attendance_records import SensorKey
from config.sentence import Sentence

_ENOUGH: Final = 40
"""Passages from which on a day's share tells something."""
_DAYS: Final = 3
"""Earlier days that are needed to know what is usual."""
_DEVIATIONS: Final = 3.0
_TOLERATED: Final = 0.03
"""Days differ by so much beside chance: a school class comes by bus and leaves by the garden."""


@attrs.frozen
class Suspicion:
    """A sensor whose share of entries is not that of its other days; in whole per cent."""

    key: SensorKey
    entries: int
    exits: int
    share: int
    usual: int

    @property
    def sentence(self) -> Sentence:
        """Say what to look at."""
        return Sentence.of(
            "the sensor {sensor} of {station} counted {share} % entries, usually {usual} %: see whether something "
            "stands in its way, or whether it misses one direction",
            sensor=self.key.name,
            station=self.key.station,
            share=self.share,
            usual=self.usual,
        )


def suspicions(days: Sequence[SensorDay], day: str) -> tuple[Suspicion, ...]:
    """Return the sensors that counted otherwise in a day than on the days before it, the worst first."""
    found = []
    for today in days:
        key = SensorKey(today.station, today.name)
        earlier = [
            _share(each) for each in days if _is_like(each, key) and each.day < day and _passages(each) >= _ENOUGH
        ]
        if today.day != day or _passages(today) < _ENOUGH or len(earlier) < _DAYS:
            continue
        usual, share = median(earlier), _share(today)
        chance = _DEVIATIONS * sqrt(max(usual * (1 - usual), 0.01) / _passages(today))
        if abs(share - usual) > chance + _TOLERATED:
            found.append(Suspicion(key, today.entries, today.exits, round(100 * share), round(100 * usual)))
    return tuple(sorted(found, key=lambda each: -abs(each.share - each.usual)))


def _is_like(day: SensorDay, key: SensorKey) -> bool:
    return (day.station, day.name) == (key.station, key.name)


def _passages(day: SensorDay) -> int:
    return day.entries + day.exits


def _share(day: SensorDay) -> float:
    return day.entries / _passages(day)
