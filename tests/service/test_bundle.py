"""The support's bundle holds what helps, and none of the secrets and people that were planted everywhere."""

import base64
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from club import Database, Runs
from config import load
from service.channel.handshake import make_key
from service.channel.server import ControlServer
from service.command_line import main
from service.instance import acquire
from service.paths import Folders
from service.roster import settings_schema
from service.scrubbing import Scrubber, without_people
from tests.service.test_doctor import SAMPLE

PLANTED = {
    "secret in the settings": "xK9-geheim-settings",
    "secret in a file": "xK9-geheim-file",
    "secret in a variable": "xK9-geheim-variable",
    "password of the database": "xK9-geheim-url",
    "secret of a table that is not known here": "xK9-geheim-unknown",
    "an address": "jeanne.martin@example.org",
    "an address's person": "jeanne.martin",
    "the sender's account": "compte.smtp",
    "a number": "+33612345678",
    "a number as people write it": "06 12 34 56 78",
    "the user": "mdupont",
    "who paused": "Odile",
    "why": "la banque de Jeanne",
}
SETTINGS = f"""
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[email]
station = "ACCUEIL"
[email.smtp]
host = "smtp.example.org"
user = "{PLANTED["the sender's account"]}"
password = "{PLANTED["secret in the settings"]}"
sender = "Forme <{PLANTED["an address"]}>"
[backup]
token = "{PLANTED["secret of a table that is not known here"]}"
[sms]
station = "ACCUEIL"
[sms.gateway]
kind = "http"
provider = "brevo"
api_key = "file:key.txt"
sender = "FORME"
"""


@pytest.fixture
def config(home: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    path.chmod(0o600)
    (tmp_path / "key.txt").write_text(PLANTED["secret in a file"])
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LOGNAME", PLANTED["the user"])
    assert main(["database", "init"]) == 0
    capsys.readouterr()
    return path


def everything() -> str:
    """Return a text with all that was planted, as it may stand in a line of a log."""
    url = f"mysql://club:{PLANTED['password of the database']}@host/club"
    alone = {
        "password of the database",
        "secret in a variable",
        "an address's person",
    }  # they stand in nothing that is known here
    return " | ".join((*(text for what, text in PLANTED.items() if what not in alone), url)) + "\n"


def bundled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    file = tmp_path / "support.zip"
    assert main(["doctor", "--station", "ACCUEIL", "--bundle", str(file)]) in (0, 1)
    assert "look into it" in capsys.readouterr().out
    with zipfile.ZipFile(file) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_the_settings_that_are_planted_with_are_in_order(config: Path) -> None:
    load(config, settings_schema())


def test_nothing_that_was_planted_is_in_the_bundle(
    config: Path, home: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = home.of("ACCUEIL")
    told = everything().replace(PLANTED["who paused"], "").replace(PLANTED["why"], "")  # they stand in the status alone
    for path in (files.log, files.log.with_name("accueil.log.1"), files.journal):
        path.write_text(told, "utf-8")
    database = Database(f"sqlite:///{tmp_path / 'club.db'}")
    Runs(database, "ACCUEIL", "process").record("email", "failed", 1.0, told)
    database.dispose()
    pause = {"since": "2026-11-24T12:00:00+01:00", "until": None, "by": "Odile", "reason": PLANTED["why"]}
    operations = [{**each, "reason": told} for each in SAMPLE["operations"]]
    operations[0] = {**operations[0], "paused": pause, "reason": f"paused by Odile: {PLANTED['why']}"}
    failing = {"at": "2026-11-24T12:00:00+01:00", "kind": "crash", "error": told, "traceback": told}
    status = {
        **SAMPLE,
        "operations": operations,
        "actors": [{**each, "state": "failed", "last_failure": failing} for each in SAMPLE["actors"]],
    }
    with acquire("ACCUEIL", _noon(), home) as instance:
        server = ControlServer(instance.holder.address, make_key(home), lambda _request, _language: status)
        server.start()
        try:
            found = bundled(tmp_path, capsys)
        finally:
            server.close()
    assert {"doctor.json", "status.json", "settings.txt", "history.json", "logs/accueil.log"} <= set(found)
    leaks = [(what, name) for what, value in PLANTED.items() for name, text in found.items() if value in text]
    assert leaks == []


def test_it_holds_what_helps(config: Path, home: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.of("ACCUEIL").log.write_text("2026-11-24 WARNING actors.email: the server does not answer\n", "utf-8")
    found = bundled(tmp_path, capsys)
    assert "the server does not answer" in found["logs/accueil.log"]
    assert 'email.smtp.host = "smtp.example.org"' in found["settings.txt"]
    assert "Forme et Santé" in found["settings.txt"]
    assert "pykka==" in found["packages.txt"]
    assert json.loads(found["autostart.json"])[0]["way"] == "xdg"
    checks = {check["check"] for check in json.loads(found["doctor.json"])["checks"]}
    assert {"versions", "settings", "database", "durability", "autostart", "ports", "program"} <= checks
    assert not [name for name in found if "club.db" in name or "answers" in name or "key" in name]


def test_the_file_is_new_and_for_this_user_alone(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundled(tmp_path, capsys)
    assert (tmp_path / "support.zip").stat().st_mode & 0o077 == 0
    for path in (tmp_path / "support.zip", tmp_path / "none" / "support.zip"):
        assert main(["doctor", "--station", "ACCUEIL", "--bundle", str(path)]) == 2
        assert "name another file" in capsys.readouterr().err


def test_settings_that_are_not_in_order_give_a_bundle_all_the_same(
    config: Path, home: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[club\n", "utf-8")
    home.of("ACCUEIL").log.write_text("the log\n", "utf-8")
    found = bundled(tmp_path, capsys)
    assert found["logs/accueil.log"] == "the log\n"
    assert "settings.txt" not in found


def test_a_log_that_is_a_link_to_another_file_is_not_read(
    config: Path, home: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "private").write_text("not ours")
    (home.logs / "other.log").symlink_to(tmp_path / "private")
    assert bundled(tmp_path, capsys)["logs/other.log"] == "UnsafePath\n"


def test_a_long_log_is_cut_at_its_beginning_and_between_two_lines(
    config: Path, home: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("service.bundle._LOG_BYTES", 40)
    home.of("ACCUEIL").log.write_text("the first line has an address in it\nthe last line\n", "utf-8")
    assert bundled(tmp_path, capsys)["logs/accueil.log"] == "the last line\n"


def test_a_secret_of_a_variable_is_hidden_where_the_settings_name_it(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUB_SMTP", PLANTED["secret in a variable"])
    config.write_text(SETTINGS.replace(PLANTED["secret in the settings"], "env:CLUB_SMTP"), "utf-8")
    scrubber = Scrubber(load(config, settings_schema()))
    assert scrubber.text(f"login with {PLANTED['secret in a variable']} refused") == "login with *** refused"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("/home/mdupont/club/a.toml", "~/club/a.toml"),
        ("C:\\Users\\MDupont\\a", "C:\\Users\\[user]\\a"),
        ("mdupont42 is another word", "mdupont42 is another word"),
        ("to jeanne.martin@example.org", "to [address]@example.org"),
        ("+33612345678 refused", "[number] refused"),
        ("no answer to /sms?to=%2B33612345678&text=", "no answer to /sms?to=[number]&text="),
        ("to=33612345678, 33 1 23", "to=[number], 33 1 23"),
        ("from=jeanne.martin%40example.org&x", "from=[address]%40example.org&x"),
        ('sent AT+CPIN="4711"', 'sent AT+CPIN="***"'),
        ("/home/jeanne/club.db is locked", "/home/[user]/club.db is locked"),
        ("C:\\Users\\Jeanne Martin\\AppData\\a.log", "C:\\Users\\[user]\\AppData\\a.log"),
        ('"C:\\\\Users\\\\Jeanne Martin\\\\a.log"', '"C:\\\\Users\\\\[user]\\\\a.log"'),
        ("nothing of interest", "nothing of interest"),
    ],
)
def test_what_tells_who_it_is_goes(text: str, scrubbed: str) -> None:
    assert Scrubber(None, Path("/home/mdupont"), "mdupont").text(text) == scrubbed


AWKWARD = 'p@ss/w+"ö rd'


@pytest.mark.parametrize(
    "written",
    [
        AWKWARD,
        quote(AWKWARD, safe=""),
        quote_plus(AWKWARD),
        json.dumps(AWKWARD),
        repr(AWKWARD),
        base64.b64encode(AWKWARD.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_writing(config: Path, written: str) -> None:
    text = SETTINGS.replace(PLANTED["secret in the settings"], AWKWARD.replace('"', '\\"'))
    config.write_text(text.replace("sqlite:///club.db", "mariadb+pyodbc://club:gehe%2Fim@server/club"), "utf-8")
    scrubber = Scrubber(load(config, settings_schema()))
    said = scrubber.text(f"the server said {written} and gehe/im and gehe%2Fim")
    assert written.strip("\"'") not in said
    assert "gehe" not in said


def test_settings_that_are_not_in_order_have_secrets_all_the_same(
    config: Path, home: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = ("secret in the settings", "secret of a table that is not known here", "the sender's account")
    config.write_text(SETTINGS + "\n[sms.modem]\npin = 4711\n[email\n", "utf-8")
    home.of("ACCUEIL").log.write_text(" and ".join((*(PLANTED[what] for what in known), "4711")) + "\n", "utf-8")
    found = bundled(tmp_path, capsys)
    assert found["logs/accueil.log"] == "*** and *** and *** and ***\n"
    assert not any(PLANTED[what] in text for what in known for text in found.values())


@pytest.mark.parametrize("user", ["root", "user", "", "ab"])
def test_a_user_name_that_tells_nobody_is_left(user: str) -> None:
    assert Scrubber(None, Path("/"), user).text(f"root user ab {user}") == f"root user ab {user}"


def test_values_of_every_kind_are_scrubbed() -> None:
    value: Any = {"a@b.example": ["+33612345678", 3, None, True, {"x": "mdupont"}]}
    assert Scrubber(None, Path("/home/x"), "mdupont").json(value) == {
        "[address]@b.example": ["[number]", 3, None, True, {"x": "[user]"}]
    }


def test_a_status_without_a_pause_stays_as_it_is() -> None:
    assert without_people(SAMPLE) == SAMPLE


def _noon() -> Any:
    from datetime import UTC, datetime  # noqa: PLC0415 - for this line

    return datetime(2026, 11, 24, 12, tzinfo=UTC)
