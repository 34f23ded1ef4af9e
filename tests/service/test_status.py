"""The status is made of what operations said and what their actors do; the worse of both is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.board import Notice, OperationState, Outcome, Run
from config.sentence import Sentence
from service.status import Program, Reader, aggregate, describe, overlay
from supervisor import ChildReport, ChildState, EndKind, Failure

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
READER = Reader("en", UTC, lambda text: text.replace("secret", "***"))
ACTIVE = Notice(OperationState.ACTIVE, None, NOON)
WAITING = Notice(OperationState.WAITING, Sentence.of("the mail server is away"), NOON)
CRASH = Failure(NOON, EndKind.CRASH, "ValueError: secret", "Traceback: secret", "Tick", 3)


def report(state: ChildState = ChildState.RUNNING, path: str = "email", **fields: Any) -> ChildReport:
    values: dict[str, Any] = {
        "incarnation": 4,
        "restarts": 3,
        "since_at": NOON,
        "up_since_at": NOON,
        "next_attempt_at": None,
        "mailbox": 2,
        "dropped": 0,
        "ask_failures": 0,
        "abandoned": 0,
        "is_supervisor": False,
        "last_failure": CRASH,
        "ends": (CRASH,),
    }
    return ChildReport(path=path, state=state, **(values | fields))


def program(**fields: Any) -> Program:
    values: dict[str, Any] = {
        "version": "0.1.0",
        "station": "ACCUEIL",
        "pid": 4242,
        "started_at": NOON,
        "settings_file": "/etc/heitz-service.toml",
        "settings_loaded_at": NOON,
        "settings_problem": None,
    }
    return Program(**(values | fields))


@pytest.mark.parametrize(
    ("said", "does", "shown"),
    [
        (ACTIVE, ChildState.RUNNING, OperationState.ACTIVE),
        (ACTIVE, ChildState.STARTING, OperationState.ACTIVE),  # a restart that takes milliseconds is no news
        (ACTIVE, ChildState.BACKOFF, OperationState.RECOVERING),  # it crashed after it said that it was well
        (ACTIVE, ChildState.HUNG, OperationState.RECOVERING),
        (ACTIVE, ChildState.FAILED, OperationState.FAILED),
        (ACTIVE, ChildState.ABANDONED, OperationState.FAILED),
        (ACTIVE, ChildState.STOPPED, OperationState.DISABLED),  # somebody stopped it by hand
        (WAITING, ChildState.RUNNING, OperationState.WAITING),
        (WAITING, ChildState.BACKOFF, OperationState.RECOVERING),
    ],
)
def test_the_worse_of_what_it_says_and_what_its_actor_does_is_shown(
    said: Notice, does: ChildState, shown: OperationState
) -> None:
    found = overlay(said, report(does))
    assert found.state is shown
    assert (found.reason is None) == (shown is OperationState.ACTIVE)


def test_an_operation_whose_actor_is_not_there_is_never_shown_green() -> None:
    assert overlay(ACTIVE, None).state is OperationState.FAILED


def test_an_operation_that_does_not_belong_here_needs_no_actor() -> None:
    elsewhere = Notice(OperationState.NOT_ON_THIS_STATION, Sentence.of("only the server does it"), NOON)
    assert overlay(elsewhere, None) is elsewhere


def test_an_operation_in_backoff_tells_its_next_attempt_as_its_next_run() -> None:
    later = NOON + timedelta(seconds=30)
    assert overlay(ACTIVE, report(ChildState.BACKOFF, next_attempt_at=later)).next_run_at == later


@pytest.mark.parametrize(
    ("fields", "notices", "reports", "state"),
    [
        ({}, [ACTIVE], [report()], "active"),
        ({}, [Notice(OperationState.STANDBY, Sentence.of("x"), NOON)], [report()], "active"),  # as it should be
        ({}, [Notice(OperationState.DISABLED, Sentence.of("x"), NOON)], [], "active"),
        ({}, [WAITING], [report()], "attention"),
        ({}, [Notice(OperationState.RECOVERING, Sentence.of("x"), NOON)], [report()], "attention"),
        ({}, [Notice(OperationState.FAILED, Sentence.of("x"), NOON), WAITING], [report()], "failed"),
        ({"settings_problem": Sentence.of("bad")}, [ACTIVE], [report()], "attention"),
        ({}, [ACTIVE], [report(ChildState.BACKOFF, "leases")], "attention"),  # an actor that is no operation
        ({}, [ACTIVE], [report(ChildState.ABANDONED, "heartbeat")], "attention"),
        ({"is_stopping": True}, [WAITING], [report(ChildState.STOPPING)], "stopping"),
    ],
)
def test_the_aggregate_is_the_worst_of_it_all(
    fields: dict[str, Any], notices: list[Notice], reports: list[ChildReport], state: str
) -> None:
    assert aggregate(program(**fields), notices, reports) == state


def test_the_document_has_every_key_of_the_contract() -> None:
    run = Run(NOON, 0.4123, Outcome.OK, Sentence.counted("{n} e-mail sent", "{n} e-mails sent", 3), {"sent": 3})
    notice = Notice(OperationState.ACTIVE, None, NOON, None, run, NOON, {"sent": 3})
    document = describe(program(held=("email",)), {"email": notice}, [report()], READER)
    assert set(document) == {
        "version", "program", "station", "state", "pid", "started_at", "config", "operations", "actors",
    }  # fmt: skip
    assert set(document["config"]) == {"file", "loaded_at", "problem"}
    (operation,) = document["operations"]
    assert operation == {
        "id": "email",
        "title": "E-mail",
        "is_exclusive": True,
        "state": "active",
        "attention": False,
        "reason": None,
        "since": "2026-11-24T12:00:00+00:00",
        "holder": "ACCUEIL",
        "last_run": {
            "started_at": "2026-11-24T12:00:00+00:00",
            "seconds": 0.412,
            "outcome": "ok",
            "summary": "3 e-mails sent",
            "counters": {"sent": 3},
        },
        "next_run": "2026-11-24T12:00:00+00:00",
        "counters": {"sent": 3},
        "can_pause": True,
        "paused": None,
        "paused_until": None,
    }
    (actor,) = document["actors"]
    assert set(actor) >= {"path", "state", "restarts", "up_since", "mailbox", "next_attempt_at", "last_failure"}


@pytest.mark.parametrize(
    ("operation", "held", "shown"),
    [
        ("email", ("email",), "active"),
        ("email", (), "waiting"),  # its lease ran out, and who prolongs it still waits for a driver
        ("fmi", (), "active"),  # needs no lease
    ],
)
def test_exclusive_work_is_not_shown_green_without_its_lease(operation: str, held: tuple[str, ...], shown: str) -> None:
    document = describe(program(held=held), {operation: ACTIVE}, [report(path=operation)], READER)
    (found,) = document["operations"]
    assert found["state"] == shown
    assert (found["reason"] is None) == (shown == "active")


def test_errors_and_tracebacks_are_shown_without_secrets() -> None:
    (actor,) = describe(program(), {}, [report()], READER)["actors"]
    assert "secret" not in str(actor)
    assert actor["last_failure"]["kind"] == "crash"


def test_operations_come_in_the_order_of_the_manual() -> None:
    notices = dict.fromkeys(("launcher", "email", "backup"), ACTIVE)
    document = describe(program(), notices, [], READER)
    assert [operation["id"] for operation in document["operations"]] == ["backup", "email", "launcher"]


def test_what_an_operation_sees_coming_is_shown_while_it_works_and_asks_for_attention() -> None:
    low = Sentence.of("the credit runs low")
    seen = Notice(OperationState.ACTIVE, Sentence.of("it is night"), NOON, concern=low)
    status = describe(program(held=("email",)), {"email": seen}, [report()], READER)
    [shown] = [each for each in status["operations"] if each["id"] == "email"]
    assert (status["state"], shown["state"], shown["reason"]) == ("attention", "active", "the credit runs low")
    away = Notice(OperationState.WAITING, Sentence.of("away"), NOON, concern=low)
    status = describe(program(held=("email",)), {"email": away}, [report()], READER)
    [shown] = [each for each in status["operations"] if each["id"] == "email"]
    assert shown["reason"] == "away"
