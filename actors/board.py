"""The board: what each operation last said of itself, readable at any moment without asking its actor."""

import enum
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import attrs

from config.sentence import Sentence

_JUST_STARTED: Final = Sentence.of("it has just started")


class OperationState(enum.StrEnum):
    """The states of contract §1, best first."""

    ACTIVE = "active"
    NOT_ON_THIS_STATION = "not_on_this_station"
    DISABLED = "disabled"
    STANDBY = "standby"
    WAITING = "waiting"
    RECOVERING = "recovering"
    FAILED = "failed"


_NOT_HERE: Final = (OperationState.NOT_ON_THIS_STATION, OperationState.DISABLED)
"""What does not run here has nothing to warn of."""
_AT_WORK: Final = (OperationState.ACTIVE, OperationState.WAITING)


class Outcome(enum.StrEnum):
    """How a run ended."""

    OK = "ok"
    FAILED = "failed"


@attrs.frozen(slots=True)
class Run:
    """One run of an operation: when, how long, how it ended, what it did in one sentence, and its counts."""

    started_at: datetime
    seconds: float
    outcome: Outcome
    summary: Sentence
    counters: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(slots=True)
class Notice:
    """What the board shows of one operation; `warning` is what is wrong though it does what it should."""

    state: OperationState
    reason: Sentence | None
    since_at: datetime
    holder: str | None = None
    last_run: Run | None = None
    next_run_at: datetime | None = None
    counters: Mapping[str, int] = attrs.field(factory=lambda: MappingProxyType({}))
    warning: Sentence | None = None
    concern: Sentence | None = None
    """What its actor sees coming though it works, such as a credit that runs low."""


class Board:
    """Notices of all operations of this station; written from their threads, read from any.

    `changed` is called after each change, in the writer's thread: it returns at once.
    """

    def __init__(self, now: Callable[[], datetime], changed: Callable[[], None] = lambda: None) -> None:
        self._now = now
        self._changed = changed
        self._lock = threading.Lock()
        self._notices: dict[str, Notice] = {}

    def notices(self) -> dict[str, Notice]:
        """Return what every operation last said, by operation id."""
        with self._lock:
            return dict(self._notices)

    def set_state(
        self, operation: str, state: OperationState, reason: Sentence | None, holder: str | None = None
    ) -> None:
        """Set an operation's state; `since_at` moves only when the state itself changes."""
        with self._lock:
            old = self._notices.get(operation)
            if old is None:
                self._notices[operation] = Notice(state, reason, self._now(), holder)
            else:
                since_at = old.since_at if old.state is state else self._now()
                warning = None if state in _NOT_HERE else old.warning
                concern = old.concern if state in _AT_WORK else None
                self._notices[operation] = attrs.evolve(
                    old, state=state, reason=reason, holder=holder, since_at=since_at, warning=warning, concern=concern
                )
        self._changed()

    def set_warning(self, operation: str, warning: Sentence | None) -> None:
        """Note what is wrong with an operation whatever its state, None when all is well again."""
        with self._lock:
            old = self._notices.get(operation) or self._unheard()
            self._notices[operation] = attrs.evolve(old, warning=warning)
        self._changed()

    def set_concern(self, operation: str, concern: Sentence | None) -> None:
        """Note what an operation's actor sees coming though it works, None when it is over."""
        with self._lock:
            old = self._notices.get(operation) or self._unheard()
            self._notices[operation] = attrs.evolve(old, concern=concern)
        self._changed()

    def expect(self, operation: str) -> None:
        """Note that an operation belongs here from now on and has not spoken yet; one that has is left alone."""
        with self._lock:
            old = self._notices.get(operation)
        if old is None or old.state in _NOT_HERE:
            self.set_state(operation, OperationState.WAITING, _JUST_STARTED)

    def begin_anew(self, operation: str) -> None:
        """Note that an operation starts again after a pause: what it said before is stale."""
        self.set_state(operation, OperationState.WAITING, _JUST_STARTED)

    def add_run(self, operation: str, run: Run) -> None:
        """Note a run: it becomes the last one, and its counts are added to the operation's."""
        with self._lock:
            old = self._notices.get(operation) or self._unheard()
            counters = dict(old.counters)
            for name, count in run.counters.items():
                counters[name] = counters.get(name, 0) + count
            self._notices[operation] = attrs.evolve(old, last_run=run, counters=MappingProxyType(counters))
        self._changed()

    def set_next_run(self, operation: str, at: datetime | None) -> None:
        """Note when an operation will run next."""
        with self._lock:
            old = self._notices.get(operation) or self._unheard()
            self._notices[operation] = attrs.evolve(old, next_run_at=at)
        self._changed()

    def _unheard(self) -> Notice:
        return Notice(OperationState.WAITING, _JUST_STARTED, self._now())

    def desk(self, operation: str) -> "Desk":
        """Return the place from which one operation writes on the board."""
        return Desk(self, operation)


@attrs.frozen(slots=True)
class Desk:
    """One operation's place at the board: the only thing that it is given of it."""

    board: Board
    operation: str

    def active(self, remark: Sentence | None = None) -> None:
        """Say that the operation works; `remark` is what people should know though all is well."""
        self.board.set_state(self.operation, OperationState.ACTIVE, remark)

    def waiting(self, reason: Sentence) -> None:
        """Say that the operation cannot work yet, and why: a database, a server or a device is away."""
        self.board.set_state(self.operation, OperationState.WAITING, reason)

    def standby(self, holder: str | None, reason: Sentence | None = None) -> None:
        """Say that another station holds the operation, or is about to."""
        if reason is None:
            reason = Sentence.of("the station {holder} does it; this one would take over", holder=holder)
        self.board.set_state(self.operation, OperationState.STANDBY, reason, holder)

    def warn(self, warning: Sentence | None) -> None:
        """Say what is wrong though the operation is where it should be; None: nothing any more."""
        self.board.set_warning(self.operation, warning)

    def concern(self, concern: Sentence | None) -> None:
        """Say what needs a person soon though the operation works; None: nothing any more."""
        self.board.set_concern(self.operation, concern)

    def ran(self, run: Run) -> None:
        """Note a run that has just ended."""
        self.board.add_run(self.operation, run)

    def next_run(self, at: datetime | None) -> None:
        """Note when the next run is due."""
        self.board.set_next_run(self.operation, at)
