"""The club's time on a station: the database's clock, carried on by one that nobody can set."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from club import boot_clock

logger = logging.getLogger(__name__)

_MUCH: Final = timedelta(minutes=2)
"""Clocks of PCs that are set over the network differ by less; what differs more is set wrongly."""


def station_clock() -> datetime:
    """Return what the clock of this computer says."""
    return datetime.now(UTC)


class ClubClock:
    """Tells the club's time between two looks at the database.

    It counts on from the last look by seconds since the computer started, sleep included, so that a station whose
    clock is set forward or back is neither early nor late.
    """

    def __init__(
        self, seconds: Callable[[], float] = boot_clock, station: Callable[[], datetime] = station_clock
    ) -> None:
        self._seconds = seconds
        self._station = station
        self._seen: tuple[datetime, float] | None = None
        self._is_far_off = False

    def measure(self, ask: Callable[[], datetime]) -> datetime:
        """Ask the database for its time, take it over, and return it."""
        club = ask()
        self._seen = (club, self._seconds())
        self._compare(self._station() - club)
        return club

    def now(self) -> datetime | None:
        """Return the club's time now; None when the database has not told it yet."""
        if self._seen is None:
            return None
        club, seconds = self._seen
        return club + timedelta(seconds=self._seconds() - seconds)

    def age_seconds(self) -> float:
        """Return how long ago the database was asked."""
        return float("inf") if self._seen is None else self._seconds() - self._seen[1]

    def _compare(self, ahead: timedelta) -> None:
        is_far_off = abs(ahead) > _MUCH
        if is_far_off and not self._is_far_off:
            logger.warning(
                "the clock of this computer is %d s %s the database's: schedules go by the database's",
                abs(ahead).total_seconds(),
                "ahead of" if ahead > timedelta(0) else "behind",
                extra={"event": "clock.differs", "seconds": round(ahead.total_seconds())},
            )
        elif self._is_far_off and not is_far_off:
            logger.info("the clocks agree again", extra={"event": "clock.agrees"})
        self._is_far_off = is_far_off
