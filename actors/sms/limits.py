"""How many SMS may still leave in this minute and on this day: arithmetic on counts that the caller has."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

from actors.sms.settings_sending import SendingSettings
from config.sentence import Sentence

_MINUTE: Final = timedelta(minutes=1)


@attrs.frozen
class Spent:
    """What left already, in parts, each of which is paid: of the last 60 s, and of the club's day so far.

    `oldest_at` is when the oldest of the last minute's left, None when there is none. What may have left counts.
    """

    last_minute: int = 0
    oldest_at: datetime | None = None
    today: int = 0


@attrs.frozen
class Room:
    """What may still leave, in parts; None: as many as there are. When it is too little, `again_at` and why."""

    parts: int | None = None
    again_at: datetime | None = None
    reason: Sentence | None = None

    def takes(self, parts: int) -> bool:
        """Return whether an SMS of so many parts may leave now."""
        return self.parts is None or parts <= self.parts


def room_now(spent: Spent, settings: SendingSettings, zone: tzinfo, now: datetime) -> Room:
    """Return the room that the limits of the settings leave at this instant: the day's when that is the smaller.

    A limit of the minute holds for any 60 seconds, not from one full minute to the next: what gateways count.
    """
    rooms = []
    if settings.per_day is not None:
        reason = Sentence.of("the limit of {limit} SMS a day is reached", limit=settings.per_day)
        rooms.append(Room(max(0, settings.per_day - spent.today), _midnight_after(now, zone), reason))
    if settings.per_minute is not None:
        reason = Sentence.of("the limit of {limit} SMS a minute is reached", limit=settings.per_minute)
        again_at = (spent.oldest_at or now) + _MINUTE
        rooms.append(Room(max(0, settings.per_minute - spent.last_minute), again_at, reason))
    return min(rooms, key=lambda room: room.parts or 0, default=Room())


def _midnight_after(now: datetime, zone: tzinfo) -> datetime:
    """Return when the club's next day begins; a day whose midnight is skipped begins at the end of the gap."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
    return max(midnight, now)
