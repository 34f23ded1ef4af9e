"""The club database away, locked, foreign or newer: the station waits, says why, and goes on when it is back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.program.sample_club import Club


def reason(club: Club) -> str:
    return str(club.operation("email")["reason"])


def test_a_station_without_a_database_starts_waits_and_catches_up(club: Club) -> None:
    aside = club.database.with_suffix(".aside")
    club.database.rename(aside)
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "waiting")
    assert club.status()["state"] == "attention"
    club.write_settings()
    for leftover in club.folder.glob("club.db*"):
        if leftover != aside:
            leftover.unlink()
    aside.rename(club.database)
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.operation("email")["state"] == "active")


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"this is no database at all, but some text that is long enough to be read" * 20, "not a")],
    ids=["text"],
)
def test_a_file_that_is_no_database_is_told(club: Club, content: bytes, word: str) -> None:
    club.database.write_bytes(content)
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "waiting")
    club.wait_until(lambda: word in reason(club))
    assert club.database.read_bytes() == content


def test_a_database_of_a_newer_version_stops_the_work_and_is_told(club: Club) -> None:
    with closing(sqlite3.connect(club.database)) as connection, connection:
        connection.execute(
            "INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (999, 'later', 999, '9.9')"
        )
    club.write_emails("a@example.org")
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "waiting")
    club.wait_until(lambda: "newer" in reason(club))
    assert club.states() == {"pending": 1}


def test_a_locked_database_delays_and_loses_nothing(club: Club) -> None:
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    with closing(sqlite3.connect(club.database, isolation_level=None)) as locker:
        club.write_emails("a@example.org")
        locker.execute("BEGIN IMMEDIATE")
        club.wait_until(lambda: club.operation("email")["state"] == "waiting")
        assert club.command("status")[0] == 1
        locker.execute("ROLLBACK")
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.status()["state"] == "active")
    assert club.copies() == {"a@example.org": 1}
    club.wait_until(lambda: "email works again" in (club.home / "logs" / "accueil.log").read_text("utf-8"))


def test_a_database_that_is_deleted_under_a_station_is_told_and_a_new_one_is_served(club: Club) -> None:
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    for file in club.folder.glob("club.db*"):
        file.unlink()
    club.wait_until(lambda: "there is no database" in reason(club))
    club.make_database()
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.copies() == {"a@example.org": 1})
    club.wait_until(lambda: club.operation("email")["state"] == "active")


def test_a_database_in_a_missing_folder_is_told(club: Club) -> None:
    text = club.settings.read_text("utf-8")
    club.settings.write_text(text.replace("sqlite:///club.db", "sqlite:///nowhere/club.db"), "utf-8")
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "waiting")
    club.wait_until(lambda: "nowhere" in reason(club))
    assert not Path(club.folder / "nowhere").exists()
