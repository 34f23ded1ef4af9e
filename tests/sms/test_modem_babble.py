"""A modem that never stops talking is waited for no longer than one that says nothing."""

import pytest

from actors.serial_port import Port
from actors.sms.adapters.modem.dialogue import Dialogue, Silent


class Babbling(Port):
    """A port on which there is always another line; each read takes ten milliseconds of its clock."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.at = 1000.0

    def read(self, until: float, monotonic: object) -> bytes:
        self.at += 0.01
        return self.said

    def write(self, sent: bytes) -> None:
        self.at += 0.01


@pytest.mark.parametrize("said", [b"~noise~\r\n", b'\r\n+CMTI: "SM",1\r\n', b"\r\nOK\r\n"])
def test_every_wait_ends(said: bytes) -> None:
    port = Babbling(said)
    dialogue = Dialogue(port, lambda: port.at)
    with pytest.raises(Silent):
        dialogue.offer("AT+CMGS=20")
    assert port.at < 1010
    assert dialogue.hand_over("00", None, 40).mr is None
    assert port.at < 1060
    dialogue.listen()
    dialogue.cancel()
    assert port.at < 1070


def test_a_command_ends_too() -> None:
    port = Babbling(b"~noise~\r\n")
    with pytest.raises(Silent):
        Dialogue(port, lambda: port.at).ask("AT+CSQ")
    assert port.at < 1010
