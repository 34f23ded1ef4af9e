"""A serial port by its name: found or said why not, for one reader alone, and told when it is gone."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import serial
import serial.rfc2217
from sensor_simulators import Cable

from actors.serial_port import Interrupted, LineMode, NotOpened, Port, PortLost, open_port
from actors.serial_port.naming import NotFound, Plugged, address_of, claimed_twice, objection_to_port

LONG = 90.0
ADAPTERS = [
    Plugged("/dev/ttyACM0", "Terabee", 0x0483, 0x5740, "207A", "1-1.4:1.0"),
    Plugged("/dev/ttyACM1", "Terabee", 0x0483, 0x5740, "207B", "1-1.2:1.0"),
    Plugged("/dev/ttyUSB0", "USB Serial", 0x1A86, 0x7523, None, "1-1.3"),
    Plugged("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, None, "2-1"),
    Plugged("/dev/ttyS0"),
]


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    with Cable(tmp_path / "sensor") as plugged:
        yield plugged


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("usb:0483:5740:207B", "/dev/ttyACM1"),
        ("usb:1a86:7523", "two"),  # clones without a serial number
        ("usb:0483:5740", "two"),
        ("usb:0483:5740:9999", "none"),
        ("usb:0403:6001", "none"),
        ("usb@1-1.3", "/dev/ttyUSB0"),
        ("usb@1-1.4", "/dev/ttyACM0"),  # what the system adds for the interface may be left out
        ("usb@1-1.4:1.0", "/dev/ttyACM0"),
        ("usb@1-1", "none"),  # a socket before it: no guess
        ("/dev/ttyUSB7", "/dev/ttyUSB7"),
        ("COM3", "COM3"),
        ("socket://192.0.2.7:4000", "socket://192.0.2.7:4000"),
    ],
)
def test_a_text_means_one_port_or_none(text: str, device: str) -> None:
    assert objection_to_port(text) is None
    if device in {"two", "none"}:
        with pytest.raises(NotFound, match="several ports" if device == "two" else "nothing is plugged in") as error:
            address_of(text, lambda: ADAPTERS)
        assert error.value.needs_a_person == (device == "two")
    else:
        assert address_of(text, lambda: ADAPTERS) == device


def test_two_matches_are_named() -> None:
    with pytest.raises(NotFound, match=r"ttyACM0.*207A.*usb@1-1.4.*ttyACM1.*207B.*usb@1-1.2"):
        address_of("usb:0483:5740", lambda: ADAPTERS)


@pytest.mark.parametrize("text", ["", "USB", "usb:483:5740", "usb@", "usb@x", "COM0", "tcp://192.0.2.7", "/dev/a b"])
def test_what_is_no_port_is_refused(text: str) -> None:
    assert objection_to_port(text) is not None
    with pytest.raises(NotOpened, match="cannot be understood") as error:
        open_port(text)
    assert error.value.needs_a_person


def test_two_sensors_that_claim_one_port_are_named(tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/ttyACM0")
    claims = {
        "entree": "usb:0483:5740:207A",
        "bassin": str(link),
        "sauna": "usb:0483:5740:207B",
        "solarium": "usb@1-1.9",
        "vestiaire": "usb@1-1.4",
    }
    assert claimed_twice(claims, lambda: ADAPTERS) == [("/dev/ttyACM0", ["entree", "bassin", "vestiaire"])]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/dev/ttyUSB77", "nothing is plugged in at /dev/ttyUSB77"),
        ("/dev/null", "/dev/null is no serial port"),
        ("/dev", "/dev is no serial port"),
        ("socket://127.0.0.1:9", "nothing answers at socket://127.0.0.1:9"),
        ("usb:FFFF:FFFF:none", "nothing is plugged in at usb:FFFF:FFFF:none"),
        ("socket://127.0.0.1", "cannot be understood|cannot be opened"),
    ],
)
def test_why_a_port_was_not_opened_is_said(text: str, said: str) -> None:
    with pytest.raises(NotOpened, match=said):
        open_port(text)


def test_a_port_without_rights_is_said(cable: Cable) -> None:
    """Root may use any port: another user asks, in a process of its own."""
    if os.geteuid() != 0:
        cable.link.chmod(0)
        with pytest.raises(NotOpened, match="add them to the group dialout"):
            open_port(str(cable.link))
        return
    os.chown(cable.link, 0, 0)
    cable.link.chmod(0o600)
    device = os.path.realpath(cable.link)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65_534)
        said = "opened"
        try:
            open_port(device)
        except NotOpened as error:
            said = str(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert "add them to the group dialout" in answer.read()


def test_a_second_reader_is_refused_until_the_first_lets_go(cable: Cable) -> None:
    first = open_port(str(cable.link))
    with pytest.raises(NotOpened, match="in use by another program, or by another device here"):
        open_port(str(cable.link))
    cable.say(b"whole")
    assert first.read(time.monotonic() + LONG, time.monotonic) == b"whole"
    first.close()
    open_port(str(cable.link)).close()


def test_a_read_ends_at_its_time(cable: Cable) -> None:
    port = open_port(str(cable.link))
    assert port.read(time.monotonic() + 0.01, time.monotonic) == b""
    port.close()


def test_a_pulled_cable_is_a_lost_port_and_the_way_back_is_a_new_one(cable: Cable) -> None:
    """A node that is kept open would come back under another name."""
    port = open_port(str(cable.link))
    cable.unplug()
    with pytest.raises(PortLost):
        port.read(time.monotonic() + LONG, time.monotonic)
    with pytest.raises(PortLost):
        port.write(b"x" * 10)
    with pytest.raises(PortLost):
        port.drop_input()
    port.close()
    port.close()
    with pytest.raises(NotOpened, match="nothing is plugged in"):
        open_port(str(cable.link))
    cable.plug_in()
    again = open_port(str(cable.link))
    cable.say(b"again")
    assert again.read(time.monotonic() + LONG, time.monotonic) == b"again"
    again.close()


def test_a_cable_pulled_in_the_middle_of_a_wait_ends_it(cable: Cable) -> None:
    port = open_port(str(cable.link))
    puller = threading.Timer(0.05, cable.unplug)
    puller.start()
    with pytest.raises(PortLost):
        port.read(time.monotonic() + LONG, time.monotonic)
    puller.join()
    port.close()


@pytest.mark.parametrize("url", ["{link}", "alt://{link}?class=PosixPollSerial"])
def test_an_interrupt_ends_a_wait_of_any_port(cable: Cable, url: str) -> None:
    port = open_port(url.format(link=cable.link))
    threading.Timer(0.05, port.interrupt).start()
    with pytest.raises(Interrupted):
        port.read(time.monotonic() + LONG, time.monotonic)
    with pytest.raises(Interrupted):  # and every later one, until somebody wants to wait again
        port.read(time.monotonic() + LONG, time.monotonic)
    port.resume()
    cable.say(b"x")
    assert port.read(time.monotonic() + LONG, time.monotonic) == b"x"
    port.close()
    port.interrupt()  # by a thread that has not seen it close


def test_a_converter_on_the_network_is_read_and_lost_like_a_cable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}")
        far, _ = server.accept()
        far.sendall(b"frame")
        assert port.read(time.monotonic() + LONG, time.monotonic) == b"frame"
        port.write(b"question")
        assert far.recv(100) == b"question"
        far.close()
        with pytest.raises(PortLost):
            port.read(time.monotonic() + LONG, time.monotonic)
        port.close()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial's own, in its client
def test_a_converter_of_rfc_2217_is_read_and_lost_like_a_cable() -> None:
    """pyserial's own server of it: the port behind it is a loop."""
    with socket.create_server(("127.0.0.1", 0)) as server, serial.serial_for_url("loop://", timeout=0.02) as behind:
        is_over = threading.Event()

        def serve() -> None:
            far, _ = server.accept()
            far.settimeout(0.02)
            with far:
                manager = serial.rfc2217.PortManager(cast("Any", behind), cast("Any", _Writer(far)))
                while not is_over.is_set():
                    with contextlib.suppress(TimeoutError):
                        behind.write(b"".join(manager.filter(far.recv(1024))))
                    if read := behind.read(behind.in_waiting or 1):
                        far.sendall(b"".join(manager.escape(read)))

        serving = threading.Thread(target=serve)
        serving.start()
        port = open_port(f"rfc2217://127.0.0.1:{server.getsockname()[1]}", LineMode(9600))
        port.write(b"\xff and back")
        came = b""
        while len(came) < 10:
            came += port.read(time.monotonic() + LONG, time.monotonic)
        assert came == b"\xff and back"
        assert behind.baudrate == 9600
        assert port.read(time.monotonic(), time.monotonic) == b""
        is_over.set()
        serving.join()
        with pytest.raises(PortLost):
            port.read(time.monotonic() + LONG, time.monotonic)
        port.close()


@attrs.frozen
class _Writer:
    """What the server's negotiation writes to."""

    far: socket.socket

    def write(self, sent: bytes) -> None:
        self.far.sendall(sent)


def test_a_converter_that_says_no_farewell_is_asked_for_signs_of_life() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}")
        with socket.socket(fileno=os.dup(port._descriptor or 0)) as ours:
            assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 3
        port.close()


def test_a_flood_is_taken_at_the_pace_of_a_wire(cable: Cable) -> None:
    """The clock is the test's: after ten seconds of flood no more is taken than ten seconds' worth, and a burst."""
    port = open_port(str(cable.link), most_per_second=1000)
    seconds = [count / 20 for count in range(200)]
    taken = 0
    for at in seconds:
        cable.say(b"~" * 4096)
        taken += len(port.read(at, lambda at=at: at))  # type: ignore[misc]
    assert 9_000 < taken < 10_000 + 2 * 4096
    port.close()


def test_the_bits_of_the_line_are_set(cable: Cable) -> None:
    import termios  # noqa: PLC0415

    port = open_port(str(cable.link), LineMode(9600, "even", 2))
    flags, speed = termios.tcgetattr(port._descriptor or 0)[2], termios.tcgetattr(port._descriptor or 0)[4]
    assert port._serial.parity == "E"  # a pseudo-terminal has no parity bit to ask for
    assert flags & termios.CSTOPB
    assert speed == termios.B9600
    port.close()


def test_no_descriptor_is_left_behind(cable: Cable) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        open_port(str(cable.link)).close()
        with pytest.raises(NotOpened):
            open_port("/dev/null")
    assert set(Path("/proc/self/fd").iterdir()) <= before


def test_a_closed_port_is_a_lost_one(cable: Cable) -> None:
    port: Port = open_port(str(cable.link))
    port.close()
    with pytest.raises(PortLost):
        port.read(time.monotonic() + LONG, time.monotonic)
