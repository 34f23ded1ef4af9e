"""One engine for the whole program: short transactions, bounded waits, errors told for people."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import uniform
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine, Pool, event, exc, make_url

from club.dialect import Verdict, meanings, sqlite
from club.dialect.servers import Server
from club.errors import DatabaseAway, DatabaseUnfit
from config.sentence import Sentence

T = TypeVar("T")


class _LostBeforeCommit(Exception):  # noqa: N818 - what happened
    """A connection was lost in a transaction whose commit had not been asked for: nothing of it was kept."""

    def __init__(self, error: exc.DBAPIError) -> None:
        self.error = error
        super().__init__(str(error))


_LOG: Final = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.5
_ALTER_SECONDS: Final = 300.0
_ALTER_PAUSE_SECONDS: Final = 4.0
_HUNG_SECONDS: Final = 60.0
"""No call of ours takes so long: its driver will not come back, and its place in the pool is given to others."""


class Database:
    """The club database, shared by all threads of the program.

    `url` is SQLAlchemy's (`sqlite:///club.db`); the password of a server is given apart and never printed. A relative
    SQLite path is relative to the current folder. Nothing is opened before the first use. A call waits at most about
    `busy_seconds` for a lock, and as long again for one of its `pool_size` connections.

    Raises DatabaseUnfit at once for a URL that cannot work on this station.
    """

    def __init__(
        self,
        url: str,
        password: str | None = None,
        *,
        busy_seconds: float = 5.0,
        pool_size: int = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._pause = threading.Event()  # never set: a wait that no test or stop has to share
        try:
            parsed = make_url(url)
        except exc.ArgumentError:
            raise DatabaseUnfit(
                'the address of the club database cannot be read: write one like "sqlite:///club.db"'
            ) from None
        self._running: dict[object, float] = {}
        self._left: dict[object, Pool] = {}
        self._said: tuple[Sentence, ...] = ()
        self._path: Path | None = None
        self._server: Server | None = None
        if parsed.get_backend_name() == "sqlite":
            self._path = sqlite.path_of(parsed)
            self._where = str(self._path)
            self._engine = sqlite.open_engine(self._path, busy_seconds, pool_size)
        else:
            self._server = Server(parsed, password, busy_seconds, pool_size)
            self._where = self._server.where
            self._engine = self._server.engine
            event.listen(self._engine, "connect", self._say_dangers)

    def __repr__(self) -> str:
        return f"Database({self._where})"

    @property
    def where(self) -> str:
        """Where the database is, for people: a path, or an engine, a host and a name. Never a secret."""
        return self._where

    def warnings(self) -> tuple[Sentence, ...]:
        """Return what endangers this database though it works, for `doctor`; asks a server that was not asked yet.

        Raises DatabaseAway and DatabaseUnfit.
        """
        if self._server is None:
            if sqlite.warning_of(sqlite3.sqlite_version_info) is None:
                return ()
            return (
                Sentence.of(
                    "SQLite {version} has a rare defect that can damage a database: update it to 3.51.3 or newer",
                    version=sqlite3.sqlite_version,
                ),
            )
        if self._server.traits is None:
            self.read(lambda _connection: None)
        return self._server.traits.dangers if self._server.traits else ()

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for migrations and tests."""
        return self._engine

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction that writes nothing.

        On SQLite it sees one picture of the database; on a server each statement sees what is committed by then.
        """
        return self._run(work, writing=False)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one durable transaction.

        It runs again, within the time allowed, when the engine undid it for another's sake, or when its connection was
        lost before the commit: `work` must have no effect outside the transaction. A connection lost at the commit is
        DatabaseAway: the outcome is not known.
        """
        return self._run(work, writing=True)

    def alter(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, a change of tables, on a connection of its own; what it leaves uncommitted is committed.

        It may take as long as it needs, and runs again from its beginning when it met somebody's lock: it waits for one
        only briefly, because whoever uses the table next waits behind it, then lets the others pass, for minutes.
        """
        engine = self._engine if self._server is None else self._server.patient_engine()

        def attempt() -> T:
            with engine.connect() as connection:
                connection.execution_options(**{sqlite.WRITING: True})
                result = work(connection)
                connection.commit()
                return result

        try:
            return self._persist(attempt, _ALTER_SECONDS, _ALTER_PAUSE_SECONDS)
        finally:
            if engine is not self._engine:
                engine.dispose()

    def create(self) -> None:
        """Create the empty file of a SQLite database; a server's database is made by its administrator."""
        if self._path is not None:
            sqlite.create_file(self._path)

    def dispose(self) -> None:
        """Close every connection. The next use opens new ones."""
        self._engine.dispose()

    def _run(self, work: Callable[[Connection], T], *, writing: bool) -> T:
        def attempt() -> T:
            with self._engine.connect() as connection:
                connection.execution_options(**{sqlite.WRITING: writing})
                try:
                    transaction = connection.begin()
                    result = work(connection)
                except exc.DBAPIError as error:
                    if error.connection_invalidated:
                        raise _LostBeforeCommit(error) from error
                    raise
                transaction.commit()
                return result

        call = object()
        self._running[call] = self._clock()
        try:
            return self._persist(attempt, self._busy_seconds, _LONGEST_PAUSE_SECONDS)
        finally:
            self._running.pop(call, None)
            if pool := self._left.pop(call, None):  # it did come back: what it was lent is not lent again
                pool.dispose()

    def _persist(self, attempt: Callable[[], T], seconds: float, longest_pause: float) -> T:
        give_up_at = self._clock() + seconds
        pause = _FIRST_PAUSE_SECONDS
        has_lost = False
        while True:
            try:
                return attempt()
            except exc.IntegrityError:
                raise
            except _LostBeforeCommit as lost:
                # A server that went and came back has left the pool with connections that nobody had asked since: the
                # next one is new. After a silence the time is over, and it is for the caller to ask again.
                if has_lost or self._clock() > give_up_at:
                    raise self._away(lost.error) from lost.error
                has_lost = True
                continue
            except exc.DBAPIError as error:
                verdict = self._judge(error)
                if verdict is None:
                    raise
                if not verdict.is_retryable or self._clock() + pause > give_up_at:
                    raise verdict.error from error
            except exc.TimeoutError as error:
                self._replace_hung_pool()
                raise DatabaseAway(
                    "the database {where} keeps every connection of this program waiting", where=self._where
                ) from error
            self._pause.wait(uniform(0, pause))
            pause = min(pause * 2, longest_pause)

    def _replace_hung_pool(self) -> None:
        """Leave a pool behind whose connections are lent to threads that will not come back: the others need some."""
        oldest = self._clock() - _HUNG_SECONDS
        hung = [call for call, began in list(self._running.items()) if began < oldest]
        if hung:
            _LOG.warning(
                "the driver of the database %s has not come back from %d calls: the others get new connections",
                self._where,
                len(hung),
                extra={"event": "database.pool_replaced"},
            )
            for call in hung:
                self._running.pop(call, None)
                self._left[call] = self._engine.pool
            self._engine.dispose(close=False)

    def _away(self, error: exc.DBAPIError) -> Exception:
        verdict = self._judge(error)
        return error if verdict is None else verdict.error

    def _judge(self, error: exc.DBAPIError) -> Verdict | None:
        cause = error.orig or error
        if self._path is not None:
            return sqlite.judge(cause, self._path)
        return meanings.judge(cause, self._where)

    def _say_dangers(self, _connection: object, _record: object) -> None:
        traits = self._server and self._server.traits
        if traits and traits.dangers != self._said:
            self._said = traits.dangers
            for danger in traits.dangers:
                _LOG.warning("%s", danger, extra={"event": "database.danger", "database": self._where})
