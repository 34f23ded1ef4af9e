"""The history of what operations did; the occurrences of a schedule are begun and ended in `club.occurrences`."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import uuid4

import attrs
from sqlalchemy import Connection, bindparam, delete, insert, select

from club.database import Database
from club.dialect import now_ms, utc_now, utc_of_ms
from club.reading import instant_or_none, legible, shortened
from club.tables import operation_run as table

NOW: Final = now_ms()
SUMMARY_LENGTH: Final = 1000
_PURGED_AT_ONCE: Final = 5000

RunOutcome: TypeAlias = Literal["ok", "failed", "skipped", "interrupted"]

_STARTED: Final = NOW - bindparam("r_milliseconds", type_=table.c.started_ms.type)
_RECORD: Final = insert(table).values(
    operation=bindparam("r_operation"),
    occurrence=bindparam("r_occurrence"),
    station=bindparam("r_station"),
    process=bindparam("r_process"),
    started_ms=_STARTED,
    started_at=utc_of_ms(_STARTED),
    outcome=bindparam("r_outcome"),
    summary=bindparam("r_summary"),
    finished_at=utc_now(),
    finished_ms=NOW,
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
    """The runs out of schedule that one process of one station records, and everybody's history."""

    def __init__(self, database: Database, station: str, process: str) -> None:
        self._database = database
        self._station = station
        self._process = process

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
