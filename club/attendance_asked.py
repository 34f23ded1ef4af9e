"""Whether somebody asks for a correction of attendance: a look that writes nothing."""

from typing import Final

from sqlalchemy import select

from club.attendance_tables import attendance_correction as table
from club.database import Database

_ASKED: Final = select(table.c.id).where(table.c.state == "pending").limit(1)


def has_asked(database: Database) -> bool:
    """Return whether a correction waits to be applied. Raises DatabaseAway and DatabaseUnfit."""
    return database.read(lambda connection: connection.execute(_ASKED).first()) is not None
