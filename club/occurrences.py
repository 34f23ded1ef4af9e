"""The occurrences of one operation's schedule: seen, begun, skipped and ended once per club, under its lease if any."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection, and_, bindparam, exc, func, insert, or_, select, update

from club.database import Database
from club.dialect import now_ms, utc_now
from club.lease import Lease
from club.reading import legible, shortened
from club.runs import SUMMARY_LENGTH, RunOutcome
from club.tables import operation_run as table

T = TypeVar("T")

NOW: Final = now_ms()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OPERATION: Final = table.c.operation == bindparam("o_operation")
# Names of a schedule begin with a digit: whatever the collation, they come after "0" and before "now:", which begins
# the names of runs out of schedule. So both questions are one look at the unique index, however long the history.
_SCHEDULED: Final = and_(_OPERATION, table.c.occurrence >= "0", table.c.occurrence < "n")
_CLOCK: Final = select(NOW)
_NEWEST: Final = select(func.max(table.c.occurrence)).where(_SCHEDULED, table.c.occurrence <= bindparam("o_until"))
_SEEN: Final = select(table, NOW.label("now")).where(
    _OPERATION, table.c.occurrence.in_(bindparam("o_names", expanding=True))
)
_NAMED: Final = and_(_OPERATION, table.c.occurrence == bindparam("o_name"))
_ROW: Final[dict[str, Any]] = {
    "station": bindparam("o_station"),
    "process": bindparam("o_process"),
    "outcome": bindparam("o_outcome"),
    "summary": bindparam("o_summary"),
    "started_ms": NOW,
    "started_at": utc_now(),
}
_ENDED: Final[dict[str, Any]] = {"finished_at": utc_now(), "finished_ms": NOW}
_RUN: Final = insert(table).values(operation=bindparam("o_operation"), occurrence=bindparam("o_name"), **_ROW)
_SKIP: Final = _RUN.values(**_ENDED)
# A row of the future was written while the database's clock was ahead: what it says was skipped has not come yet.
_MAY_AGAIN: Final = or_(
    and_(table.c.outcome == "interrupted", table.c.summary.is_(None)),
    and_(table.c.outcome == "skipped", table.c.started_ms > NOW),
)
_AGAIN: Final = update(table).where(_NAMED, _MAY_AGAIN).values(finished_at=None, finished_ms=None, **_ROW)
_FINISH: Final = (
    update(table)
    .where(table.c.id == bindparam("o_id"), table.c.process == bindparam("o_process"), table.c.outcome == "running")
    .values(
        outcome=bindparam("o_outcome"),
        summary=func.coalesce(bindparam("o_summary", type_=table.c.summary.type), table.c.summary),
        **_ENDED,
    )
)
_INTERRUPT: Final = (
    update(table)
    .where(_NAMED, table.c.process == bindparam("o_other"), table.c.outcome == "running")
    .values(outcome="interrupted", **_ENDED)
)


@attrs.frozen
class Known:
    """What the club knows of one occurrence.

    `is_ahead`: it was written by a clock that was ahead of now. `is_second`: it has been begun twice already.
    """

    outcome: str
    station: str
    process: str
    is_ahead: bool = False
    is_second: bool = False


@attrs.frozen
class Sight:
    """What a look at the club database shows; `newest` is the last name that it has, up to the one asked for."""

    newest: str | None
    known: Mapping[str, Known]


def club_time(database: Database) -> datetime:
    """Return the club's time: the clock of its database, in UTC. Raises DatabaseAway and DatabaseUnfit."""
    milliseconds = database.read(lambda connection: connection.execute(_CLOCK).scalar_one())
    return _EPOCH + timedelta(milliseconds=milliseconds)


class Occurrences:
    """One station's hand on the occurrences of one operation's schedule.

    With a lease every write is made under its fence: a station that lost it begins, skips and ends nothing. All
    methods raise DatabaseAway and DatabaseUnfit, those that write LeaseLost too.
    """

    def __init__(
        self, database: Database, operation: str, station: str, process: str, lease: Lease | None = None
    ) -> None:
        self.operation = operation
        self.station = station
        self.process = process
        self.lease = lease
        self._database = database

    def now(self) -> datetime:
        """Return the club's time."""
        return club_time(self._database)

    def look(self, names: Sequence[str], until: str) -> Sight:
        """Return what is known of these occurrences, and the newest of any name that does not sort after `until`."""

        def work(connection: Connection) -> Sight:
            values = {"o_operation": self.operation, "o_until": until, "o_names": list(names)}
            newest = connection.execute(_NEWEST, values).scalar_one()
            rows = connection.execute(_SEEN, values).mappings()
            return Sight(
                None if newest is None else legible(newest), {legible(row["occurrence"]): _known(row) for row in rows}
            )

        return self._database.read(work)

    def begin(self, name: str, second: str) -> int | None:
        """Record that an occurrence begins and return the run's id; None when a station of the club has had it.

        One that was interrupted is begun once more, in the same row, with `second` as its summary so far; never a
        third time: what broke twice would break every time.
        """
        values = self._values(name, "running", None)
        try:
            return self._write(lambda connection: int(connection.execute(_RUN, values).inserted_primary_key[0]))  # type: ignore[index]  # one row has one key
        except exc.IntegrityError:
            return self._write(lambda connection: self._again(connection, {**values, "o_summary": second}))

    def skip(self, name: str, summary: str) -> bool:
        """Record that an occurrence will not be run, and why; False when another station has recorded it."""
        values = self._values(name, "skipped", summary)
        try:
            self._write(lambda connection: connection.execute(_SKIP, values))
        except exc.IntegrityError:
            return False
        return True

    def finish(self, run: int, outcome: RunOutcome, summary: str) -> bool:
        """Record how a run of this process ended; False when it was declared interrupted meanwhile."""
        values = {**self._values("", outcome, summary), "o_id": run}
        return self._write(lambda connection: connection.execute(_FINISH, values).rowcount) == 1

    def interrupt(self, name: str, process: str) -> bool:
        """Declare interrupted what a dead process left running; the caller knows that it is dead."""
        values = {"o_operation": self.operation, "o_name": name, "o_other": process}
        return self._write(lambda connection: connection.execute(_INTERRUPT, values).rowcount) == 1

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._database.write(work) if self.lease is None else self.lease.fenced(work)

    def _values(self, name: str, outcome: str, summary: str | None) -> dict[str, Any]:
        return {
            "o_operation": self.operation,
            "o_name": name,
            "o_station": self.station,
            "o_process": self.process,
            "o_outcome": outcome,
            "o_summary": shortened(summary, SUMMARY_LENGTH) if summary else None,
        }

    def _again(self, connection: Connection, values: dict[str, Any]) -> int | None:
        if connection.execute(_AGAIN, values).rowcount != 1:
            return None
        return int(connection.execute(select(table.c.id).where(_NAMED), values).scalar_one())


def _known(row: Any) -> Known:
    started = row["started_ms"]
    return Known(
        outcome=legible(row["outcome"]),
        station=legible(row["station"]),
        process=legible(row["process"]),
        is_ahead=isinstance(started, int) and started > row["now"],
        is_second=row["summary"] is not None,
    )
