"""Whether the tables of a database are those that this version works with; changes nothing."""

from typing import Final

import attrs
from sqlalchemy import Connection, select

from club.database import Database
from club.errors import DatabaseUnfit
from club.tables import club_schema

KNOWN_REVISION: Final = 5
"""The newest revision that this version knows; `club.migrations` leads to it."""


@attrs.frozen
class SchemaStatus:
    """Where a database stands: its revision, and the newest that this program knows."""

    revision: int
    known: int = KNOWN_REVISION


def check(database: Database) -> SchemaStatus:
    """Return where the database stands when this version can work with it.

    A newer database that still admits this version is accepted. Raises DatabaseUnfit for one without tables, an older
    one, and one that asks for a newer program; DatabaseAway.
    """
    revision, min_revision, min_app = database.read(newest_revision)
    if revision > KNOWN_REVISION and min_revision > KNOWN_REVISION:
        raise DatabaseUnfit(
            "the database {where} is of a newer version: install Heitz Service {version} or newer on this station",
            where=database.where,
            version=min_app,
        )
    if revision < KNOWN_REVISION:
        raise DatabaseUnfit(
            "the database {where} is of an older version: run heitz-service database upgrade", where=database.where
        )
    return SchemaStatus(revision)


def newest_revision(connection: Connection) -> tuple[int, int, str]:
    """Return the newest applied revision, the oldest that it admits and the program that knows that one.

    (0, 0, "") for a schema table that is empty. Raises what `Database.read` turns into DatabaseUnfit without tables.
    """
    columns = (club_schema.c.revision, club_schema.c.min_revision, club_schema.c.min_app)
    row = connection.execute(select(*columns).order_by(club_schema.c.revision.desc()).limit(1)).first()
    return (0, 0, "") if row is None else (row.revision, row.min_revision, row.min_app)
