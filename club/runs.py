"""The runs of operations: each occurrence of a schedule once per club, and the history of them all."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import uuid4

import attrs
from sqlalchemy import Connection, bindparam, delete, exc, insert, select, update

from club.database import Database
from club.dialect import now_ms, utc_now, utc_of_ms
from club.reading import instant_or_none, legible, shortened
from club.tables import operation_run as table

NOW: Final = now_ms()
SUMMARY_LENGTH: Final = 1000
_PURGED_AT_ONCE: Final = 5000

RunOutcome: TypeAlias = Literal["ok", "failed", "skipped", "interrupted"]

_BEGIN: Final = insert(table).values(
    operation=bindparam("r_operation"),
    occurrence=bindparam("r_occurrence"),
    station=bindparam("r_station"),
    process=bindparam("r_process"),
    started_ms=NOW,
)
_STARTED: Final = NOW - bindparam("r_milliseconds", type_=table.c.started_ms.type)
_RECORD: Final = _BEGIN.values(
    started_ms=_STARTED,
    started_at=utc_of_ms(_STARTED),
    outcome=bindparam("r_outcome"),
    summary=bindparam("r_summary"),
    finished_at=utc_now(),
    finished_ms=NOW,
)
_AGAIN: Final = (
    update(table)
    .where(
        table.c.operation == bindparam("r_operation"),
        table.c.occurrence == bindparam("r_occurrence"),
        table.c.outcome == "interrupted",
    )
    .values(
        station=bindparam("r_station"),
        process=bindparam("r_process"),
        outcome="running",
        started_at=utc_now(),
        started_ms=NOW,
        finished_at=None,
        finished_ms=None,
        summary=None,
    )
)
_FINISH: Final = (
    update(table)
    .where(table.c.id == bindparam("r_id"), table.c.process == bindparam("r_process"), table.c.outcome == "running")
    .values(outcome=bindparam("r_outcome"), summary=bindparam("r_summary"), finished_at=utc_now(), finished_ms=NOW)
)


@attrs.frozen
class Run:
    """One run of an operation; `outcome` is `running` until it is finished."""

    id: int
    operation: str
    occurrence: str
    station: str
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    outcome: str
    summary: str | None


class Runs:
    """The run records that one process of one station writes, and everybody's history."""

    def __init__(self, database: Database, station: str, process: str) -> None:
        self._database = database
        self._station = station
        self._process = process

    def begin(self, operation: str, occurrence: str | None = None, *, again: bool = False) -> int | None:
        """Record that an occurrence begins and return the run's id; None when a station of the club has had it.

        `occurrence` names it the same on every station (`2026-11-24T23:00`); None for a run out of schedule. With
        `again` an interrupted occurrence may be begun once more.
        """
        values = {
            "r_operation": operation,
            "r_occurrence": occurrence or f"now:{uuid4()}",
            "r_station": self._station,
            "r_process": self._process,
        }
        try:
            return self._database.write(
                lambda connection: int(connection.execute(_BEGIN, values).inserted_primary_key[0])  # type: ignore[index]  # one row has one key
            )
        except exc.IntegrityError:
            return self._database.write(lambda connection: self._once_more(connection, values)) if again else None

    def finish(self, run: int, outcome: RunOutcome, summary: str = "") -> bool:
        """Record how a run of this process ended; False when it was finished, or declared interrupted, before."""
        values = {
            "r_id": run,
            "r_process": self._process,
            "r_outcome": outcome,
            "r_summary": shortened(summary, SUMMARY_LENGTH) or None,
        }
        return self._database.write(lambda connection: connection.execute(_FINISH, values).rowcount) == 1

    def record(self, operation: str, outcome: RunOutcome, seconds: float, summary: str = "") -> None:
        """Record a run out of schedule that has just ended and took `seconds`, in one write."""
        values = {
            "r_operation": operation,
            "r_occurrence": f"now:{uuid4()}",
            "r_station": self._station,
            "r_process": self._process,
            "r_outcome": outcome,
            "r_summary": shortened(summary, SUMMARY_LENGTH) or None,
            "r_milliseconds": int(seconds * 1000),
        }
        self._database.write(lambda connection: connection.execute(_RECORD, values).rowcount)

    def interrupt(self, processes: Collection[str]) -> int:
        """Declare `interrupted` what dead processes of this station left running; how many.

        The caller knows that they are dead: it holds the station's instance lock.
        """
        statement = (
            update(table)
            .where(
                table.c.outcome == "running", table.c.station == self._station, table.c.process.in_(sorted(processes))
            )
            .values(outcome="interrupted", finished_at=utc_now(), finished_ms=NOW)
        )
        return self._database.write(lambda connection: connection.execute(statement).rowcount) if processes else 0

    def history(
        self, operation: str | None = None, since: datetime | None = None, *, failures: bool = False, limit: int = 100
    ) -> list[Run]:
        """Return past and present runs of every station, newest first."""
        statement = select(table).order_by(table.c.id.desc()).limit(limit)
        if operation is not None:
            statement = statement.where(table.c.operation == operation)
        if since is not None:
            statement = statement.where(table.c.started_ms >= int(since.timestamp() * 1000))
        if failures:
            statement = statement.where(table.c.outcome.in_(("failed", "interrupted")))
        rows = self._database.read(lambda connection: connection.execute(statement).mappings().all())
        return [_run(row) for row in rows]

    def last(self, operation: str) -> Run | None:
        """Return the newest run of an operation on any station."""
        return next(iter(self.history(operation, limit=1)), None)

    def purge(self, keep: timedelta) -> int:
        """Remove finished runs older than `keep`, some thousands at a time; how many. Call again until it gives 0."""
        oldest = NOW - int(keep.total_seconds() * 1000)

        def work(connection: Connection) -> int:
            old = select(table.c.id).where(table.c.started_ms < oldest, table.c.outcome != "running")
            ids = connection.execute(old.order_by(table.c.started_ms).limit(_PURGED_AT_ONCE)).scalars().all()
            removed = 0
            for first in range(0, len(ids), 500):
                removed += connection.execute(delete(table).where(table.c.id.in_(ids[first : first + 500]))).rowcount
            return removed

        return self._database.write(work)

    def _once_more(self, connection: Connection, values: dict[str, Any]) -> int | None:
        if connection.execute(_AGAIN, values).rowcount != 1:
            return None
        key = (table.c.operation == values["r_operation"], table.c.occurrence == values["r_occurrence"])
        return int(connection.execute(select(table.c.id).where(*key)).scalar_one())


def _run(row: Any) -> Run:
    started, finished = row["started_ms"], row["finished_ms"]
    return Run(
        id=row["id"],
        operation=legible(row["operation"]),
        occurrence=legible(row["occurrence"]),
        station=legible(row["station"]),
        started_at=instant_or_none(row["started_at"]),
        finished_at=instant_or_none(row["finished_at"]),
        seconds=max(0, finished - started) / 1000 if isinstance(finished, int) and isinstance(started, int) else None,
        outcome=legible(row["outcome"]),
        summary=None if row["summary"] is None else legible(row["summary"]),
    )
