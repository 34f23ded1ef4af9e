"""The runner of the revisions: in order, once, one station at a time."""

import io
from types import ModuleType
from typing import Final

import attrs
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from club.database import Database
from club.dialect import schema_lock, undoes_ddl
from club.migrations import r0001_foundation, r0002_standby
from club.migrations.steps import Steps
from club.schema import KNOWN_REVISION, newest_revision

# Named here rather than found in a folder: a frozen program has no folder.
REVISIONS: Final[tuple[ModuleType, ...]] = (r0001_foundation, r0002_standby)


@attrs.frozen
class Applied:
    """What a migration did: the revision found, 0 for none, and the one that stands now."""

    before: int
    after: int


def initialise(database: Database) -> Applied:
    """Make the club's tables where there are none, and the file itself on SQLite; a club's database is upgraded.

    Several stations may do it at the same moment: one does, the others find it done.
    """
    database.create()
    return database.alter(_bring_up)


def upgrade(database: Database) -> Applied:
    """Bring an existing club's database up to this version.

    Raises DatabaseUnfit for a database without the club's tables: a mistyped address must not become a new club.
    """
    database.read(newest_revision)
    return database.alter(_bring_up)


def as_sql(dialect: str, since: int = 0) -> str:
    """Return the script that an administrator can run instead: `sqlite`, `mariadb`, `postgresql` or `mssql`."""
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": script})
    for revision in REVISIONS:
        if since < revision.REVISION:
            _apply(revision, Steps(context))
    return script.getvalue()


def _bring_up(connection: Connection) -> Applied:
    with schema_lock(connection):
        before = newest_revision(connection)[0] if inspect(connection).has_table("club_schema") else 0
        if before > KNOWN_REVISION:
            return Applied(before, before)
        # Alembic takes SQLite's DDL for non-transactional, because of drivers that begin late; ours has begun.
        context = MigrationContext.configure(connection, opts={"transactional_ddl": undoes_ddl(connection)})
        for revision in REVISIONS:
            if before < revision.REVISION:
                _apply(revision, Steps(context))
    return Applied(before, KNOWN_REVISION)


def _apply(revision: ModuleType, steps: Steps) -> None:
    revision.upgrade(steps)
    steps.record(revision.REVISION, revision.__name__.rpartition(".")[2], revision.MIN_REVISION, revision.MIN_APP)
