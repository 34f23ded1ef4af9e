"""The home of the club's database: a file, or a real server that can be killed and whose clock can be stepped."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg
import pyodbc
from database_servers import MariaDB, PostgreSQL, Server

from chaos import faketime
from club import Database
from club.migrations import initialise

AWAY: Final = (sqlite3.Error, pyodbc.Error, psycopg.Error)
Row = tuple[Any, ...]


class Place(ABC):
    """One empty club's database; `engine` names it."""

    engine: ClassVar[str]

    @abstractmethod
    def url(self, port: int = 0) -> str:
        """Return its address, for a station that reaches it through a proxy on `port`."""

    @abstractmethod
    def connect(self) -> Any:
        """Connect as another program does, straight and without Service."""

    @abstractmethod
    def insert(self, connection: Any, rows: Iterable[tuple[str, str]]) -> None:
        """Write e-mails (recipient, reference) in one transaction; those that are there already are left out."""

    def make_tables(self) -> None:
        database = Database(self.url(), busy_seconds=10)
        database.create()
        initialise(database)
        database.dispose()

    def rows(self, statement: str) -> list[Row]:
        """Run a select on a connection of its own. Raises one of `AWAY`."""
        connection = self.connect()
        try:
            return [tuple(row) for row in connection.execute(statement).fetchall()]
        finally:
            connection.close()


class FilePlace(Place):
    """A SQLite file, shared by stations on one PC."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "club.db"
        self._locker: sqlite3.Connection | None = None

    def url(self, port: int = 0) -> str:  # noqa: ARG002  # a file has no port
        return f"sqlite:///{self._file}"

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=20, isolation_level=None)

    def insert(self, connection: Any, rows: Iterable[tuple[str, str]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT OR IGNORE INTO email (recipient, reference, subject, text_body) VALUES (?, ?, 'Cours', 'Bonjour')",
            list(rows),
        )
        connection.execute("COMMIT")

    def lock(self) -> None:
        """Lock it, as a program does that forgets its transaction; `unlock` ends that."""
        self._locker = self.connect()
        self._locker.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        if self._locker is not None:
            self._locker.close()
            self._locker = None


class _Stepped(Server):
    """A server whose clock is a file's word."""

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    def prepare(self) -> None:
        super().prepare()  # type: ignore[safe-super]
        faketime.step(self.clock_file, 0)
        self.clock_file.chmod(0o644)  # the server runs as nobody

    def command(self) -> Sequence[str]:
        settings = [f"{name}={value}" for name, value in faketime.environment(self.clock_file).items()]
        return ["env", *settings, *super().command()]  # type: ignore[safe-super]


class _SteppedMariaDB(_Stepped, MariaDB):
    """MariaDB under libfaketime."""


class _SteppedPostgreSQL(_Stepped, PostgreSQL):
    """PostgreSQL under libfaketime."""


class ServerPlace(Place):
    """A database of a real server of its own."""

    def __init__(self, server: _Stepped) -> None:
        self.server = server
        self.is_up = True
        server.administer("CREATE DATABASE club")

    def url(self, port: int = 0) -> str:
        return self.server.url("club").replace(f":{self.server.port}/", f":{port or self.server.port}/")

    def connect(self) -> Any:
        return self.server.connect("club")

    def insert(self, connection: Any, rows: Iterable[tuple[str, str]]) -> None:
        mark = "%s" if self.server.engine == "postgresql" else "?"
        values = f"(recipient, reference, subject, text_body) VALUES ({mark}, {mark}, 'Cours', 'Bonjour')"
        ignoring = f"INSERT INTO email {values} ON CONFLICT DO NOTHING"
        statement = ignoring if mark == "%s" else f"INSERT IGNORE INTO email {values}"
        connection.execute("START TRANSACTION")
        for row in rows:
            connection.execute(statement, row)
        connection.execute("COMMIT")

    def step(self, seconds: int) -> None:
        """Step the server's clock to so many seconds beside the true one."""
        faketime.step(self.server.clock_file, seconds)

    def kill(self) -> None:
        self.is_up = False
        self.server.kill()

    def start(self) -> None:
        self.server.start()
        self.is_up = True


class MariaDBPlace(ServerPlace):
    engine = "mariadb"


class PostgreSQLPlace(ServerPlace):
    engine = "postgresql"


@contextmanager
def place_of(engine: str, folder: Path) -> Iterator[Place]:
    """Open an empty club's database. Raises Missing when this machine has not what it needs."""
    faketime.library()  # the stations need it on every engine
    if engine == "sqlite":
        yield FilePlace(folder)
        return
    # PostgreSQL's shared memory in files of its own folder: when it is killed it leaves nothing elsewhere.
    own_memory = "dynamic_shared_memory_type=mmap"
    server: _Stepped = _SteppedMariaDB() if engine == "mariadb" else _SteppedPostgreSQL(own_memory)
    kind: type[ServerPlace] = MariaDBPlace if engine == "mariadb" else PostgreSQLPlace
    try:
        server.prepare()
        server.start()
        yield kind(server)
    finally:
        server.stop()
