"""The day of a club: from a quiet hour of its wall clock to the next, so that a night that is long is one day. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

QUIET: Final = time(4)
"""Nobody is inside, and no clock is ever moved then."""
_A_DAY: Final = timedelta(days=1)


@attrs.frozen
class Days:
    """The days of one club: its time zone, and the hour at which one ends and the next begins.

    A day is a stretch of UTC with one name: also where the wall clock shows the hour twice, or not at all.
    """

    zone: tzinfo
    quiet: time = QUIET

    def begins_at(self, day: date) -> datetime:
        """Return the instant at which a day begins, in UTC: the first of two, when the clock shows it twice."""
        return datetime.combine(day, self.quiet, self.zone).astimezone(UTC)

    def day_of(self, at: datetime) -> date:
        """Return the day to which an instant belongs."""
        local = at.astimezone(self.zone).date()
        return local if self.begins_at(local) <= at else local - _A_DAY

    def key(self, at: datetime) -> str:
        """Return the day of an instant as the database names it: `2026-11-24`."""
        return self.day_of(at).isoformat()
