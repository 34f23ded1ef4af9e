"""PostgreSQL through psycopg, with an end to every wait."""

from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import URL

from club.dialect.connecting import Limits, Opener, Traits, untested
from club.errors import DatabaseUnfit
from config.sentence import Sentence

T = TypeVar("T")

NEEDED: Final = 10_00_00
TESTED: Final = (15,)


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up on a server that says nothing: libpq would wait for a frozen one without end."""

    silence_seconds: float = 60.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for a step of the protocol; raises OperationalError, and is closed, after `silence_seconds`."""
        try:
            return super().wait(gen, interval, self.silence_seconds if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001  # psycopg's own word for it, pinned by a test
            self.pgconn.finish()  # what comes now would be taken for the answer to another question
            raise psycopg.OperationalError("the server has said nothing for too long") from error

    def __del__(self) -> None:  # type: ignore[override]  # psycopg's takes what it warns with
        """Close: SQLAlchemy drops, unclosed, a connection whose first questions the server did not answer."""
        if hasattr(self, "pgconn"):
            self.close()


def opener(url: URL, password: str | None, limits: Limits) -> Opener:
    """Return what opens a connection; the query of the address goes to libpq (`sslmode=require`)."""
    _, said = url.get_dialect()().create_connect_args(url)
    settings = {
        "statement_timeout": limits.statement_seconds * 1000,
        "lock_timeout": limits.lock_seconds * 1000,
        "idle_in_transaction_session_timeout": limits.idle_seconds * 1000,
        "timezone": "UTC",
    }
    ours = {
        "password": password,
        "application_name": "heitz-service",
        "connect_timeout": limits.connect_seconds,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": limits.silence_seconds * 1000,
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    # Whatever the address says: in another encoding no name with a letter that it lacks could be written.
    parameters = {**ours, **said, "client_encoding": "utf8", "options": f"{said.get('options', '')} {options}".strip()}

    def connect() -> tuple[Any, Traits]:
        connection = BoundedConnection.connect(**parameters)
        connection.silence_seconds = limits.silence_seconds
        try:
            return connection, _examine(connection)
        except BaseException:
            connection.close()
            raise

    return connect


def _examine(connection: BoundedConnection) -> Traits:
    version = connection.info.parameter_status("server_version") or "0"
    encoding = connection.info.parameter_status("server_encoding")
    if connection.info.server_version < NEEDED:
        raise DatabaseUnfit("PostgreSQL {version} is too old: update the server to 15 or newer", version=version)
    if encoding != "UTF8":
        raise DatabaseUnfit(
            "the database keeps its text as {encoding}, which cannot hold every name: "
            "create it again with the encoding UTF8",
            encoding=encoding or "?",
        )
    row = connection.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()
    fsync, synchronous_commit = row or ("on", "on")
    if synchronous_commit == "off":  # every program may choose for itself: ours never sends what it might forget
        connection.execute("SET synchronous_commit TO on")
    connection.commit()
    return Traits(version, (*dangers(fsync, synchronous_commit), *untested("PostgreSQL", version, TESTED)))


def dangers(fsync: str, synchronous_commit: str) -> tuple[Sentence, ...]:
    """Return what may make this server forget what it has promised."""
    found = []
    if fsync != "on":
        found.append(
            Sentence.of(
                "a power cut may damage the database and make it forget what was sent: set {setting} on the server",
                setting="fsync = on",
            )
        )
    if synchronous_commit == "off":
        found.append(
            Sentence.of(
                "a power cut may make the server forget messages that other programs have just written: "
                "set {setting} on the server",
                setting="synchronous_commit = on",
            )
        )
    return tuple(found)
