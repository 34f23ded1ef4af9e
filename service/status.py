"""The status of the running station: contract §1's JSON, from the board and the tree, without asking any actor."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

import attrs

from actors.board import Notice, OperationState, Run
from actors.operation import RULES
from actors.pauses import Pause
from config.sentence import Sentence
from service.words import instant
from supervisor import ChildReport, ChildState

VERSION: Final = 1

_WORRYING_OPERATIONS: Final = frozenset({OperationState.WAITING, OperationState.RECOVERING})
_SAID_BY_THE_REGISTRY: Final = frozenset(
    {OperationState.NOT_ON_THIS_STATION, OperationState.DISABLED, OperationState.FAILED}
)
_NOT_TO_PAUSE: Final = frozenset({OperationState.NOT_ON_THIS_STATION, OperationState.DISABLED, OperationState.STANDBY})
_TITLES: Final = {rule.operation: rule.title for rule in RULES}
_EXCLUSIVE: Final = frozenset(rule.operation for rule in RULES if rule.is_exclusive)
_UP: Final = frozenset({ChildState.STARTING, ChildState.RUNNING, ChildState.STOPPING})
_DOWN: Final = {
    ChildState.BACKOFF: OperationState.RECOVERING,
    ChildState.HUNG: OperationState.RECOVERING,
    ChildState.STOPPED: OperationState.DISABLED,
    ChildState.FAILED: OperationState.FAILED,
    ChildState.ABANDONED: OperationState.FAILED,
}
_CALM_OPERATIONS: Final = frozenset(OperationState) - _WORRYING_OPERATIONS - {OperationState.FAILED}
_CALM_ACTORS: Final = frozenset({ChildState.RUNNING, ChildState.STARTING, ChildState.STOPPED, ChildState.STOPPING})


@attrs.frozen(slots=True)
class Program:
    """What the status says of the program itself; `held` are the exclusive operations whose lease is held here.

    `paused` are the pauses of this station, by operation.
    """

    version: str
    station: str
    pid: int
    started_at: datetime
    settings_file: str
    settings_loaded_at: datetime
    settings_problem: Sentence | None
    held: Collection[str] = ()
    paused: Mapping[str, Pause] = attrs.field(factory=dict)
    is_stopping: bool = False


@attrs.frozen(slots=True)
class Reader:
    """Who reads: the language of the sentences, the time zone of the instants, and what hides personal data."""

    language: str
    timezone: tzinfo
    mask: Callable[[str], str]


def describe(
    program: Program, notices: Mapping[str, Notice], reports: Sequence[ChildReport], reader: Reader
) -> dict[str, Any]:
    """Return contract §1's status, version 1, ready for JSON."""
    by_path = {report.path: report for report in reports}
    overlaid = {
        operation: _paused(program.paused[operation], notice, reader)
        if is_stopped_by_pause(operation, notice, program)
        else overlay(_without_lease(operation, notice, program), by_path.get(operation))
        for operation, notice in notices.items()
    }
    return {
        "version": VERSION,
        "program": program.version,
        "station": program.station,
        "state": aggregate(program, overlaid.values(), reports),
        "pid": program.pid,
        "started_at": _instant(program.started_at, reader),
        "config": {
            "file": program.settings_file,
            "loaded_at": _instant(program.settings_loaded_at, reader),
            "problem": _text(program.settings_problem, reader),
        },
        "operations": [
            _operation(rule.operation, overlaid[rule.operation], program, reader)
            for rule in RULES
            if rule.operation in overlaid
        ],
        "actors": [_actor(report, reader) for report in reports],
    }


def aggregate(program: Program, notices: Iterable[Notice], reports: Iterable[ChildReport]) -> str:
    """Return the worst of it all: `stopping`, else `failed`, else `attention`, else `active`."""
    if program.is_stopping:
        return "stopping"
    notices = tuple(notices)
    states = {notice.state for notice in notices}
    if OperationState.FAILED in states:
        return "failed"
    if states & _WORRYING_OPERATIONS or program.settings_problem is not None:
        return "attention"
    if any(notice.warning is not None or notice.concern is not None for notice in notices):
        return "attention"
    if any(report.state not in _CALM_ACTORS for report in reports):
        return "attention"
    return "active"


def is_here(notice: Notice) -> bool:
    """Return whether an operation runs, or should run, on this station."""
    return notice.state not in {OperationState.NOT_ON_THIS_STATION, OperationState.DISABLED}


def _without_lease(operation: str, notice: Notice, program: Program) -> Notice:
    """Return what an exclusive operation is when its lease ran out while who prolongs it still waits for a driver."""
    if notice.state is not OperationState.ACTIVE or operation not in _EXCLUSIVE or operation in program.held:
        return notice
    reason = Sentence.of("the database has not answered for too long: its work has stopped until it does")
    return attrs.evolve(notice, state=OperationState.WAITING, reason=reason)


def is_stopped_by_pause(operation: str, notice: Notice, program: Program) -> bool:
    """Tell whether it is its pause, and nothing else, that keeps an operation from working here."""
    if operation not in program.paused or notice.state in _SAID_BY_THE_REGISTRY:
        return False
    return notice.state is not OperationState.STANDBY or operation in program.held


def _paused(pause: Pause, notice: Notice, reader: Reader) -> Notice:
    return attrs.evolve(
        notice,
        state=OperationState.WAITING,
        reason=said_of(pause, reader),
        since_at=pause.since_at,
        next_run_at=pause.until_at,
        warning=None,
        concern=None,
    )


def said_of(pause: Pause, reader: Reader) -> Sentence:
    """Return who paused an operation until when, and why, as the reader's clock shows it."""
    now = datetime.now(reader.timezone)
    until = instant(None if pause.until_at is None else pause.until_at.isoformat(), now, reader.language)
    match bool(pause.until_at), bool(pause.by):
        case True, True:
            said = Sentence.of("paused until {until} by {name}", until=until, name=pause.by)
        case True, False:
            said = Sentence.of("paused until {until}", until=until)
        case False, True:
            said = Sentence.of("paused by {name} until somebody resumes it", name=pause.by)
        case _:
            said = Sentence.of("paused until somebody resumes it")
    return Sentence.of("{pause}: {reason}", pause=said, reason=pause.reason) if pause.reason else said


def overlay(notice: Notice, report: ChildReport | None) -> Notice:
    """Return what an operation is, given what it said and what its actor does: the worse of both.

    An actor that is down cannot say so itself; what it said while it ran is stale by then.
    """
    if notice.state in _SAID_BY_THE_REGISTRY:
        return notice
    if report is None:
        gone = Sentence.of("its actor is not there; restart the program")
        return attrs.evolve(notice, state=OperationState.FAILED, reason=gone, next_run_at=None)
    if report.state in _UP:
        return notice
    return attrs.evolve(notice, state=_DOWN[report.state], reason=_why_down(report), next_run_at=report.next_attempt_at)


def _why_down(report: ChildReport) -> Sentence:
    if report.state is ChildState.HUNG:
        return Sentence.of("it does not answer any more; it is being replaced")
    if report.state is ChildState.STOPPED:
        return Sentence.of("stopped by hand; to start it: heitz-service restart {path}", path=report.path)
    what = "" if report.last_failure is None else report.last_failure.error.partition(":")[0]
    if report.next_attempt_at is None:
        return Sentence.of(
            "it stopped on an error ({what}); to start it: heitz-service restart {path}", what=what, path=report.path
        )
    return Sentence.of("it stopped on an error ({what}) and is tried again", what=what)


def _operation(operation: str, notice: Notice, program: Program, reader: Reader) -> dict[str, Any]:
    pause = program.paused.get(operation)
    return {
        "id": operation,
        "title": _TITLES[operation].render(reader.language),
        "is_exclusive": operation in _EXCLUSIVE,
        "state": notice.state.value,
        "attention": notice.state not in _CALM_OPERATIONS or notice.warning is not None or notice.concern is not None,
        "reason": _text(_what_to_say(notice), reader),
        "since": _instant(notice.since_at, reader),
        "holder": program.station if operation in program.held else notice.holder,
        "last_run": None if notice.last_run is None else describe_run(notice.last_run, reader),
        "next_run": _instant(notice.next_run_at, reader),
        "counters": dict(notice.counters),
        "can_pause": pause is None and can_pause(notice),
        "paused": None
        if pause is None
        else {
            "since": _instant(pause.since_at, reader),
            "until": _instant(pause.until_at, reader),
            "by": pause.by,
            "reason": pause.reason,
        },
        "paused_until": None if pause is None else _instant(pause.until_at, reader),
    }


def can_pause(notice: Notice) -> bool:
    """Tell whether an operation in this state is this station's to pause."""
    return notice.state not in _NOT_TO_PAUSE


def _what_to_say(notice: Notice) -> Sentence | None:
    """Return the one sentence that matters most: what is wrong, then why it does not work, then what is to come."""
    if notice.warning is not None:
        return notice.warning
    return notice.reason if notice.state is not OperationState.ACTIVE else notice.concern or notice.reason


def describe_run(run: Run, reader: Reader) -> dict[str, Any]:
    """Return one run, as `status` and `run-now` show it."""
    return {
        "started_at": _instant(run.started_at, reader),
        "seconds": round(run.seconds, 3),
        "outcome": run.outcome.value,
        "summary": run.summary.render(reader.language),
        "counters": dict(run.counters),
    }


def _actor(report: ChildReport, reader: Reader) -> dict[str, Any]:
    failure = report.last_failure
    return {
        "path": report.path,
        "state": report.state.value,
        "restarts": report.restarts,
        "up_since": _instant(report.up_since_at, reader, "milliseconds"),  # two starts within a second differ
        "mailbox": report.mailbox,
        "next_attempt_at": _instant(report.next_attempt_at, reader),
        "last_failure": None
        if failure is None
        else {
            "at": _instant(failure.at, reader),
            "kind": failure.kind.value,
            "error": reader.mask(failure.error),
            "traceback": reader.mask(failure.traceback),
        },
    }


def _instant(at: datetime | None, reader: Reader, precision: str = "seconds") -> str | None:
    return None if at is None else at.astimezone(reader.timezone).isoformat(timespec=precision)


def _text(sentence: Sentence | None, reader: Reader) -> str | None:
    return None if sentence is None else sentence.render(reader.language)
