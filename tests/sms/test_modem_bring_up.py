"""Whatever stands between a port and an SMS is said in a sentence, and passes when it has passed."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from modem_at import Modem
from modem_rig import Rig, an_sms, plugged_in, wait_until

from actors.sms.adapters.modem.caution import PRIVATE_SIM_WARNING
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.transport import ModemTransport
from actors.sms.transport import Accepted, Unavailable


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with plugged_in(tmp_path) as rig:
        yield rig


def why(rig: Rig) -> Unavailable:
    with pytest.raises(Unavailable) as raised:
        rig.transport.open()
    return raised.value


REGISTRATIONS = [
    (0, "on no network", False),
    (2, "looking for a network", False),
    (3, "turned the SIM card away", True),
    (4, "does not know", False),
    (5, "foreign network", True),
    (8, "emergency calls", True),
]


@pytest.mark.parametrize(("state", "said", "needs_a_person"), REGISTRATIONS)
def test_the_reason_why_there_is_no_network_is_said(rig: Rig, state: int, said: str, *, needs_a_person: bool) -> None:
    rig.modem.registration = state
    unavailable = why(rig)
    assert said in str(unavailable.sentence)
    assert unavailable.needs_a_person is needs_a_person
    rig.modem.registration = 1
    assert isinstance(rig.send(), Accepted)


def test_roaming_is_for_the_settings_to_allow(tmp_path: Path) -> None:
    with plugged_in(tmp_path, roaming=True) as rig:
        rig.modem.registration = 5
        assert isinstance(rig.send(), Accepted)
        assert any("foreign network" in str(each) for each in rig.transport.condition().worries)


def test_a_network_that_is_lost_and_comes_back_keeps_sms_back_meanwhile(rig: Rig) -> None:
    clock = [100.0]
    rig.transport._monotonic = lambda: clock[0]
    assert isinstance(rig.send(), Accepted)
    rig.modem.registration = 2
    clock[0] += 1e9
    answer = rig.send(an_sms("club-2"))
    assert isinstance(answer, Unavailable)
    assert "looking for a network" in str(answer.sentence)
    rig.modem.registration = 1
    assert isinstance(rig.send(an_sms("club-3")), Accepted)


def test_a_card_without_sms_centre_needs_the_settings(rig: Rig) -> None:
    rig.modem.centre = ""
    assert "sms_centre" in str(why(rig).sentence)


def test_the_sms_centre_of_the_settings_is_set(tmp_path: Path) -> None:
    with plugged_in(tmp_path, sms_centre="+33695000695") as rig:
        assert isinstance(rig.send(), Accepted)
        assert rig.modem.centre == "+33695000695"


def test_a_port_that_is_not_there_says_so(rig: Rig) -> None:
    rig.simulated.unplug()
    assert "nothing is plugged in" in str(why(rig).sentence)
    rig.simulated.plug_in()
    assert isinstance(rig.send(), Accepted)


def test_a_modem_that_is_unplugged_at_rest_is_found_again(rig: Rig) -> None:
    assert isinstance(rig.send(), Accepted)
    rig.simulated.unplug()
    with pytest.raises(Unavailable):
        list(rig.transport.reports([]))
    rig.simulated.plug_in()
    assert isinstance(rig.send(an_sms("club-2")), Accepted)


def test_another_program_on_the_port_is_said(rig: Rig) -> None:
    rig.transport.open()
    second = rig.another()
    with pytest.raises(Unavailable, match="in use by another program"):
        second.open()
    second.close()


def test_what_is_no_modem_is_said(rig: Rig) -> None:
    with rig.simulated.lock:
        rig.modem.is_hung, rig.modem.answers_reset = True, False
    assert "does not answer" in str(why(rig).sentence)


def test_a_hanging_modem_is_told_to_start_anew_but_not_while_it_may_be_starting(rig: Rig) -> None:
    with rig.simulated.lock:
        rig.modem.is_hung, rig.modem.answers_reset = True, False
    for _ in range(3):
        why(rig)
    assert rig.simulated.heard.count(b"AT+CFUN=1,1\r") == 1


def test_the_condition_tells_modem_network_signal_and_the_law(rig: Rig) -> None:
    said = rig.transport.condition()
    assert str(said.described) == "modem Simulated SIM-1, network F Operator, signal 20 of 31"
    assert (said.worries, said.caution) == ((), PRIVATE_SIM_WARNING)
    assert "2022-1583" in PRIVATE_SIM_WARNING.render("fr")


def test_a_contract_for_programs_needs_no_warning(tmp_path: Path) -> None:
    with plugged_in(tmp_path, contract_for_programs=True) as rig:
        assert rig.transport.condition().caution is None


def test_a_full_memory_is_told(rig: Rig) -> None:
    rig.modem.capacity = 2
    rig.modem.stored = {1: (3, "00"), 2: (3, "00")}  # SMS that somebody stored to send
    assert any("memory of the SIM card is full" in str(each) for each in rig.transport.condition().worries)
    assert set(rig.modem.stored) == {1, 2}


def test_a_modem_on_the_network_is_used_by_its_address(tmp_path: Path) -> None:
    (tmp_path / "air").touch()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                modem = Modem(tmp_path / "air", client.sendall)
                while data := client.recv(4096):
                    modem.hear(data)
                modem.close()

        thread = threading.Thread(target=serve)
        thread.start()
        settings = ModemSettings(kind="modem", port=f"socket://127.0.0.1:{listener.getsockname()[1]}")
        transport = ModemTransport(settings, tmp_path)
        assert isinstance(transport.send(an_sms(), lambda: True), Accepted)
        transport.close()
        thread.join(10)
    assert len((tmp_path / "air").read_text().splitlines()) == 1


def test_a_port_that_only_echoes_is_no_modem(tmp_path: Path) -> None:
    from modem_rig import HURRIED  # noqa: PLC0415 - only here

    transport = ModemTransport(ModemSettings(kind="modem", port="loop://"), tmp_path, patience=HURRIED)
    with pytest.raises(Unavailable, match="does not answer"):
        transport.open()
    transport.close()


def test_opening_twice_does_nothing(rig: Rig) -> None:
    rig.transport.open()
    wait_until(lambda: bool(rig.modem.commands))
    asked = len(rig.modem.commands)
    rig.transport.open()
    assert len(rig.modem.commands) == asked
