"""The errors that the runtime raises: each one names the child, and says what to do."""
# ruff: noqa: N818 - the names say what happened to the child, in the field's words

from collections.abc import Sequence
from datetime import datetime

from pykka import ActorDeadError

from config.sentence import Sentence, SentenceError


class SupervisionError(SentenceError):
    """The parent of all errors of this library."""


class SpecError(SupervisionError):
    """A spec or a flag was refused before anything started: `field` of `child` (a path; the root's is empty)."""

    def __init__(self, field: str, child: str, problem: Sentence) -> None:
        super().__init__(
            Sentence.of(
                "the spec of {child} is refused: {field} {problem}",
                child=child or "the root",
                field=field,
                problem=problem,
            )
        )
        self.field = field
        self.child = child
        self.problem = problem


class StartFailed(SupervisionError):
    """A child did not come up; its own exception, where there is one, is the `__cause__`."""

    def __init__(self, path: str, kind: str, error: str) -> None:
        super().__init__(
            Sentence.of("{path} did not start ({kind}): {error}", path=path or "the root", kind=kind, error=error)
        )
        self.path = path
        self.kind = kind


class UnknownChild(SupervisionError):
    """No child has this path; `suggestions` are the paths that look like it."""

    def __init__(self, path: str, suggestions: Sequence[str] = ()) -> None:
        if suggestions:
            sentence = Sentence.of(
                "no child is called {path}: did you mean {suggestions}?", path=path, suggestions=", ".join(suggestions)
            )
        else:
            sentence = Sentence.of("no child is called {path}", path=path)
        super().__init__(sentence)
        self.path = path
        self.suggestions = tuple(suggestions)


class WrongState(SupervisionError):
    """The child is not in a state that allows what was asked."""

    def __init__(self, path: str, state: str, attempted: str) -> None:
        super().__init__(
            Sentence.of(
                "cannot {attempted} {path} while it is {state}",
                attempted=attempted,
                path=path or "the root",
                state=state,
            )
        )
        self.path = path
        self.state = state


class ChildDown(SupervisionError, ActorDeadError):
    """The child is not running now; `next_attempt_at` (aware UTC) is when it is tried again, None if it is not."""

    def __init__(self, path: str, next_attempt_at: datetime | None = None) -> None:
        if next_attempt_at is None:
            sentence = Sentence.of("{path} is not running", path=path)
        else:
            sentence = Sentence.of(
                "{path} is not running: the next attempt is at {at}",
                path=path,
                at=next_attempt_at.isoformat(timespec="seconds"),
            )
        super().__init__(sentence)
        self.path = path
        self.next_attempt_at = next_attempt_at


class MailboxFull(SupervisionError):
    """The child's mailbox holds as many messages as its spec allows."""

    def __init__(self, path: str, limit: int) -> None:
        super().__init__(
            Sentence.of(
                "the mailbox of {path} is full ({limit} messages): send it less, or later", path=path, limit=limit
            )
        )
        self.path = path
        self.limit = limit


class Fenced(SupervisionError):
    """This incarnation was abandoned: another one may work in its place, so it may neither send nor write."""

    def __init__(self, path: str, incarnation: int) -> None:
        super().__init__(
            Sentence.of(
                "{path} (incarnation {incarnation}) was abandoned and may not send or write any more",
                path=path,
                incarnation=incarnation,
            )
        )
        self.path = path
        self.incarnation = incarnation


class WaitsForItself(SupervisionError, ActorDeadError):
    """An actor waited, inside a handler, for its own answer: it would wait for ever."""

    def __init__(self, path: str) -> None:
        super().__init__(Sentence.of("{path} waits for its own answer: read it in a later message", path=path))
        self.path = path


class UnsupportedPykka(ImportError):
    """The installed pykka is outside the range whose private seams are pinned by the contract tests."""
