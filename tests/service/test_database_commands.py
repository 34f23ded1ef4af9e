"""`database`, `history`, `email` and `status --club` on a real database."""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from club import Database, Occurrences, Runs, Stations
from service.command_line import main
from service.commands.history import since
from service.terminal import width

SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(path))
    return path


@pytest.fixture
def database(config: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Database]:
    assert main(["database", "init"]) == 0
    capsys.readouterr()
    opened = Database(f"sqlite:///{config.parent / 'club.db'}")
    yield opened
    opened.dispose()


def write(config: Path, *statements: str) -> None:
    """Write as another program does: plain SQL."""
    connection = sqlite3.connect(config.parent / "club.db")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def mail(state: str, subject: str = "Votre séance", error: str = "") -> str:
    return (
        f"INSERT INTO email (recipient, subject, text_body, state, error) "
        f"VALUES ('léa@example.org', '{subject}', 'Bonjour', '{state}', nullif('{error}', ''))"
    )


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    out = capsys.readouterr().out
    assert max(map(width, out.splitlines()), default=0) <= 80
    return out


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_database_is_made_once_and_found_fit(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config.parent / "club.db"
    assert main(["database", "check"]) == 2
    assert not path.exists(), "a check must not make a file"
    capsys.readouterr()
    assert main(["database", "init"]) == 0
    assert "is made (revision" in capsys.readouterr().out
    assert [main(["database", command]) for command in ("init", "upgrade", "check")] == [0, 0, 0]
    assert capsys.readouterr().out.count("is up to date") == 3


def test_the_statements_are_printed_for_an_administrator_and_nothing_is_made(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["database", "init", "--sql"]) == 0
    assert "CREATE TABLE email" in capsys.readouterr().out
    assert not (config.parent / "club.db").exists()


def test_the_statements_for_an_engine_that_is_not_known_are_refused(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text("utf-8").replace("sqlite:///club.db", "oracle://server/club"), "utf-8")
    assert main(["database", "init", "--sql"]) == 2
    assert capsys.readouterr().err.startswith("heitz-service: the engine oracle is not known here")


@pytest.mark.parametrize("command", ["check", "upgrade"])
@pytest.mark.parametrize("spoil", ["missing", "folder", "garbage", "empty", "newer"])
def test_a_database_that_is_unfit_is_told_in_one_sentence(
    spoil: str, command: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config.parent / "club.db"
    match spoil:
        case "folder":
            path.mkdir()
        case "garbage":
            path.write_bytes(os.urandom(5000))
        case "empty":
            path.touch()
        case "newer":
            main(["database", "init"])
            write(config, "INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (99, 'x', 99, '9.9')")
    if (spoil, command) == ("newer", "upgrade"):
        command = "check"
    capsys.readouterr()
    assert main(["database", command]) == 2
    told = capsys.readouterr().err
    assert (told.count("\n"), "club.db" in told, "Traceback" in told) == (1, True, False)


def test_history_shows_every_run_newest_first(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs(database, "ACCUEIL", "p1")
    for number, outcome in enumerate(("ok", "failed"), 1):
        summary = f"{number} e-mails envoyés à des clients du club, tous reçus par le serveur"
        runs.record("email", outcome, 1.0, summary)  # type: ignore[arg-type]
    Occurrences(database, "backup", "ACCUEIL", "p1").begin("2026-11-24T23:00", "again")
    assert main(["history"]) == 0
    lines = shown(capsys).splitlines()
    assert [line.split()[2:5] for line in lines if "ACCUEIL" in line] == [
        ["backup", "ACCUEIL", "running"],
        ["email", "ACCUEIL", "failed"],
        ["email", "ACCUEIL", "ok"],
    ]
    assert "    2 e-mails envoyés à des clients du club, tous reçus par le serveur" in lines
    assert main(["history", "email", "--failures", "--json"]) == 0
    (run,) = document(capsys)["runs"]
    assert (run["operation"], run["outcome"], run["station"]) == ("email", "failed", "ACCUEIL")
    assert datetime.fromisoformat(run["started_at"]).tzinfo is not None


@pytest.mark.parametrize(("language", "word"), [("en", "housekeeping"), ("fr", "entretien")])
def test_the_programs_own_work_is_in_the_history_under_its_name(
    language: str, word: str, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    Runs(database, "ACCUEIL", "p1").record("housekeeping", "ok", 1.0)
    for words in (["history"], ["history", "housekeeping"]):
        assert main(["--lang", language, *words]) == 0
        [line] = [line for line in shown(capsys).splitlines() if "ACCUEIL" in line]
        assert line.split()[2] == word


def test_the_history_of_an_operation_that_does_not_exist_is_not_empty_but_refused(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "emial"]) == 2
    assert capsys.readouterr().err == "heitz-service: there is no operation emial: did you mean email?\n"


def test_history_begins_where_it_is_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    Runs(database, "ACCUEIL", "p1").record("email", "ok", 1.0)
    assert [main(["history", "--since", when, "--json"]) for when in ("1h", "2999-01-01")] == [0, 0]
    past, future = capsys.readouterr().out.split('{\n  "version"')[1:]
    assert ('"operation": "email"' in past, '"operation"' in future) == (True, False)
    assert main(["history", "--since", "2999-01-01"]) == 0
    assert shown(capsys) == "no run is recorded\n"


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("30min", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("7j", timedelta(days=7)),
    ],
)
def test_an_age_counts_back_from_now(text: str, ago: timedelta) -> None:
    assert abs(datetime.now(UTC) - ago - since(text)) < timedelta(seconds=10)


@pytest.mark.parametrize("text", ["yesterday", "7x", "-1d", "999999d", "2026-13-01", "0001-01-01", ""])
def test_what_is_no_instant_is_refused(text: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", f"--since={text}"]) == 2
    assert "is not a value for the argument --since" in capsys.readouterr().err


def test_emails_are_listed_by_state(database: Database, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(config, mail("sent"), mail("failed", "Relance " * 20, "550 5.1.1 no such user"), mail("uncertain"))
    assert main(["email", "list"]) == 0
    listed = shown(capsys)
    assert listed.startswith("pending 0 · sending 0 · sent 1 · failed 1 · expired 0 · uncertain 1\n")
    assert "    550 5.1.1 no such user" in listed.splitlines()
    assert main(["email", "list", "--state", "failed", "--json"]) == 0
    (email,) = document(capsys)["emails"]
    assert (email["id"], email["state"], email["error"]) == (2, "failed", "550 5.1.1 no such user")


def test_one_email_is_shown_whole(database: Database, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        config,
        mail("failed", error="550 no such user"),
        "INSERT INTO email_attachment (email_id, name, content) VALUES (1, 'planning.pdf', x'0102')",
        "INSERT INTO email_recipient (email_id, address, state, error) VALUES (1, 'b@x.fr', 'failed', '550')",
    )
    assert main(["email", "show", "1"]) == 0
    page = shown(capsys)
    for part in ("recipient:      léa@example.org", "planning.pdf (2 bytes)", "b@x.fr: failed (550)", "\n\nBonjour\n"):
        assert part in page
    assert main(["email", "show", "1", "--json"]) == 0
    assert document(capsys)["recipients"] == [{"address": "b@x.fr", "state": "failed", "error": "550"}]
    assert main(["email", "show", "9"]) == 1
    assert "there is no message 9" in capsys.readouterr().err


def test_retry_and_resolve_do_what_they_can_and_say_what_they_cannot(
    database: Database, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(config, mail("failed"), mail("sent"), mail("uncertain"), mail("uncertain"))
    assert main(["email", "retry", "1", "2", "3"]) == 1
    said = capsys.readouterr()
    assert said.out == "1 e-mail goes out at the next run\n"
    assert ("message 2 is sent already" in said.err, said.err.count("\n")) == (True, 2)
    assert main(["email", "resolve", "3", "--sent"]) == 0
    assert main(["email", "resolve", "4", "--resend", "--json"]) == 0
    assert main(["email", "resolve", "4"]) == 2
    capsys.readouterr()
    assert main(["email", "list", "--json"]) == 0
    states = {email["id"]: email["state"] for email in document(capsys)["emails"]}
    assert states == {1: "pending", 2: "sent", 3: "sent", 4: "pending"}


@pytest.mark.parametrize("words", [["show", "0"], ["show", "9" * 30], ["retry", "-1"], ["list", "--limit", "0"]])
def test_a_number_that_no_email_can_have_is_a_usage_error(
    words: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["email", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_club_s_stations_are_shown_with_those_that_give_no_sign_of_life(
    database: Database, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stations = Stations(database)
    stations.beat("SERVEUR", "p1", "0.1.0", "active", ["backup", "email"])
    assert main(["status", "--club"]) == 1
    page = shown(capsys)
    assert "holds backup, email" in page
    assert re.search(r"^✖ ACCUEIL +never seen +- +-$", page, re.MULTILINE)
    assert "  ✖ ACCUEIL was never seen: start Heitz Service there" in page
    stations.beat("accueil", "p2", "0.1.0", "active")
    assert main(["status", "--club", "--json"]) == 0
    club = document(capsys)
    assert [station["name"] for station in club["stations"]] == ["SERVEUR", "ACCUEIL"]
    assert (club["state"], club["concerns"], club["leases"]) == ("active", [], [])
    write(config, "UPDATE station SET seen_ms = seen_ms - 600000 WHERE name = 'SERVEUR'")
    assert main(["status", "--club"]) == 1
    assert "no sign of life" in shown(capsys)


@pytest.mark.parametrize("words", [["history"], ["email", "list"], ["status", "--club"]])
def test_without_its_database_a_command_says_so_and_fails(
    words: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 1
    told = capsys.readouterr().err
    assert (told.count("\n"), "club.db" in told) == (1, True)


def test_bad_settings_are_told_before_any_database_is_opened(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("[club]\n", encoding="utf-8")
    assert main(["history"]) == 2
    assert "problems in" in capsys.readouterr().err
