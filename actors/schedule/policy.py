"""Decides which occurrence is due now and which were missed: pure functions of what the club knows and its time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import attrs

from actors.schedule.calendar import Occurrence, Schedule, first_instant, name_of, newest, next_after
from club import Known, Sight
from config.sentence import Sentence

LOOKED_AT: Final = 32
"""So many occurrences before now are looked at: a month of nights, and a bound for a station that was off for years."""

BEGINS: Final = Sentence.of("the schedule begins after it")

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@attrs.frozen
class Timetable:
    """When an operation runs by itself, and how long after its time an occurrence that was missed is still made up."""

    schedule: Schedule
    zone: tzinfo
    window: timedelta

    def past(self, now: datetime) -> tuple[Occurrence, ...]:
        """Return the occurrences that have come by now, newest first, as many as are looked at."""
        return newest(self.schedule, self.zone, now, LOOKED_AT)

    def next(self, now: datetime) -> Occurrence:
        """Return the first one to come."""
        return next_after(self.schedule, self.zone, now)

    def name(self, now: datetime) -> str:
        """Return the name that an occurrence at this instant would have."""
        return name_of(now.astimezone(self.zone).replace(tzinfo=None))

    def instant(self, name: str) -> datetime:
        """Return when a name that the club has was due; a name of no sense lies before everything."""
        try:
            return first_instant(datetime.fromisoformat(name.removesuffix("+")), self.zone)
        except (ValueError, OverflowError):
            return _BEFORE_ALL


@attrs.frozen
class Missed:
    """An occurrence that will not be run, and why."""

    occurrence: Occurrence
    reason: Sentence


@attrs.frozen
class Decision:
    """What is to be done now.

    `due` may be begun, `missed` are to be recorded, newest first; `running` are those of which no end is known.
    """

    due: Occurrence | None = None
    missed: tuple[Missed, ...] = ()
    running: Mapping[str, Known] = attrs.field(factory=dict)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do or to record."""
        return self.due is None and not self.missed and not self.running


def decide(timetable: Timetable, past: Sequence[Occurrence], sight: Sight, now: datetime) -> Decision:
    """Return what to do about the occurrences that have come by `now`, newest first in `past`.

    Only the newest may run: who comes in on Monday wants one backup, not those of Saturday and Sunday too. A club that
    knows no occurrence at all begins with the next one.
    """
    running = {name: known for name, known in sight.known.items() if known.outcome == "running"}
    if not past:
        return Decision(running=running)
    first = past[0]
    if sight.newest is None:
        return Decision(missed=(Missed(first, BEGINS),))
    horizon = timetable.instant(sight.newest)
    is_open = _is_open(first, sight, horizon)
    due = first if is_open and now - first.at <= timetable.window else None
    fresh = [each for each in past if each.name not in sight.known and each.at > horizon and each is not due]
    is_more = len(fresh) + (due is not None) == LOOKED_AT
    missed = tuple(
        Missed(each, _why_missed(each, due, is_last_of_many=is_more and each is fresh[-1])) for each in fresh
    )
    return Decision(due, missed, running)


def _is_open(occurrence: Occurrence, sight: Sight, horizon: datetime) -> bool:
    """Tell whether an occurrence may still be begun."""
    known = sight.known.get(occurrence.name)
    match known:
        case None:
            return occurrence.at > horizon
        case Known(outcome="interrupted"):
            return not known.is_second
        case Known(outcome="skipped"):
            return known.is_ahead
        case _:
            return False


def _why_missed(occurrence: Occurrence, due: Occurrence | None, *, is_last_of_many: bool) -> Sentence:
    if is_last_of_many:
        return Sentence.of("missed, and so were all before it: no station could do it in time")
    if due is not None and due.at == occurrence.at:
        return Sentence.of("the clocks went forward: it falls together with another")
    return Sentence.of("missed: no station could do it in time")
