"""The stations of the club: each one's last sign of life, version and state."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Connection, bindparam, exc, insert, select, update

from club.database import Database
from club.dialect import now_ms, utc_now
from club.reading import instant_or_none, legible
from club.tables import station as table

NOW: Final = now_ms()
STOPPED: Final = "stopped"
"""The state that a station leaves behind when it ends in order."""
_VALUES: Final[dict[str, Any]] = {
    "version": bindparam("s_version"),
    "state": bindparam("s_state"),
    "holds": bindparam("s_holds"),
    "seen_at": utc_now(),
    "seen_ms": NOW,
}
_SAME_RUN: Final = (
    update(table)
    .where(table.c.name == bindparam("s_name"), table.c.process == bindparam("s_process"))
    .values(**_VALUES)
)
_NEW_RUN: Final = (
    update(table)
    .where(table.c.name == bindparam("s_name"))
    .values(process=bindparam("s_process"), started_at=utc_now(), **_VALUES)
)
_FIRST_RUN: Final = insert(table).values(name=bindparam("s_name"), process=bindparam("s_process"), **_VALUES)


@attrs.frozen
class StationReport:
    """A station as the club last saw it; `age_seconds` by the database's clock, negative when that stepped back."""

    name: str
    process: str
    version: str
    state: str
    holds: tuple[str, ...]
    started_at: datetime | None
    seen_at: datetime | None
    age_seconds: float


class Stations:
    """The signs of life of the club's stations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, process: str, version: str, state: str, holds: Sequence[str] = ()) -> None:
        """Give a sign of life: one short write, that says the aggregate state and which leases the station holds."""
        values = {
            "s_name": name,
            "s_process": process,
            "s_version": version,
            "s_state": state,
            "s_holds": json.dumps(sorted(holds)),
        }

        def work(connection: Connection) -> None:
            if not any(connection.execute(statement, values).rowcount for statement in (_SAME_RUN, _NEW_RUN)):
                connection.execute(_FIRST_RUN, values)

        try:
            self._database.write(work)
        except exc.IntegrityError:
            self._database.write(work)  # two stations of one name met at their very first sign of life

    def list(self) -> tuple[StationReport, ...]:
        """Return every station that the club has seen, by name."""
        statement = select(table, NOW.label("now")).order_by(table.c.name)
        rows = self._database.read(lambda connection: connection.execute(statement).mappings().all())
        return tuple(_report(row) for row in rows)


def _report(row: Any) -> StationReport:
    return StationReport(
        name=legible(row["name"]),
        process=legible(row["process"]),
        version=legible(row["version"]),
        state=legible(row["state"]),
        holds=_holds(row["holds"]),
        started_at=instant_or_none(row["started_at"]),
        seen_at=instant_or_none(row["seen_at"]),
        age_seconds=(row["now"] - row["seen_ms"]) / 1000,
    )


def _holds(value: Any) -> tuple[str, ...]:
    try:
        names = json.loads(value)
    except (ValueError, TypeError):
        return ()
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
