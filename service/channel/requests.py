"""What clients may ask of the running program, as typed messages instead of dictionaries."""

from collections.abc import Mapping
from typing import Any, TypeAlias

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
class LookForLeases:
    """Look at the club's leases at once, because a wish was written; answer `{"told": true}`."""


@attrs.frozen
class Watch:
    """Answer `{"seen", "status"}` when the status is not the one that was `seen`, or after some seconds."""

    seen: str


Request: TypeAlias = ShowStatus | Restart | RunNow | Stop | LookForLeases | Watch


def parse(request: Mapping[str, Any]) -> Request:
    """Return the message that a request means; raises `UnknownRequest`."""
    match request:
        case {"command": "status"}:
            return ShowStatus()
        case {"command": "restart", "actor": str(actor)}:
            return Restart(actor)
        case {"command": "run-now", "operation": str(operation), "dry_run": bool(dry_run)}:
            return RunNow(operation, dry_run)
        case {"command": "stop"}:
            return Stop()
        case {"command": "look-for-leases"}:
            return LookForLeases()
        case {"command": "watch", "seen": str(seen)}:
            return Watch(seen)
    raise UnknownRequest(
        "the running program does not know the request {command}: it is of another version than this command, "
        "start it again",
        command=str(request.get("command")),
    )
