"""Which occurrences a schedule has, on the wall clock of the club: pure values, no clock and no database."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

from config.weekdays import EVERY_DAY, Days

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_LONGEST_MONTH: Final = 31
_FAR_DAYS: Final = 64
"""Every schedule has an occurrence within so many days: a month and a day that a zone left out."""


@attrs.frozen(order=True)
class Occurrence:
    """One occurrence: the instant at which it is due (aware, UTC), and the name that every station gives it.

    The name is the time that the settings ask for, on the club's wall clock: `2026-11-24T23:00`. It holds no offset, so
    that stations whose zone data differ still mean the same one. An interval's second 02:15 of the autumn's double hour
    is `2026-10-25T02:15+`.
    """

    at: datetime
    name: str


class Schedule(ABC):
    """When something is due; `of_day` gives a local date's occurrences, in order of time."""

    @abstractmethod
    def of_day(self, day: date, zone: tzinfo) -> tuple[Occurrence, ...]:
        """Return the occurrences that belong to a date of the club's calendar."""


@attrs.frozen
class TimesOfDay(Schedule):
    """At times of day, on days of the week; with `month_day` on that day of each month only.

    A month that is too short for `month_day` has it on its last day, so that none is left out.
    """

    at: tuple[time, ...] = attrs.field(validator=attrs.validators.min_len(1))
    days: Days = EVERY_DAY
    month_day: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(
            attrs.validators.and_(attrs.validators.ge(1), attrs.validators.le(_LONGEST_MONTH))
        ),
    )

    def __attrs_post_init__(self) -> None:
        if self.month_day is not None and self.days != EVERY_DAY:
            raise ValueError("a day of the month and days of the week together mean nothing that people agree on")

    def of_day(self, day: date, zone: tzinfo) -> tuple[Occurrence, ...]:
        """Return one occurrence per time, on days that match."""
        if not self._matches(day):
            return ()
        wanted = (datetime.combine(day, at) for at in sorted(set(self.at)))
        return tuple(Occurrence(first_instant(local, zone), name_of(local)) for local in wanted)

    def _matches(self, day: date) -> bool:
        if self.month_day is None:
            return day.weekday() in self.days.weekdays
        is_last = (day + _DAY).day == 1
        return day.day == self.month_day or (is_last and day.day < self.month_day)


@attrs.frozen
class Every(Schedule):
    """Again and again, `period` apart in real time, beginning anew at each midnight of the club.

    A period that does not divide the day leaves a shorter one at its end. The spring's day has fewer occurrences and
    the autumn's more: nothing waits an hour longer because people move their clocks.
    """

    period: timedelta = attrs.field()

    @period.validator
    def _check_period(self, _attribute: object, period: timedelta) -> None:
        minute = timedelta(minutes=1)
        if not minute <= period <= _DAY or period % minute:
            raise ValueError(f"a period is whole minutes, from one to a day, not {period}")

    def of_day(self, day: date, zone: tzinfo) -> tuple[Occurrence, ...]:
        """Return the occurrences from this midnight to the next."""
        begin = first_instant(datetime.combine(day, time()), zone)
        end = first_instant(datetime.combine(day + _DAY, time()), zone)
        return tuple(
            self._occurrence(begin + number * self.period, zone) for number in range(-((begin - end) // self.period))
        )

    @staticmethod
    def _occurrence(at: datetime, zone: tzinfo) -> Occurrence:
        local = at.astimezone(zone)
        return Occurrence(at, name_of(local.replace(tzinfo=None)) + ("+" if local.fold else ""))


def name_of(local: datetime) -> str:
    """Return the name of a local time; names sort as the wall clock does."""
    return f"{local:%Y-%m-%dT%H:%M}"


def first_instant(local: datetime, zone: tzinfo) -> datetime:
    """Return the first instant at which the wall clock of `zone` shows `local` or later.

    This one rule decides both hard nights: a time that the spring leaves out comes when the gap ends, one that the
    autumn has twice comes the first time.
    """
    early = local.replace(tzinfo=zone, fold=0)
    at = early.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local:
        return at
    # In a gap, fold 0 counts with the offset before it and lands behind it, fold 1 the other way round (PEP 495).
    before, after = local.replace(tzinfo=zone, fold=1).astimezone(UTC), at
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def between(schedule: Schedule, zone: tzinfo, after: datetime, until: datetime) -> Iterator[Occurrence]:
    """Yield the occurrences with `after < at <= until`, in order of time, then of name."""
    days = (until.astimezone(zone).date() - after.astimezone(zone).date()).days
    first = after.astimezone(zone).date() - _DAY
    for number in range(days + 3):
        for occurrence in schedule.of_day(first + number * _DAY, zone):
            if after < occurrence.at <= until:
                yield occurrence


def newest(schedule: Schedule, zone: tzinfo, until: datetime, limit: int) -> tuple[Occurrence, ...]:
    """Return the last occurrences with `at <= until`, newest first, at most `limit`, within what is worth a look."""
    day = until.astimezone(zone).date() + _DAY
    days = (day - number * _DAY for number in range(limit * _FAR_DAYS))
    past = (each for day in days for each in reversed(schedule.of_day(day, zone)) if each.at <= until)
    return tuple(itertools.islice(past, limit))


def next_after(schedule: Schedule, zone: tzinfo, after: datetime) -> Occurrence:
    """Return the first occurrence with `at > after`."""
    return next(between(schedule, zone, after, after + _FAR_DAYS * _DAY))
