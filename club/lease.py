"""Leases: which station holds an exclusive operation, under a fencing token that only grows.

    absent --acquire--> free --acquire--> held --renew--> held --release--> free
                         ^                 |
                         |                 +-- wanted elsewhere: pass_on (token grows) --> held by another process
                         |                 +-- holder dead, watched long enough --acquire (token grows)--> held
                         +-- the row is never deleted: the token is its memory

Three promises, each by its own means. *Nobody works without it*: the holder stops by itself at a local deadline taken
on its own clock before the request. *Nobody takes it early*: another station takes over only when it has itself watched
the row unchanged for longer than its holder may work (`club.succession`), so a database clock that jumps cannot make
two holders. *Nobody late harms*: every claim and every mark presents the token inside its statement.
"""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, exc, insert, select

from club.database import Database
from club.errors import DatabaseAway, LeaseLost
from club.holders import LeaseRow, json_of, lease_row
from club.lease_statements import ADVANCE, DECLARE, PASS_ON, RELEASE, RENEW, SEE, TAKE, UNWANT
from club.lease_times import Times
from club.stations import gone_stations
from club.succession import Patience, Watch, is_preferred, ranks_before, same
from club.tables import lease as table
from club.turns import Turns

T = TypeVar("T")


_TIMES: Final = Times()
_TURN_SECONDS: Final = 15.0
"""How long a thread waits for another's request: longer than any takes that ends."""
_RENEWED_WITH_LEFT: Final = 0.7
"""Of the time to work: every six seconds of twenty."""


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
        self._patience = Patience(times.ttl.total_seconds(), self._held_seconds, times.stagger.total_seconds())
        self._predecessors = frozenset(predecessors)
        self.clock = self._clock = times.clock
        self._candidates: tuple[str, ...] = ()
        self._declared: str | None = None
        self._watch = Watch(times.clock)
        self._wait = 0.0
        self._turns = Turns()  # one request at a time: a renewal must not meet the token that replaces it
        self._lock = threading.Lock()
        self._token: int | None = None
        self._highest = 0
        self._deadline = float("-inf")
        self._is_yielding = False

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

    @property
    def may_begin(self) -> bool:
        """Whether a new piece of work may begin: it is held, and is not about to be passed on."""
        return self.is_held and not self._is_yielding

    @property
    def is_renewal_due(self) -> bool:
        """Whether it is time to renew: early enough for two renewals to be lost on the way."""
        with self._lock:
            return self._clock() >= self._deadline - _RENEWED_WITH_LEFT * self._held_seconds

    @property
    def takeover_seconds(self) -> float:
        """How long after the last `acquire` that was refused another one may succeed, when nothing changes."""
        return self._wait

    def presents(self, token: int) -> dict[str, Any]:
        """Return the parameters of `HOLDS_TOKEN` for a token of this lease."""
        return {"lease_name": self.name, "lease_process": self.process, "lease_token": token}

    def stand_for(self, candidates: Collection[str]) -> None:
        """Take the stations that may hold it, the preferred one first, from the settings; () lets any do it."""
        self._candidates = tuple(candidates)

    def acquire(self, row: LeaseRow | None = None) -> bool:
        """Take the lease if that is allowed now, and say whether it is held; a standby that may not writes nothing.

        `row` is the lease as a look has just found it; without it this asks. Raises DatabaseAway or DatabaseUnfit.
        """
        with self._taking_turns():
            return self._acquire(row)

    def _acquire(self, row: LeaseRow | None) -> bool:
        if self.token is not None:
            try:
                self.renew()
            except LeaseLost:
                row = None  # what was seen is older than what was just learnt
            else:
                return True
        row = row or self._database.read(self._see) or self._create()
        if not self._may_take(row):
            return False
        own = json_of(self._candidates)
        parameters = {
            "lease_name": self.name,
            "seen_token": row.token,
            "seen_renewals": row.renewals,
            "seen_wanted": row.wanted,
            "kept_wanted": self._kept_wish(row, self.station, is_restart=row.process in self._own_processes),
            "own_candidates": own,
            "new_station": self.station,
            "new_process": self.process,
            "ttl": self._ttl_ms,
            "token_floor": self._highest,
        }

        def take(connection: Connection) -> tuple[int, float] | None:
            asked_at = self._clock()  # before the request: our deadline comes before the database's, however slow it is
            if connection.execute(TAKE, parameters).rowcount != 1:
                return None
            return connection.execute(select(table.c.token).where(table.c.name == self.name)).scalar_one(), asked_at

        taken = self._database.write(take)
        if taken is None:
            return False
        self._declared = own
        self._hold(*taken)
        return True

    @property
    def _own_processes(self) -> frozenset[str]:
        return self._predecessors | {self.process}

    def _kept_wish(self, row: LeaseRow, new_holder: str, *, is_restart: bool = False) -> str:
        """Return what is left of a wish: it ends where no person needs it, or when its station was not the next."""
        if same(row.wanted, new_holder):
            return "" if is_preferred(new_holder, self._candidates) else row.wanted
        return row.wanted if is_restart else ""

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
            return self._renewing(RENEW, presented, lambda connection, _token: work(connection))

    def supersede(self, work: Callable[[Connection, int], T]) -> T:
        """Take a newer token for the same hold and run `work` with it in that transaction.

        Whatever presented the old token, such as the thread of a crashed actor, is refused from then on.
        """
        with self._taking_turns():
            return self._renewing(ADVANCE, self.token, work)

    def release(self) -> None:
        """Give the lease up at once, so that another station need not wait; nothing happens when it is not held."""
        with self._taking_turns():
            token = self.token
            if token is None:
                return
            self._drop(token)
            self._database.write(lambda connection: connection.execute(RELEASE, self.presents(token)).rowcount)

    def begin_yield(self) -> None:
        """Have no new work begun: the lease is about to be passed on, and waits for what is under way."""
        self._is_yielding = True

    def end_yield(self) -> None:
        """Let new work begin again: the lease stays."""
        self._is_yielding = False

    def pass_on(self, row: LeaseRow, station: str, process: str) -> bool:
        """Give the lease, as `row` shows it, to another program; False: the row has moved, it was not passed.

        It is not held here from the moment of the call, whatever becomes of the request: one whose answer is lost may
        still be carried out. When it was not, the row names this process, and `acquire` takes it again under a newer
        token, which that request no longer presents. Raises LeaseLost, DatabaseAway, DatabaseUnfit.
        """
        with self._taking_turns():
            token = self.token
            if token is None:
                raise self.lost()
            self._drop(token)
            parameters = {
                **self.presents(token),
                "seen_wanted": row.wanted,
                "kept_wanted": self._kept_wish(row, station),
                "new_station": station,
                "new_process": process,
                "ttl": self._ttl_ms,
                "token_floor": self._highest,
            }
            return self._database.write(lambda connection: connection.execute(PASS_ON, parameters).rowcount) == 1

    def refuse_wish(self, row: LeaseRow) -> bool:
        """Take back a wish that cannot be done, as `row` shows it; False when it has changed meanwhile."""
        with self._taking_turns():
            token = self.token
            if token is None:
                raise self.lost()
            parameters = {**self.presents(token), "seen_wanted": row.wanted}
            return self._database.write(lambda connection: connection.execute(UNWANT, parameters).rowcount) == 1

    @contextmanager
    def _taking_turns(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._turns.take(_TURN_SECONDS))
            except TimeoutError:
                raise DatabaseAway(
                    "another thread still waits for the lease {name}: try again", name=self.name
                ) from None
            yield

    def _see(self, connection: Connection) -> LeaseRow | None:
        row = connection.execute(SEE, {"lease_name": self.name}).mappings().first()
        return None if row is None else lease_row(row)

    def _create(self) -> LeaseRow:
        with suppress(exc.IntegrityError):  # another station created it at the same moment
            self._database.write(lambda connection: connection.execute(insert(table).values(name=self.name)))
        row = self._database.read(self._see)
        if row is None:
            raise LeaseLost("the lease {name} disappears as soon as it is made: check the database", name=self.name)
        return row

    def _may_take(self, row: LeaseRow) -> bool:
        self._wait = 0.0
        if row.process in self._own_processes:
            return True
        watched = self._watch.see(row)
        ranks = ranks_before(row, self._candidates, self.station)
        self._wait = self._patience.left(row, watched, ranks)
        if self._wait > 0 and ranks and self._patience.left(row, watched, 0) <= 0:
            # Only now is it worth asking: those before this one may be known to be off.
            ranks = ranks_before(row, self._candidates, self.station, gone_stations(self._database))
            self._wait = self._patience.left(row, watched, ranks)
        return self._wait <= 0

    def _renewing(self, statement: Any, token: int | None, work: Callable[[Connection, int], T]) -> T:
        if token is None:
            raise self.lost()

        own = json_of(self._candidates)
        if statement is RENEW and own != self._declared:
            statement = DECLARE

        def transaction(connection: Connection) -> tuple[int, float, T]:
            asked_at = self._clock()
            parameters = {**self.presents(token), "ttl": self._ttl_ms}
            if statement is ADVANCE:
                parameters["token_floor"] = self._highest
            if statement is DECLARE:
                parameters["own_candidates"] = own
            if connection.execute(statement, parameters).rowcount != 1:
                raise self.lost()
            current = token
            if statement is ADVANCE:
                current = connection.execute(select(table.c.token).where(table.c.name == self.name)).scalar_one()
            return current, asked_at, work(connection, current)

        try:
            current, asked_at, result = self._database.write(transaction)
        except LeaseLost:
            self._drop(token)
            raise
        if statement is DECLARE:
            self._declared = own
        self._hold(current, asked_at, instead_of=token)
        return result

    def _hold(self, token: int, asked_at: float, instead_of: int | None = None) -> None:
        with self._lock:
            if instead_of is not None and self._token != instead_of:
                return  # lost, released or superseded while we asked: a late renewal brings nothing back
            if token < self._highest:
                return  # from a thread that hung, and was overtaken
            deadline = asked_at + self._held_seconds
            self._deadline = max(self._deadline, deadline) if self._token == token else deadline
            self._token = token
            self._highest = max(self._highest, token)
            self._watch.forget()

    def _drop(self, token: int) -> None:
        with self._lock:
            if self._token == token:
                self._token, self._deadline, self._is_yielding = None, float("-inf"), False

    def lost(self) -> LeaseLost:
        """Return the error that says that this lease is not held."""
        return LeaseLost(
            "the lease {name} is no longer held by {station}: its work stops here", name=self.name, station=self.station
        )
