"""`doctor` looks at the ports of sensors without opening one."""

from pathlib import Path

import pytest

from actors.serial_port.naming import Plugged
from service.doctor_sensors import sensor_ports
from service.findings import Level

TWINS = [
    Plugged("/dev/ttyUSB0", "USB Serial", 0x1A86, 0x7523, None, "1-1.3"),
    Plugged("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, None, "2-1"),
    Plugged("COM3"),
]


def said(ports: dict[str, str]) -> list[tuple[Level, str]]:
    return [(finding.level, str(finding.sentence)) for finding in sensor_ports(ports, lambda: TWINS)]


def test_without_sensors_nothing_is_said() -> None:
    assert said({}) == []


def test_ports_that_are_there_are_well(tmp_path: Path) -> None:
    device = tmp_path / "ttyACM0"
    device.touch()
    found = said({"entree": str(device), "sortie": "COM3", "loin": "socket://192.0.2.7:4000"})
    assert found == [(Level.OK, "3 sensors have ports, which are there")]


@pytest.mark.parametrize(
    ("port", "told"),
    [
        ("COM7", "sensor entree: nothing is plugged in at COM7"),
        ("/dev/ttyACM77", "sensor entree: nothing is plugged in at /dev/ttyACM77"),
        ("usb:0483:5740", "sensor entree: nothing is plugged in at usb:0483:5740"),
        ("usb:1A86:7523", "sensor entree: usb:1A86:7523 means several ports"),
    ],
)
def test_a_port_that_is_not_there_or_not_one_is_a_problem(port: str, told: str) -> None:
    ((level, sentence),) = said({"entree": port})
    assert level is Level.PROBLEM
    assert sentence.startswith(told)


def test_a_port_without_rights_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyACM0"
    device.touch()
    monkeypatch.setattr("os.access", lambda *_: False)  # root may do anything
    ((level, sentence),) = said({"entree": str(device)})
    assert level is Level.PROBLEM
    assert "add them to the group dialout" in sentence


def test_sensors_that_claim_one_port_are_named_together() -> None:
    found = said({"entree": "COM3", "bassin": "COM3"})
    assert [level for level, _ in found] == [Level.PROBLEM]
    assert found[0][1].startswith("the sensors entree, bassin all claim the port COM3")
