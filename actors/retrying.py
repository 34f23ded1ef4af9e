"""When a message that was turned down is tried again, and when it is given up: one rule for every kind of message."""

from datetime import datetime, timedelta
from typing import Final, Protocol

import attrs

from config.sentence import Sentence

_MOST_DOUBLINGS: Final = 28
"""More than from a millisecond to a day, and no day doubled so often overflows timedelta."""


class Patience(Protocol):
    """What the settings of an operation say of retries."""

    @property
    def retry_after(self) -> timedelta:
        """The wait after the first refusal."""

    @property
    def retry_at_most(self) -> timedelta:
        """The longest wait."""

    @property
    def give_up_after(self) -> timedelta:
        """How long a message is tried, from when it could first be sent."""

    @property
    def max_attempts(self) -> int:
        """How many times it is tried."""


@attrs.frozen
class RowFacts:
    """What the decision needs of the row: `attempts` counts this one; `due_at` is when it could first be sent."""

    attempts: int
    due_at: datetime
    expires_at: datetime | None = None


def wait_after(attempts: int, patience: Patience) -> timedelta:
    """Return how long to wait after so many attempts: doubling, up to the longest wait."""
    doublings = min(attempts - 1, _MOST_DOUBLINGS)
    return min(patience.retry_after * (1 << doublings), patience.retry_at_most)


def why_given_up(row: RowFacts, next_at: datetime, why: Sentence, patience: Patience, now: datetime) -> Sentence | None:
    """Return why the row is not tried again at `next_at` after what happened (`why`), None when it is."""
    if row.attempts >= patience.max_attempts:
        return Sentence.counted(
            "given up after {n} attempt: {why}", "given up after {n} attempts: {why}", row.attempts, why=why
        )
    if row.expires_at is not None and next_at >= row.expires_at:
        return Sentence.of("it expires before the next attempt: {why}", why=why)
    if now - row.due_at >= patience.give_up_after:
        hours = round(patience.give_up_after.total_seconds() / 3600)
        return Sentence.counted("given up after {n} hour: {why}", "given up after {n} hours: {why}", hours, why=why)
    return None
