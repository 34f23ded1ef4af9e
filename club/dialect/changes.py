"""How an engine changes tables beside stations that work: one program at a time, and nobody waits long for it."""

import re
from collections.abc import Sequence
from typing import Any, Final

from alembic.ddl.base import AddColumn
from sqlalchemy import Column, Connection, Dialect, Index, MetaData, Table, TextClause, exc, text
from sqlalchemy.schema import CreateIndex

from club.dialect import connecting
from club.dialect.meanings import is_of_another_algorithm
from club.errors import DatabaseAway

_NEWEST_WORD: Final = re.compile(r"^CREATE (UNIQUE )?INDEX ")
_FORGIVES_REPEATS: Final = ("mysql", "mariadb", "postgresql")
_LONG: Final = "10min"


def undoes_ddl(dialect: str) -> bool:
    """Whether a transaction that ends early takes its changes of tables back with it."""
    return dialect not in ("mysql", "mariadb")


def take_schema_lock(connection: Connection) -> None:
    """Let one program at a time change tables, until this connection is closed; SQLite's own lock does it there.

    Not until the transaction ends: MariaDB ends one at each change of a table, and a next station that comes before the
    revision is written down would begin it again. Raises DatabaseAway when another has it for longer than a minute.
    """
    seconds = connecting.SCHEMA_LOCK_SECONDS
    match connection.dialect.name:
        case "postgresql":
            try:
                connection.execute(text(f"SET lock_timeout TO {seconds * 1000}"))
                connection.execute(text("SELECT pg_advisory_lock(hashtext('heitz-service schema'))"))
                connection.execute(text("RESET lock_timeout"))
            except exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", "") == "55P03":
                    raise _another_changes_tables() from error
                raise
        case "mssql":
            taken = connection.execute(
                text(
                    "SET NOCOUNT ON; DECLARE @taken int; EXEC @taken = sp_getapplock "
                    "@Resource = 'heitz-service schema', @LockMode = 'Exclusive', @LockOwner = 'Session', "
                    f"@LockTimeout = {seconds * 1000}; SELECT @taken"
                )
            ).scalar()
            if taken is None or taken < 0:
                raise _another_changes_tables()
        case "mysql" | "mariadb":
            # The name is the whole server's, so that of the database is in it.
            name = "CONCAT('heitz-service ', DATABASE())"
            if connection.execute(text(f"SELECT GET_LOCK({name}, {seconds})")).scalar() != 1:
                raise _another_changes_tables()
        case _:
            return
    connection.commit()


def column_statements(table: str, column: Column[Any], dialect: Dialect) -> tuple[str, ...]:
    """Return the ways to add a column, the one that keeps others waiting least first.

    MariaDB says no to a way that a table does not allow; the other engines have one way, that rewrites no row.
    """
    Table(table, MetaData(), column)  # SQL Server's words for a column ask whose it is
    added = AddColumn(table, column, if_not_exists=dialect.name in _FORGIVES_REPEATS)
    statement = " ".join(str(added.compile(dialect=dialect)).split())
    if undoes_ddl(dialect.name):
        return (statement,)
    return f"{statement}, ALGORITHM=INSTANT", f"{statement}, ALGORITHM=INPLACE, LOCK=NONE", statement


def index_statements(index: Index, dialect: Dialect) -> tuple[str, ...]:
    """Return the ways to index a table that others write, the one that keeps them waiting least first.

    PostgreSQL's only way does not run in a transaction. On SQLite others wait until it is made; on SQL Server who
    writes does, for ONLINE = ON is not in every edition.
    """
    made = CreateIndex(index, if_not_exists=dialect.name in _FORGIVES_REPEATS)
    statement = " ".join(str(made.compile(dialect=dialect)).split())
    match dialect.name:
        case "postgresql":
            return (_NEWEST_WORD.sub(r"CREATE \1INDEX CONCURRENTLY ", statement),)
        case "mysql" | "mariadb":
            return f"{statement} ALGORITHM=INPLACE LOCK=NONE", statement
        case _:
            return (statement,)


def verbatim(statement: str) -> TextClause:
    """Return a statement in which nothing stands for a parameter."""
    return text(statement.replace(":", r"\:"))


def execute_first_possible(connection: Connection, statements: Sequence[str]) -> None:
    """Run the first of these statements that the engine does not refuse for its way of doing it."""
    *better, plain = statements
    for statement in better:
        try:
            connection.execute(verbatim(statement))
        except exc.DBAPIError as error:
            if not is_of_another_algorithm(error.orig):
                raise
        else:
            return
    connection.execute(verbatim(plain))


def index_concurrently(connection: Connection, name: str, statement: str) -> None:
    """Make an index on PostgreSQL while others write: outside any transaction, after committing the present one.

    One that a crash left half made is removed first. It waits for transactions that are older than itself, and nobody
    waits for it meanwhile, so that it may do so for long.
    """
    half = text(
        "SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE relname = :name AND pg_table_is_visible(indrelid) AND NOT indisvalid"
    )
    is_half = connection.execute(half, {"name": name}).scalar()
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.execute(text(f"SET lock_timeout TO '{_LONG}'"))
        if is_half:
            connection.execute(text(f"DROP INDEX CONCURRENTLY {name}"))
        connection.execute(verbatim(statement))
        connection.execute(text("RESET lock_timeout"))
        connection.commit()
    finally:
        if not connection.invalidated:
            connection.rollback()
            connection.execution_options(isolation_level="READ COMMITTED")


def _another_changes_tables() -> DatabaseAway:
    return DatabaseAway("another station is changing the tables of the database: try again when it is done")
