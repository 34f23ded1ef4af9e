"""When an SMS may leave: the club's windows, the operators' charter and the provider's hours together; has no clock."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

from actors.sms.spoken_hours import spoken
from actors.sms.transport import Category
from config.sentence import Sentence
from config.weekdays import Days

Calendar = Callable[[date], str | None]
"""Tells the name of the public holiday that a date is, None when it is none."""

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_MIDNIGHT: Final = time()
_HORIZON_DAYS: Final = 400
"""What does not open within so many days never does: no weekly window misses a year of public holidays."""
_SOME_MONDAY: Final = date(2026, 11, 23)


@attrs.frozen
class Span:
    """From one time of day until just before another, on some days of the week, by the club's wall clock.

    It belongs to the day on which it begins: one that ends no later than it begins goes on after midnight, whatever
    day that is; from midnight to midnight is the whole day. Without `public_holidays`, nothing leaves on a public
    holiday, nor in the night after one in a span that began on it.
    """

    days: Days
    start: time
    end: time
    public_holidays: bool = False

    def holds(self, local: datetime, calendar: Calendar) -> bool:
        """Return whether a wall clock time lies inside."""
        return any(
            began.weekday() in self.days.weekdays
            and (self.public_holidays or (calendar(began) is None and calendar(local.date()) is None))
            for began in self._beginnings(local)
        )

    def _beginnings(self, local: datetime) -> Iterator[date]:
        """Yield the date on which the span began that holds this time of day, if one does."""
        at, day = local.time(), local.date()
        is_over_midnight = self.end <= self.start
        if self.start <= at and (is_over_midnight or at < self.end):
            yield day
        elif is_over_midnight and at < self.end:
            yield day - _DAY


@attrs.frozen
class Rule:
    """Spans that somebody allows; `whose` completes "outside …"."""

    whose: Sentence
    spans: tuple[Span, ...]

    def allows(self, local: datetime, calendar: Calendar) -> bool:
        """Return whether one of the spans holds a wall clock time."""
        return any(span.holds(local, calendar) for span in self.spans)

    @property
    def hours(self) -> Sentence:
        """Its spans in words."""
        return spoken([(span.days, span.start, span.end) for span in self.spans])


def no_holidays(_day: date) -> None:
    """Know no public holiday: the calendar where none matters."""


@attrs.frozen
class Hours:
    """When an SMS of each category may leave: only while every one of its rules allows it.

    Instants are aware; those returned are UTC. Wall clock times are judged as the club's clock shows them: in spring an
    opening inside the hour that is skipped begins at its end; in autumn both passes of the double hour count.
    """

    zone: tzinfo
    rules: Mapping[Category, tuple[Rule, ...]]
    calendar: Calendar = no_holidays

    def is_open(self, at: datetime, category: Category) -> bool:
        """Return whether an SMS may leave at this instant."""
        local = at.astimezone(self.zone)
        return all(rule.allows(local, self.calendar) for rule in self.rules[category])

    def next_opening(self, at: datetime, category: Category) -> datetime | None:
        """Return the first instant from `at` on at which an SMS may leave, `at` itself when it may; None: never."""
        at = at.astimezone(UTC)  # within one zone, comparisons take the two passes of a double hour for one
        if self.is_open(at, category):
            return at
        day = at.astimezone(self.zone).date()
        for _ in range(_HORIZON_DAYS):
            for instant in sorted(self._turns(day, category)):
                if instant > at and self.is_open(instant, category):
                    return instant
            day += _DAY
        return None

    def why_closed(self, at: datetime, category: Category) -> Sentence | None:
        """Return why an SMS waits at this instant and until when, None when it may leave."""
        local = at.astimezone(self.zone)
        closed = next((rule for rule in self.rules[category] if not rule.allows(local, self.calendar)), None)
        if closed is None:
            return None
        opening = self.next_opening(at, category)
        if opening is None:
            return Sentence.of("outside {whose} ({hours}), and never inside", whose=closed.whose, hours=closed.hours)
        until = f"{opening.astimezone(self.zone):%Y-%m-%d %H:%M}"
        holiday = self.calendar(local.date()) or self.calendar(local.date() - _DAY)
        if holiday is not None and closed.allows(local, no_holidays):
            return Sentence.of(
                "public holiday ({holiday}), outside {whose}: it waits until {until}",
                holiday=holiday,
                whose=closed.whose,
                until=until,
            )
        return Sentence.of(
            "outside {whose} ({hours}): it waits until {until}", whose=closed.whose, hours=closed.hours, until=until
        )

    def _turns(self, day: date, category: Category) -> Iterator[datetime]:
        """Yield every instant of a local date at which something may open."""
        spans = [span for rule in self.rules[category] for span in rule.spans]
        for start in {_MIDNIGHT, *(span.start for span in spans)}:
            for fold in (0, 1):  # the double hour of autumn has each of its times twice
                yield datetime.combine(day, start, self.zone).replace(fold=fold).astimezone(UTC)
        yield from self._clock_change(day)

    def _clock_change(self, day: date) -> Iterator[datetime]:
        """Yield the instant at which the clock is moved on or around a date, to the minute, if it is."""
        low = datetime.combine(day, _MIDNIGHT, UTC) - _DAY
        high = low + 3 * _DAY
        before = low.astimezone(self.zone).utcoffset()
        if high.astimezone(self.zone).utcoffset() == before:
            return
        while high - low > _MINUTE:
            middle = low + (high - low) // _MINUTE // 2 * _MINUTE
            if middle.astimezone(self.zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        yield high


def ever_opens(rules: tuple[Rule, ...]) -> bool:
    """Return whether the rules leave anything of an ordinary week, without public holidays and moved clocks."""
    starts = {span.start for rule in rules for span in rule.spans} | {_MIDNIGHT}
    week = [datetime.combine(_SOME_MONDAY + number * _DAY, start, UTC) for number in range(7) for start in starts]
    return any(all(rule.allows(local, no_holidays) for rule in rules) for local in week)
