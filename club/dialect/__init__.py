"""All that differs between database engines: types, clock, hints, connections, error codes."""

from club.dialect.clock import byte_length, now_ms, utc_now, utc_of_ms
from club.dialect.servers import select_for_change, select_for_queue
from club.dialect.types import (
    Bytes,
    Code,
    Id,
    Instant,
    LongText,
    Word,
    numbered_table_options,
    table_options,
    unique_when_given,
)
from club.dialect.verdict import Verdict

__all__ = [
    "Bytes",
    "Code",
    "Id",
    "Instant",
    "LongText",
    "Verdict",
    "Word",
    "byte_length",
    "now_ms",
    "numbered_table_options",
    "select_for_change",
    "select_for_queue",
    "table_options",
    "unique_when_given",
    "utc_now",
    "utc_of_ms",
]
