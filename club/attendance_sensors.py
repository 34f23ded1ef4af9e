"""The sensors of the whole club with what they counted in a day: one statement for who writes and for who looks."""

from typing import Final

from sqlalchemy import Connection, and_, bindparam, select

from club.attendance_records import SensorRecord
from club.attendance_rows import sensor_of
from club.attendance_tables import fmi_sensor, fmi_sensor_day
from club.reading import whole

_SENSORS: Final = (
    select(fmi_sensor, fmi_sensor_day.c.entries.label("d_in"), fmi_sensor_day.c.exits.label("d_out"))
    .outerjoin(
        fmi_sensor_day,
        and_(
            fmi_sensor_day.c.station == fmi_sensor.c.station,
            fmi_sensor_day.c.name == fmi_sensor.c.name,
            fmi_sensor_day.c.day == bindparam("a_day"),
        ),
    )
    .order_by(fmi_sensor.c.station, fmi_sensor.c.name)
)


def sensors_of_day(connection: Connection, day: str) -> tuple[SensorRecord, ...]:
    """Return all sensors by station and name, with what they counted in a day, as `2026-11-24`."""
    rows = connection.execute(_SENSORS, {"a_day": day}).mappings().all()  # one by one they cost twice as much
    return tuple(sensor_of(row, day, whole(row["d_in"]), whole(row["d_out"])) for row in rows)
