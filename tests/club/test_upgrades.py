"""Upgrades as they happen: raced by real programs, killed at each step, on servers that die, beside others."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import worst_case
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from database_servers import MariaDB, PostgreSQL, Server, running
from sqlalchemy import Column, Integer, String, func, inspect, text

from club import Database, DatabaseAway, DatabaseUnfit, check, migrations
from club.dialect.sqlite import WRITING
from club.migrations import runner
from club.migrations.steps import Steps
from club.schema import KNOWN_REVISION
from club.tables import metadata

ROOT = Path(__file__).parents[2]
DYING = ROOT / "tests/club/lab/dying_upgrade.py"
WORST = (*runner.REVISIONS, worst_case)


def _differences(database: Database) -> Any:
    return database.read(lambda connection: compare_metadata(MigrationContext.configure(connection), metadata))


def _command(folder: Path, address: str, program: Sequence[str], *words: str) -> "subprocess.Popen[str]":
    settings = folder / "heitz-service.toml"
    settings.write_text(
        f'[club]\nname = "Club"\nlanguage = "en"\ndatabase = "{address}"\n[stations.ACCUEIL]\nserver = true\n', "utf-8"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HEITZ_SERVICE_HOME": str(folder / "home")}
    return subprocess.Popen(
        [sys.executable, *program, *words, "--config", str(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )


@pytest.fixture
def first(new_database: Callable[..., Any]) -> Any:
    """A club's database as revision 1 left it, with one e-mail in it."""
    database = new_database()
    assert migrations.initialise(database, runner.REVISIONS[:1]) == migrations.Applied(0, 1)
    _write(database)
    return database


def _write(database: Database) -> None:
    insert = text("INSERT INTO email (recipient, subject, text_body) VALUES ('lea@example.org', 'Bonjour', 'À demain')")
    database.write(lambda connection: connection.execute(insert))


def test_four_stations_that_upgrade_at_the_same_moment_do_it_once(first: Any, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnfit, match="older version: run heitz-service database upgrade"):
        check(first)
    stations = [_command(tmp_path, first.address, ["-m", "service"], "database", "upgrade") for _ in range(4)]
    ended = [station.communicate(timeout=150) for station in stations]
    assert [station.returncode for station in stations] == [0] * 4, ended
    said = [out for out, _ in ended]
    assert sum(f"went from revision 1 to {KNOWN_REVISION}" in out for out in said) == 1
    assert all("is up to date" in out or f" to {KNOWN_REVISION}" in out for out in said), said
    assert _differences(first) == []


def test_four_stations_that_make_the_tables_at_the_same_moment_do_it_once(new_database: Any, tmp_path: Path) -> None:
    database = new_database()
    stations = [_command(tmp_path, database.address, ["-m", "service"], "database", "init") for _ in range(4)]
    ended = [station.communicate(timeout=150) for station in stations]
    assert [station.returncode for station in stations] == [0] * 4, ended
    assert sum("is made" in out for out, _ in ended) == 1
    assert _differences(database) == []


def test_a_program_that_is_killed_at_any_step_leaves_what_the_next_completes(
    new_database: Any, engine: str, tmp_path: Path
) -> None:
    """Each program does one step more than the last did in all, and dies; on MariaDB each step stays done."""
    database = new_database()
    deaths, step, made = 0, 0, -1
    programs = _command(tmp_path, database.address, [str(DYING), "each"], "database", "init")
    assert programs.stdin is not None
    assert programs.stdout is not None
    ended = ""
    while ended != "0\n":
        so_far = database.read(_made)
        step, made = (1 if so_far > made else step + 1), so_far  # where nothing stays done: one step more
        programs.stdin.write(f"{step}\n")
        programs.stdin.flush()
        while (ended := programs.stdout.readline()).startswith("the database"):
            pass
        assert ended in (f"{-signal.SIGKILL}\n", "0\n"), programs.communicate(timeout=150)
        deaths += ended != "0\n"
    programs.communicate(timeout=150)
    assert deaths > 15, "it was killed at every step"
    assert check(database).revision == KNOWN_REVISION
    assert _differences(database) == []


@pytest.mark.parametrize("kind", [MariaDB, PostgreSQL])
@pytest.mark.parametrize("step", [3, 21])
def test_a_server_that_dies_in_the_middle_is_told_and_the_upgrade_completed_later(
    kind: type[Server], step: int, tmp_path: Path
) -> None:
    with running(kind) as server:
        server.administer("CREATE DATABASE club")
        address = server.url("club")
        program = _command(tmp_path, address, [str(DYING), "wait", str(step)], "database", "init")
        assert program.stdout is not None
        assert program.stdout.readline() == "there\n"
        server.kill()
        _, errors = program.communicate("go on\n", timeout=150)
        assert program.returncode == 2
        assert "does not answer: check the network and the server" in errors
        assert errors.count("\n") == 1, errors
        server.start()
        database = Database(address)
        assert migrations.initialise(database).after == KNOWN_REVISION
        assert _differences(database) == []
        database.dispose()


def test_a_revision_that_changes_the_largest_table_leaves_its_rows_as_they_were(first: Any) -> None:
    assert migrations.upgrade(first, WORST) == migrations.Applied(1, worst_case.REVISION)
    assert first.read(lambda connection: connection.execute(text("SELECT campaign FROM email")).all()) == [(0,)]
    assert "ix_email_campaign" in first.read(_indexes)
    assert migrations.upgrade(first, WORST).before == worst_case.REVISION
    assert check(first).revision == worst_case.REVISION, "an older program works on beside an expanded database"


def _made(connection: Any) -> int:
    """Count the tables, columns and indexes of a database."""
    looking = inspect(connection)
    tables = looking.get_table_names()
    return sum(1 + len(looking.get_columns(table)) + len(looking.get_indexes(table)) for table in tables)


def _indexes(connection: Any) -> set[str]:
    return {str(each["name"]) for each in inspect(connection).get_indexes("email")}


@pytest.mark.engines("postgresql")
def test_an_index_that_a_crash_left_half_made_is_made_again(first: Any) -> None:
    migrations.upgrade(first, WORST)
    first.write(lambda connection: connection.execute(text("DELETE FROM club_schema WHERE revision > 2")))
    half = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_email_campaign'::regclass"
    first.write(lambda connection: connection.execute(text(half)))
    migrations.upgrade(first, WORST)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_email_campaign'::regclass"
    assert first.read(lambda connection: connection.execute(text(valid)).scalar()) is True


@pytest.mark.engines("mariadb", "postgresql")
def test_a_change_of_tables_lets_the_senders_pass_while_it_waits_for_one_of_them(first: Any) -> None:
    """A program forgot its transaction; the upgrade waits for it, and nobody waits long for the upgrade."""
    upgraded: list[Any] = []
    with first.engine.connect() as forgetful:
        forgetful.execute(text("SELECT count(*) FROM lease")).all()
        thread = threading.Thread(target=lambda: upgraded.append(migrations.upgrade(first)))
        thread.start()
        waiting = {
            "mysql": "SELECT count(*) FROM information_schema.processlist WHERE state LIKE '%metadata lock%'",
            "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE state LIKE '%metadata lock%'",
            "postgresql": "SELECT count(*) FROM pg_locks WHERE NOT granted",
        }[first.engine.dialect.name]
        pause = threading.Event()
        while not first.read(lambda connection: connection.execute(text(waiting)).scalar()):
            assert thread.is_alive()
            pause.wait(0.02)
        # Behind the upgrade in the queue, and yet before its end.
        sender = Database(first.address, busy_seconds=60)
        sender.write(lambda connection: connection.execute(text("UPDATE lease SET renewals = 1")))
        sender.dispose()
        assert thread.is_alive()
        assert not upgraded
    thread.join(150)
    assert upgraded == [migrations.Applied(1, KNOWN_REVISION)]


def test_an_upgrade_that_never_gets_its_lock_gives_up_and_says_why(
    first: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("club.database._ALTER_SECONDS", 0.0)
    impatient = Database(first.address, busy_seconds=0.2)
    with first.engine.connect() as forgetful:
        forgetful.execution_options(**{WRITING: engine == "sqlite"})
        forgetful.execute(text("SELECT count(*) FROM lease"))
        with pytest.raises(DatabaseAway, match=r"is (busy|locked by another program): if that lasts"):
            migrations.upgrade(impatient)
    impatient.dispose()
    assert migrations.upgrade(first).before == 1


@pytest.mark.engines("mariadb")
def test_a_table_that_does_not_allow_the_quickest_way_is_changed_in_the_next(first: Any) -> None:
    first.alter(lambda connection: connection.execute(text("ALTER TABLE email ROW_FORMAT=COMPRESSED")))
    migrations.upgrade(first, WORST)
    assert "ix_email_campaign" in first.read(_indexes)


@pytest.mark.parametrize(
    "column",
    [
        Column("a", Integer(), nullable=False),
        Column("b", String(10), server_default=func.now()),
        Column("c", Integer(), nullable=False, default=1),
    ],
)
def test_a_column_that_would_rewrite_the_table_or_stop_an_older_station_is_refused(column: Any) -> None:
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    with pytest.raises(ValueError, match="must take NULL or have a constant default"):
        Steps(context).add_column("email", column)
