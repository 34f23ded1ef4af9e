"""What doctor says of ports, icon, pauses and failures."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from serial.tools import list_ports

from actors.sms.adapters.modem.settings import ModemSettings
from service import doctor_computer
from service.findings import Finding, Level


def told(findings: Any) -> list[tuple[str, str]]:
    return [(str(finding.level), finding.sentence.render("en")) for finding in findings]


def settings(port: str, sensors: Any = ()) -> Any:
    gateway = ModemSettings(kind="modem", port=port)
    station = SimpleNamespace(name="ACCUEIL", tables={"sensors": sensors})
    return SimpleNamespace(operations={"sms": SimpleNamespace(gateway=gateway)}, stations={"ACCUEIL": station})


def plug(monkeypatch: pytest.MonkeyPatch, *ports: tuple[str, str]) -> None:
    found = [SimpleNamespace(device=device, description=description) for device, description in ports]
    monkeypatch.setattr(list_ports, "comports", lambda: found)


def test_the_ports_are_listed_and_those_of_the_settings_are_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plug(monkeypatch, ("COM3", "USB Serial Device"), ("COM1", "n/a"))
    sensors = ({"name": "entree", "port": "com3"}, {"name": "sortie", "port": "COM9"}, {"port": "usb:0483:5740:1"})
    findings = told(doctor_computer.ports(settings(str(tmp_path / "ttyUSB7"), sensors), "accueil"))
    assert findings[0] == ("ok", "2 serial ports: COM1, COM3 (USB Serial Device)")
    assert [level for level, _ in findings[1:]] == ["problem", "problem"]
    assert "ttyUSB7 of [sms.gateway] is not there" in findings[1][1]
    assert "COM9 of sortie is not there" in findings[2][1]


def test_no_port_is_no_fault_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch)
    assert told(doctor_computer.ports(None, None)) == [("ok", "this computer has no serial port")]


@pytest.mark.parametrize(
    ("port", "missing"),
    [("COM3", False), ("com3", False), ("COM4", True), ("socket://192.0.2.7:4000", False), ("/dev/null", False)],
)
def test_only_plain_ports_can_be_missing(port: str, *, missing: bool) -> None:
    assert doctor_computer.is_missing(port, {"com3"}) is missing


@pytest.mark.parametrize(
    ("tray", "level"),
    [
        ({"state": "docked"}, "ok"),
        ({"state": "off", "reason": "started without one"}, "ok"),
        ({"state": "lost", "reason": "the taskbar has no place for icons"}, "warning"),
        ({}, "warning"),
    ],
)
def test_the_icon_is_where_the_program_says(tray: dict[str, Any], level: str) -> None:
    (finding,) = told(doctor_computer.icon({"tray": tray}))
    assert finding[0] == level
    assert tray.get("reason", "") in finding[1]


def test_a_program_without_an_icon_of_its_own_says_nothing() -> None:
    assert told(doctor_computer.icon({})) == []


def test_what_is_paused_is_a_warning() -> None:
    operations = [{"id": "email", "paused": {"until": None}, "reason": "paused by marie"}, {"id": "sms"}]
    assert told(doctor_computer.paused({"operations": operations})) == [("warning", "email: paused by marie")]


def test_failures_are_told_while_they_matter() -> None:
    now = datetime.now().astimezone()

    def actor(path: str, state: str, ago: timedelta) -> dict[str, Any]:
        failure = {"at": (now - ago).isoformat(), "kind": "crash", "error": "ValueError: jeanne@example.org"}
        return {"path": path, "state": state, "last_failure": failure}

    actors = [
        actor("down", "backoff", timedelta(days=3)),
        actor("back", "running", timedelta(hours=3)),
        actor("well", "running", timedelta(days=3)),
        {"path": "never", "state": "running", "last_failure": None},
    ]
    findings = list(doctor_computer.failures({"actors": actors}, "en"))
    assert [(each.level, str(each.sentence).split()[0]) for each in findings] == [
        (Level.PROBLEM, "down"),
        (Level.WARNING, "back"),
    ]
    assert "jeanne" not in "".join(str(each.sentence) for each in findings)


def test_an_embedded_database_tells_that_it_waits_for_the_disk() -> None:
    (found,) = doctor_computer.durability("sqlite:///club.db")
    assert isinstance(found, Finding)
    assert list(doctor_computer.durability("postgresql+psycopg://db/club")) == []
