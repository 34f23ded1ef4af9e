"""Migrations: what they make is what the program works with; a race or a crash harms nothing."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, create_engine, inspect, text

from club import Database, DatabaseAway, DatabaseUnfit, check, migrations
from club.dialect import schema_lock
from club.migrations import runner
from club.migrations.steps import Steps
from club.schema import KNOWN_REVISION
from club.tables import club_schema, email, metadata

ROOT = Path(__file__).parents[2]


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


def test_a_crash_in_the_middle_is_mended_by_doing_it_again(new_database: Any, engine: str) -> None:
    program = (
        "import os, sys, signal; sys.path.insert(0, sys.argv[2])\n"
        "from club import Database, migrations\n"
        "from club.migrations.steps import Steps\n"
        "create, made = Steps.create, []\n"
        "def dying(self, table):\n"
        "    create(self, table); made.append(table)\n"
        "    if len(made) == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Steps.create = dying\n"
        "migrations.initialise(Database(sys.argv[1]))\n"
    )
    database = new_database()
    died = subprocess.run([sys.executable, "-c", program, database.address, str(ROOT)], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    left = database.read(lambda connection: inspect(connection).get_table_names())
    assert len(left) == (4 if engine == "mariadb" else 0), "MariaDB alone keeps what was done before a crash"
    assert migrations.initialise(database) == migrations.Applied(0, KNOWN_REVISION)
    check(database)
    assert _differences(database) == []


def test_stations_that_upgrade_at_the_same_moment_do_it_once(new_database: Any) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from club import Database, migrations\n"
        "database = Database(sys.argv[1], busy_seconds=30)\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(migrations.initialise(database).before)\n"
    )
    database = new_database()
    stations = [
        subprocess.Popen(
            [sys.executable, "-c", program, database.address, str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for station in stations:
        assert station.stdout is not None
        assert station.stdout.readline() == "ready\n"
    for station in stations:
        assert station.stdin is not None
        station.stdin.write("go\n")
        station.stdin.flush()
    found = sorted(station.communicate(timeout=60)[0].strip() for station in stations)
    assert found == ["0", *[str(KNOWN_REVISION)] * 3]
    assert _differences(database) == []


@pytest.mark.engines("mariadb", "postgresql")
def test_who_waits_too_long_for_another_that_changes_tables_is_told(
    new_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("club.dialect.connecting.SCHEMA_LOCK_SECONDS", 1)
    database = new_database(busy_seconds=0.1)
    with database.engine.begin() as other, schema_lock(other), pytest.raises(DatabaseAway, match="again"):
        migrations.initialise(database)


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
        assert len(inspect(connection).get_indexes("email")) == 2
    engine.dispose()
