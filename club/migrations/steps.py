"""What a revision may do, so that a crash in the middle of it is mended by running it again."""

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Index, Table, insert, inspect
from sqlalchemy.schema import CreateIndex, CreateTable

from club.tables import club_schema


class Steps:
    """The steps of a revision.

    Where the engine undoes DDL with its transaction (SQLite, PostgreSQL, SQL Server) a step is simply done. MariaDB
    keeps what was done before a crash: there a step that finds its work done passes on.
    """

    def __init__(self, context: MigrationContext) -> None:
        self._operations = Operations(context)
        self._context = context
        self._looks_first = not context.impl.transactional_ddl and not context.as_sql

    def create(self, table: Table) -> None:
        """Create a table with its indexes."""
        if not (self._looks_first and inspect(self._context.connection).has_table(table.name)):
            self._operations.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            self.create_index(table, index)

    def create_index(self, table: Table, index: Index) -> None:
        """Create an index of an existing table."""
        if self._looks_first and index.name in {
            each["name"] for each in inspect(self._context.connection).get_indexes(table.name)
        }:
            return
        self._operations.execute(CreateIndex(index))

    def record(self, revision: int, name: str, min_revision: int, min_app: str) -> None:
        """Write down that a revision stands; the last step of each."""
        self._operations.execute(
            insert(club_schema)
            .values(revision=revision, name=name, min_revision=min_revision, min_app=min_app)
            .inline()
        )
