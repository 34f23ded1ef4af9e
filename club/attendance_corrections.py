"""Corrections of attendance: those that people and programs write, and those that the arithmetic makes by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from club.attendance_records import Correction, OwnCorrection
from club.attendance_rows import correction_of
from club.attendance_tables import attendance_correction as table
from club.reading import shortened

AUTHOR: Final = "Heitz Service"
_AT_ONCE: Final = 100
_PENDING: Final = select(table).where(table.c.state == "pending").order_by(table.c.id).limit(_AT_ONCE)
_APPLY: Final = (
    update(table)
    .where(table.c.id == bindparam("c_id"), table.c.state == "pending")
    .values(
        state=bindparam("c_state"),
        before_present=bindparam("c_before"),
        after_present=bindparam("c_after"),
        applied_at=bindparam("c_at"),
        error=bindparam("c_error"),
    )
)
_OWN: Final = insert(table)


def pending_corrections(connection: Connection) -> tuple[Correction, ...]:
    """Return what is to be applied, oldest first."""
    return tuple(correction_of(row) for row in connection.execute(_PENDING).mappings())


def write_applied(connection: Connection, applied: Sequence[Correction], now: datetime) -> None:
    """Trace what became of corrections: the number before and after, or why they were refused."""
    for each in applied:
        values: Mapping[str, Any] = {
            "c_id": each.id,
            "c_state": "applied" if each.error is None else "failed",
            "c_before": each.before,
            "c_after": each.after,
            "c_at": now,
            "c_error": None if each.error is None else shortened(each.error, 1000),
        }
        connection.execute(_APPLY, values)


def write_own(connection: Connection, own: Sequence[OwnCorrection], now: datetime) -> None:
    """Trace what the arithmetic corrected."""
    for each in own:
        values = {
            "zone": each.zone,
            "delta": each.after - each.before,
            "author": AUTHOR,
            "reason": shortened(each.reason, 400),
            "state": "applied",
            "kind": each.kind,
            "before_present": each.before,
            "after_present": each.after,
            "created_at": now,
            "applied_at": now,
        }
        connection.execute(_OWN, values)
