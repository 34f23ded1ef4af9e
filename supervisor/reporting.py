"""Makes reports of children; called by the engine's steps."""

from collections.abc import Iterable
from datetime import datetime

from supervisor.child import Child
from supervisor.inbox import Inbox
from supervisor.life import End
from supervisor.reports import ChildCounts, ChildReport, Failure
from supervisor.states import EndKind
from supervisor.worker import Worker


def report_of(child: Child) -> ChildReport:
    """Return the report of a child at this moment."""
    body, slot = child.body, child.slot
    is_worker = isinstance(body, Worker)
    life = body.life if isinstance(body, Worker) else None
    inbox = slot.ref.actor_inbox if slot.ref is not None else None
    return ChildReport(
        path=child.path,
        state=child.state,
        incarnation=child.incarnation,
        restarts=child.restarts,
        since_at=child.since_at,
        up_since_at=child.up_since_at,
        next_attempt_at=child.next_attempt_at,
        mailbox=slot.stashed + (inbox.qsize() if isinstance(inbox, Inbox) else 0),
        dropped=slot.dropped,
        ask_failures=child.ask_failures + (life.ask_failures if life is not None else 0),
        abandoned=child.abandoned,
        is_supervisor=not is_worker,
        last_failure=child.last_failure,
        ends=tuple(child.ends),
    )


def count(children: Iterable[Child]) -> ChildCounts:
    """Count children."""
    known = tuple(children)
    workers = sum(isinstance(child.body, Worker) for child in known)
    return ChildCounts(len(known), sum(child.is_alive for child in known), len(known) - workers, workers)


def failure_of(end: End, at: datetime) -> Failure | None:
    """Return the reason of the root's end; None when it was told to stop."""
    if end.kind is EndKind.SHUTDOWN:
        return None
    return Failure(at, end.kind, end.error, end.traceback, end.message_kind)
