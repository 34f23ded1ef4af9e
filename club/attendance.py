"""Attendance as the stations write it: what sensors counted and what it makes of the zones, in one transaction.

attendance = Attendance(database, station)
attendance.sensors()                          # at start: what each counted so far, and its memory
attendance.write(changes, now, reckoner)      # at each passage, and every ten seconds as a sign of life
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
from sqlalchemy import Connection, and_, bindparam, delete, exc, insert, select, update

from club.attendance_alerts import write_alerts
from club.attendance_corrections import pending_corrections, write_applied, write_own
from club.attendance_history import Moment, advance
from club.attendance_records import (
    Blind,
    Picture,
    Reckoner,
    SensorChange,
    SensorKey,
    SensorRecord,
    Settled,
    Step,
    ZoneRecord,
)
from club.attendance_rows import Tail, instant_of_ms, milliseconds, sensor_of, tail_of, zone_of, zone_values
from club.attendance_sensors import sensors_of_day
from club.attendance_tables import attendance, fmi_sensor, fmi_sensor_day
from club.database import Database
from club.dialect import now_ms, select_for_change
from club.reading import shortened

_MINUTE_MS: Final = 60_000
_YOUNG: Final = timedelta(seconds=8)
_REASON_LENGTH: Final = 1000
_STATE_LENGTH: Final = 32

_CLOCK: Final = select(now_ms())
_ZONES: Final = select_for_change(
    select(attendance).where(attendance.c.zone.in_(bindparam("a_zones", expanding=True))).order_by(attendance.c.zone),
    attendance,
)
_ZONE_IS_THERE: Final = select(attendance.c.zone).where(attendance.c.zone.in_(bindparam("a_zones", expanding=True)))
_NEW_ZONE: Final = insert(attendance)
_THIS_SENSOR: Final = and_(fmi_sensor.c.station == bindparam("a_station"), fmi_sensor.c.name == bindparam("a_name"))
_SENSOR_COLUMNS: Final = tuple(name for name in fmi_sensor.c.keys() if name not in ("station", "name"))  # noqa: SIM118  # a collection of columns
_CHANGE_SENSOR: Final = (
    update(fmi_sensor).where(_THIS_SENSOR).values({name: bindparam(f"a_{name}") for name in _SENSOR_COLUMNS})
)
_ADD_TO_DAY: Final = (
    update(fmi_sensor_day)
    .where(
        fmi_sensor_day.c.station == bindparam("a_station"),
        fmi_sensor_day.c.name == bindparam("a_name"),
        fmi_sensor_day.c.day == bindparam("a_day"),
    )
    .values(
        {
            name: fmi_sensor_day.c[name] + bindparam(f"a_{name}", type_=fmi_sensor_day.c[name].type)
            for name in ("entries", "exits", "blind_seconds", "blind_times")
        }
    )
)
_ZONE_COLUMNS: Final = tuple(name for name in attendance.c.keys() if name != "zone")  # noqa: SIM118  # as above
_CHANGE_ZONE: Final = (
    update(attendance)
    .where(attendance.c.zone == bindparam("a_zone"))
    .values({name: bindparam(f"a_{name}") for name in _ZONE_COLUMNS})
)
_NEW_DAY: Final = insert(fmi_sensor_day)
_FORGET: Final = delete(fmi_sensor)


class Attendance:
    """The attendance of a club, as one of its stations writes it. Raises DatabaseAway and DatabaseUnfit.

    Whichever station writes, a zone's number is made from all sensors of the club, under the lock of the zones' rows.
    """

    def __init__(self, database: Database, station: str) -> None:
        self._database = database
        self._station = station

    def sensors(self) -> dict[str, SensorRecord]:
        """Return the sensors of this station by name, as the club knows them: from there their counting goes on."""
        statement = select(fmi_sensor).where(fmi_sensor.c.station == self._station)
        rows = self._database.read(lambda connection: connection.execute(statement).mappings().all())
        found = [sensor_of(row) for row in rows]
        return {record.key.name: record for record in found}

    def keep_only(self, names: Sequence[str]) -> int:
        """Forget sensors of this station that the settings no longer name; how many. Their days stay."""
        gone = _FORGET.where(fmi_sensor.c.station == self._station, fmi_sensor.c.name.not_in(list(names)))
        return self._database.write(lambda connection: connection.execute(gone).rowcount)

    def write(self, changes: Sequence[SensorChange], station_now: datetime, reckoner: Reckoner) -> Settled:
        """Write what sensors counted and what follows from it, in one durable commit; return what was made of it.

        `station_now` is the clock by which the instants of `changes` were taken: they are moved to the database's.
        Written again after an error, also one whose outcome is not known, nobody is counted twice. Without changes it
        is a tick: a day begins, corrections are applied, a silent station is seen.
        """

        def work(connection: Connection) -> Settled:
            return self._write(connection, changes, station_now, reckoner)

        try:
            return self._database.write(work)
        except exc.IntegrityError:  # another station wrote the first row of a zone or a day at this moment
            return self._database.write(work)

    def _write(
        self, connection: Connection, changes: Sequence[SensorChange], station_now: datetime, reckoner: Reckoner
    ) -> Settled:
        zones, tails = _locked_zones(connection, sorted(reckoner.zones))
        now = instant_of_ms(connection.execute(_CLOCK).scalar_one())
        known = {record.key: record for record in sensors_of_day(connection, reckoner.day_of(now))}
        steps: list[Step] = []
        blind: list[Blind] = []
        for change in changes:
            key = SensorKey(self._station, change.name)
            before = known.get(key)
            added = _steps(key, change, before, now, station_now)
            steps += added
            if change.blind_seconds > 0 or change.strays > 0:
                passed = 0 if before is None else max(before.day_entries + before.day_exits, 0)
                blind.append(Blind(key, change.zone, change.from_zone, change.blind_seconds, change.strays, passed))
            sensor = _write_sensor(connection, key, change, before, now, station_now)
            known[key] = _write_day(connection, sensor, change, added, now, reckoner)
        steps.sort(key=lambda step: step.at)
        picture = Picture(now, zones, known, steps, blind, pending_corrections(connection))
        settled = reckoner.settle(picture)
        for record in settled.zones:
            _write_zone(connection, record, zones, tails, settled, now)
        write_applied(connection, settled.applied, now)
        write_own(connection, settled.own, now)
        write_alerts(connection, settled.alerts, now)
        sensors = sorted(known.values(), key=lambda record: (record.key.station, record.key.name))
        return attrs.evolve(settled, sensors=tuple(sensors))


def _locked_zones(connection: Connection, names: Sequence[str]) -> tuple[dict[str, ZoneRecord], dict[str, Tail]]:
    asked = {"a_zones": list(names)}
    there = set(connection.execute(_ZONE_IS_THERE, asked).scalars())
    for name in names:
        if name not in there:
            connection.execute(_NEW_ZONE, {"zone": name})
    rows = connection.execute(_ZONES, asked).mappings().all()
    return {row["zone"]: zone_of(row) for row in rows}, {row["zone"]: tail_of(row) for row in rows}


def _steps(
    key: SensorKey, change: SensorChange, before: SensorRecord | None, now: datetime, station_now: datetime
) -> list[Step]:
    """Return what the readings add to what the database has; one that it has already adds nobody."""
    entries, exits = (0, 0) if before is None else (before.entries, before.exits)
    steps = []
    for reading in change.readings:
        at = min(now, reading.at + (now - station_now))
        since = at if reading.since_at is None else min(at, reading.since_at + (now - station_now))
        added = max(0, reading.entries - entries), max(0, reading.exits - exits)
        if any(added):
            steps.append(Step(key, change.zone, change.from_zone, at, since, *added))
        entries, exits = max(entries, reading.entries), max(exits, reading.exits)
    return steps


def _write_sensor(
    connection: Connection,
    key: SensorKey,
    change: SensorChange,
    before: SensorRecord | None,
    now: datetime,
    station_now: datetime,
) -> SensorRecord:
    last = change.readings[-1] if change.readings else None
    since = None if change.since_at is None else min(now, change.since_at + (now - station_now))
    if since is None:
        has_turned = before is None or before.known != change.known or before.since is None
        since = now if has_turned or before is None else before.since
    record = SensorRecord(
        key=key,
        zone=change.zone,
        from_zone=change.from_zone,
        known=change.known,
        state=change.state[:_STATE_LENGTH],
        reason=None if change.reason is None else shortened(change.reason, _REASON_LENGTH),
        since=since,
        seen_at=now,
        entries=max(before.entries if before else 0, last.entries if last else 0),
        exits=max(before.exits if before else 0, last.exits if last else 0),
        memory=change.memory if change.memory is not None or before is None else before.memory,
        day=before.day if before else "",
        day_entries=before.day_entries if before else 0,
        day_exits=before.day_exits if before else 0,
    )
    values: dict[str, Any] = {
        "zone": record.zone,
        "from_zone": record.from_zone,
        "known": int(record.known),
        "state": record.state,
        "reason": record.reason,
        "since": record.since,
        "seen_at": now,
        "seen_ms": milliseconds(now),
        "entries": record.entries,
        "exits": record.exits,
        "memory": record.memory,
    }
    if before is None:
        connection.execute(insert(fmi_sensor), {"station": key.station, "name": key.name, **values})
    else:
        given = {f"a_{name}": value for name, value in values.items()}
        connection.execute(_CHANGE_SENSOR, {"a_station": key.station, "a_name": key.name, **given})
    return record


def _write_day(
    connection: Connection,
    record: SensorRecord,
    change: SensorChange,
    steps: Sequence[Step],
    now: datetime,
    reckoner: Reckoner,
) -> SensorRecord:
    """Add to the days of a sensor: passages to that in which they happened, blindness to the present one."""
    today = reckoner.day_of(now)
    added: dict[str, list[int]] = {}
    for step in steps:
        day = added.setdefault(reckoner.day_of(step.since_at + (step.at - step.since_at) / 2), [0, 0, 0, 0])
        day[0] += step.entries
        day[1] += step.exits
    if change.blind_seconds > 0:
        day = added.setdefault(today, [0, 0, 0, 0])
        day[2] += int(change.blind_seconds)
        day[3] += 1
    for name, (entries, exits, seconds, times) in added.items():
        values = {"entries": entries, "exits": exits, "blind_seconds": seconds, "blind_times": times}
        given = {f"a_{column}": value for column, value in values.items()}
        this = {"station": record.key.station, "name": record.key.name, "day": name}
        if (
            connection.execute(
                _ADD_TO_DAY, {**given, **{f"a_{column}": value for column, value in this.items()}}
            ).rowcount
            == 0
        ):
            connection.execute(_NEW_DAY, {**this, **values})
    entries, exits, *_ = added.get(today, (0, 0))
    return attrs.evolve(record, day=today, day_entries=record.day_entries + entries, day_exits=record.day_exits + exits)


def _write_zone(
    connection: Connection,
    record: ZoneRecord,
    zones: Mapping[str, ZoneRecord],
    tails: Mapping[str, Tail],
    settled: Settled,
    now: datetime,
) -> None:
    before, tail = zones[record.name], tails[record.name]
    minutes = [each for each in settled.minutes if each.zone == record.name]
    if not minutes and _may_wait(before, record, tail, now):
        return
    moment = Moment(
        before,
        record,
        now.replace(second=0, microsecond=0),
        settled.known_from.get(record.name),
        settled.began.get(record.name),
    )
    tail = advance(connection, moment, tail, minutes)
    values = {
        **zone_values(record),
        "minute_ms": tail.begins_ms,
        "minute_count": tail.minutes,
        "minute_quiet": int(tail.is_quiet),
    }
    connection.execute(_CHANGE_ZONE, {"a_zone": record.name, **{f"a_{name}": value for name, value in values.items()}})


def _may_wait(before: ZoneRecord, after: ZoneRecord, tail: Tail, now: datetime) -> bool:
    """Whether a zone in which nothing has changed need not be written: its row is young, and its minute is noted."""
    if before.updated_at is None or not timedelta(0) <= now - before.updated_at < _YOUNG:
        return False
    is_noted = tail.begins_ms + tail.minutes * _MINUTE_MS > milliseconds(now)
    # By what a row keeps of instants: whole seconds.
    same = attrs.evolve(after, updated_at=before.updated_at, since=before.since, estimated_since=before.estimated_since)
    return is_noted and same == before and _same_second(after.since, before.since)


def _same_second(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs((one - other).total_seconds()) < 1
