"""What the tree tells about itself: values that stay true after they were made."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum, unique

import attrs

from supervisor.states import ChildState, EndKind


@attrs.frozen(slots=True)
class Failure:
    """One end of one incarnation, orderly or not: `at` is aware UTC, `error` is "Class: text", or empty."""

    at: datetime
    kind: EndKind
    error: str = ""
    traceback: str = ""
    message_kind: str | None = None
    incarnation: int = 0


@attrs.frozen(slots=True, kw_only=True)
class ChildReport:
    """One child at one moment.

    `restarts` counts the automatic ones since the program started; `mailbox` the messages that wait, `dropped` those
    that nobody handled; `abandoned` its threads that were given up and still live. `ends` are the last ones, oldest
    first, those before the program's own restart included when the tree keeps a journal.
    """

    path: str
    state: ChildState
    incarnation: int
    restarts: int
    since_at: datetime
    up_since_at: datetime | None
    next_attempt_at: datetime | None
    mailbox: int
    dropped: int
    ask_failures: int
    abandoned: int
    is_supervisor: bool
    last_failure: Failure | None
    ends: tuple[Failure, ...]


@attrs.frozen(slots=True)
class ChildCounts:
    """How many children the tree has (OTP `count_children`): specs, of those active, supervisors and workers."""

    specs: int
    active: int
    supervisors: int
    workers: int


@attrs.frozen(slots=True)
class StateChanged:
    """A child went from one state to another."""

    path: str
    incarnation: int
    at: datetime
    before: ChildState
    after: ChildState
    next_attempt_at: datetime | None = None


@attrs.frozen(slots=True)
class ChildEnded:
    """An incarnation ended; posted exactly once for each."""

    path: str
    incarnation: int
    at: datetime
    failure: Failure


@attrs.frozen(slots=True)
class HangReported:
    """A handler, a start or a stop takes too long; `stack` is where its thread was."""

    path: str
    incarnation: int
    at: datetime
    doing: str
    stack: str


@attrs.frozen(slots=True)
class Interrupted:
    """A child did not obey its stop message in time, and was interrupted."""

    path: str
    incarnation: int
    at: datetime


@attrs.frozen(slots=True)
class ThreadAbandoned:
    """A thread that did not obey was fenced off and left behind; `living` such threads are left in the tree."""

    path: str
    incarnation: int
    at: datetime
    living: int
    stack: str


@attrs.frozen(slots=True)
class AbandonedThreadEnded:
    """A thread that had been left behind ended after all."""

    path: str
    incarnation: int
    at: datetime
    living: int


@attrs.frozen(slots=True)
class MessagesDropped:
    """`count` messages to a child were handled by nobody since the last report."""

    path: str
    at: datetime
    count: int


Event = (
    StateChanged | ChildEnded | HangReported | Interrupted | ThreadAbandoned | AbandonedThreadEnded | MessagesDropped
)
Observer = Callable[[Event], None]


@unique
class RootEnd(StrEnum):
    """Why the root supervisor ended."""

    STOPPED = "stopped"  # Tree.stop
    COMPLETED = "completed"  # its significant children are done
    GAVE_UP = "gave_up"  # restart intensity exceeded, or a directive escalated
    START_FAILED = "start_failed"
    TOO_MANY_ABANDONED = "too_many_abandoned"


@attrs.frozen(slots=True)
class Outcome:
    """How the whole tree ended; `abandoned` are the paths of threads left behind and still alive."""

    reason: RootEnd
    failure: Failure | None = None
    abandoned: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What the program should exit with: 0 stopped in order, 4 gave up, 5 threads were left behind."""
        if self.reason in {RootEnd.GAVE_UP, RootEnd.START_FAILED}:
            return 4
        return 5 if self.abandoned or self.reason is RootEnd.TOO_MANY_ABANDONED else 0


@attrs.frozen(slots=True)
class StopReport:
    """What `Tree.stop` left: the paths of the children whose threads did not end."""

    abandoned: tuple[str, ...] = ()


@attrs.frozen(slots=True)
class ReloadReport:
    """What `Tree.reload` did with each child of a supervisor, by id."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
