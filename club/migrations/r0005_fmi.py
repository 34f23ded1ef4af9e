"""Revision 5: attendance, its history and corrections, and what the sensors counted."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, MetaData, SmallInteger, Table

from club.dialect import Code, Id, Instant, LongText, Word, numbered_table_options, table_options, utc_now
from club.migrations.steps import Steps

REVISION: Final = 5
# Only new tables: a station of revision 1 works on beside this one, and counts nobody.
MIN_REVISION: Final = 1
MIN_APP: Final = "0.1.0"


def upgrade(steps: Steps) -> None:
    """Create the tables of revision 5, spelt out: they must not follow `club.attendance_tables` as it changes."""
    tables = MetaData()
    Table(
        "attendance",
        tables,
        Column("zone", Word(100), primary_key=True),
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
        Column("balance", Integer(), nullable=False, server_default="0"),
        Column("anchor_ms", BigInteger(), nullable=False, server_default="0"),
        Column("day_entries", Integer(), nullable=False, server_default="0"),
        Column("passages", Integer(), nullable=False, server_default="0"),
        Column("lost", Integer(), nullable=False, server_default="0"),
        Column("below", Integer(), nullable=False, server_default="0"),
        Column("below_ms", BigInteger(), nullable=False, server_default="0"),
        Column("crossings", BigInteger(), nullable=False, server_default="0"),
        Column("told", Code(16), nullable=False, server_default="normal"),
        Column("minute_ms", BigInteger(), nullable=False, server_default="0"),
        Column("minute_count", Integer(), nullable=False, server_default="0"),
        Column("minute_quiet", SmallInteger(), nullable=False, server_default="0"),
        CheckConstraint("present >= 0", name="ck_attendance_present"),
        **table_options,
    )

    minute = Table(
        "attendance_minute",
        tables,
        Column("zone", Word(100), primary_key=True),
        Column("minute_at", Instant(), primary_key=True),
        Column("minutes", Integer(), nullable=False, server_default="1"),
        Column("present", Integer(), nullable=False),
        Column("known", SmallInteger(), nullable=False),
        Column("estimated", SmallInteger(), nullable=False, server_default="0"),
        Column("entries", Integer(), nullable=False, server_default="0"),
        Column("exits", Integer(), nullable=False, server_default="0"),
        Column("uncertainty", Integer(), nullable=False, server_default="0"),
        Column("present_limit", Integer()),
        **{**table_options, "sqlite_with_rowid": False},
    )
    Index("ix_attendance_minute_age", minute.c.minute_at)

    correction = Table(
        "attendance_correction",
        tables,
        Column("id", Id, primary_key=True),
        Column("zone", Word(100), nullable=False),
        Column("present", Integer()),
        Column("delta", Integer()),
        Column("author", Word(100), nullable=False),
        Column("reason", Word(400), nullable=False),
        Column("created_at", Instant(), nullable=False, server_default=utc_now()),
        Column("state", Code(16), nullable=False, server_default="pending"),
        Column("kind", Code(16), nullable=False, server_default="staff"),
        Column("before_present", Integer()),
        Column("after_present", Integer()),
        Column("applied_at", Instant()),
        Column("error", Word(1000)),
        CheckConstraint("state IN ('pending', 'applied', 'failed')", name="ck_attendance_correction_state"),
        **numbered_table_options,
    )
    Index("ix_attendance_correction_queue", correction.c.state, correction.c.id)
    Index("ix_attendance_correction_age", correction.c.created_at)

    Table(
        "fmi_sensor",
        tables,
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
        Column("entries", BigInteger(), nullable=False, server_default="0"),
        Column("exits", BigInteger(), nullable=False, server_default="0"),
        Column("memory", LongText),
        **table_options,
    )

    sensor_day = Table(
        "fmi_sensor_day",
        tables,
        Column("station", Word(100), primary_key=True),
        Column("name", Word(100), primary_key=True),
        Column("day", Code(10), primary_key=True),
        Column("entries", Integer(), nullable=False, server_default="0"),
        Column("exits", Integer(), nullable=False, server_default="0"),
        Column("blind_seconds", Integer(), nullable=False, server_default="0"),
        Column("blind_times", Integer(), nullable=False, server_default="0"),
        **table_options,
    )
    Index("ix_fmi_sensor_day_age", sensor_day.c.day)
    for table in tables.sorted_tables:
        steps.create(table)
