"""Every statement compiles for every engine, and the traps of each are stepped over. No server is asked here."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from pinned_sql import dialect_of
from sqlalchemy import Column, Integer, MetaData, Table, create_mock_engine, select
from sqlalchemy.dialects import registry
from sqlalchemy.engine import make_url

from club import EMAIL, DatabaseAway, DatabaseUnfit, lease_statements, occurrences, runs, stations
from club.dialect import Instant, byte_length, changes, meanings, now_ms, utc_now
from club.queue_statements import QueueStatements
from club.tables import email

URLS = {
    "sqlite": "sqlite://",
    "mariadb": "mariadb+pyodbc://",
    "postgresql": "postgresql+psycopg://",
    "mssql": "mssql+pyodbc://",
}


def _statements() -> list[Any]:
    queue = QueueStatements(EMAIL)
    assert EMAIL.attachments is not None
    return [
        *(value for value in vars(queue).values() if hasattr(value, "compile") and value is not queue.table),
        *queue.settled.values(),
        queue.candidates(1, 100),
        queue.overdue(1, 100),
        queue.attachments(EMAIL.attachments),
        *(
            getattr(lease_statements, name)
            for name in (
                "SEE",
                "SEE_ALL",
                "RENEW",
                "ADVANCE",
                "DECLARE",
                "RELEASE",
                "TAKE",
                "PASS_ON",
                "WANT",
                "UNWANT",
            )
        ),
        *(getattr(occurrences, name) for name in ("_CLOCK", "_NEWEST", "_SEEN", "_RUN", "_SKIP", "_AGAIN", "_FINISH")),
        occurrences._INTERRUPT,
        runs._RECORD,
        *(getattr(stations, name) for name in ("_SAME_RUN", "_NEW_RUN", "_FIRST_RUN")),
    ]


@pytest.mark.parametrize("name", URLS)
def test_every_statement_compiles(name: str) -> None:
    for statement in _statements():
        assert str(statement.compile(dialect=dialect_of(URLS[name])))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("sqlite", "LIMIT"),
        ("mariadb", "FOR UPDATE SKIP LOCKED"),
        ("postgresql", "FOR UPDATE SKIP LOCKED"),
        ("mssql", "WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK)"),
        ("mssql", "SELECT TOP "),
    ],
)
def test_a_claim_locks_its_rows_and_steps_over_others(name: str, part: str) -> None:
    compiled = str(QueueStatements(EMAIL).candidates(1, 100).compile(dialect=dialect_of(URLS[name])))
    assert part in compiled
    assert "ROW_NUMBER" not in compiled


def test_attempts_are_counted_before_the_state_changes() -> None:
    """MariaDB computes each assignment from the values that those before it have set."""
    for statement in (QueueStatements(EMAIL).begin, *QueueStatements(EMAIL).settled.values()):
        compiled = str(statement.compile(dialect=dialect_of(URLS["mariadb"])))
        assert compiled.index("SET attempts=") < compiled.index("state=")


@pytest.mark.parametrize(
    ("name", "clock", "length"),
    [
        ("sqlite", "strftime", "LENGTH("),
        ("mariadb", "TIMESTAMPADD(SECOND", "LENGTH("),
        ("postgresql", "AT TIME ZONE 'UTC'", "octet_length("),
        ("mssql", "DATEADD(minute", "DATALENGTH("),
    ],
)
def test_the_clock_is_the_databases_own_and_utc(name: str, clock: str, length: str) -> None:
    compiled = str(select(utc_now(), now_ms(), byte_length(email.c.text_body)).compile(dialect=dialect_of(URLS[name])))
    assert clock in compiled
    assert length in compiled


@pytest.mark.parametrize("name", URLS)
def test_an_instant_is_bound_as_plain_utc(name: str) -> None:
    at = datetime(2026, 11, 24, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    bound = Instant().process_bind_param(at, dialect_of(URLS[name]))
    assert bound == ("2026-11-24 08:00:00" if name == "sqlite" else datetime(2026, 11, 24, 8, 0))  # noqa: DTZ001  # plain
    assert Instant().process_bind_param(None, dialect_of(URLS[name])) is None
    assert at.astimezone(UTC).hour == 8


def _driver_error(state: str, said: str = "") -> Exception:
    return RuntimeError(state, said)


@pytest.mark.parametrize(
    ("error", "kind", "again", "said"),
    [
        (_driver_error("40001"), DatabaseAway, "again", "is busy"),
        (_driver_error("HY000", "Lock wait timeout exceeded (1205)"), DatabaseAway, "again", "is busy"),
        (_driver_error("08S01"), DatabaseAway, "", "does not answer"),
        (_driver_error("HYT00"), DatabaseAway, "", "does not answer"),
        (_driver_error("53100"), DatabaseAway, "", "no room left"),
        (_driver_error("53300"), DatabaseAway, "", "no connection left"),
        (_driver_error("28000"), DatabaseUnfit, "", "refuses the user or the password"),
        (_driver_error("42S02"), DatabaseUnfit, "", "has no tables of the club"),
        (_driver_error("IM002"), DatabaseUnfit, "", "driver"),
    ],
)
def test_a_servers_errors_are_told_apart(error: Exception, kind: type[Exception], again: str, said: str) -> None:
    verdict = meanings.judge(error, "mariadb host/club")
    assert verdict is not None
    assert isinstance(verdict.error, kind)
    assert verdict.is_retryable == (again == "again")
    assert said in str(verdict.error)


def test_an_error_of_our_own_making_is_not_judged() -> None:
    assert meanings.judge(RuntimeError(), "host") is None
    assert meanings.judge(RuntimeError(42), "host") is None


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("sqlite", []),
        ("mariadb", ["SELECT GET_LOCK"]),
        ("postgresql", ["SET lock_timeout TO 60000", "SELECT pg_advisory_lock", "RESET lock_timeout"]),
        ("mssql", ["SET NOCOUNT ON; DECLARE @taken int; EXEC @taken = sp_getapplock"]),
    ],
)
def test_one_station_at_a_time_changes_tables(name: str, asked: list[str]) -> None:
    said: list[str] = []

    def take(statement: Any, *_: Any, **__: Any) -> Any:
        said.append(str(statement))
        return attrs.make_class("Answer", {"scalar": attrs.field(default=lambda: 1)})()

    connection: Any = create_mock_engine(URLS[name], take)
    connection.commit = lambda: said.append("COMMIT")
    changes.take_schema_lock(connection)
    assert changes.undoes_ddl(name) == (name != "mariadb")
    if asked:
        assert said.pop() == "COMMIT"
    assert [line[: len(part)] for line, part in zip(said, asked, strict=True)] == asked


def test_tables_get_a_type_on_an_engine_that_nobody_named() -> None:
    registry.register("oracle", "sqlalchemy.dialects.oracle", "dialect")
    table = Table("t", MetaData(), Column("id", Integer), Column("at", Instant()))
    dialect = make_url("oracle://").get_dialect()()
    assert "DATE" in str(table.c.at.type.dialect_impl(dialect).compile(dialect=dialect))
