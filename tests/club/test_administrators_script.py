"""The script for the database's administrator: fed to the engine's own client, it makes what the program would."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worst_case
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from database_servers import Server
from sqlalchemy import inspect

from club import Database, DatabaseUnfit, check, migrations
from club.migrations import runner
from club.schema import KNOWN_REVISION
from club.tables import metadata
from service.command_line import main

WORST = (*runner.REVISIONS, worst_case)


def _differences(database: Database) -> Any:
    return database.read(lambda connection: compare_metadata(MigrationContext.configure(connection), metadata))


@pytest.fixture
def client(engine: str, request: pytest.FixtureRequest) -> Callable[[Database, str], str]:
    """Run a script as an administrator does, and return what the client complains of."""

    def run(database: Database, script: str) -> str:
        name = str(database.engine.url.database)
        match engine:
            case "sqlite":
                command = ["sqlite3", "-bail", database.where]
            case "mariadb":
                server: Server = request.getfixturevalue("mariadb")
                command = ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(server.port), "-u", "root", name]
            case _:
                server = request.getfixturevalue("postgresql")
                command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server.port)]
                command += ["-U", "postgres", name]
        ended = subprocess.run(command, input=script, text=True, capture_output=True, check=False, timeout=150)
        assert (ended.returncode == 0) == (ended.stderr == ""), ended
        return ended.stderr

    return run


def _printed(database: Any, folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what the command prints, with settings that lead to no server and to no password."""
    address = database.address.replace("127.0.0.1", "not-there.invalid")
    settings = folder / "heitz-service.toml"
    settings.write_text(
        f'[club]\nname = "Club"\nlanguage = "en"\ndatabase = "{address}"\n'
        'database_password = "env:NO_SUCH_PASSWORD"\n[stations.A]\nserver = true\n',
        "utf-8",
    )
    assert main(["database", *words, "--config", str(settings)]) == 0
    return capsys.readouterr().out


def test_the_script_makes_the_tables(
    new_database: Any, client: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = new_database()
    script = _printed(database, tmp_path, capsys, "init", "--sql")
    assert client(database, script) == ""
    assert check(database).revision == KNOWN_REVISION
    assert _differences(database) == []
    assert migrations.upgrade(database).before == KNOWN_REVISION
    assert "already exists" in client(database, script), "it is for an empty database, and says so"
    assert _differences(database) == []


@pytest.mark.parametrize("words", [["upgrade", "--sql"], ["init", "--sql", "--from", "1"]])
def test_the_script_upgrades_from_a_revision(
    new_database: Any, client: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    database = new_database()
    migrations.initialise(database, runner.REVISIONS[:1])
    script = _printed(database, tmp_path, capsys, *words)
    assert client(database, script) == ""
    assert check(database).revision == KNOWN_REVISION
    assert _differences(database) == []
    assert client(database, script), "a second time it says that it was done"
    assert _differences(database) == []


def test_there_is_nothing_to_do_from_the_newest(
    new_database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _printed(new_database(), tmp_path, capsys, "upgrade", "--sql", "--from", str(KNOWN_REVISION)) == ""


def test_the_script_indexes_a_large_table_in_the_engines_own_way(
    new_database: Any, client: Callable[..., str], engine: str
) -> None:
    database = new_database()
    migrations.initialise(database, runner.REVISIONS[:1])
    script = migrations.as_sql(engine, 1, WORST)
    way = {"sqlite": "CREATE INDEX", "mariadb": "LOCK=NONE", "postgresql": "CONCURRENTLY IF NOT EXISTS"}[engine]
    assert way in script
    assert client(database, script) == ""
    indexes = database.read(lambda connection: inspect(connection).get_indexes("email"))
    assert "ix_email_campaign" in {each["name"] for each in indexes}
    assert check(database).revision == worst_case.REVISION


@pytest.mark.parametrize("text", ["-1", "x", "1" * 10, "1.5"])
def test_what_is_no_revision_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["database", "init", "--sql", f"--from={text}"]) == 2
    assert "is not a value for the argument --from" in capsys.readouterr().err


@pytest.mark.engines("mariadb", "postgresql")
def test_a_user_who_may_not_change_tables_is_told_of_the_script(
    new_database: Any, engine: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(engine)
    empty, old = new_database(), new_database()
    migrations.initialise(old, runner.REVISIONS[:1])
    names = [str(database.engine.url.database) for database in (empty, old)]
    if engine == "mariadb":
        server.administer("CREATE USER daily@'127.0.0.1'")
        for name in names:
            server.administer(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO daily@'127.0.0.1'")
    else:
        server.administer("CREATE ROLE daily LOGIN")
        rights = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clock TO daily"
        for name in names:
            server.administer("GRANT USAGE ON SCHEMA clock TO daily", rights, database=name)
    try:
        for name, act, script in (
            (names[0], migrations.initialise, "database init --sql"),
            (names[1], migrations.upgrade, "database upgrade --sql --from 1"),
        ):
            daily = Database(server.url(name, "daily"))
            with pytest.raises(DatabaseUnfit, match=f"administrator run what `heitz-service {script}` prints"):
                act(daily)
            daily.dispose()
    finally:
        if engine == "postgresql":
            for name in names:
                server.administer("DROP OWNED BY daily", database=name)
        server.administer("DROP USER daily" + ("@'127.0.0.1'" if engine == "mariadb" else ""))
