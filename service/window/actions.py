"""What a person can have done to an operation, and which requests of the control channel mean it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import attrs

from config.sentence import Sentence

Json = Mapping[str, Any]


class Kind(StrEnum):
    """What can be asked for."""

    RUN_NOW = "run-now"
    RESTART = "restart"
    HAND_OVER = "handover"
    PAUSE = "pause"
    RESUME = "resume"


@attrs.frozen
class Action:
    """One button: what it asks for, on which operation, and its label."""

    kind: Kind
    operation: str
    title: str
    label: str
    confirm: str = ""


_LABELS: Final = {
    Kind.RUN_NOW: Sentence.of("Run now"),
    Kind.RESTART: Sentence.of("Restart"),
    Kind.HAND_OVER: Sentence.of("Hand over…"),
    Kind.PAUSE: Sentence.of("Pause…"),
    Kind.RESUME: Sentence.of("Resume"),
}
_AT_WORK: Final = frozenset({"active", "waiting"})
_HAS_AN_ACTOR: Final = frozenset({"active", "waiting", "standby", "recovering", "failed"})


def actions_of(operation: Json, language: str) -> tuple[Action, ...]:
    """Return what can be done to an operation as it is now, in the order of the buttons."""
    title = str(operation.get("title") or operation.get("id"))
    return tuple(
        Action(
            kind, str(operation.get("id")), title, _LABELS[kind].render(language), _confirmation(kind, title, language)
        )
        for kind in _kinds(operation)
    )


def _kinds(operation: Json) -> Iterator[Kind]:
    state = operation.get("state")
    if operation.get("paused") or operation.get("paused_until"):
        yield Kind.RESUME
        return
    if state in _AT_WORK:
        yield Kind.RUN_NOW
    if state in _HAS_AN_ACTOR:
        yield Kind.RESTART
    if state == "active" and operation.get("is_exclusive"):
        yield Kind.HAND_OVER
    if operation.get("can_pause"):
        yield Kind.PAUSE


def _confirmation(kind: Kind, title: str, language: str) -> str:
    if kind is not Kind.HAND_OVER:
        return ""
    question = Sentence.of(
        "Another station will do {operation} from now on, and this one only if the other stops. Hand it over?",
        operation=title,
    )
    return question.render(language)


def request_of(action: Action, *, seconds: float | None = None, by: str = "") -> dict[str, Any] | None:
    """Return the request of the control channel; None for what goes through the club's database instead."""
    match action.kind:
        case Kind.RUN_NOW:
            return {"command": "run-now", "operation": action.operation, "dry_run": False}
        case Kind.RESTART:
            return {"command": "restart", "actor": action.operation}
        case Kind.PAUSE:
            return {"command": "pause", "operation": action.operation, "seconds": seconds, "by": by, "reason": ""}
        case Kind.RESUME:
            return {"command": "resume", "operation": action.operation}
        case Kind.HAND_OVER:
            return None
