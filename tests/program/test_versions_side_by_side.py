"""An upgrade under stations at work: an older program goes on beside newer tables, or stops its work and says so."""

import io
import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from database_servers import MariaDB, Missing, PostgreSQL, Server, running

from club.migrations.runner import REVISIONS
from club.schema import KNOWN_REVISION
from tests.program.sample_club import ROOT, end
from tests.program.two_versions_club import SECONDS, ServerClub

OLDER: Final = {1: "47ada1f", 2: "28ba6ad"}
"""The last program that knows no newer revision than this."""

OldProgram = tuple[int, Path]


@pytest.fixture(scope="module", params=[None, MariaDB, PostgreSQL], ids=["sqlite", "mariadb", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    if request.param is None:
        yield None
        return
    try:
        with running(request.param) as server:
            yield server
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture
def club(server: Server | None, tmp_path: Path) -> Iterator[ServerClub]:
    club = ServerClub(tmp_path, server)
    try:
        club.start_smtp()
        club.write_settings()
        yield club
    finally:
        club.close()


@pytest.fixture(scope="module", params=OLDER, ids=lambda revision: f"r{revision}")
def old_program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OldProgram:
    """The program of an older revision, out of the history of this one."""
    folder = tmp_path_factory.mktemp("old")
    got = subprocess.run(["git", "archive", OLDER[request.param]], cwd=ROOT, capture_output=True, check=False)
    if got.returncode:
        pytest.skip("this copy of the source has no history: the programs of older revisions are not in it")
    with tarfile.open(fileobj=io.BytesIO(got.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return request.param, folder


def _future(club: ServerClub, min_revision: int) -> None:
    club.do(
        "INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (999, 'later', :least, '9.9')",
        least=min_revision,
    )


def _says(club: ServerClub, *parts: str) -> bool:
    reason = str(club.operation("email")["reason"])
    return all(part in reason for part in parts)


def test_a_station_stops_its_exclusive_work_for_a_newer_database_and_goes_on_when_it_is_admitted(
    club: ServerClub, server: Server | None
) -> None:
    club.make_database()
    program = club.start()
    club.state_is("active")
    _future(club, 999)
    club.state_is("waiting")
    club.wait_until(lambda: _says(club, "is of a newer version: install Heitz Service 9.9 or newer"))
    club.wait_until(lambda: club.rows("SELECT station FROM lease WHERE name = 'email'") == [("",)])  # another may work
    assert club.command("status")[0] == 1
    club.write_emails("a@example.org")
    if server is None:  # half a minute is long: once, for all engines
        seen = club.rows("SELECT seen_ms FROM station WHERE name = 'ACCUEIL'")
        club.wait_until(lambda: club.rows("SELECT seen_ms FROM station WHERE name = 'ACCUEIL'") != seen, SECONDS)
    assert club.states() == {"pending": 1}
    # The next revision, which an operator takes back, or one that admits this program: it goes on by itself.
    club.do("UPDATE club_schema SET min_revision = 1 WHERE revision = 999")
    club.wait_until(lambda: club.states() == {"sent": 1}, SECONDS)
    club.state_is("active")
    assert program.poll() is None
    assert club.copies() == {"a@example.org": 1}
    assert club.command("database", "check", "--config", str(club.settings))[0] == 0


def test_a_new_program_waits_for_the_upgrade_of_its_database_and_goes_on_by_itself(club: ServerClub) -> None:
    club.make_database(REVISIONS[:1])
    club.write_emails("a@example.org")
    program = club.start()
    club.state_is("waiting")
    club.wait_until(lambda: _says(club, "is of an older version: run heitz-service database upgrade"))
    assert club.states() == {"pending": 1}
    assert _command(club, "database", "upgrade")[0] == 0
    club.wait_until(lambda: club.states() == {"sent": 1}, SECONDS)
    assert program.poll() is None


def test_the_old_program_works_on_beside_the_new_tables_until_the_new_one_takes_over(
    club: ServerClub, old_program: OldProgram, server: Server | None
) -> None:
    revision, club.root = old_program
    club.make_database(REVISIONS[:revision])
    old = club.start()
    club.write_emails("before@example.org")
    club.wait_until(lambda: club.copies()["before@example.org"] == 1, SECONDS)
    club.root = ROOT
    assert _command(club, "database", "upgrade")[0] == 0
    club.write_emails("beside@example.org")
    club.wait_until(lambda: club.copies()["beside@example.org"] == 1, SECONDS)
    assert old.poll() is None
    # A new station that may do the same work: it waits, for the old one lives.
    other = ServerClub.__new__(ServerClub)
    other.__dict__.update(club.__dict__, home=club.folder / "home2", settings=club.folder / "second.toml")
    other.write_settings()
    text = other.settings.read_text("utf-8").replace('station = "ACCUEIL"', 'station = "SERVEUR"')
    other.settings.write_text(text, "utf-8")
    new = other.start("SERVEUR")
    other.state_is("standby", "--station", "SERVEUR")
    assert other.rows("SELECT max(revision) FROM club_schema") == [(KNOWN_REVISION,)]
    # The contraction: the old one gives its work up, and the new one does it.
    club.do(
        "UPDATE club_schema SET min_revision = :known, min_app = '9.9' WHERE revision = :known", known=KNOWN_REVISION
    )
    other.state_is("active", "--station", "SERVEUR")
    club.wait_until(lambda: _says(club, "is of a newer version"), SECONDS)
    club.write_emails("after@example.org")
    club.wait_until(lambda: club.copies()["after@example.org"] == 1, SECONDS)
    assert old.poll() is None
    assert max(club.copies().values()) == 1
    assert end(new) == 0
    assert end(old, signal.SIGTERM) == 0


def _command(club: ServerClub, *words: str) -> Any:
    return club.command(*words, "--config", str(club.settings))
