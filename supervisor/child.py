"""One child as its supervisor keeps it: spec, state, counters. Touched by the engine's thread only."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

import attrs

from supervisor.address import Slot
from supervisor.engine import Alarm
from supervisor.errors import StartFailed
from supervisor.intensity import RestartWindow
from supervisor.life import End
from supervisor.reports import Failure
from supervisor.specs import ChildSpec
from supervisor.states import ChildState

if TYPE_CHECKING:
    from supervisor.body import Body
    from supervisor.supervision import Supervisor

KEPT_ENDS: Final = 20
ALIVE: Final = frozenset({ChildState.STARTING, ChildState.RUNNING, ChildState.HUNG, ChildState.STOPPING})


@unique
class Purpose(Enum):
    """Why a child is being stopped, and so what follows its end."""

    NONE = "nothing asked for it"
    GROUP = "its group restarts"
    HALT = "an operator stopped it"
    RESTART = "an operator restarts it"
    REMOVE = "it leaves the tree"


@attrs.define(eq=False)
class Child:
    """The supervisor's file on one child."""

    spec: ChildSpec
    path: str
    parent: "Supervisor | None"
    since_at: datetime
    slot: Slot = attrs.field(init=False)
    body: "Body" = attrs.field(init=False)
    state: ChildState = ChildState.STOPPED
    incarnation: int = 0
    restarts: int = 0
    up_since_at: datetime | None = None
    up_at: float | None = None
    next_attempt_at: datetime | None = None
    attempts: int = 0
    is_parked: bool = False
    is_held: bool = False  # an operator stopped it: nobody but an operator starts it again
    is_done: bool = False  # it ended by itself and is not started again, except with its group
    is_on_trial: bool = False  # added by start_child and not up yet: if it fails, it was never there
    purpose: Purpose = Purpose.NONE
    next_spec: ChildSpec | None = None  # what reload brought; it holds from the next start on
    window: RestartWindow | None = None
    alarm: Alarm | None = None
    abandoned: int = 0
    ask_failures: int = 0
    dropped_reported: int = 0
    ends: deque[Failure] = attrs.field(factory=lambda: deque(maxlen=KEPT_ENDS))
    last_failure: Failure | None = None
    up_replies: "list[Future[int]]" = attrs.field(factory=list)
    down_replies: "list[Future[None]]" = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.slot = Slot(self.path, self.spec.mailbox)

    def remember(self, failure: Failure) -> None:
        """Keep an end; orderly ones never push the last abnormal one out."""
        self.ends.append(failure)
        if failure.kind.is_abnormal:
            self.last_failure = failure

    @property
    def is_up(self) -> bool:
        """Whether it works."""
        return self.state is ChildState.RUNNING

    @property
    def is_alive(self) -> bool:
        """Whether an incarnation of it exists: starting, working, hung or stopping."""
        return self.state in ALIVE

    @property
    def is_wanted(self) -> bool:
        """Whether it works or will be tried again."""
        return self.is_alive or self.state is ChildState.BACKOFF or self.is_parked

    def settle_up(self, end: End | None) -> None:
        """Answer those who wait for it to come up: None says that it did."""
        replies, self.up_replies = self.up_replies, []
        for reply in replies:
            if end is None:
                reply.set_result(self.incarnation)
            else:
                error = StartFailed(end.origin or self.path, str(end.kind), end.error)
                error.__cause__ = end.exception
                reply.set_exception(error)

    def settle_down(self) -> None:
        """Answer those who wait for it to end."""
        replies, self.down_replies = self.down_replies, []
        for reply in replies:
            reply.set_result(None)

    def descendants(self) -> "Iterator[Child]":
        """Return all below it, depth first, in starting order."""
        for child in self.body.children.values():
            yield child
            yield from child.descendants()

    def cancel_alarm(self) -> None:
        """Forget what it was waiting for."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
