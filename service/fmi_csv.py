"""One day of a zone as CSV for the reader's spreadsheet: a line for each minute, empty where nothing is known."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.fmi_day import DayOfZone

_MINUTE: Final = timedelta(minutes=1)
_TITLES: Final = (
    "at",
    "date",
    "time",
    "zone",
    "present",
    "known",
    "estimated",
    "in",
    "out",
    "uncertainty",
    "limit",
)
"""The same in every language: programs go by them."""


def csv_of(day: "DayOfZone", language: str) -> str:
    """Return the minutes from the first to the last; for French with semicolons, as its spreadsheets want it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if language == "fr" else ",")
    writer.writerow(_TITLES)
    writer.writerows(_rows(day))
    return text.getvalue()


def _rows(day: "DayOfZone") -> Iterator[tuple[str | int | None, ...]]:
    expected: datetime | None = None
    for minute in day.minutes:
        while expected is not None and expected < minute.at:
            yield (*day.clocks(expected), day.zone, None, 0, None, None, None, None, None)
            expected += _MINUTE
        expected = minute.at + _MINUTE
        is_known = minute.known  # a number that is not known is none: no sum and no curve looks at `known`
        yield (
            *day.clocks(minute.at),
            day.zone,
            minute.present if is_known else None,
            int(is_known),
            int(minute.estimated),
            minute.entries,
            minute.exits,
            minute.uncertainty if is_known else None,
            minute.present_limit,
        )
