"""What a revision may do, so that a crash in the middle of it is mended by running it again."""

from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, ColumnElement, Index, Table, insert, inspect, literal_column
from sqlalchemy.schema import CreateIndex, CreateTable

from club.errors import DatabaseUnfit
from club.tables import club_schema


class Steps:
    """The steps of a revision.

    Where the engine undoes changes of tables with its transaction (SQLite, PostgreSQL, SQL Server) a table that is
    there already is another program's. MariaDB keeps what was done before a crash: there a step that finds its work
    done passes on.
    """

    def __init__(self, context: MigrationContext) -> None:
        self._operations = Operations(context)
        self._context = context
        self._keeps_halves = not context.impl.transactional_ddl

    def create(self, table: Table) -> None:
        """Create a table with its indexes. Raises DatabaseUnfit when another program has one of that name."""
        if not self._is_there(table):
            self._operations.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            self.create_index(table, index)

    def create_index(self, table: Table, index: Index) -> None:
        """Create an index of an existing table."""
        if not self._context.as_sql and self._keeps_halves:
            there = {each["name"] for each in inspect(self._context.connection).get_indexes(table.name)}
            if index.name in there:
                return
        self._operations.execute(CreateIndex(index))

    def add_column(self, table: str, column: Column[Any]) -> None:
        """Add a column to an existing table; it takes NULL or has a constant default, so that no row is rewritten."""
        if not self._context.as_sql and self._keeps_halves:
            there = {each["name"] for each in inspect(self._context.connection).get_columns(table)}
            if column.name in there:
                return
        self._operations.add_column(table, column)

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

    def _is_there(self, table: Table) -> bool:
        if self._context.as_sql or not inspect(self._context.connection).has_table(table.name):
            return False
        if self._keeps_halves:
            return True
        raise DatabaseUnfit(
            "the database already has a table named {table} that is not the club's: rename it, or use another database",
            table=table.name,
        )
