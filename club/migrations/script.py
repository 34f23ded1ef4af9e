"""The revisions as a script for the database's administrator: made without a connection, run by the server's client."""

import io
from types import ModuleType
from typing import Final

import attrs
from alembic.migration import MigrationContext

from club.dialect.servers import unknown_engine
from club.migrations.runner import REVISIONS, write_down
from club.migrations.steps import Steps


@attrs.frozen
class _Client:
    """The engine's own client: how it runs a script, and what it puts around a revision."""

    usage: str
    first: str = ""
    begin: str = "BEGIN;"
    end: str = "COMMIT;"


_CLIENTS: Final = {
    "sqlite": _Client("sqlite3 -bail club.db < club.sql", begin="BEGIN IMMEDIATE;"),
    # Each change of a table commits by itself: there is nothing to put around it.
    "mariadb": _Client("mariadb club < club.sql", first="SET SESSION lock_wait_timeout = 10;", begin="", end=""),
    "postgresql": _Client("psql --set ON_ERROR_STOP=1 --file club.sql club", first="SET lock_timeout = '10s';"),
    "mssql": _Client(
        "sqlcmd -b -I -d club -i club.sql",
        first="SET XACT_ABORT ON;\nGO",
        begin="BEGIN TRANSACTION;\nGO",
        end="COMMIT;\nGO",
    ),
}


def as_sql(dialect: str, since: int = 0, revisions: tuple[ModuleType, ...] = REVISIONS) -> str:
    """Return the script that brings a database from the revision `since` up: 0 for an empty one.

    `dialect` is `sqlite`, `mariadb`, `postgresql` or `mssql`. Empty when there is nothing to do. Raises
    DatabaseUnfit for an engine that is not known.
    """
    client = _CLIENTS.get(dialect)
    if client is None:
        raise unknown_engine(dialect)
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": script})
    wanted = [revision for revision in revisions if since < revision.REVISION]
    for number, revision in enumerate(wanted):
        if number == 0:
            stands = f"at revision {since}" if since else "without the club's tables"
            _write(
                script, f"-- Heitz Service: for a database {stands}. Run it once, as in: {client.usage}", client.first
            )
        _write(script, f"-- revision {revision.REVISION}", client.begin)
        write_down(revision, Steps(context))
        _write(script, client.end)
    return script.getvalue()


def _write(script: io.StringIO, *lines: str) -> None:
    script.writelines(f"{line}\n\n" for line in lines if line)
