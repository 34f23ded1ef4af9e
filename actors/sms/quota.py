"""How much may still leave under the limits of the settings, kept up to date with what leaves."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

from actors.sms.limits import Room, Spent, room_now
from actors.sms.settings_sending import SendingSettings
from club.sms_sending import Spent as Counted

_SHORTEST: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)


@attrs.define
class Quota:
    """Knows from the database what left, on any station and before any restart; asks only where there is a limit.

    `count` answers the parts of what left since an instant; it is asked once a claim, and when a limit should be over.
    Several SMS are made ready before the first of them leaves: what is reserved for them nobody else may have.
    """

    settings: SendingSettings
    zone: tzinfo
    count: Callable[[datetime], Counted]
    now: Callable[[], datetime]
    _counted: Spent = attrs.field(init=False, factory=Spent)
    _reserved: int = attrs.field(init=False, default=0)
    """Parts made ready since the count, those that left among them."""
    _left: int = attrs.field(init=False, default=0)

    def begin(self) -> None:
        """Begin a claim: nothing is made ready, and what left is counted anew."""
        self._reserved = self._left = 0
        self._refresh()

    def reserve(self, parts: int) -> Room:
        """Return the room there is, less than `parts` when there is too little; else the parts are reserved."""
        room = self._room(self._reserved)
        if not room.takes(parts):
            self._refresh()
            room = self._room(self._reserved)
        if room.takes(parts):
            self._reserved += parts
        return room

    def leaves(self, parts: int) -> None:
        """Note that what was reserved may have left by now."""
        self._left += parts

    def pause(self) -> timedelta:
        """Return how long nothing may leave because this minute is used up; what waits for tomorrow is told so."""
        limit = self.settings.per_minute
        if limit is None or self._counted.last_minute + self._left < limit:
            return timedelta(0)
        self._refresh()
        room = self._room(self._left, attrs.evolve(self._counted, today=0))
        if room.takes(1) or room.again_at is None:
            return timedelta(0)
        return room.again_at - self.now()

    def _refresh(self) -> None:
        """Count anew; what left since the last count is in it."""
        self._reserved -= self._left
        self._left = 0
        if self.settings.per_minute is not None or self.settings.per_day is not None:
            local = self.now().astimezone(self.zone)
            midnight = datetime.combine(local.date(), time(), self.zone).astimezone(UTC)
            counted = self.count(midnight)
            self._counted = Spent(counted.last_minute, counted.oldest_at, counted.since)

    def _room(self, more: int, counted: Spent | None = None) -> Room:
        now, counted = self.now(), counted or self._counted
        spent = Spent(counted.last_minute + more, counted.oldest_at, counted.today + more)
        room = room_now(spent, self.settings, self.zone, now)
        if room.again_at is None or room.again_at - now > _MINUTE:  # tomorrow
            return room
        # A minute at most, and never at once: the database's clock, which told the oldest, may be another.
        wait = min(max(room.again_at - now, _SHORTEST), _MINUTE)
        return attrs.evolve(room, again_at=now + wait)
