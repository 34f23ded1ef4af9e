"""Where a test's club lives: a file of SQLite, or a database of a real server; always with the test's own clock."""

import re
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyodbc
from database_servers import Server
from sqlalchemy import event

from club import Database, migrations
from club.schema import KNOWN_REVISION
from club.tables import metadata

FIRST_DAY_MS = 1_795_502_400_000  # 2026-11-24 06:40 UTC

Clock = Callable[[], int]
"""The database's clock, in epoch ms."""


# MariaDB's is each session's own, and UTC_TIMESTAMP() follows it. PostgreSQL's is read by the function that stands
# before its own in the search path.
_SET_CLOCK = {"mariadb": "SET timestamp = {seconds:.3f}", "postgresql": "SET club.now_ms = {ms}"}


REFUSED = (sqlite3.IntegrityError, pyodbc.Error, psycopg.Error)
"""How a driver tells another program that its row is not taken."""


class Place(ABC):
    """One empty club's database."""

    engine: str
    url: str
    busy_seconds = 0.2

    def database(self, now_ms: Clock, kind: type[Database] = Database, **options: Any) -> Database:
        """Open it the way a station does, with the test's clock in it."""
        database = kind(self.url, **{"busy_seconds": self.busy_seconds, **options})
        self._give_clock(database, now_ms)
        return database

    @abstractmethod
    def _give_clock(self, database: Database, now_ms: Clock) -> None: ...

    @abstractmethod
    def sql(self, now_ms: int, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement as a program in any language would: without SQLAlchemy, without knowing Service."""

    @abstractmethod
    def blocked(self) -> AbstractContextManager[None]:
        """Lock every row, as a program does that forgot its transaction."""

    @abstractmethod
    def close(self) -> None: ...


class SqlitePlace(Place):
    """A copy of a file that was migrated once."""

    engine = "sqlite"
    is_durable = True

    def __init__(self, template: Path, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"
        shutil.copy(template, file)

    def _give_clock(self, database: Database, now_ms: Clock) -> None:
        def give(connection: sqlite3.Connection, _record: Any) -> None:
            if not self.is_durable:
                connection.execute("PRAGMA synchronous=OFF")
            connection.create_function("julianday", 1, lambda _: 2440587.5 + (now_ms() + 0.5) / 86_400_000)

        event.listen(database.engine, "connect", give)

    def sql(self, now_ms: int, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.file, isolation_level=None)
        connection.text_factory = bytes if "as bytes" in statement else str
        try:
            return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    @contextmanager
    def blocked(self) -> Iterator[None]:
        blocker = sqlite3.connect(self.file, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()

    def close(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)


class ServerPlace(Place):
    """A database of a real server; emptied afterwards, and used again by the next test."""

    busy_seconds = 5.0
    """Also how long a statement may take, and a server be silent: it may have no time for us."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.engine = server.engine
        self.name = name
        self.url = server.url(name)
        self._plain: Any = None
        create(server, name)
        database = Database(self.url, busy_seconds=10)
        migrations.initialise(database)
        database.dispose()

    def _give_clock(self, database: Database, now_ms: Clock) -> None:
        def give(connection: Any) -> None:
            # Beneath SQLAlchemy, which would count it as the program's own. A connection that is lost is the
            # program's to find out, at its own statement.
            with suppress(pyodbc.Error, psycopg.Error):
                cursor = connection.connection.cursor()
                cursor.execute(self._setting(now_ms()))
                cursor.close()

        event.listen(database.engine, "begin", give)

    def _setting(self, ms: int) -> str:
        return _SET_CLOCK[self.engine].format(ms=ms, seconds=ms / 1000)

    def sql(self, now_ms: int, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        if self._plain is None:
            self._plain = self.server.connect(self.name)
        self._plain.execute(self._setting(now_ms))
        if self.engine == "postgresql":
            statement = statement.replace("%", "%%").replace("?", "%s") if parameters else statement
            cursor = self._plain.execute(statement, parameters or None)
        else:
            cursor = self._plain.execute(statement, *parameters)
        rows = cursor.fetchall() if cursor.description else []
        cursor.close()
        return [tuple(str(value) if isinstance(value, datetime) else value for value in row) for row in rows]

    @contextmanager
    def blocked(self) -> Iterator[None]:
        blocker = self.server.connect(self.name)
        blocker.execute("START TRANSACTION")
        for table in ("email", "lease", "attendance"):
            blocker.execute(f"SELECT * FROM {table} FOR UPDATE").fetchall()
        try:
            yield
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()

    def empty(self) -> None:
        for table in reversed(metadata.sorted_tables):
            rows = f"revision > {KNOWN_REVISION}" if table.name == "club_schema" else "1 = 1"
            self.sql(0, f"DELETE FROM {table.name} WHERE {rows}")

    def hang_up(self) -> None:
        """Close the plain connection: its server is about to die."""
        if self._plain is not None:
            self._plain.close()
            self._plain = None

    def close(self) -> None:
        self.empty()
        self.hang_up()


def create(server: Server, name: str) -> None:
    """Create an empty database as an administrator does, on PostgreSQL with a clock that tests can set."""
    assert re.fullmatch(r"\w+", name)
    if server.engine == "mariadb":
        server.administer(f"CREATE DATABASE {name}")
        return
    server.administer(f"CREATE DATABASE {name}")
    server.administer(
        "CREATE SCHEMA clock",
        "CREATE FUNCTION clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS "
        "$$ SELECT COALESCE(to_timestamp(NULLIF(current_setting('club.now_ms', true), '')::bigint / 1000.0), "
        "pg_catalog.statement_timestamp()) $$",
        f"ALTER DATABASE {name} SET search_path = clock, pg_catalog, public",
        database=name,
    )


class ModelPlaces:
    """The places of a model's examples; servers give fewer, for each step asks them for real."""

    def __init__(self, make: Callable[[], Place]) -> None:
        self._make = make
        self._free: list[Place] = []

    def take(self) -> Place:
        place = self._free.pop() if self._free else self._make()
        if isinstance(place, SqlitePlace):
            place.is_durable = False  # the power stays on while a model runs
        return place

    def give_back(self, place: Place) -> None:
        place.close()
        if isinstance(place, ServerPlace):
            self._free.append(place)

    def examples(self, on_a_file: int) -> int:
        """Return how many examples a model tries on this engine."""
        place = self.take()
        self.give_back(place)
        return on_a_file if isinstance(place, SqlitePlace) else on_a_file // 3
