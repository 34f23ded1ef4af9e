"""Attendance as people see it: how many are inside now, how the day went, what was corrected and by whom."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
from sqlalchemy import Connection, delete, insert, or_, select

from club.attendance_records import Correction, HistoryMinute, SensorRecord, ZoneRecord
from club.attendance_rows import HISTORY, correction_of, instant_of_ms, minutes_of, zone_of
from club.attendance_sensors import sensors_of_day
from club.attendance_tables import attendance, attendance_correction, attendance_minute, fmi_sensor_day
from club.database import Database
from club.dialect import now_ms
from club.reading import instant_or_none, legible, shortened, whole

UNSEEN: Final = timedelta(minutes=1)
"""A zone that no station has written for so long is unknown, whatever its row says."""
_PURGED_AT_ONCE: Final = 2000
_ZONES: Final = select(attendance, now_ms().label("now")).order_by(attendance.c.zone)
_ASKED: Final = select(attendance_correction.c.id).where(attendance_correction.c.state == "pending").limit(1)


@attrs.frozen
class SensorDay:
    """What one sensor counted in one day, and for how long it was blind."""

    station: str
    name: str
    day: str
    entries: int
    exits: int
    blind_seconds: int
    blind_times: int


@attrs.frozen
class Glance:
    """How attendance is at one moment; `is_asked`: somebody wants it corrected."""

    zones: tuple[ZoneRecord, ...]
    sensors: tuple[SensorRecord, ...]
    is_asked: bool


class AttendanceDesk:
    """Reads attendance and takes corrections, from any station. Raises DatabaseAway and DatabaseUnfit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def zones(self) -> tuple[ZoneRecord, ...]:
        """Return the zones as they are now: one that is written no more is unknown since it was written last."""
        return self._database.read(_zones)

    def sensors(self, day: str) -> tuple[SensorRecord, ...]:
        """Return all sensors of the club, with what they counted in a day."""
        return self._database.read(lambda connection: sensors_of_day(connection, day))

    def glance(self, day: str) -> Glance:
        """Return `zones` and `sensors`, and whether a correction waits, in one transaction."""

        def work(connection: Connection) -> Glance:
            is_asked = connection.execute(_ASKED).first() is not None
            return Glance(_zones(connection), sensors_of_day(connection, day), is_asked)

        return self._database.read(work)

    def sensor_days(self, since: str) -> tuple[SensorDay, ...]:
        """Return what the sensors counted day by day, from a day on: `2026-11-24`."""
        c = fmi_sensor_day.c
        statement = select(fmi_sensor_day).where(c.day >= since).order_by(c.station, c.name, c.day)
        rows = self._database.read(lambda connection: connection.execute(statement).mappings().all())
        return tuple(
            SensorDay(
                legible(row["station"]),
                legible(row["name"]),
                legible(row["day"]),
                *(whole(row[name]) for name in ("entries", "exits", "blind_seconds", "blind_times")),
            )
            for row in rows
        )

    def history(self, zone: str, since: datetime, until: datetime) -> tuple[HistoryMinute, ...]:
        """Return the minutes of a zone, oldest first; those of which nobody knew anything are not among them."""
        c = attendance_minute.c
        of_zone = select(*HISTORY).where(c.zone == zone)
        # A row that begins before may stand for minutes that are asked about.
        first = of_zone.where(c.minute_at < since).order_by(c.minute_at.desc()).limit(1)
        others = of_zone.where(c.minute_at >= since, c.minute_at < until).order_by(c.minute_at)

        def work(connection: Connection) -> Sequence[Any]:
            return [*connection.execute(first), *connection.execute(others)]

        rows = self._database.read(work)
        return tuple(minute for row in rows for minute in minutes_of(row, since, until))

    def correct(
        self, zone: str, author: str, reason: str, *, present: int | None = None, delta: int | None = None
    ) -> int:
        """Ask for a correction and return its id; the next write of a station applies it, or refuses it and says why.

        `present`: the people as somebody counted them; `delta`: how many more, or fewer, there are.
        """
        values = {
            "zone": shortened(zone, 100),
            "present": present,
            "delta": delta,
            "author": shortened(author, 100),
            "reason": shortened(reason, 400),
        }

        def work(connection: Connection) -> int:
            key = connection.execute(insert(attendance_correction), values).inserted_primary_key
            return 0 if key is None else int(key[0])

        return self._database.write(work)

    def correction(self, correction_id: int) -> Correction | None:
        """Return one correction, with what became of it."""
        statement = select(attendance_correction).where(attendance_correction.c.id == correction_id)
        row = self._database.read(lambda connection: connection.execute(statement).mappings().first())
        return None if row is None else correction_of(row)

    def corrections(
        self, zone: str | None = None, since: datetime | None = None, limit: int = 100, until: datetime | None = None
    ) -> Sequence[Correction]:
        """Return what was corrected, by people and by the arithmetic itself, the newest first."""
        c = attendance_correction.c
        statement = select(attendance_correction).order_by(c.id.desc()).limit(limit)
        if zone is not None:
            statement = statement.where(c.zone == zone)
        if since is not None:
            statement = statement.where(c.created_at >= since)
        if until is not None:
            statement = statement.where(c.created_at < until)
        rows = self._database.read(lambda connection: connection.execute(statement).mappings().all())
        return tuple(correction_of(row) for row in rows)

    def purge(self, keep: timedelta) -> int:
        """Remove history, corrections and days of sensors older than `keep`, some thousands at a time; how many.

        Call again until it gives 0.
        """

        def work(connection: Connection) -> int:
            now = instant_of_ms(connection.execute(select(now_ms())).scalar_one())
            return sum(
                (
                    _purge_minutes(connection, now - keep),
                    _purge_corrections(connection, now - keep),
                    _purge_days(connection, (now - keep).date().isoformat()),
                )
            )

        return self._database.write(work)


def _zones(connection: Connection) -> tuple[ZoneRecord, ...]:
    rows = connection.execute(_ZONES).mappings()
    return tuple(_unseen_or_not(zone_of(row), instant_of_ms(row["now"])) for row in rows)


def _unseen_or_not(record: ZoneRecord, now: datetime) -> ZoneRecord:
    if record.updated_at is None or now - record.updated_at <= UNSEEN:
        return record
    return attrs.evolve(record, known=False, since=record.updated_at if record.known else record.since)


def _purge_minutes(connection: Connection, before: datetime) -> int:
    c = attendance_minute.c
    old = select(c.zone, c.minute_at).where(c.minute_at < before).order_by(c.minute_at).limit(_PURGED_AT_ONCE)
    rows = connection.execute(old).all()
    # By the last instant of each zone: the key begins with the zone, and all that is older goes with it.
    last: dict[str, Any] = {}
    for row in rows:
        last[row.zone] = instant_or_none(row.minute_at)
    removed = 0
    for zone, until in last.items():
        removed += connection.execute(delete(attendance_minute).where(c.zone == zone, c.minute_at <= until)).rowcount
    return removed


def _purge_corrections(connection: Connection, before: datetime) -> int:
    c = attendance_correction.c
    old = select(c.id).where(c.created_at < before, or_(c.state == "applied", c.state == "failed"))
    ids = connection.execute(old.order_by(c.created_at).limit(_PURGED_AT_ONCE)).scalars().all()
    removed = 0
    for first in range(0, len(ids), 500):
        removed += connection.execute(delete(attendance_correction).where(c.id.in_(ids[first : first + 500]))).rowcount
    return removed


def _purge_days(connection: Connection, before: str) -> int:
    return connection.execute(delete(fmi_sensor_day).where(fmi_sensor_day.c.day < before)).rowcount
