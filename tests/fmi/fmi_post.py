"""A sensor's post with clocks that a test moves, for the tests of what is counted there."""

from datetime import UTC, datetime, timedelta

from actors.fmi.drivers.driver import Totals
from actors.fmi.post import SensorPost, Traits
from club.attendance_records import SensorKey, SensorRecord

TALKS = Traits(silence_seconds=2.0, forgets_when_unplugged=True, words_are_checked=True)
EVENTS = Traits(silence_seconds=None, forgets_when_unplugged=False, words_are_checked=False, counts_events=True)


class Time:
    """A clock that a test moves; both of the program's clocks at once."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 9, tzinfo=UTC) + timedelta(seconds=self.at)

    def passes(self, seconds: float) -> None:
        self.at += seconds


def record(entries: int, exits: int, shown: tuple[int, int] | None, seen_at: datetime) -> SensorRecord:
    memory = None if shown is None else f"[{shown[0]}, {shown[1]}, 16, null]"
    return SensorRecord(
        SensorKey("ACCUEIL", "entree"), "bassin", None, True, "counting", None, seen_at, seen_at, entries, exits, memory
    )


def totals(entries: int, exits: int = 0) -> Totals:
    return Totals(entries, exits, 16)


def last_reading(post: SensorPost) -> tuple[int, int]:
    reading = post.look().news.readings[-1]
    return reading.entries, reading.exits
