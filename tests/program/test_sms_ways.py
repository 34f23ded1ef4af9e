"""By a modem and by SMPP, too, the whole program sends, learns what became of it, hears STOP, and survives a kill."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from modem_pdus import deliver
from modem_simulator import SimulatedModem
from smpp_programs import IS_THERE, NEEDS, PASSWORD, message_centre

from tests.program.sms_club import SmsClub, numbers, sms_club

COUNT = 40


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SmsClub]:
    with sms_club(tmp_path) as club:
        yield club


@pytest.fixture
def modem(club: SmsClub) -> Iterator[SimulatedModem]:
    simulated = SimulatedModem(club.folder / "modem", club.folder / "air")
    try:
        club.write_sms_settings(gateway=f'[sms.gateway]\nkind = "modem"\nport = "{simulated.link}"\n')
        yield simulated
    finally:
        simulated.close()


def test_sms_leave_by_a_modem_are_reported_delivered_and_stop_is_heard(club: SmsClub, modem: SimulatedModem) -> None:
    with modem.lock:
        modem.modem.receive(deliver("+33698760001", "STOP"))
    club.write_sms("06 98 76 00 02", body="Séance de 18 h annulée, l'eau est à 22 °C")
    club.start()
    club.wait_until(lambda: club.sms_states() == {"delivered": 1})
    [copy] = modem.air()
    assert (copy["to"], copy["text"]) == ("+33698760002", "Séance de 18 h annulée, l'eau est à 22 °C")
    club.wait_until(lambda: club.rows("SELECT number, source FROM sms_opt_out") == [("+33698760001", "modem")])
    club.wait_until(lambda: "signal 20 of 31" in str(club.operation("sms")["reason"]))
    assert "2022-1583" in str(club.operation("sms")["reason"]), "the law of SIM cards is said where there is one"
    assert club.status()["state"] == "active", "and is nothing to look at each day"


def test_a_modem_that_is_not_there_is_the_operation_s_reason_and_sms_wait(club: SmsClub, modem: SimulatedModem) -> None:
    modem.unplug()
    club.write_sms("06 98 76 00 02")
    club.start()
    club.wait_until(lambda: "no modem is plugged in" in str(club.operation("sms")["reason"]))
    assert club.sms_states() == {"pending": 1}
    modem.plug_in()
    club.wait_until(lambda: club.sms_states() == {"delivered": 1})
    assert len(modem.air()) == 1


def test_kill_9_while_a_modem_sends_doubles_nothing(club: SmsClub, modem: SimulatedModem) -> None:
    club.write_sms(*numbers(COUNT))
    kills = 0
    for share in (COUNT // 8, COUNT // 3):
        station = club.run()
        club.wait_until(lambda share=share: len(modem.air()) >= share)  # type: ignore[misc]
        station.send_signal(signal.SIGKILL)
        station.communicate()
        kills += 1
    club.start()
    club.wait_until(lambda: not set(club.sms_states()) & {"pending", "sending"})
    copies = [each["to"] for each in modem.air()]
    assert len(copies) == len(set(copies)), "one copy each"
    unsure = {number for (number,) in club.rows("SELECT number FROM sms WHERE state = 'uncertain'")}
    assert set(numbers(COUNT)) - set(copies) <= unsure
    assert len(unsure) <= kills


@pytest.mark.skipif(not IS_THERE, reason=NEEDS)
def test_sms_leave_by_smpp_are_reported_delivered_and_stop_is_heard(club: SmsClub) -> None:
    with message_centre() as centre:
        club.write_sms_settings(
            gateway=f'[sms.gateway]\nkind = "smpp"\nhost = "127.0.0.1"\nport = {centre.port}\n'
            f'system_id = "club"\npassword = "{PASSWORD}"\n'
        )
        club.write_sms(*numbers(3))
        club.start()
        club.wait_until(lambda: club.sms_states() == {"sent": 3})
        copies = centre.copies()
        assert sorted(f"+{copy['to'].lstrip('+')}" for copy in copies) == numbers(3)
        [(name,)] = club.rows("SELECT provider_reference FROM sms WHERE id = 1")
        centre.order("receipt", id=name, stat="DELIVRD", to=numbers(1)[0].lstrip("+"))
        club.wait_until(lambda: club.sms_states() == {"sent": 2, "delivered": 1})
        centre.order("deliver", text="STOP", **{"from": numbers(1)[0].lstrip("+")})
        club.wait_until(lambda: club.rows("SELECT number, source FROM sms_opt_out") == [(numbers(1)[0], "smpp")])
