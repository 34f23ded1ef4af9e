"""Pausing and resuming an operation, as the control channel asks for it: who may, how long, and having it done."""

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from pykka import ActorDeadError, Timeout

from actors.operation import unknown_operation
from actors.pauses import Pause, Pauses
from actors.registry import ID as REGISTRY
from actors.registry import LookAtPauses
from config.sentence import Sentence, SentenceError
from service.channel import requests
from service.status import Reader
from service.terminal import clean
from supervisor import ChildDown, Tree, UnknownChild

_LONGEST: Final = timedelta(days=366)
_SHORTEST_SECONDS: Final = 1.0
_LONGEST_NAME: Final = 60
_LONGEST_REASON: Final = 200
_APPLY_SECONDS: Final = 5.0
"""What is not applied by then is applied when the registry comes to it: the pause is written and stands."""


class PauseRefused(SentenceError):  # noqa: N818 - what the reader sees
    """The operation cannot be paused here, or not so long; nothing was changed."""


class Pausable(Protocol):
    """The station, as far as pauses are concerned."""

    tree: Tree
    pauses: Pauses

    def describe(self, language: str) -> dict[str, Any]:
        """Return the status."""

    def reader(self, language: str) -> Reader:
        """Return a reader of this language at the club's time."""


def change_pause(station: Pausable, wanted: requests.Pause | requests.Resume, language: str) -> dict[str, Any]:
    """Pause or resume an operation; raises `PauseRefused` and `PauseNotKept`."""
    if isinstance(wanted, requests.Pause):
        return pause(station, wanted, language)
    return resume(station, wanted.operation, language)


def pause(station: Pausable, wanted: requests.Pause, language: str) -> dict[str, Any]:
    """Pause an operation, keep it over a restart, and answer until when; a second pause replaces the first.

    Raises `PauseRefused` and `PauseNotKept`.
    """
    shown = _shown(station, wanted.operation, language)
    if not shown["can_pause"] and shown["paused"] is None:
        raise PauseRefused(
            "{operation} can't be paused on this station: {reason}",
            operation=wanted.operation,
            reason=shown["reason"] or shown["state"],
        )
    now = datetime.now(UTC)
    station.pauses.begin(
        Pause(
            wanted.operation,
            now,
            None if wanted.seconds is None else now + _length(wanted.seconds),
            clean(wanted.by)[:_LONGEST_NAME],
            clean(wanted.reason)[:_LONGEST_REASON],
        )
    )
    _apply(station)
    shown = _shown(station, wanted.operation, language)
    return {"operation": wanted.operation, "paused_until": shown["paused_until"], "reason": shown["reason"]}


def resume(station: Pausable, operation: str, language: str) -> dict[str, Any]:
    """End a pause and answer whether there was one. Raises `PauseRefused` and `PauseNotKept`."""
    _shown(station, operation, language)
    was_paused = station.pauses.end(operation)
    if was_paused:
        _apply(station)
    return {"operation": operation, "resumed": was_paused}


def why_paused(pauses: Pauses, path: str) -> Sentence | None:
    """Return what to say to whoever wants something of an actor whose operation is paused; None when it is not."""
    operation = path.partition("/")[0]
    if operation not in pauses.in_force():
        return None
    return Sentence.of("{operation} is paused: `heitz-service resume {operation}` ends the pause", operation=operation)


def _shown(station: Pausable, operation: str, language: str) -> dict[str, Any]:
    unknown = unknown_operation(operation)
    if unknown is not None:
        raise PauseRefused(unknown)
    operations: list[dict[str, Any]] = station.describe(language)["operations"]
    for each in operations:
        if each["id"] == operation:
            return each
    raise PauseRefused("{operation} is not known on this station: start the program again", operation=operation)


def _length(seconds: float) -> timedelta:
    if not math.isfinite(seconds) or not _SHORTEST_SECONDS <= seconds <= _LONGEST.total_seconds():
        raise PauseRefused(
            "a pause lasts from 1 second to {days} days: leave the duration out to pause until somebody resumes",
            days=_LONGEST.days,
        )
    return timedelta(seconds=seconds)


def _apply(station: Pausable) -> None:
    with suppress(UnknownChild, ChildDown, ActorDeadError, Timeout):
        station.tree.child(REGISTRY).ask(LookAtPauses(), timeout=_APPLY_SECONDS)
