"""Leases: which station holds an exclusive operation, under a fencing token that only grows.

    absent --ensure--> free --acquire--> held --renew--> held --release--> free
                        ^                 |
                        |                 +-- holder dead, unchanged for ttl, expired --acquire (token grows)--> held
                        +-- the row is never deleted: the token is its memory

Three promises, each by its own means. *Nobody works without it*: the holder stops by itself at a local deadline taken
on its own clock before the request. *Nobody takes it early*: another station takes over when the database's clock says
expired **and** it has itself watched the row unchanged for the whole time to live, so a database clock that jumps
cannot make two holders. *Nobody late harms*: every claim and every mark presents the token inside its statement.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection, and_, bindparam, case, exc, exists, func, insert, select, update

from club.database import Database
from club.dialect import now_ms, utc_now, utc_of_ms
from club.errors import DatabaseAway, LeaseLost
from club.reading import instant_or_none
from club.tables import lease as table

T = TypeVar("T")

NOW: Final = now_ms()
_EXPIRY: Final = NOW + bindparam("ttl", type_=table.c.ttl_ms.type)
_MINE: Final = and_(
    table.c.name == bindparam("lease_name"),
    table.c.process == bindparam("lease_process"),
    table.c.token == bindparam("lease_token"),
)
_FLOOR: Final = bindparam("token_floor", type_=table.c.token.type)
# The clock, so that it grows also over a restored backup; more than the row and the holder have seen, should it lag.
_NEXT_TOKEN: Final = case(
    (and_(table.c.token <= _FLOOR, _FLOOR >= NOW), _FLOOR + 1), (table.c.token >= NOW, table.c.token + 1), else_=NOW
)
_SEE: Final = select(table, NOW.label("now")).where(table.c.name == bindparam("lease_name"))
_RENEW: Final = (
    update(table)
    .where(_MINE)
    .values(expires_ms=_EXPIRY, expires_at=utc_of_ms(_EXPIRY), ttl_ms=bindparam("ttl"), renewals=table.c.renewals + 1)
)
_ADVANCE: Final = _RENEW.values(token=_NEXT_TOKEN)
_RELEASE: Final = (
    update(table)
    .where(_MINE)
    .values(station="", process="", expires_ms=0, expires_at=utc_now(), renewals=table.c.renewals + 1)
)
_TAKE: Final = (
    update(table)
    .where(
        table.c.name == bindparam("lease_name"),
        table.c.token == bindparam("seen_token"),
        table.c.renewals == bindparam("seen_renewals"),
    )
    .values(
        station=bindparam("new_station"),
        process=bindparam("new_process"),
        token=_NEXT_TOKEN,
        ttl_ms=bindparam("ttl"),
        expires_ms=_EXPIRY,
        expires_at=utc_of_ms(_EXPIRY),
        acquired_at=utc_now(),
        renewals=table.c.renewals + 1,
    )
)


HOLDS_TOKEN: Final = exists().where(_MINE)
"""True in a statement while the token that it presents is the current one; parameters from `Lease.presents`."""

HOLDERS_OF_TOKEN: Final = select(func.count()).select_from(table).where(_MINE)
"""The same as a question, 1 or 0: SQL Server has no SELECT EXISTS."""


def boot_clock() -> float:
    """Return seconds since start that go on while the PC sleeps: a lease does not wait for a lid to be opened."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere monotonic() counts sleep (GetTickCount64)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


@attrs.frozen
class Holder:
    """Who holds a lease, by the database's clock."""

    station: str
    process: str
    token: int
    acquired_at: datetime | None
    expires_at: datetime | None
    is_current: bool
    """False when it has run out and nobody took it over yet."""


@attrs.frozen
class Times:
    """How long a lease lives without a renewal, how long before that its holder stops by itself, and by which clock.

    `margin` must exceed the longest database call. `clock` gives seconds that never go back and count sleep.
    """

    ttl: timedelta = timedelta(seconds=30)
    margin: timedelta = timedelta(seconds=10)
    clock: Callable[[], float] = boot_clock

    def __attrs_post_init__(self) -> None:
        if not timedelta(0) <= self.margin < self.ttl:
            raise ValueError(f"the margin {self.margin} of a lease must be shorter than its time to live {self.ttl}")


_TIMES: Final = Times()


class Lease:
    """One station's hold on the exclusive operation `name`; used from several threads.

    `process` is a uuid of this run of the program. `predecessors` are those of earlier runs on this station: naming
    them states that the caller holds the station's instance lock, so that they are dead, and a restart takes over at
    once.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        station: str,
        process: str,
        *,
        predecessors: Collection[str] = (),
        times: Times = _TIMES,
    ) -> None:
        self.name = name
        self.station = station
        self.process = process
        self._database = database
        self._ttl_ms = int(times.ttl.total_seconds() * 1000)
        self._held_seconds = (times.ttl - times.margin).total_seconds()
        self._predecessors = frozenset(predecessors)
        self._clock = times.clock
        self._turn = threading.RLock()  # one request at a time: a renewal must not meet the token that replaces it
        self._lock = threading.Lock()
        self._token: int | None = None
        self._highest = 0
        self._deadline = float("-inf")
        self._sight: tuple[int, int] | None = None
        self._sighted_at = 0.0

    @property
    def token(self) -> int | None:
        """The fencing token of the present hold; None when not held."""
        with self._lock:
            return self._token

    @property
    def is_held(self) -> bool:
        """Whether exclusive work may go on at this instant, without asking the database."""
        with self._lock:
            return self._token is not None and self._clock() < self._deadline

    def presents(self, token: int) -> dict[str, Any]:
        """Return the parameters of `HOLDS_TOKEN` for a token of this lease."""
        return {"lease_name": self.name, "lease_process": self.process, "lease_token": token}

    def acquire(self) -> bool:
        """Take the lease if that is allowed now, and say whether it is held; a standby that may not writes nothing.

        Raises DatabaseAway or DatabaseUnfit.
        """
        with self._taking_turns():
            return self._acquire()

    def _acquire(self) -> bool:
        if self.token is not None:
            try:
                self.renew()
            except LeaseLost:
                pass
            else:
                return True
        row = self._database.read(self._see) or self._create()
        if not self._may_take(row):
            return False
        parameters = {
            "lease_name": self.name,
            "seen_token": row["token"],
            "seen_renewals": row["renewals"],
            "new_station": self.station,
            "new_process": self.process,
            "ttl": self._ttl_ms,
            "token_floor": self._highest,
        }

        def take(connection: Connection) -> tuple[int, float] | None:
            asked_at = self._clock()  # before the request: our deadline comes before the database's, however slow it is
            if connection.execute(_TAKE, parameters).rowcount != 1:
                return None
            return connection.execute(select(table.c.token).where(table.c.name == self.name)).scalar_one(), asked_at

        taken = self._database.write(take)
        if taken is None:
            return False
        self._hold(*taken)
        return True

    def renew(self) -> None:
        """Prolong the hold. Raises LeaseLost when another station took over, DatabaseAway, DatabaseUnfit.

        While the database is away the hold goes on until the local deadline, and may be renewed even after it when
        nobody took over.
        """
        self.fenced(lambda _connection: None)

    def fenced(self, work: Callable[[Connection], T], token: int | None = None) -> T:
        """Run `work` in one transaction that begins by renewing: it commits only under the current token.

        The row lock on the lease serialises it with any takeover. `token` is the one to present when it is not the
        present hold's. Raises LeaseLost and leaves the database as it was.
        """
        with self._taking_turns():
            presented = self.token if token is None else token
            return self._renewing(_RENEW, presented, lambda connection, _token: work(connection))

    def supersede(self, work: Callable[[Connection, int], T]) -> T:
        """Take a newer token for the same hold and run `work` with it in that transaction.

        Whatever presented the old token, such as the thread of a crashed actor, is refused from then on.
        """
        with self._taking_turns():
            return self._renewing(_ADVANCE, self.token, work)

    def release(self) -> None:
        """Give the lease up at once, so that another station need not wait; nothing happens when it is not held."""
        with self._taking_turns():
            token = self.token
            if token is None:
                return
            self._drop(token)
            self._database.write(lambda connection: connection.execute(_RELEASE, self.presents(token)).rowcount)

    def holder(self) -> Holder | None:
        """Return who holds the lease, None when it is free."""
        row = self._database.read(self._see)
        return None if row is None or not row["station"] else holder_of(row)

    @contextmanager
    def _taking_turns(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._held_seconds):
            raise DatabaseAway("another thread still waits for the lease {name}: try again", name=self.name)
        try:
            yield
        finally:
            self._turn.release()

    def _see(self, connection: Connection) -> dict[str, Any] | None:
        row = connection.execute(_SEE, {"lease_name": self.name}).mappings().first()
        return None if row is None else dict(row)

    def _create(self) -> dict[str, Any]:
        with suppress(exc.IntegrityError):  # another station created it at the same moment
            self._database.write(lambda connection: connection.execute(insert(table).values(name=self.name)))
        row = self._database.read(self._see)
        if row is None:
            raise LeaseLost("the lease {name} disappears as soon as it is made: check the database", name=self.name)
        return row

    def _may_take(self, row: dict[str, Any]) -> bool:
        if row["expires_ms"] == 0 or row["process"] in {self.process, *self._predecessors}:
            return True
        sight = (row["token"], row["renewals"])
        if sight != self._sight:
            self._sight, self._sighted_at = sight, self._clock()  # after the answer: no renewal before it is missed
            return False
        ttl_ms = max(row["ttl_ms"], 0)
        if self._clock() - self._sighted_at < ttl_ms / 1000:
            return False
        # An expiry far ahead was written before the database's clock stepped back: only the watching counts then.
        return bool(row["expires_ms"] <= row["now"] or row["expires_ms"] > row["now"] + 2 * ttl_ms)

    def _renewing(self, statement: Any, token: int | None, work: Callable[[Connection, int], T]) -> T:
        if token is None:
            raise self.lost()

        def transaction(connection: Connection) -> tuple[int, float, T]:
            asked_at = self._clock()
            parameters = {**self.presents(token), "ttl": self._ttl_ms}
            if statement is _ADVANCE:
                parameters["token_floor"] = self._highest
            if connection.execute(statement, parameters).rowcount != 1:
                raise self.lost()
            current = token
            if statement is _ADVANCE:
                current = connection.execute(select(table.c.token).where(table.c.name == self.name)).scalar_one()
            return current, asked_at, work(connection, current)

        try:
            current, asked_at, result = self._database.write(transaction)
        except LeaseLost:
            self._drop(token)
            raise
        self._hold(current, asked_at, instead_of=token)
        return result

    def _hold(self, token: int, asked_at: float, instead_of: int | None = None) -> None:
        with self._lock:
            if instead_of is not None and self._token != instead_of:
                return  # lost, released or superseded while we asked: a late renewal brings nothing back
            deadline = asked_at + self._held_seconds
            self._deadline = max(self._deadline, deadline) if self._token == token else deadline
            self._token = token
            self._highest = max(self._highest, token)
            self._sight = None

    def _drop(self, token: int) -> None:
        with self._lock:
            if self._token == token:
                self._token, self._deadline = None, float("-inf")

    def lost(self) -> LeaseLost:
        """Return the error that says that this lease is not held."""
        return LeaseLost(
            "the lease {name} is no longer held by {station}: its work stops here", name=self.name, station=self.station
        )


def holder_of(row: Mapping[str, Any]) -> Holder:
    """Return the holder that a row of the lease table tells; `now` is the database's clock."""
    return Holder(
        station=row["station"],
        process=row["process"],
        token=row["token"],
        acquired_at=instant_or_none(row["acquired_at"]),
        expires_at=instant_or_none(row["expires_at"]),
        is_current=row["now"] < row["expires_ms"] <= row["now"] + 2 * row["ttl_ms"],
    )


def holders(database: Database) -> dict[str, Holder]:
    """Return who holds each lease of the club; free ones are left out."""

    def read(connection: Connection) -> dict[str, Holder]:
        rows = connection.execute(select(table, NOW.label("now")).where(table.c.station != "")).mappings()
        return {row["name"]: holder_of(dict(row)) for row in rows}

    return database.read(read)
