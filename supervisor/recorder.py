"""Writes down what happens to children: states, ends, reports to observers, journal and log."""

import logging
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable

from supervisor.child import Child
from supervisor.clock import Clock
from supervisor.courier import Courier
from supervisor.journal import Journal, JournalEntry
from supervisor.life import End, Life
from supervisor.loudness import Loudness
from supervisor.reports import ChildEnded, Event, Failure, HangReported, MessagesDropped, Observer, StateChanged
from supervisor.states import ChildState, EndKind

_log = logging.getLogger(__name__)


class Recorder:
    """Called by the engine's steps; what costs time is done by `flush`, after the step."""

    def __init__(self, clock: Clock, observers: tuple[Observer, ...], journal: Journal | None) -> None:
        self.clock = clock
        self.observers: Courier[Event] = Courier("supervisor-observers", observers)
        self._journal: Courier[JournalEntry] | None = None
        if journal is not None:
            self._journal = Courier("supervisor-journal", (journal.record,))
        self._remembered: dict[str, list[Failure]] = defaultdict(list)
        for entry in _load(journal):
            self._remembered[entry.path].append(entry.failure)
        self._loudness: dict[str, Loudness] = {}
        self._late: list[Callable[[], None]] = []

    def remembered(self, path: str) -> list[Failure]:
        """Return the ends of a child before this run of the program, oldest first."""
        return self._remembered.pop(path, [])

    def state(self, child: Child, after: ChildState) -> None:
        """Write a transition down."""
        before = child.state
        if before is after:
            return
        child.state = after
        child.since_at = self.clock.now()
        if after is not ChildState.RUNNING:
            child.up_since_at = None
        if self.observers.has_readers:
            self.event(
                StateChanged(child.path, child.incarnation, child.since_at, before, after, child.next_attempt_at)
            )

    def ended(self, child: Child, end: End, in_a_row: int) -> Failure:
        """Write an end down; `in_a_row` counts the failures since the last good run, this one included."""
        failure = Failure(
            self.clock.now(), end.kind, end.error, end.traceback, end.message_kind, incarnation=child.incarnation
        )
        child.remember(failure)
        self._late.append(lambda: self._tell_of_end(child.path, failure, in_a_row))
        return failure

    def hangs(self, path: str, life: Life, doing: str) -> str:
        """Report a thread that takes too long; return its stack."""
        stack = stack_of(life)
        event = HangReported(path, life.incarnation, self.clock.now(), doing, stack)
        self.event(event)
        self._late.append(
            lambda: _log.error(
                "%s takes too long (%s):\n%s",
                path,
                doing,
                stack,
                extra={"event": "child.hangs", "path": path, "incarnation": life.incarnation},
            )
        )
        return stack

    def event(self, event: Event) -> None:
        """Tell the observers."""
        self._late.append(lambda: self.observers.send(event))

    def dropped(self, child: Child) -> None:
        """Report messages that nobody handled, if there are new ones."""
        count = child.slot.dropped - child.dropped_reported
        if count > 0:
            child.dropped_reported += count
            self.event(MessagesDropped(child.path, self.clock.now(), count))

    def forget(self, child: Child) -> None:
        """Drop what is known of a child that left the tree."""
        self._loudness.pop(child.path, None)

    def flush(self) -> None:
        """Do what was put off."""
        while self._late:
            late, self._late = self._late, []
            for each in late:
                each()

    def close(self) -> None:
        """Deliver what waits, and end."""
        self.flush()
        self.observers.close()
        if self._journal is not None:
            self._journal.close()

    def _tell_of_end(self, path: str, failure: Failure, in_a_row: int) -> None:
        self.observers.send(ChildEnded(path, failure.incarnation, failure.at, failure))
        if self._journal is not None and failure.kind is not EndKind.SHUTDOWN:
            self._journal.send(JournalEntry(path, failure))
        values = {"event": "child.ended", "path": path, "incarnation": failure.incarnation, "kind": str(failure.kind)}
        if not failure.kind.is_abnormal:
            _log.debug("%s ended (%s)", path, failure.kind, extra=values)
            return
        loudness = self._loudness.setdefault(path, Loudness())
        level = loudness.level(self.clock.monotonic(), in_a_row)
        if level is None:
            return
        left_out = loudness.take_left_out()
        detail = f"\n{failure.traceback}" if level >= logging.ERROR and failure.traceback else ""
        _log.log(
            level,
            "%s ended (%s, %d in a row): %s%s%s",
            path,
            failure.kind,
            in_a_row,
            failure.error,
            f" ({left_out} more ends were not logged)" if left_out else "",
            detail,
            extra={**values, "in_a_row": in_a_row, "left_out": left_out},
        )


def _load(journal: Journal | None) -> Iterable[JournalEntry]:
    if journal is None:
        return ()
    try:
        return tuple(journal.load())
    except Exception:  # noqa: BLE001 - a journal is foreign code: a bad one must not stop what it reports on
        _log.warning("the journal cannot be read", exc_info=True, extra={"event": "journal.unreadable"})
        return ()


def stack_of(life: Life) -> str:
    """Return where an incarnation's thread is now, as text; empty when it has no thread."""
    frame = sys._current_frames().get(life.ident or 0)  # noqa: SLF001 - the documented way to see another thread
    if frame is None or life.is_over:
        return ""
    return "".join(traceback.format_stack(frame))
