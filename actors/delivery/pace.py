"""How fast a run goes: how many messages are taken at a time, and how long the other side is to be left alone."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

import attrs

LOOK_AGAIN_SECONDS: Final = 2.0
"""How long one claim is worked on at most: what became urgent meanwhile goes next."""
_WORTH_SECONDS: Final = 1.0
_FIRST_SIZE: Final = 16
_GROWTH: Final = 8
_MARKED_AT_MOST: Final = 16
_MARKED_SECONDS: Final = 0.05
_MINUTE: Final = timedelta(minutes=1)


@attrs.define
class Pace:
    """Learns from each claim how many messages make about a second of work; at most `most`.

    An urgent message waits behind what is claimed, so a claim must be short; a claim costs a transaction, so it must
    not be shorter than that. Measured in time, both hold for a modem and for SMPP.
    """

    most: int
    size: int = attrs.field(init=False)
    _seconds_each: float = attrs.field(default=float("inf"), init=False)

    def __attrs_post_init__(self) -> None:
        self.size = min(_FIRST_SIZE, self.most)

    def worked(self, messages: int, seconds: float) -> None:
        """Note that so many messages of one claim took so long."""
        self._seconds_each = seconds / messages
        in_time = self.most if seconds <= 0 else int(messages * _WORTH_SECONDS / seconds)
        self.size = max(1, min(in_time, self.size * _GROWTH, self.most))

    @property
    def marked_together(self) -> int:
        """How many messages are worth one durable mark: one, unless they leave so fast that the mark takes longer."""
        if self._seconds_each <= 0:
            return _MARKED_AT_MOST
        return max(1, min(_MARKED_AT_MOST, int(_MARKED_SECONDS / self._seconds_each)))


@attrs.frozen
class Limit:
    """At most `count` messages in any span of `within`, not from one full minute to the next: so providers count."""

    count: int
    within: timedelta


class Brake:
    """How long nothing may leave: because the other side asked for it, or because enough left lately.

    Lives longer than a run: what a gateway asked for holds for the next run, too. `clock` is monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float], per_minute: int | None = None, limits: Sequence[Limit] = ()) -> None:
        self._clock = clock
        self._until = float("-inf")
        minute = () if per_minute is None else (Limit(per_minute, _MINUTE),)
        self._left_at = tuple(
            (limit.within.total_seconds(), deque[float](maxlen=limit.count)) for limit in (*minute, *limits)
        )

    def hold(self, pause: timedelta) -> None:
        """Let nothing leave for so long from now."""
        if pause > timedelta(0):
            self._until = max(self._until, self._clock() + pause.total_seconds())

    def note(self) -> None:
        """Note that a message leaves now."""
        self.remember((0.0,))

    def remember(self, seconds_ago: Iterable[float]) -> None:
        """Note messages that left so long ago, the oldest first: another station's, or those of before a restart."""
        now = self._clock()
        for ago in seconds_ago:
            for _, left_at in self._left_at:
                left_at.append(now - ago)

    def forget(self) -> None:
        """Forget what left: it is about to be told anew."""
        for _, left_at in self._left_at:
            left_at.clear()

    def seconds(self, messages: int = 1) -> float:
        """Return how long so many messages may not leave at once from now on; 0: they may."""
        until = self._until
        for within_seconds, left_at in self._left_at:
            too_many = len(left_at) + messages - (left_at.maxlen or 0)
            if too_many > len(left_at):
                return float("inf")
            if too_many > 0:
                until = max(until, left_at[too_many - 1] + within_seconds)
        return max(0.0, until - self._clock())

    def room(self, most: int) -> int:
        """Return how many of `most` messages may leave at once now, though one may in any case."""
        return next((messages for messages in range(most, 1, -1) if self.seconds(messages) <= 0), 1)
