"""Real servers: what is written arrives as it was, and a server that may forget is said aloud."""

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from database_servers import Server
from sqlalchemy import text, update

from club import Database, Stations
from club.dialect import mariadb, postgresql
from club.dialect.connecting import untested
from club.tables import email, lease

pytestmark = pytest.mark.engines("mariadb", "postgresql")


def _one(database: Database) -> Any:
    return database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())


@pytest.mark.parametrize("length", [1, 255, 499, 500, 501, 4095, 8192, 66_000, 200_000])
def test_text_of_any_length_arrives_as_it_was(club: Any, length: int) -> None:
    written = ("é日🐍€a" * length)[:length]
    club.database().write(
        lambda connection: connection.execute(
            email.insert().values(recipient="lea@example.org", subject=written[:1000], text_body=written)
        )
    )
    (message,) = club.outbox().claim()
    assert (message.text("text_body"), message.text("subject")) == (written, written[:1000])


def test_text_of_other_programs_is_compared_exactly(club: Any) -> None:
    club.write(reference="é")
    club.write(reference="e")
    club.write(reference="E")
    assert club.states() == {"pending": 3}


def test_an_update_that_changes_nothing_counts_the_row_that_it_found(club: Any) -> None:
    message_id = club.write()
    statement = update(email).where(email.c.id == message_id).values(subject="the same")
    database = club.database()
    assert [database.write(lambda connection: connection.execute(statement).rowcount) for _ in range(2)] == [1, 1]


def test_two_signs_of_life_in_one_millisecond_are_those_of_one_run(club: Any) -> None:
    stations = Stations(club.database())
    for _ in range(3):
        stations.beat("ACCUEIL", "one", "0.1.0", "active")
        club.clocks.pass_(0)
    club.clocks.pass_(5)
    stations.beat("ACCUEIL", "one", "0.1.0", "active")
    (report,) = stations.list()
    assert str(report.started_at) == "2026-11-24 06:40:00+00:00"


def test_three_hundred_quick_renewals_lose_nothing(club: Any) -> None:
    held = club.lease()
    assert held.acquire()
    for _ in range(300):
        held.renew()


def test_instants_keep_their_milliseconds(club: Any) -> None:
    held = club.lease()
    club.clocks.database_ms += 123
    assert held.acquire()
    expires = club.database().read(lambda connection: connection.execute(lease.select()).one().expires_ms)
    assert expires == club.clocks.database_ms + 30_000


def test_the_clock_is_the_servers_own_utc_whatever_its_zone(server: Server, new_database: Callable[..., Any]) -> None:
    from club.dialect import now_ms  # noqa: PLC0415

    database = new_database()
    zone = {
        "mariadb": "SET GLOBAL time_zone = '+05:30'",
        "postgresql": "ALTER ROLE postgres SET timezone = 'Asia/Kolkata'",
    }
    back = {"mariadb": "SET GLOBAL time_zone = 'SYSTEM'", "postgresql": "ALTER ROLE postgres RESET timezone"}
    server.administer(zone[server.engine])
    try:
        told = database.read(lambda connection: connection.execute(now_ms().select()).scalar())
    finally:
        server.administer(back[server.engine])
    assert abs(told - time.time_ns() // 1_000_000) < 5000


def test_a_transaction_sees_what_others_have_committed(club: Any) -> None:
    """REPEATABLE READ, MariaDB's own, would claim from an old picture of the queue."""

    def count_twice(connection: Any) -> list[int]:
        counts = []
        for _ in range(2):
            counts.append(connection.execute(text("SELECT count(*) FROM email")).scalar())
            club.write()
        return counts

    assert club.database().read(count_twice) == [0, 1]


def test_a_server_that_keeps_its_promises_is_not_warned_of(club: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert club.database().warnings() == ()
    assert not [record for record in caplog.records if getattr(record, "event", "") == "database.danger"]


def test_a_server_that_may_forget_is_warned_of_once_and_aloud(
    server: Server, new_database: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    database = new_database()
    name = database.engine.url.database
    forget = {
        "mariadb": "SET GLOBAL innodb_flush_log_at_trx_commit = 2",
        "postgresql": f"ALTER DATABASE {name} SET synchronous_commit = off",
    }
    setting = {"mariadb": "innodb_flush_log_at_trx_commit = 1", "postgresql": "synchronous_commit = on"}
    server.administer(forget[server.engine])
    try:
        with caplog.at_level(logging.WARNING):
            (danger,) = database.warnings()
            for _ in range(3):
                database.dispose()
                _one(database)
    finally:
        if server.engine == "mariadb":
            server.administer("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    assert setting[server.engine] in str(danger)
    said = [record for record in caplog.records if getattr(record, "event", "") == "database.danger"]
    assert [record.getMessage() for record in said] == [str(danger)]
    if server.engine == "postgresql":
        shown = database.read(lambda connection: connection.execute(text("SHOW synchronous_commit")).scalar())
        assert shown == "on", "what Service itself writes is durable all the same"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (mariadb.dangers(1, 0, 0), []),
        (mariadb.dangers(1, 1, 1), []),
        (mariadb.dangers(0, 1, 0), ["innodb_flush_log_at_trx_commit = 1", "sync_binlog = 1"]),
        (postgresql.dangers("on", "local"), []),
        (postgresql.dangers("off", "off"), ["fsync = on", "synchronous_commit = on"]),
        (untested("MariaDB", "10.11.19-MariaDB-0+deb12u1", mariadb.TESTED), []),
        (untested("PostgreSQL", "14.2 (Debian)", postgresql.TESTED), ["older than 15"]),
    ],
)
def test_settings_that_endanger_are_known(found: tuple[Any, ...], said: list[str]) -> None:
    assert len(found) == len(said)
    for danger, part in zip(found, said, strict=True):
        assert part in str(danger)
