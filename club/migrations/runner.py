"""The runner of the revisions: in order, once, one station at a time."""

from types import ModuleType
from typing import Final

import attrs
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from club.database import Database
from club.dialect.changes import take_schema_lock, undoes_ddl
from club.errors import DatabaseUnfit, NotAllowed
from club.migrations import r0001_foundation, r0002_standby, r0003_sms, r0004_email, r0005_fmi
from club.migrations.steps import Steps
from club.schema import newest_revision

# Named here rather than found in a folder: a frozen program has no folder.
REVISIONS: Final[tuple[ModuleType, ...]] = (r0001_foundation, r0002_standby, r0003_sms, r0004_email, r0005_fmi)


@attrs.frozen
class Applied:
    """What a migration did: the revision found, 0 for none, and the one that stands now."""

    before: int
    after: int


def initialise(database: Database, revisions: tuple[ModuleType, ...] = REVISIONS) -> Applied:
    """Make the club's tables where there are none, and the file itself on SQLite; a club's database is upgraded.

    Several stations may do it at the same moment: one does, the others find it done. Raises DatabaseUnfit that names
    the administrator's script when the user may not change tables; DatabaseAway.
    """
    database.create()
    return _bring_up(database, revisions, "database init --sql")


def upgrade(database: Database, revisions: tuple[ModuleType, ...] = REVISIONS) -> Applied:
    """Bring an existing club's database up to this version.

    Raises DatabaseUnfit also for a database without the club's tables: a mistyped address must not become a new club.
    """
    before, _, _ = database.read(newest_revision)
    return _bring_up(database, revisions, f"database upgrade --sql --from {before}")


def _bring_up(database: Database, revisions: tuple[ModuleType, ...], script: str) -> Applied:
    found: list[int] = []

    def work(connection: Connection) -> Applied:
        take_schema_lock(connection)
        # What the first attempt found: a later one may find the revisions that it has made itself.
        found.append(_standing(connection))
        for revision in revisions:
            # Read again: SQLite's lock ends with each revision's commit, and another station may make the next one.
            if _standing(connection) < revision.REVISION:
                _apply(connection, revision)
        return Applied(found[0], _standing(connection))

    try:
        return database.alter(work)
    except NotAllowed as error:
        raise DatabaseUnfit(
            "the user of the database {where} may not change its tables: give it that right, "
            "or let the database's administrator run what `heitz-service {script}` prints",
            where=database.where,
            script=script,
        ) from error


def _standing(connection: Connection) -> int:
    return newest_revision(connection)[0] if inspect(connection).has_table("club_schema") else 0


def _apply(connection: Connection, revision: ModuleType) -> None:
    """Make one revision and commit it: what it has locked is free for the stations before the next one begins."""
    # Alembic takes SQLite's DDL for non-transactional, because of drivers that begin late; ours has begun.
    context = MigrationContext.configure(connection, opts={"transactional_ddl": undoes_ddl(connection.dialect.name)})
    write_down(revision, Steps(context))
    connection.commit()


def write_down(revision: ModuleType, steps: Steps) -> None:
    """Take the steps of a revision, the last of which records it."""
    revision.upgrade(steps)
    steps.record(revision.REVISION, revision.__name__.rpartition(".")[2], revision.MIN_REVISION, revision.MIN_APP)
