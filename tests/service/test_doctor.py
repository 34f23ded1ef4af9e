"""`doctor` finds what is wrong on a computer, each fault for itself."""

import contextlib
import json
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modem_simulator import SimulatedModem

from club import Database, Received, Runs, SmsAnswers
from service import doctor, doctor_database
from service.channel.handshake import make_key
from service.channel.server import ControlServer
from service.command_line import main
from service.doctor import is_sqlite_sound
from service.instance import acquire
from service.paths import Folders

SAMPLE = json.loads((Path(__file__).parent / "status_sample.json").read_text(encoding="utf-8"))
SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
"""


@pytest.fixture
def config(home: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**10))
    assert main(["database", "init"]) == 0
    capsys.readouterr()
    return path


def examined(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Return the exit code and the findings by check."""
    code = main(["doctor", "--json", "--station", "ACCUEIL", *words])
    findings: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(capsys.readouterr().out)["checks"]:
        findings.setdefault(finding["check"], []).append(finding)
    return code, findings


def test_a_computer_that_is_well(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = examined(capsys)
    levels = {check: [finding["level"] for finding in found] for check, found in findings.items()}
    assert code == 0
    assert {check for check, found in levels.items() if set(found) == {"ok"}} >= {
        *("versions", "folders", "disk", "settings", "station", "database", "clock", "history", "emails"),
    }
    assert levels["program"] == ["warning"]  # it does not run


def test_the_page_fits_the_terminal(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--station", "ACCUEIL"]) == 0
    page = capsys.readouterr().out
    assert "✔ Heitz Service " in page
    assert max(map(len, page.splitlines())) <= 80


@pytest.mark.parametrize(
    ("amiss", "said"), [("zorglub = 1", "clé inconnue"), ("[club", "cette table a déjà été donnée")]
)
def test_a_file_that_is_to_be_mended_is_told_of_in_its_own_language(
    config: Path, capsys: pytest.CaptureFixture[str], amiss: str, said: str
) -> None:
    french = SETTINGS.replace('"en"', '"fr"')
    config.write_text(french.replace('name = "Forme', f'{amiss}\nname = "Forme'), encoding="utf-8")
    _, findings = examined(capsys)
    assert said in findings["settings"][0]["text"]


def test_every_problem_of_the_settings_is_found_and_the_other_checks_go_on(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(SETTINGS.replace("server = true", "sever = true\nweb_server = 1"), encoding="utf-8")
    config.chmod(0o600)
    code, findings = examined(capsys)
    assert code == 1
    assert {finding["level"] for finding in findings["settings"]} == {"problem"}
    assert len(findings["settings"]) >= 2
    assert "database" not in findings
    assert findings["program"]


def test_without_settings_it_is_said_where_they_were_looked_for(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, findings = examined(capsys, "--config", str(tmp_path / "none.toml"))
    assert (code, "none.toml" in findings["settings"][0]["text"]) == (1, True)


def test_settings_that_others_can_read_are_a_warning(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.chmod(0o644)
    code, findings = examined(capsys)
    assert (code, [finding["level"] for finding in findings["settings"]]) == (0, ["ok", "warning"])


def test_a_station_that_the_settings_do_not_know_is_a_problem(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--station", "ACUEIL"]) == 1
    assert "did you mean ACCUEIL?" in capsys.readouterr().out


@pytest.mark.parametrize(("seconds", "word"), [(600, "10 min behind"), (-5400, "90 min ahead")])
def test_a_clock_that_is_not_the_databases_is_a_warning(
    seconds: int, word: str, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor_database, "club_time", lambda _: datetime.now(UTC) + timedelta(seconds=seconds))
    code, findings = examined(capsys)
    assert (code, findings["clock"][0]["level"]) == (0, "warning")
    assert word in findings["clock"][0]["text"]


@pytest.mark.parametrize("spoil", ["missing", "garbage"])
def test_a_database_that_is_unfit_is_a_problem(spoil: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config.parent / "club.db"
    for file in config.parent.glob("club.db*"):
        file.unlink()
    if spoil == "garbage":
        path.write_bytes(b"not a database" * 500)
    code, findings = examined(capsys)
    assert (code, findings["database"][0]["level"]) == (1, "problem")


def test_a_database_that_can_be_read_and_not_written_is_a_problem(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config.parent / "club.db"
    monkeypatch.setattr(doctor, "database_of", lambda _: Database(f"sqlite:///{path}", busy_seconds=0.1))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, findings = examined(capsys)
    assert (code, findings["database"][0]["level"]) == (1, "problem")
    assert "locked by another program" in findings["database"][0]["text"]


@pytest.mark.parametrize(("free", "level", "code"), [(5 * 10**8, "warning", 0), (10**7, "problem", 1)])
def test_a_disk_that_gets_full_is_seen_before_it_is(
    free: int, level: str, code: int, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    ended, findings = examined(capsys)
    assert (ended, {finding["level"] for finding in findings["disk"]}) == (code, {level})


def test_a_folder_that_is_not_this_program_s_is_a_problem(
    config: Path, home: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    home.runtime.rmdir()
    home.runtime.symlink_to(config.parent)
    code, findings = examined(capsys)
    assert (code, findings["folders"][0]["level"], "program" in findings) == (1, "problem", False)


def test_failures_of_the_last_day_and_of_the_running_program_are_told(
    config: Path, home: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(f"sqlite:///{config.parent / 'club.db'}")
    Runs(database, "ACCUEIL", "p1").record("email", "failed", 1.0, "the server smtp.example.org does not answer")
    database.dispose()
    with acquire("ACCUEIL", datetime.now(UTC), home) as instance:
        server = ControlServer(instance.holder.address, make_key(home), lambda _request, _language: SAMPLE)
        server.start()
        code, findings = examined(capsys)
        server.close()
    assert code == 1
    assert "the server smtp.example.org does not answer" in findings["history"][0]["text"]
    assert findings["program"][0]["level"] == "problem"
    (actor,) = (each for each in findings["actor"] if each["level"] == "problem")  # one works again
    assert actor["text"].startswith("sms is backing off after: failed start, SerialException")


def test_emails_that_nobody_sends_or_decides_about_are_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(config.parent / "club.db")) as connection, connection:
        write = "INSERT INTO email (recipient, subject, text_body, created_at, state) VALUES ('a@x.fr', 's', 't', ?, ?)"
        connection.execute(write, ("2026-11-01 08:00:00", "pending"))
        connection.executemany(write, [("2026-11-01 08:00:00", "uncertain")] * 2)
    code, findings = examined(capsys)
    assert (code, {finding["level"] for finding in findings["emails"]}) == (0, {"warning"})
    uncertain, waiting = (finding["text"] for finding in findings["emails"])
    assert uncertain == "2 e-mails are uncertain: `heitz-service email list --state uncertain` shows them"
    assert re.fullmatch(r"an e-mail has been due for \d+ hours: `heitz-service status --club` shows .*", waiting)


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),  # newer than a mended branch, and not mended
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_an_sqlite_that_can_damage_a_database_is_known(version: tuple[int, int, int], sound: bool) -> None:  # noqa: FBT001
    assert is_sqlite_sound(version) is sound


def test_an_sqlite_that_can_damage_a_database_is_a_warning(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    code, findings = examined(capsys)
    assert (code, findings["sqlite"][0]["level"]) == (0, "warning")


def test_answers_that_may_mean_stop_are_told_until_a_person_has_decided(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(f"sqlite:///{config.parent}/club.db")
    answers = SmsAnswers(database)
    answers.receive(Received("+33698760001", "+33698760001", "stop ?", "perhaps_stop"), "modem")
    _, findings = examined(capsys)
    [finding] = findings["sms"]
    assert finding["level"] == "warning"
    assert "1 answer may mean STOP" in finding["text"]
    answers.add("+33698760001", "a person")
    database.dispose()
    assert "sms" not in examined(capsys)[1]


MODEM = """
[sms]
station = "{station}"
[sms.gateway]
kind = "modem"
port = "{port}"
contract_for_programs = {contract}
"""


def test_a_modem_is_asked_how_it_is_and_its_card_is_warned_of(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = SimulatedModem(tmp_path / "modem", tmp_path / "air")
    try:
        config.write_text(SETTINGS + MODEM.format(station="ACCUEIL", port=simulated.link, contract="false"), "utf-8")
        _, findings = examined(capsys)
        caution, described = findings["modem"]
        assert (caution["level"], described["level"]) == ("warning", "ok")
        assert "2022-1583" in caution["text"]
        assert described["text"] == "modem Simulated SIM-1, network F Operator, signal 20 of 31"
        config.write_text(SETTINGS + MODEM.format(station="ACCUEIL", port=simulated.link, contract="true"), "utf-8")
        simulated.modem.registration = 3
        code, findings = examined(capsys)
        assert code == 1
        [problem] = findings["modem"]
        assert problem["text"].startswith("the modem cannot send now: the network turned the SIM card away")
        other = SETTINGS + "[stations.SERVEUR]\n" + MODEM.format(station="SERVEUR", port="COM3", contract="false")
        config.write_text(other, "utf-8")
        assert "modem" not in examined(capsys)[1], "it is another station's"
    finally:
        simulated.close()


def test_sensors_whose_ports_are_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sensor = (
        '[[stations.ACCUEIL.sensors]]\nname = "entree"\nzone = "bassin"\ndriver = "terabee"\nport = "/dev/ttyACM77"\n'
    )
    config.write_text(f"{SETTINGS}{sensor}[fmi.zones.bassin]\nlimit = 100\n", encoding="utf-8")
    code, findings = examined(capsys)
    assert code == 1
    assert [finding["text"] for finding in findings["sensors"]] == [
        "sensor entree: nothing is plugged in at /dev/ttyACM77"
    ]
