"""MariaDB, PostgreSQL and SQL Server: several stations, one server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Select, Table, create_engine, text

from club.dialect.verdict import Verdict
from club.errors import DatabaseAway, DatabaseError, DatabaseUnfit

_SERIALISATION: Final = frozenset({"40001", "40P01", "3960"})
_MARIADB_AGAIN: Final = ("(1213)", "(1205)", "(1020)")


def open_engine(url: URL, busy_seconds: float, pool_size: int) -> Engine:
    """Return the engine of a server; nothing is opened before the first use."""
    return create_engine(
        url,
        isolation_level="READ COMMITTED",  # MariaDB's REPEATABLE READ would claim from an old picture of the queue
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=busy_seconds,
        pool_recycle=1800,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def describe(url: URL) -> str:
    """Return the engine's name and place for people: never the user, the password or an ODBC string."""
    place = f"{url.host or ''}/{url.database or ''}".strip("/")
    return f"{url.get_backend_name()} {place}".strip()


def judge(error: BaseException, where: str) -> Verdict | None:
    """Return what a driver's error means, or None when it is no matter of the database's state."""
    text_of = str(error)
    state = _sqlstate(error)
    for is_it, told in _MEANINGS:
        if is_it(state, text_of):
            return Verdict(told(where), is_retryable=told is _busy)
    return None


def _busy(where: str) -> DatabaseAway:
    return DatabaseAway("the database {where} is busy: it will be tried again", where=where)


_MEANINGS: Final[tuple[tuple[Callable[[str, str], bool], Callable[[str], DatabaseError]], ...]] = (
    (lambda state, said: state in _SERIALISATION or any(code in said for code in _MARIADB_AGAIN), _busy),
    (
        lambda state, _: state.startswith(("08", "HYT", "57P")),
        lambda where: DatabaseAway(
            "the database {where} does not answer: check the network and the server", where=where
        ),
    ),
    (
        lambda state, said: state.startswith("53") or "(1114)" in said,
        lambda where: DatabaseAway("the server of the database {where} has no room left: free some", where=where),
    ),
    (
        lambda state, _: state.startswith("28"),
        lambda where: DatabaseUnfit(
            "the database {where} refuses the user or the password: correct the settings", where=where
        ),
    ),
    (
        lambda state, _: state in ("42S02", "42P01"),
        lambda where: DatabaseUnfit(
            "the database {where} has no tables of the club: run heitz-service database init", where=where
        ),
    ),
    (
        lambda state, _: state in ("IM002", "01000"),
        lambda where: DatabaseUnfit("the driver of the database {where} is not installed: install it", where=where),
    ),
)


def _sqlstate(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None) or (error.args[0] if error.args else "")
    return state if isinstance(state, str) else ""


def select_for_queue(statement: Select[Any], table: Table) -> Select[Any]:
    """Lock the rows of a claim and step over those that another station is claiming."""
    return statement.with_for_update(skip_locked=True).with_hint(
        # SQL Server compiles FOR UPDATE to nothing; READPAST alone is refused under READ_COMMITTED_SNAPSHOT.
        table,
        "WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK)",
        "mssql",
    )


def undoes_ddl(connection: Connection) -> bool:
    """Whether a transaction that ends early takes its changes of tables back with it."""
    return connection.dialect.name not in ("mysql", "mariadb")


@contextmanager
def schema_lock(connection: Connection) -> Iterator[None]:
    """Let one station at a time change tables, for the rest of the transaction; SQLite's own lock does it there."""
    match connection.dialect.name:
        case "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('heitz-service schema'))"))
        case "mssql":
            connection.execute(
                text(
                    "EXEC sp_getapplock @Resource = 'heitz-service schema', @LockMode = 'Exclusive', "
                    "@LockOwner = 'Transaction', @LockTimeout = 60000"
                )
            )
        case "mysql" | "mariadb":
            connection.execute(text("SELECT GET_LOCK('heitz-service schema', 60)"))
            try:
                yield
            finally:
                connection.execute(text("SELECT RELEASE_LOCK('heitz-service schema')"))
            return
        case _:
            pass
    yield
