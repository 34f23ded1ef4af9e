"""What the tray and the rest of the program share: what it may ask for, what it remembers, what it tells of itself."""

import threading
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, Protocol

import attrs

from actors.tray.alerts import Pause, Told
from actors.tray.settings import PresenceSettings
from config.sentence import Sentence


class Bell:
    """Rung by whoever changes something that the icon may show; who listens is told, in the ringer's thread."""

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Tell this one from now on; None: nobody."""
        self._listener = listener

    def ring(self, *_: object) -> None:
        """Say that something changed; costs nothing when nobody listens."""
        listener = self._listener
        if listener is not None:
            listener()


class Program(Protocol):
    """The program as the icon sees it; no call waits."""

    def describe(self, language: str) -> dict[str, Any]:
        """Return the status of contract §1."""

    def open_window(self) -> None:
        """Show the status window, in a process of its own."""

    def restart(self, operation: str) -> None:
        """Begin to restart an operation."""

    def ask_to_stop(self) -> None:
        """Begin to stop."""


@attrs.frozen(slots=True)
class Whereabouts:
    """Where the icon is, for `status`: a state, the words for it, and since when.

    States: `starting`, `docked`, `waiting_for_host`, `no_display`, `restarting`, `off`.
    """

    state: str
    reason: Sentence | None = None
    since_at: datetime | None = None
    back_end: str | None = None
    host: str | None = None
    restarts: int = 0


class Memory:
    """What outlives the actor: a replacement must not repeat alerts, nor forget that they are paused."""

    def __init__(self, whereabouts: Whereabouts) -> None:
        self._lock = threading.Lock()
        self._whereabouts = whereabouts
        self.told = Told()
        self.pause: Pause | None = None

    @property
    def whereabouts(self) -> Whereabouts:
        """Where the icon is now; from any thread."""
        with self._lock:
            return self._whereabouts

    def note(self, whereabouts: Whereabouts) -> None:
        """Note where the icon is; `since_at` stays while the state does."""
        with self._lock:
            before = self._whereabouts
            if before.state == whereabouts.state and before.since_at is not None:
                whereabouts = attrs.evolve(whereabouts, since_at=before.since_at)
            self._whereabouts = whereabouts


@attrs.frozen(slots=True)
class Place:
    """What the tray is given to work with; equal places need no restart."""

    station: str
    language: str
    timezone: tzinfo
    settings: PresenceSettings
    program: Program = attrs.field(eq=id)
    bell: Bell = attrs.field(eq=id)
    memory: Memory = attrs.field(eq=id)


def whereabouts_json(found: Whereabouts, language: str, timezone: tzinfo) -> dict[str, Any]:
    """Return the key `tray` of the status."""
    return {
        "state": found.state,
        "reason": None if found.reason is None else found.reason.render(language),
        "since": None if found.since_at is None else found.since_at.astimezone(timezone).isoformat(timespec="seconds"),
        "back_end": found.back_end,
        "host": found.host,
        "restarts": found.restarts,
    }
