"""An oracle of sending hours that shares nothing with the program's: every open minute of the wall clock, written out.

Slow and simple: spans are unrolled minute by minute into wall clock labels, and public holidays are a list of dates.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Computed by hand from the calendar of each year: Easter fell on 5 April 2026, will on 28 March 2027.
NATIONAL = """
2026-01-01 2026-04-06 2026-05-01 2026-05-08 2026-05-14 2026-05-25 2026-07-14 2026-08-15 2026-11-01 2026-11-11
2026-12-25 2027-01-01 2027-03-29 2027-05-01 2027-05-06 2027-05-08 2027-05-17 2027-07-14 2027-08-15 2027-11-01
2027-11-11 2027-12-25
"""
ALSACE_MOSELLE = "2026-04-03 2026-12-26 2027-03-26 2027-12-26"
REUNION = "2026-12-20 2027-12-20"

SlowSpan = tuple[str, str, str, bool]
"""Days one by one, `from`, `to`, and whether public holidays count as other days."""


def dates(*texts: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for text in texts for each in text.split())


def open_labels(spans: Iterable[SlowSpan], days: Iterable[date], holidays: frozenset[date]) -> set[datetime]:
    """Return every minute of the wall clock, naive, that one of the spans opens."""
    labels: set[datetime] = set()
    for names, begins, ends, on_holidays in spans:
        for day in days:
            if WEEK[day.weekday()] not in names.split():
                continue
            label = datetime.fromisoformat(f"{day} {begins}")
            last = datetime.fromisoformat(f"{day} {ends}")
            if last <= label:
                last += DAY
            while label < last:
                if on_holidays or (day not in holidays and label.date() not in holidays):
                    labels.add(label)
                label += MINUTE
    return labels


def open_minutes(rules: Iterable[Iterable[SlowSpan]], zone: tzinfo, year: int, holidays: frozenset[date]) -> list[bool]:
    """Return, for each minute of a year of UTC and the week after it, whether all rules open it."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start.date() + number * DAY for number in range(-2, 380)]
    labels = [open_labels(spans, days, holidays) for spans in rules]
    minutes = []
    for number in range(373 * 24 * 60):
        local = (start + number * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0)
        minutes.append(all(local in each for each in labels))
    return minutes
