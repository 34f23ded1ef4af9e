"""From settings to the specs of the actors that belong on this station."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from actors import heartbeat, housekeeping, leases
from actors.board import Board, OperationState
from actors.operation import RULES, Operation, Rule, Workplace
from actors.pauses import Pauses
from actors.registry.policy import Verdict, club_plan, judge_all, named_stations
from club import STOPPED, Database, DatabaseAway, DatabaseUnfit, Journal, Lease, Stations
from config import Settings
from supervisor import Backoff, ChildSpec, SupervisedActor

logger = logging.getLogger(__name__)

_BACKOFF: Final = Backoff(min_seconds=0.5, max_seconds=60.0)
_HANG_SECONDS: Final = 60.0
"""A database call is bounded well below this; a driver that never returns costs its thread, not the program.

Connecting has a thread of its own, so that this is for a statement: until then `status` says that the work has stopped,
for the lease runs out after twenty seconds.
"""
_BY_OPERATION: Final[Mapping[str, Rule]] = {rule.operation: rule for rule in RULES}


@attrs.frozen(slots=True)
class Identity:
    """Who this program is: its station as the settings write it, its version, its process, and those before it.

    `process` is a name that no other run of the program ever had; `predecessors` are the earlier ones on this station,
    all dead: the club database knows processes, so a station that restarts must be told from its own past.
    """

    station: str
    version: str
    process: str
    predecessors: tuple[str, ...] = ()


@attrs.frozen(slots=True)
class Belongings:
    """What a station has for as long as its program runs.

    `journal` is its memory of answers, `kept` what each operation keeps over changes of settings, by operation id.
    """

    journal: Journal
    kept: Mapping[str, Any] = attrs.field(factory=dict)


class StationPlan:
    """Turns settings into specs, and keeps over changes what must not be made twice: databases and leases.

    `tell` hands a message to an operation's actor, and answers False when there is none at work; `aggregate_state`
    answers the station's state of contract §1. An operation that is paused keeps its lease and has no actor.
    """

    def __init__(
        self,
        identity: Identity,
        operations: Sequence[Operation],
        board: Board,
        belongings: Belongings,
        *,
        tell: Callable[[str, object], bool],
        aggregate_state: Callable[[], str],
    ) -> None:
        self._identity = identity
        self._operations = {operation.id: operation for operation in operations}
        self._board = board
        self._journal = belongings.journal
        self._kept = belongings.kept
        self._tell_actor = tell
        self._aggregate_state = aggregate_state
        self._pauses = Pauses()
        self._stopped: frozenset[str] = frozenset()
        self._settings: Settings | None = None
        self._databases: dict[tuple[str, str | None], Database] = {}
        self._stations: dict[int, Stations] = {}
        self._leases: dict[tuple[str, int], Lease] = {}
        self._current: Database | None = None

    def specs(self, settings: Settings) -> tuple[ChildSpec, ...]:
        """Return the specs that `settings` ask for, and put every verdict on the board.

        In starting order: the heartbeat, the housekeeping, the leases, then the operations.
        Raises DatabaseUnfit when the database's address cannot be used at all.
        """
        station = settings.station(self._identity.station)
        database = self._current = self.database(settings)
        verdicts = judge_all(RULES, settings, station, self._operations)
        here = [self._operations[v.operation] for v in verdicts.values() if v.is_here and self._can_work(v.operation)]
        for verdict in verdicts.values():
            self._tell(verdict)
        seats = tuple(
            self._seat(operation.id, settings.operations[operation.id], database)
            for operation in here
            if _BY_OPERATION[operation.id].is_exclusive
        )
        paused = self._pauses.in_force()
        for operation in here:
            if operation.id in self._stopped - paused:
                self._board.begin_anew(operation.id)
        self._stopped, self._settings = paused, settings
        return (
            self._heartbeat_spec(database, settings),
            self._housekeeping_spec(settings, database),
            *self._leases_specs(database, seats),
            *(
                spec
                for operation in here
                if operation.id not in paused
                for spec in operation.children(self._workplace(operation, settings, database))
            ),
        )

    def mind(self, pauses: Pauses) -> None:
        """Leave out of the specs from now on what is paused in this book."""
        self._pauses = pauses

    def overtaken(self) -> Settings | None:
        """Return the settings to ask specs of anew, because a pause has begun or ended since; None: none has."""
        return self._settings if self._stopped != self._pauses.in_force() else None

    def settle(self) -> bool:
        """Note that the last specs are in force; return whether a pause is, whose end is to be watched."""
        self._pauses.settle(self._stopped)
        return bool(self._stopped)

    def database(self, settings: Settings) -> Database:
        """Return the club database of `settings`; the same object for the same address."""
        club = settings.club
        password = None if club.database_password is None else club.database_password.reveal()
        key = (str(club.database), password)
        if key not in self._databases:
            self._databases[key] = Database(*key)
        return self._databases[key]

    def _stations_of(self, database: Database) -> Stations:
        """Return the same object for the same database: equal arguments tell the tree that nothing changed."""
        return self._stations.setdefault(id(database), Stations(database))

    def close(self) -> None:
        """Give the leases back, so that no station need wait for their end, and close; the operations have stopped."""
        for (operation, _), lease in self._leases.items():
            try:
                lease.release()
            except (DatabaseAway, DatabaseUnfit) as away:
                logger.info("lease %s not given back: %s", operation, away, extra={"event": "lease.kept"})
        self._sign_off()
        self._journal.close()
        for database in self._databases.values():
            database.dispose()

    def held_operations(self) -> tuple[str, ...]:
        """Return the exclusive operations whose lease this station holds now."""
        return tuple(operation for (operation, _), lease in list(self._leases.items()) if lease.is_held)

    def _sign_off(self) -> None:
        """Write that this station has stopped: its last sign of life would say for minutes that all is well."""
        if self._current is None:
            return
        identity = self._identity
        with suppress(DatabaseAway, DatabaseUnfit):
            self._stations_of(self._current).beat(identity.station, identity.process, identity.version, STOPPED)

    def _lease(self, operation: str, database: Database) -> Lease:
        key = (operation, id(database))
        if key not in self._leases:
            identity = self._identity
            self._leases[key] = Lease(
                database, operation, identity.station, identity.process, predecessors=identity.predecessors
            )
        return self._leases[key]

    def _workplace(self, operation: Operation, settings: Settings, database: Database) -> Workplace:
        exclusive = _BY_OPERATION[operation.id].is_exclusive
        return Workplace(
            station=self._identity.station,
            process=self._identity.process,
            club_name=settings.club.name,
            language=str(settings.club.language),
            timezone=ZoneInfo(settings.club.timezone),
            settings=settings.operations[operation.id],
            database=database,
            desk=self._board.desk(operation.id),
            lease=self._lease(operation.id, database) if exclusive else None,
            journal=self._journal,
            country=settings.club.country,
            stations=settings.stations,
            kept=self._kept.get(operation.id),
        )

    def _can_work(self, operation: str) -> bool:
        missing = self._operations[operation].missing()
        if missing is not None:
            self._board.set_state(operation, OperationState.FAILED, missing)
        return missing is None

    def _tell(self, verdict: Verdict) -> None:
        if not verdict.is_here:
            self._board.set_state(verdict.operation, verdict.state, verdict.reason)
        else:
            self._board.expect(verdict.operation)

    def _seat(self, operation: str, table: Any, database: Database) -> leases.Seat:
        return leases.Seat(
            operation,
            self._lease(operation, database),
            self._board.desk(operation),
            named_stations(table),
            table.take_back,
        )

    def _heartbeat_spec(self, database: Database, settings: Settings) -> ChildSpec:
        identity = self._identity
        sign = heartbeat.Sign(identity.station, identity.process, identity.version, club_plan(RULES, settings))
        args = (self._stations_of(database), sign, self._aggregate_state, self.held_operations)
        return _spec(heartbeat.ID, heartbeat.HeartbeatActor, args)

    def _housekeeping_spec(self, settings: Settings, database: Database) -> ChildSpec:
        identity, club = self._identity, settings.club
        house = housekeeping.House(
            identity.station,
            identity.process,
            identity.predecessors,
            str(club.language),
            ZoneInfo(club.timezone),
        )
        return _spec(housekeeping.ID, housekeeping.HousekeepingActor, (house, database))

    def _leases_specs(self, database: Database, seats: tuple[leases.Seat, ...]) -> tuple[ChildSpec, ...]:
        wanted = {id(seat.lease) for seat in seats}
        retired = tuple(lease for lease in self._leases.values() if id(lease) not in wanted)
        if not seats and not retired:
            return ()
        return (_spec(leases.ID, leases.LeasesActor, (database, seats, retired, self._tell_actor)),)


def _spec(id_: str, actor: type[SupervisedActor], args: tuple[object, ...]) -> ChildSpec:
    return ChildSpec(id=id_, start=actor, args=args, backoff=_BACKOFF, hang_timeout_seconds=_HANG_SECONDS)
