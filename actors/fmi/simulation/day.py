"""A day of passages: made up from a number of visits, or read from a file. Pure."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import time
from random import Random
from typing import Final

import attrs

from config.sentence import Sentence, SentenceError

_PEAKS: Final = ((0.25, 0.12), (0.72, 0.10))
"""Where in the opening hours most people come, and how spread: before noon, and after work."""
_STAY_SECONDS: Final = (5400.0, 1500.0)
_LEAST_STAY_SECONDS: Final = 600.0
_DAY_SECONDS: Final = 86_400


class RecordRefused(SentenceError):  # noqa: N818 - what the reader sees
    """A recorded day that cannot be played."""


@attrs.frozen(slots=True, order=True)
class Passage:
    """One person through one sensor, at a second of the day; `is_entry` False: on the way out."""

    at_seconds: float
    sensor: str
    is_entry: bool


@attrs.frozen(slots=True)
class Hours:
    """When the doors open and when everybody has left."""

    opens: time = time(9)
    closes: time = time(21)

    @property
    def seconds(self) -> tuple[float, float]:
        """The two as seconds of the day."""
        return _seconds_of(self.opens), _seconds_of(self.closes)


def generated(visits: int, sensors: Sequence[str], hours: Hours, random: Random) -> tuple[Passage, ...]:
    """Return the passages of a day with so many visits, in order; everybody who comes has left by closing time."""
    opens, closes = hours.seconds
    passages = []
    for _ in range(visits):
        centre, spread = random.choice(_PEAKS)
        came = opens + (closes - opens) * min(max(random.gauss(centre, spread), 0.0), 0.97)
        left = min(came + max(random.gauss(*_STAY_SECONDS), _LEAST_STAY_SECONDS), closes - random.uniform(0, 60))
        passages.append(Passage(came, random.choice(sensors), is_entry=True))
        passages.append(Passage(max(left, came + 1), random.choice(sensors), is_entry=False))
    return tuple(sorted(passages))


def recorded(lines: Iterable[str], sensors: Sequence[str]) -> tuple[Passage, ...]:
    """Return the passages of a file of lines `09:12:30,entree,in`; the sensor may be left out where there is one.

    Raises RecordRefused with the number of the first line that cannot be read.
    """
    return tuple(sorted(_read(lines, sensors)))


def _read(lines: Iterable[str], sensors: Sequence[str]) -> Iterator[Passage]:
    for number, row in enumerate(csv.reader(lines), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0].casefold() in {"at", "time", "heure"}):
            continue
        if len(cells) == 2 and len(sensors) == 1:  # noqa: PLR2004 - time and direction
            cells.insert(1, sensors[0])
        try:
            at, sensor, direction = cells
            seconds = _seconds_of(time.fromisoformat(at))
            is_entry = {"in": True, "out": False}[direction.casefold()]
        except (ValueError, KeyError):
            raise RecordRefused(
                "line {number} of the recorded day is not like 09:12:30,entree,in: {line}",
                number=number,
                line=",".join(row)[:60],
            ) from None
        if sensor not in sensors:
            raise RecordRefused(
                Sentence.of(
                    "line {number} of the recorded day names the sensor {sensor}: add it to --sensors",
                    number=number,
                    sensor=sensor,
                )
            )
        yield Passage(seconds, sensor, is_entry)


def _seconds_of(at: time) -> float:
    seconds = at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6
    return min(seconds, float(_DAY_SECONDS))
