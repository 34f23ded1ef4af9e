"""`fmi probe` tells what is on a port; `fmi ports` how the settings name each."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from modbus_module import Module
from sensor_simulators import Answering, Cable, Turnstile, count_short, heartbeat

from actors.fmi.probe import Attempt, Probe
from actors.serial_port import NotOpened, PortLost, naming
from actors.serial_port.naming import Plugged
from service.command_line import main

PLUGGED = [
    Plugged("/dev/ttyACM0", "Terabee", 0x0483, 0x5740, "207A", "1-1.4:1.0"),
    Plugged("/dev/ttyUSB0", "USB Serial", 0x1A86, 0x7523, None, "1-1.3"),
    Plugged("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, None, "2-1"),
    Plugged("/dev/ttyS0"),
]


@contextmanager
def speaking(cable: Cable, said: Callable[[], bytes]) -> Iterator[None]:
    """Have a sensor say something again and again."""
    is_over = threading.Event()

    def speak() -> None:
        while not is_over.wait(0.02):
            cable.say(said())

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    with Cable(tmp_path / "port") as plugged:
        yield plugged


def last(cable: Cable, **keys: object) -> Attempt:
    return list(Probe(str(cable.link), **keys).attempts())[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [heartbeat(), count_short(3, 1) + heartbeat()])
def test_a_terabee_is_known_by_its_frames(cable: Cable, said: bytes) -> None:
    with speaking(cable, lambda: said):
        assert last(cable).driver == "terabee"


def test_lines_are_known_and_shown(cable: Cable) -> None:
    with speaking(cable, lambda: b"1234,56\r\n"):
        found = last(cable)
    assert found.driver == "line"
    assert "such as: 1234,56" in str(found.finding)


def test_bytes_of_no_frame_are_shown_at_each_speed(cable: Cable) -> None:
    """What a sensor sends at another speed, or something that is no sensor."""
    with speaking(cable, lambda: b"\xfe\x00\x81"):
        found = list(Probe(str(cable.link), (115_200, 9600), only_listens=True).attempts())
    assert [each.driver for each in found] == [None, None]
    assert all("of no frame that is known: " in str(each.finding) for each in found)


def test_silence_is_told_once_when_nothing_may_be_written(cable: Cable) -> None:
    found = list(Probe(str(cable.link), only_listens=True).attempts())
    assert ["nothing speaks by itself" in str(each.finding) for each in found] == [True]
    assert cable.hear(0.0) == b""


def test_a_turnstile_is_asked_and_known(cable: Cable) -> None:
    device = Answering(cable, Turnstile())
    try:
        assert last(cable, speeds=(9600,)).driver == "tpw321"
    finally:
        device.close()


@pytest.mark.parametrize("unit", [1, 7])
def test_a_module_is_asked_and_known(tmp_path: Path, unit: int) -> None:
    module = Module(tmp_path / "module", unit)
    try:
        found = last(module.cable, speeds=(9600,), unit=unit)
        assert found.driver == "modbus"
        assert dict(found.settings) == {"unit": unit, "function": "input"}
    finally:
        module.close()


def test_a_port_that_is_not_there_or_goes_is_an_error(cable: Cable) -> None:
    with pytest.raises(NotOpened):
        list(Probe("/dev/ttyACM77").attempts())
    attempts = Probe(str(cable.link)).attempts()
    puller = threading.Timer(0.1, cable.unplug)
    puller.start()
    with pytest.raises((PortLost, NotOpened)):
        list(attempts)
    puller.join()


def test_the_command_prints_what_to_write(cable: Cable, capsys: pytest.CaptureFixture[str]) -> None:
    with speaking(cable, heartbeat):
        assert main(["fmi", "probe", str(cable.link), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "a Terabee people counter speaks at 115200 baud" in out
    assert f'driver = "terabee"\n  port = "{cable.link}"\n  baud = 115200' in out
    with speaking(cable, heartbeat):
        assert main(["fmi", "probe", str(cable.link), "--json", "--lang", "en"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["settings"] == {"driver": "terabee", "port": str(cable.link), "baud": 115_200}


def test_the_command_says_what_went_wrong(cable: Cable, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmi", "probe", "/dev/ttyACM77", "--lang", "en"]) == 1
    assert "nothing is plugged in at /dev/ttyACM77" in capsys.readouterr().err
    assert main(["fmi", "probe", "/dev/ttyACM77", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["driver"] is None
    assert main(["fmi", "probe", str(cable.link), "--listen", "--lang", "en"]) == 1
    assert "no sensor that the program knows" in capsys.readouterr().out
    assert main(["fmi", "probe", str(cable.link), "--unit", "300"]) == 2


def test_ports_are_named_by_what_lasts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the same numbers are named by their sockets; what is not on USB by its device."""
    monkeypatch.setattr(naming, "plugged_in", lambda: PLUGGED)
    assert main(["fmi", "ports", "--json"]) == 0
    names = [each["name"] for each in json.loads(capsys.readouterr().out)["ports"]]
    assert names == ["usb:0483:5740:207A", "usb@1-1.3", "usb@2-1", "/dev/ttyS0"]
    assert all(
        naming.address_of(name, lambda: PLUGGED) == each.device for name, each in zip(names, PLUGGED, strict=True)
    )
    assert main(["fmi", "ports", "--lang", "en"]) == 0
    assert "usb:0483:5740:207A" in capsys.readouterr().out
    monkeypatch.setattr(naming, "plugged_in", list)
    assert main(["fmi", "ports", "--lang", "en"]) == 0
    assert "plug the sensor's cable in" in capsys.readouterr().out


def test_the_ports_of_this_computer_are_listed() -> None:
    """As far as they can be known here: none may be there, and none is opened."""
    assert all(each.device and naming.objection_to_port(each.device) is None for each in naming.plugged_in())
