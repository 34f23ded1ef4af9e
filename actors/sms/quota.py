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
    """

    settings: SendingSettings
    zone: tzinfo
    count: Callable[[datetime], Counted]
    now: Callable[[], datetime]
    _spent: Spent = attrs.field(init=False, factory=Spent)

    @property
    def is_limited(self) -> bool:
        """Whether the settings set any limit."""
        return self.settings.per_minute is not None or self.settings.per_day is not None

    def refresh(self) -> None:
        """Count anew what left."""
        if self.is_limited:
            local = self.now().astimezone(self.zone)
            midnight = datetime.combine(local.date(), time(), self.zone).astimezone(UTC)
            counted = self.count(midnight)
            self._spent = Spent(counted.last_minute, counted.oldest_at, counted.since)

    def note(self, parts: int) -> None:
        """Add what may have left by now."""
        spent = self._spent
        self._spent = Spent(spent.last_minute + parts, spent.oldest_at or self.now(), spent.today + parts)

    def room(self, parts: int) -> Room:
        """Return the room there is for so many parts, counted anew when there seems to be none."""
        room = self._room()
        if not room.takes(parts):
            self.refresh()
            room = self._room()
        return room

    def pause(self) -> timedelta:
        """Return how long nothing may leave because this minute is used up; what waits for tomorrow is told so."""
        if self.settings.per_minute is None or self._spent.last_minute < self.settings.per_minute:
            return timedelta(0)
        self.refresh()
        room = room_now(attrs.evolve(self._spent, today=0), self.settings, self.zone, self.now())
        if room.takes(1) or room.again_at is None:
            return timedelta(0)
        return self._wait(room.again_at)

    def _room(self) -> Room:
        room = room_now(self._spent, self.settings, self.zone, self.now())
        if room.again_at is None or room.parts is None:
            return room
        now = self.now()
        if room.again_at - now > _MINUTE:  # tomorrow
            return room
        return attrs.evolve(room, again_at=now + self._wait(room.again_at))

    def _wait(self, again_at: datetime) -> timedelta:
        """Return a wait of a minute at most: the database's clock, which told the oldest, may be another."""
        return min(max(again_at - self.now(), _SHORTEST), _MINUTE)
