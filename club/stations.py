"""The stations of the club: each one's last sign of life, version and state."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Connection, bindparam, exc, insert, select, update

from club.database import Database
from club.dialect import now_ms, utc_now
from club.holders import json_of, names_of
from club.reading import instant_or_none, legible
from club.tables import station as table

NOW: Final = now_ms()
STOPPED: Final = "stopped"
"""The state that a station leaves behind when it ends in order."""
UNSEEN_SECONDS: Final = 90.0
"""A station that gave no sign of life for three beats is taken to be off."""
_VALUES: Final[dict[str, Any]] = {
    "version": bindparam("s_version"),
    "state": bindparam("s_state"),
    "holds": bindparam("s_holds"),
    "plan": bindparam("s_plan"),
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
    """A station as the club last saw it; `age_seconds` by the database's clock, negative when that stepped back.

    `plan` tells for each exclusive operation the stations that may do it, the preferred one first, by the settings file
    of this station; empty for a station of an older version.
    """

    name: str
    process: str
    version: str
    state: str
    holds: tuple[str, ...]
    started_at: datetime | None
    seen_at: datetime | None
    age_seconds: float
    plan: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)

    @property
    def is_alive(self) -> bool:
        """Whether its program is taken to run: it gave a sign of life not long ago, and no last one."""
        return self.state != STOPPED and self.age_seconds <= UNSEEN_SECONDS


class Stations:
    """The signs of life of the club's stations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(
        self,
        name: str,
        process: str,
        version: str,
        state: str,
        holds: Sequence[str] = (),
        *,
        plan: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Give a sign of life: one short write, that says the aggregate state and which leases the station holds.

        `plan` names for each exclusive operation the stations that may do it by this station's settings file.
        """
        values = {
            "s_name": name,
            "s_process": process,
            "s_version": version,
            "s_state": state,
            "s_holds": json_of(sorted(holds)),
            "s_plan": None
            if plan is None
            else json.dumps({key: list(plan[key]) for key in sorted(plan)}, ensure_ascii=False),
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


def gone_stations(database: Database) -> tuple[str, ...]:
    """Return the stations that are known not to run; one that never gave a sign of life is not known at all."""
    return tuple(report.name for report in Stations(database).list() if not report.is_alive)


def _report(row: Any) -> StationReport:
    return StationReport(
        name=legible(row["name"]),
        process=legible(row["process"]),
        version=legible(row["version"]),
        state=legible(row["state"]),
        holds=names_of(row["holds"]),
        started_at=instant_or_none(row["started_at"]),
        seen_at=instant_or_none(row["seen_at"]),
        age_seconds=(row["now"] - row["seen_ms"]) / 1000,
        plan=_plan(row["plan"]),
    )


def _plan(value: Any) -> dict[str, tuple[str, ...]]:
    try:
        plan = json.loads(value)
    except (ValueError, TypeError):
        return {}
    if not isinstance(plan, dict):
        return {}
    return {str(key): tuple(str(name) for name in names) for key, names in plan.items() if isinstance(names, list)}
