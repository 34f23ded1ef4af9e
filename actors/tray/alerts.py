"""Which alerts are due: an operation that begins to fail and its end, once each, grouped, none in quiet hours. Pure."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final

import attrs

_JOINING_SHARE: Final = 3
"""Whoever has been in trouble for a third of the time joins an alert that is due: one bubble, not a row of them."""


@attrs.frozen(slots=True)
class Seen:
    """How one operation looks now: its name, whether it is in trouble, and its state in words."""

    title: str
    is_in_trouble: bool
    said: str


@attrs.frozen(slots=True)
class Alert:
    """What to tell at once: who began to fail, and who is well again, in the order of the status."""

    begun: tuple[Seen, ...] = ()
    ended: tuple[Seen, ...] = ()


@attrs.frozen(slots=True)
class Told:
    """What was told so far: the operations told as failing, and since when others differ from what was told."""

    failing: frozenset[str] = frozenset()
    since: Mapping[str, datetime] = attrs.field(factory=lambda: MappingProxyType({}))


@attrs.frozen(slots=True)
class Quiet:
    """Hours without alerts, by the club's clock; an end no later than the beginning is of the next day."""

    start: time
    end: time

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet at this local time."""
        at = now.timetz().replace(tzinfo=None)
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@attrs.frozen(slots=True)
class Pause:
    """Alerts are paused until an instant; None: until somebody turns them on."""

    until_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the pause goes on."""
        return self.until_at is None or now < self.until_at


def step(told: Told, seen: Mapping[str, Seen], now: datetime, *, after: timedelta, hushed: bool) -> tuple[Told, Alert]:
    """Return what has been told after this look, and the alert to show; an empty one: nothing.

    What differs from what was told must last `after`, both ways, so that an operation that comes and goes is told once.
    While it is hushed nothing is shown and nothing forgotten: what still lasts at the end is told then, once.
    """
    failing = told.failing & seen.keys()
    differing = [name for name, each in seen.items() if each.is_in_trouble != (name in failing)]
    # A clock that was set back must not make an alert wait for hours.
    since = {name: min(told.since.get(name, now), now) for name in differing}
    if hushed or not any(now - at >= after for at in since.values()):
        return Told(failing, MappingProxyType(since)), Alert()
    joining = [name for name in differing if now - since[name] >= after / _JOINING_SHARE]
    begun = tuple(seen[name] for name in joining if seen[name].is_in_trouble)
    ended = tuple(seen[name] for name in joining if not seen[name].is_in_trouble)
    kept = {name: at for name, at in since.items() if name not in joining}
    failing ^= frozenset(joining)
    return Told(failing, MappingProxyType(kept)), Alert(begun, ended)


def pause_until(span: str, now: datetime, morning: time = time(7)) -> Pause:
    """Return the pause of a menu's choice: `1h`, `tomorrow` (next morning, local time of `now`) or `ever`."""
    if span == "1h":
        return Pause(now + timedelta(hours=1))
    if span == "tomorrow":
        return Pause(datetime.combine(now.date() + timedelta(days=1), morning, now.tzinfo))
    return Pause()
