"""Migrations: what they make is what the program works with; a race or a crash harms nothing."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, create_engine, inspect, text

from club import Database, DatabaseAway, DatabaseUnfit, check, migrations
from club.dialect.changes import take_schema_lock
from club.migrations import runner
from club.migrations.steps import Steps
from club.schema import KNOWN_REVISION
from club.tables import club_schema, email, metadata


def _definitions(connection: Any) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    # Without white space: a column that was added later stands on the line of the one before.
    return {row.name: "".join(row.sql.split()) for row in rows}


def _described(connection: Any) -> dict[str, Any]:
    """Return all that a server tells of the club's tables: types, defaults, collations, keys, indexes, checks."""
    looking = inspect(connection)
    asked = ("get_columns", "get_indexes", "get_pk_constraint", "get_foreign_keys", "get_check_constraints")
    return {
        table: [
            sorted(str(sorted(part.items())) if isinstance(part, dict) else str(part) for part in found)
            for found in (getattr(looking, name)(table) for name in asked)
        ]
        for table in metadata.tables
    }


def _differences(database: Database) -> Any:
    return database.read(lambda connection: compare_metadata(MigrationContext.configure(connection), metadata))


@pytest.mark.engines("sqlite")
def test_the_migrated_schema_is_the_one_the_program_knows(club: Any, tmp_path: Path) -> None:
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    fresh.create()
    fresh.write(metadata.create_all)
    assert club.database().read(_definitions) == fresh.read(_definitions)
    fresh.dispose()
    assert _differences(club.database()) == []


@pytest.mark.engines("mariadb", "postgresql")
def test_the_schema_that_a_server_tells_is_the_one_the_program_knows(club: Any, new_database: Any) -> None:
    fresh = new_database()
    fresh.alter(metadata.create_all)
    assert club.database().read(_described) == fresh.read(_described)
    assert _differences(club.database()) == []


def test_the_newest_revision_is_the_one_that_the_program_knows() -> None:
    assert [revision.REVISION for revision in runner.REVISIONS] == list(range(1, KNOWN_REVISION + 1))


def test_a_program_that_a_revision_has_left_behind_is_not_admitted_again_by_a_later_one() -> None:
    least = [revision.MIN_REVISION for revision in runner.REVISIONS]
    assert least == sorted(least)
    assert all(revision.MIN_REVISION <= revision.REVISION for revision in runner.REVISIONS)


def test_doing_it_again_changes_nothing(club: Any) -> None:
    database = club.database()
    assert (migrations.initialise(database).before, migrations.upgrade(database).before) == (KNOWN_REVISION,) * 2
    assert check(database).revision == KNOWN_REVISION


def test_a_table_of_that_name_made_by_another_program_is_not_taken_for_ours(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'club.db'}")
    database.create()
    database.write(lambda connection: connection.execute(text("CREATE TABLE lease (id INTEGER)")))
    with pytest.raises(DatabaseUnfit, match="already has a table named lease that is not the club's"):
        migrations.initialise(database)
    assert database.read(lambda connection: inspect(connection).get_table_names()) == ["lease"]
    database.dispose()


@pytest.mark.engines("mariadb", "postgresql")
def test_who_waits_too_long_for_another_that_changes_tables_is_told(
    new_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("club.dialect.connecting.SCHEMA_LOCK_SECONDS", 1)
    database = new_database(busy_seconds=0.1)
    with database.engine.connect() as other:
        take_schema_lock(other)
        with pytest.raises(DatabaseAway, match="another station is changing the tables"):
            migrations.initialise(database)
        other.invalidate()


@pytest.mark.parametrize(
    ("dialect", "parts"),
    [
        ("sqlite", ["id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "strftime('%Y-%m-%d %H:%M:%S'"]),
        ("mariadb", ["utf8mb4_bin", "ENGINE=InnoDB", "UTC_TIMESTAMP(6)"]),
        ("postgresql", ["BIGSERIAL", "statement_timestamp()"]),
        ("mssql", ["WHERE reference IS NOT NULL", "NVARCHAR(max)", "SYSUTCDATETIME()", "IDENTITY"]),
    ],
)
def test_an_administrator_gets_a_script(dialect: str, parts: list[str]) -> None:
    script = migrations.as_sql(dialect)
    for part in [*parts, "CREATE TABLE email", "VALUES (1, 'r0001_foundation', 1, '0.1.0')"]:
        assert part in script
    assert migrations.as_sql(dialect, since=KNOWN_REVISION) == ""


@pytest.mark.engines("sqlite")
def test_the_script_makes_the_same_database(club: Any, tmp_path: Path) -> None:
    file = tmp_path / "scripted.db"
    connection = sqlite3.connect(file)
    connection.executescript(migrations.as_sql("sqlite"))
    connection.close()
    database = Database(f"sqlite:///{file}")
    check(database)
    assert database.read(_definitions) == club.database().read(_definitions)
    database.dispose()


@pytest.mark.engines("mariadb", "postgresql")
def test_the_script_makes_the_same_database_on_a_server(club: Any, new_database: Any, engine: str) -> None:
    """The administrator's own connection runs it, statement by statement as their tool does."""
    scripted = new_database()
    script = migrations.as_sql(engine)
    club.place.server.administer(
        *(statement for statement in script.split(";") if statement.strip()),
        database=scripted.engine.url.database,
    )
    assert check(scripted).revision == KNOWN_REVISION
    assert scripted.read(_described) == club.database().read(_described)


def test_an_engine_that_keeps_half_a_revision_finds_its_steps_done() -> None:
    """What MariaDB leaves after a crash; shown on SQLite, with the same guard."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"transactional_ddl": False})
        for _ in range(2):
            Steps(context).create(email)
            Steps(context).create(club_schema)
            Steps(context).add_column("email", Column("later", Integer()))
        assert len(inspect(connection).get_indexes("email")) == 3
    engine.dispose()
