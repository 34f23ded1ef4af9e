"""Real servers: each trouble of an installation is one sentence that names the remedy, within the timeout."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import pytest
from club_places import ServerPlace
from database_servers import Server
from sqlalchemy import text

from club import (
    EMAIL,
    Database,
    DatabaseAway,
    DatabaseError,
    DatabaseUnfit,
    Lease,
    Outbox,
    Sent,
    Stations,
    check,
    migrations,
)
from club.dialect import mariadb, postgresql
from club.schema import KNOWN_REVISION

pytestmark = pytest.mark.engines("mariadb", "postgresql")

PASSWORD = "s3;c}ret=1 {é'"


@contextmanager
def _bounded() -> Iterator[None]:
    """What is asserted is that it ends, on a computer that has no time, too; `Limits` say when."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 60


def _one(database: Database) -> Any:
    return database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())


@pytest.fixture
def guarded(club: Any, server: Server) -> Iterator[Callable[..., Database]]:
    """Open the club as the user `guarded`, who has the rights given and a password of the worst kind."""
    place = club.place
    assert isinstance(place, ServerPlace)
    quoted = PASSWORD.replace("'", "''")
    opened: list[Database] = []
    if server.engine == "mariadb":
        server.administer(f"CREATE USER guarded@'127.0.0.1' IDENTIFIED BY '{quoted}'")
    else:
        server.administer(f"CREATE ROLE guarded LOGIN PASSWORD '{quoted}'", database=place.name)

    def open_as(*rights: str, password: str | None = PASSWORD, **query: str) -> Database:
        if rights and server.engine == "mariadb":
            server.administer(f"GRANT {', '.join(rights)} ON {place.name}.* TO guarded@'127.0.0.1'")
        elif rights:
            server.administer(
                # The schema of the tests' clock, which stands first in the search path; `public` elsewhere.
                "GRANT USAGE ON SCHEMA clock TO guarded",
                f"GRANT {', '.join(rights)} ON ALL TABLES IN SCHEMA clock TO guarded",
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA clock TO guarded",
                database=place.name,
            )
        opened.append(Database(server.url(place.name, "guarded", **query), password, busy_seconds=0.5))
        return opened[-1]

    yield open_as
    for database in opened:
        database.dispose()
    if server.engine == "mariadb":
        server.administer("DROP USER guarded@'127.0.0.1'")
    else:
        server.administer("DROP OWNED BY guarded", "DROP ROLE guarded", database=place.name)


RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def test_a_user_with_the_least_rights_does_all_the_daily_work(club: Any, guarded: Callable[..., Database]) -> None:
    database = guarded(*RIGHTS)
    check(database)
    club.write()
    Stations(database).beat("ACCUEIL", "one", "0.1.0", "active")
    held = Lease(database, "email", "ACCUEIL", "one")
    assert held.acquire()
    outbox = Outbox(database, EMAIL, held)
    outbox.recover()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Sent("<1@club>"))


@pytest.mark.engines("mariadb")
def test_a_user_who_also_makes_the_tables_needs_these_rights(
    server: Server, guarded: Callable[..., Database], new_database: Callable[..., Any]
) -> None:
    guarded()
    name = new_database().engine.url.database
    server.administer(
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES "
        f"ON {name}.* TO guarded@'127.0.0.1'"
    )
    database = Database(server.url(name, "guarded"), PASSWORD)
    assert migrations.initialise(database).before == 0
    database.dispose()


def test_a_password_of_any_kind_opens_and_is_never_printed(guarded: Callable[..., Database]) -> None:
    database = guarded(*RIGHTS)
    assert _one(database) == 1
    printed = f"{database!r} {database.where} {database.engine!r} {database.engine.url} {database.engine.pool!r}"
    assert "s3;c" not in printed
    assert "guarded" not in database.where


def test_a_wrong_password_is_told(guarded: Callable[..., Database]) -> None:
    with (
        _bounded(),
        pytest.raises(DatabaseUnfit, match="refuses the user or the password: correct the settings") as told,
    ):
        _one(guarded(*RIGHTS, password="hunter2"))
    assert "hunter2" not in str(told.value.__cause__)


def test_a_missing_password_is_told(guarded: Callable[..., Database]) -> None:
    with pytest.raises(DatabaseUnfit, match="refuses the user or the password"):
        _one(guarded(*RIGHTS, password=None))


def test_a_user_who_may_only_read_is_told(guarded: Callable[..., Database]) -> None:
    database = guarded("SELECT")
    check(database)
    with pytest.raises(DatabaseUnfit, match="may not do what this program must: give it the right to read and write"):
        Stations(database).beat("ACCUEIL", "one", "0.1.0", "active")


def test_a_server_that_takes_no_writes_is_told(server: Server, guarded: Callable[..., Database]) -> None:
    database = guarded(*RIGHTS)
    close = {
        "mariadb": "SET GLOBAL read_only = 1",
        "postgresql": "ALTER ROLE guarded SET default_transaction_read_only = on",
    }
    server.administer(close[server.engine])
    try:
        with pytest.raises(DatabaseUnfit, match="is read-only: connect to the server that takes writes"):
            Stations(database).beat("ACCUEIL", "one", "0.1.0", "active")
    finally:
        if server.engine == "mariadb":
            server.administer("SET GLOBAL read_only = 0")


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (("127.0.0.1", "no-such-host.invalid"), DatabaseAway, "is not found: check its name in the settings"),
        (("{port}", "1"), DatabaseAway, "does not answer: check the network and the server"),
        (("/club", "/zorglub"), DatabaseUnfit, "there is no database .* that this user may open: create it"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(
    server: Server, change: tuple[str, str], kind: type[DatabaseError], said: str
) -> None:
    old, new = (part.replace("{port}", str(server.port)) for part in change)
    database = Database(server.url("club").replace(old, new), busy_seconds=0.5)
    with _bounded(), pytest.raises(kind, match=said):
        _one(database)
    database.dispose()


def test_a_user_who_is_not_known_is_told(server: Server) -> None:
    database = Database(server.url("club", "nobody_at_all"), "x", busy_seconds=0.5)
    with pytest.raises(DatabaseUnfit, match="refuses the user or the password"):
        _one(database)
    database.dispose()


@pytest.mark.engines("mariadb")
def test_a_driver_that_is_not_installed_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    named = Database(server.url("club", driver="Zorglub"), busy_seconds=0.5)
    with pytest.raises(DatabaseUnfit, match="is not installed: install it, or correct its name in the settings"):
        _one(named)
    monkeypatch.setattr("pyodbc.drivers", list)
    unnamed = Database(server.url("club").partition("?")[0])
    with pytest.raises(DatabaseUnfit, match=r"no ODBC driver .* is installed: install MariaDB Connector/ODBC"):
        _one(unnamed)
    named.dispose()
    unnamed.dispose()


@pytest.mark.engines("mariadb")
def test_the_address_of_a_mariadb_is_written_in_any_of_its_ways(club: Any, server: Server, tmp_path: Any) -> None:
    name = club.place.name
    whole = f"DRIVER={{MariaDB Unicode}};SERVER=127.0.0.1;PORT={server.port};DATABASE={name};UID=root;PWD="
    ways = [
        server.url(name),
        server.url(name).partition("?")[0],
        f"mariadb://root@127.0.0.1:{server.port}/{name}",
        f"mariadb+pyodbc://root@127.0.0.1/{name}?driver=MariaDB+Unicode&port={server.port}",
        f"mariadb+pyodbc:///?odbc_connect={quote_plus(whole)}",
    ]
    for way in ways:
        database = Database(way)
        assert check(database).revision == KNOWN_REVISION, way
        assert database.where == f"mariadb 127.0.0.1/{name}"
        database.dispose()


@pytest.mark.engines("mariadb")
def test_a_server_that_is_too_old_is_told(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mariadb, "NEEDED", (99,))
    with pytest.raises(DatabaseUnfit, match=r"MariaDB 1[\d.]+ is too old: update the server to 10\.11 or newer"):
        _one(club.database())


@pytest.mark.engines("postgresql")
def test_a_postgresql_that_is_too_old_is_told(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "NEEDED", 99_00_00)
    with pytest.raises(DatabaseUnfit, match=r"PostgreSQL 1.* is too old: update the server to 15 or newer"):
        _one(club.database())


def test_a_server_older_than_any_that_was_tried_is_warned_of(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"mariadb": mariadb, "postgresql": postgresql}[club.place.engine]
    monkeypatch.setattr(module, "TESTED", (99,))
    (danger,) = club.database().warnings()
    assert "is older than 99, the oldest that was tried: update it" in str(danger)


@pytest.mark.engines("postgresql")
def test_a_database_in_an_encoding_that_cannot_hold_every_name_is_told(server: Server) -> None:
    server.administer("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    database = Database(server.url("latin"))
    with pytest.raises(DatabaseUnfit, match=r"keeps its text as LATIN1, .*: create it again with the encoding UTF8"):
        _one(database)
    database.dispose()
    server.administer("DROP DATABASE latin WITH (FORCE)")


@pytest.mark.engines("mariadb")
def test_an_address_that_asks_for_an_encoding_that_cannot_hold_every_name_is_told(club: Any, server: Server) -> None:
    database = Database(server.url(club.place.name, CHARSET="latin1"))
    with pytest.raises(DatabaseUnfit, match=r"encoding latin1, .*: take CHARSET=latin1 out of the address"):
        _one(database)
    database.dispose()


@pytest.mark.engines("postgresql")
def test_an_address_that_asks_for_another_encoding_is_not_obeyed(club: Any, server: Server) -> None:
    database = Database(server.url(club.place.name, client_encoding="latin1"))
    Stations(database).beat("ŒUVRE 日🐍 €", "one", "1", "active")
    assert Stations(database).list()[0].name == "ŒUVRE 日🐍 €"
    database.dispose()


@pytest.mark.engines("mariadb")
def test_tables_hold_every_name_whatever_the_databases_own_encoding(
    server: Server, new_database: Callable[..., Any]
) -> None:
    database = new_database()
    server.administer(f"ALTER DATABASE {database.engine.url.database} CHARACTER SET latin1")
    migrations.initialise(database)
    Stations(database).beat("ŒUVRE 日🐍", "one", "1", "active")
    assert Stations(database).list()[0].name == "ŒUVRE 日🐍"


def test_a_database_without_tables_is_told(new_database: Callable[..., Any]) -> None:
    with pytest.raises(DatabaseUnfit, match="has no tables of the club: run heitz-service database init"):
        check(new_database())


def test_a_table_of_another_version_is_told(club: Any) -> None:
    with pytest.raises(DatabaseUnfit, match="are not those of this version: run heitz-service database upgrade"):
        club.database().read(lambda connection: connection.execute(text("SELECT zorglub FROM email")))
