"""What a revision may do, so that a crash in the middle is mended by running it again, and no station waits long."""

from collections.abc import Sequence
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, ColumnElement, DefaultClause, Index, MetaData, Table, insert, inspect, literal_column
from sqlalchemy.schema import CreateIndex, CreateTable

from club.dialect import changes
from club.errors import DatabaseUnfit
from club.tables import club_schema


class Steps:
    """The steps of a revision: only such as keep no station from its work, see docs/database.md.

    A step that finds its work done passes on. MariaDB commits each change of a table by itself, and PostgreSQL what
    comes before an index of a table in use: there a crash leaves half a revision, which the next run completes.
    """

    def __init__(self, context: MigrationContext) -> None:
        self._operations = Operations(context)
        self._context = context

    def create(self, table: Table) -> None:
        """Create a table with its indexes. Raises DatabaseUnfit when another program has one of that name."""
        if not self._is_there(table):
            self._operations.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            if not self._has_index(table.name, str(index.name)):
                self._operations.execute(CreateIndex(index))

    def add_column(self, table: str, column: Column[Any]) -> None:
        """Add a column to an existing table; it takes NULL or has a constant default, so that no row is rewritten.

        Raises ValueError for any other, with which an older station could not write either.
        """
        default = column.server_default
        is_constant = isinstance(default, DefaultClause) and isinstance(default.arg, str)
        if not (is_constant or (default is None and column.nullable)):
            raise ValueError(f"the new column {table}.{column.name} must take NULL or have a constant default")
        statements = changes.column_statements(table, column, self._context.impl.dialect)
        if self._context.as_sql:
            self._operations.execute(changes.verbatim(statements[0]))
        elif column.name not in {each["name"] for each in inspect(self._connection).get_columns(table)}:
            changes.execute_first_possible(self._connection, statements)

    def create_index(self, name: str, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """Index a table that stations are using; on PostgreSQL this commits what comes before it."""
        described = Table(table, MetaData(), *(Column(column) for column in columns))
        index = Index(name, *described.c, unique=unique)
        statements = changes.index_statements(index, self._context.impl.dialect)
        is_postgresql = self._context.dialect.name == "postgresql"
        if self._context.as_sql:
            around = ("COMMIT", "BEGIN") if is_postgresql else ()
            for statement in (*around[:1], statements[0], *around[1:]):
                self._operations.execute(changes.verbatim(statement))
        elif is_postgresql:
            changes.index_concurrently(self._connection, name, statements[0])
        elif not self._has_index(table, name):
            changes.execute_first_possible(self._connection, statements)

    def record(self, revision: int, name: str, min_revision: int, min_app: str) -> None:
        """Write down that a revision stands; the last step of each."""
        # Spelt into the statement, for Alembic writes no parameters into a script.
        values: dict[str, ColumnElement[Any]] = {
            "revision": literal_column(str(revision)),
            "name": literal_column(f"'{name}'"),
            "min_revision": literal_column(str(min_revision)),
            "min_app": literal_column(f"'{min_app}'"),
        }
        self._operations.execute(insert(club_schema).values(values).inline())

    @property
    def _connection(self) -> Any:
        return self._context.connection

    def _has_index(self, table: str, name: str) -> bool:
        if self._context.as_sql:
            return False
        return name in {each["name"] for each in inspect(self._connection).get_indexes(table)}

    def _is_there(self, table: Table) -> bool:
        if self._context.as_sql:
            return False
        looking = inspect(self._connection)
        if not looking.has_table(table.name):
            return False
        if {each["name"] for each in looking.get_columns(table.name)} >= set(table.c.keys()):
            return True
        raise DatabaseUnfit(
            "the database already has a table named {table} that is not the club's: rename it, or use another database",
            table=table.name,
        )
