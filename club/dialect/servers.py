"""MariaDB, PostgreSQL and SQL Server: several stations, one server."""

from typing import Any, Final

from sqlalchemy import URL, Engine, Select, Table, create_engine
from sqlalchemy.pool import NullPool

from club.dialect.addresses import describe, split_password
from club.dialect.connecting import Limits, Opener, Traits
from club.dialect.dialing import Dialer
from club.dialect.meanings import is_lost
from club.errors import DatabaseUnfit

_ROADS: Final = {"mariadb": "mariadb+pyodbc", "postgresql": "postgresql+psycopg", "mssql": "mssql+pyodbc"}
_RECYCLED_SECONDS: Final = 1800


class Server:
    """One database server as all threads of the program share it; nothing is opened before the first use.

    `where` is for people and never a secret. Raises DatabaseUnfit for an engine that is not known.
    """

    def __init__(self, url: URL, password: str | None, busy_seconds: float, pool_size: int) -> None:
        road = _ROADS.get(url.get_backend_name())
        if road is None or url.drivername not in (url.get_backend_name(), road):
            raise unknown_engine(url.drivername)
        url, written = split_password(url)
        self._url = url.set(drivername=road)
        self._password = written if password is None else password
        self._limits = Limits.of(busy_seconds)
        self.where = describe(url)
        self.traits: Traits | None = None
        """What the newest connection found out; None before the first."""
        self.engine = self._engine(
            self._limits,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=busy_seconds,
            pool_recycle=_RECYCLED_SECONDS,
        )

    def patient_engine(self) -> Engine:
        """Return an engine for a change of tables, which may take as long as it needs; to be disposed of.

        A connection that is closed is closed for good, and gives up what it has locked.
        """
        return self._engine(self._limits.patient(), poolclass=NullPool)

    def _engine(self, limits: Limits, **options: Any) -> Engine:
        try:
            open_one = _opener(self._url, self._password, limits)
        except ImportError:
            raise unknown_engine(self._url.drivername) from None

        dialer = Dialer(open_one, self.where, limits.dial_seconds)

        def connect() -> Any:
            connection, self.traits = dialer.dial()
            return connection

        engine = create_engine(
            # Bare: SQLAlchemy prints addresses, and would print the password that an ODBC string may hold. It wants a
            # driver's name in it all the same.
            URL.create(
                self._url.drivername,
                host=self._url.host,
                database=self._url.database,
                query={"driver": "of-the-opener"} if self._url.drivername.endswith("pyodbc") else {},
            ),
            creator=connect,
            isolation_level="READ COMMITTED",  # MariaDB's REPEATABLE READ would claim from an old picture of the queue
            hide_parameters=True,
            **options,
        )
        if engine.dialect.name == "mariadb":
            # SQLAlchemy asks the wrong parent class of this dialect: a dead connection would stay in the pool for ever.
            # Not by an event, which it leaves out when it looks at tables.
            engine.dialect.is_disconnect = _is_disconnect  # type: ignore[method-assign]
        return engine


def unknown_engine(engine: str) -> DatabaseUnfit:
    """Return the error that says so."""
    return DatabaseUnfit(
        "the engine {engine} is not known here: install its driver, or correct the settings", engine=engine
    )


def _opener(url: URL, password: str | None, limits: Limits) -> Opener:
    # Imported for who uses it: a club on SQLite pays for no driver, nor needs unixODBC.
    match url.get_backend_name():
        case "mariadb":
            from club.dialect import mariadb  # noqa: PLC0415

            return mariadb.opener(url, password, limits)
        case "postgresql":
            from club.dialect import postgresql  # noqa: PLC0415

            return postgresql.opener(url, password, limits)
        case _:
            from club.dialect import sqlserver  # noqa: PLC0415

            return sqlserver.opener(url, password, limits)


def _is_disconnect(e: Any, connection: Any, cursor: Any) -> bool:  # noqa: ARG001  # SQLAlchemy's names
    return is_lost(e)


def select_for_queue(statement: Select[Any], table: Table) -> Select[Any]:
    """Lock the rows of a claim and step over those that another station is claiming."""
    return statement.with_for_update(skip_locked=True).with_hint(
        # SQL Server compiles FOR UPDATE to nothing; READPAST alone is refused under READ_COMMITTED_SNAPSHOT.
        table,
        "WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK)",
        "mssql",
    )


def select_for_change(statement: Select[Any], table: Table) -> Select[Any]:
    """Lock the rows that a transaction reads to write them anew: others who do so wait for its end."""
    return statement.with_for_update().with_hint(table, "WITH (UPDLOCK, ROWLOCK)", "mssql")
