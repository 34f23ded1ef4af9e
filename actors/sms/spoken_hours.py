"""Says spans of the week in words, for the reasons that people read: "Monday to Saturday, 08:00-20:00"."""

from collections.abc import Sequence
from datetime import time
from itertools import groupby
from typing import Final

from config.sentence import Sentence
from config.weekdays import Days

_NAMES: Final = (
    Sentence.of("Monday"),
    Sentence.of("Tuesday"),
    Sentence.of("Wednesday"),
    Sentence.of("Thursday"),
    Sentence.of("Friday"),
    Sentence.of("Saturday"),
    Sentence.of("Sunday"),
)
_A_RUN: Final = 3
"""Two days in a row are named, more are said from the first to the last."""


def spoken(spans: Sequence[tuple[Days, time, time]]) -> Sentence:
    """Return the spans (days, from, to) one after the other."""
    return Sentence.joined("; ", [_span(*each) for each in spans])


def _span(days: Days, start: time, end: time) -> Sentence:
    if start == end:
        return Sentence.of("{days}, all day", days=_spoken_days(days))
    return Sentence.of("{days}, {start}-{end}", days=_spoken_days(days), start=f"{start:%H:%M}", end=f"{end:%H:%M}")


def _spoken_days(days: Days) -> Sentence:
    if len(days.weekdays) == len(_NAMES):
        return Sentence.of("every day")
    parts: list[Sentence] = []
    for _, neighbours in groupby(enumerate(sorted(days.weekdays)), key=lambda pair: pair[1] - pair[0]):
        run = [_NAMES[day] for _, day in neighbours]
        parts += [Sentence.of("{first} to {last}", first=run[0], last=run[-1])] if len(run) >= _A_RUN else run
    return Sentence.joined(", ", parts)
