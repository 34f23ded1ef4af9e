"""The tables of attendance: how many are inside now, minute by minute, what people corrected, what sensors counted."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger, Table

from club.dialect import Code, Id, Instant, LongText, Word, numbered_table_options, table_options, utc_now
from club.tables import metadata

attendance: Final = Table(
    "attendance",
    metadata,
    Column("zone", Word(100), primary_key=True),
    # Others read these.
    Column("present", Integer(), nullable=False, server_default="0"),
    Column("known", SmallInteger(), nullable=False, server_default="0"),
    Column("since", Instant()),
    Column("reason", Word(1000)),
    Column("present_limit", Integer()),
    Column("level", Code(16), nullable=False, server_default="normal"),
    Column("day", Code(10), nullable=False, server_default=""),
    Column("day_total", Integer(), nullable=False, server_default="0"),
    Column("day_limit", Integer()),
    Column("day_level", Code(16), nullable=False, server_default="normal"),
    Column("uncertainty", Integer(), nullable=False, server_default="0"),
    Column("estimated_since", Instant()),
    Column("updated_at", Instant()),
    # Service's own.
    Column("balance", Integer(), nullable=False, server_default="0"),
    Column("anchor_ms", BigInteger(), nullable=False, server_default="0"),
    Column("day_entries", Integer(), nullable=False, server_default="0"),
    Column("passages", Integer(), nullable=False, server_default="0"),
    Column("lost", Integer(), nullable=False, server_default="0"),
    Column("below", Integer(), nullable=False, server_default="0"),
    Column("below_ms", BigInteger(), nullable=False, server_default="0"),
    Column("crossings", BigInteger(), nullable=False, server_default="0"),
    Column("told", Code(16), nullable=False, server_default="normal"),
    # The newest row of its history: where it begins, for how many minutes it stands, whether it may stand for more.
    Column("minute_ms", BigInteger(), nullable=False, server_default="0"),
    Column("minute_count", Integer(), nullable=False, server_default="0"),
    Column("minute_quiet", SmallInteger(), nullable=False, server_default="0"),
    CheckConstraint("present >= 0", name="ck_attendance_present"),
    **table_options,
)

attendance_minute: Final = Table(
    "attendance_minute",
    metadata,
    Column("zone", Word(100), primary_key=True),
    Column("minute_at", Instant(), primary_key=True),
    # For how many minutes the row stands: nothing changed in them.
    Column("minutes", Integer(), nullable=False, server_default="1"),
    Column("present", Integer(), nullable=False),
    Column("known", SmallInteger(), nullable=False),
    Column("estimated", SmallInteger(), nullable=False, server_default="0"),
    Column("entries", Integer(), nullable=False, server_default="0"),
    Column("exits", Integer(), nullable=False, server_default="0"),
    Column("uncertainty", Integer(), nullable=False, server_default="0"),
    Column("present_limit", Integer()),
    # Rows of one zone lie together: a day is read in one go, and the key is not kept twice.
    **{**table_options, "sqlite_with_rowid": False},
)
# Retention removes by age alone, whatever the zones.
Index("ix_attendance_minute_age", attendance_minute.c.minute_at)

attendance_correction: Final = Table(
    "attendance_correction",
    metadata,
    Column("id", Id, primary_key=True),
    # Others write these: one of `present` and `delta`.
    Column("zone", Word(100), nullable=False),
    Column("present", Integer()),
    Column("delta", Integer()),
    Column("author", Word(100), nullable=False),
    Column("reason", Word(400), nullable=False),
    Column("created_at", Instant(), nullable=False, server_default=utc_now()),
    # Others read these.
    Column("state", Code(16), nullable=False, server_default="pending"),
    Column("kind", Code(16), nullable=False, server_default="staff"),
    Column("before_present", Integer()),
    Column("after_present", Integer()),
    Column("applied_at", Instant()),
    Column("error", Word(1000)),
    CheckConstraint("state IN ('pending', 'applied', 'failed')", name="ck_attendance_correction_state"),
    **numbered_table_options,
)
Index("ix_attendance_correction_queue", attendance_correction.c.state, attendance_correction.c.id)
Index("ix_attendance_correction_age", attendance_correction.c.created_at)

fmi_sensor: Final = Table(
    "fmi_sensor",
    metadata,
    Column("station", Word(100), primary_key=True),
    Column("name", Word(100), primary_key=True),
    Column("zone", Word(100), nullable=False),
    Column("from_zone", Word(100)),
    Column("known", SmallInteger(), nullable=False, server_default="0"),
    Column("state", Code(32), nullable=False, server_default=""),
    Column("reason", Word(1000)),
    Column("since", Instant()),
    Column("seen_at", Instant()),
    Column("seen_ms", BigInteger(), nullable=False, server_default="0"),
    # What it counted since the club has known it, and the last word of the device.
    Column("entries", BigInteger(), nullable=False, server_default="0"),
    Column("exits", BigInteger(), nullable=False, server_default="0"),
    Column("memory", LongText),
    **table_options,
)

fmi_sensor_day: Final = Table(
    "fmi_sensor_day",
    metadata,
    Column("station", Word(100), primary_key=True),
    Column("name", Word(100), primary_key=True),
    Column("day", Code(10), primary_key=True),
    Column("entries", Integer(), nullable=False, server_default="0"),
    Column("exits", Integer(), nullable=False, server_default="0"),
    # For how long people may have passed it unseen, and how often.
    Column("blind_seconds", Integer(), nullable=False, server_default="0"),
    Column("blind_times", Integer(), nullable=False, server_default="0"),
    **table_options,
)
Index("ix_fmi_sensor_day_age", fmi_sensor_day.c.day)
