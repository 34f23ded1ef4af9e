"""What clients may ask of the running program, as typed messages instead of dictionaries."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

from config.sentence import SentenceError


class UnknownRequest(SentenceError):  # noqa: N818 - what the reader sees
    """A request of another version of the program, or one without what it needs."""


@attrs.frozen
class ShowStatus:
    """Answer with the status document of contract §1."""


@attrs.frozen
class Restart:
    """Restart one actor from any state; answer `{"path", "state", "incarnation"}`."""

    actor: str


@attrs.frozen
class RunNow:
    """Run an operation once; yield `{"message", "fraction"}`, answer `{"outcome", "seconds", "summary"}`."""

    operation: str
    dry_run: bool


@attrs.frozen
class Stop:
    """Stop the program in order, after the answer `{"stopping": true, "pid"}`."""


@attrs.frozen
class Pause:
    """Pause an operation for some seconds, or until it is resumed (None); answer `{"operation", "paused_until"}`."""

    operation: str
    seconds: float | None
    by: str
    reason: str


@attrs.frozen
class Resume:
    """End the pause of an operation; answer `{"operation", "resumed"}`, false when it was not paused."""

    operation: str


@attrs.frozen
class LookForLeases:
    """Look at the club's leases at once, because a wish was written; answer `{"told": true}`."""


@attrs.frozen
class Watch:
    """Answer `{"seen", "status"}` when the status is not the one that was `seen`, or after some seconds."""

    seen: str


Request: TypeAlias = ShowStatus | Restart | RunNow | Stop | LookForLeases | Pause | Resume | Watch
_ALONE: Final[Mapping[str, type[ShowStatus | Stop | LookForLeases]]] = {
    "status": ShowStatus,
    "stop": Stop,
    "look-for-leases": LookForLeases,
}


def parse(request: Mapping[str, Any]) -> Request:
    """Return the message that a request means; raises `UnknownRequest`."""
    match request:
        case {"command": "status" | "stop" | "look-for-leases" as alone}:
            return _ALONE[alone]()
        case {"command": "restart", "actor": str(actor)}:
            return Restart(actor)
        case {"command": "run-now", "operation": str(operation), "dry_run": bool(dry_run)}:
            return RunNow(operation, dry_run)
        case {"command": "watch", "seen": str(seen)}:
            return Watch(seen)
    about_a_pause = _about_a_pause(request)
    if about_a_pause is not None:
        return about_a_pause
    raise UnknownRequest(
        "the running program does not know the request {command}: it is of another version than this command, "
        "start it again",
        command=str(request.get("command")),
    )


def _about_a_pause(request: Mapping[str, Any]) -> Pause | Resume | None:
    match request:
        case {
            "command": "pause",
            "operation": str(operation),
            "seconds": int() | float() | None as seconds,
            "by": str(by),
            "reason": str(reason),
        } if not isinstance(seconds, bool):
            return Pause(operation, None if seconds is None else float(seconds), by, reason)
        case {"command": "resume", "operation": str(operation)}:
            return Resume(operation)
    return None
