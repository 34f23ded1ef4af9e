"""SMS that other programs wrote reach the gateway, once, inside the hours, and the program says what became of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gateway_contract import Clock
from gateway_server import Fault
from test_gateway_ovh import Ovh

from tests.program.sms_club import SmsClub, numbers, ovh_settings, sms_club

NEVER_NOW = 'window = {{ days = "mon-sun", from = "{start:%H:%M}", to = "{end:%H:%M}", public_holidays = true }}\n'


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SmsClub]:
    with sms_club(tmp_path) as club:
        yield club


@pytest.fixture
def ovh_club(tmp_path: Path) -> Iterator[SmsClub]:
    clock = Clock()
    clock.at = datetime.now(UTC)
    with sms_club(tmp_path, Ovh(tmp_path / "gateway.log", clock)) as club:
        club.write_sms_settings(gateway=ovh_settings(club.server.url))
        yield club


def test_sms_written_by_another_program_leave_once_and_are_marked(club: SmsClub) -> None:
    club.write_sms("06 98 76 00 01", "+33698760002", "0033 6 98 76 00 03", "01 44 55 66 77", body="L'eau est à 22 °C")
    club.start()
    club.wait_until(lambda: club.sms_states() == {"sent": 3, "failed": 1})
    assert club.sms_copies() == {"+33698760001": 1, "+33698760002": 1, "+33698760003": 1}
    assert {copy["text"] for copy in club.vendor.copies()} == {"L'eau est à 22 °C"}
    [(error,)] = club.rows("SELECT error FROM sms WHERE state = 'failed'")
    assert error == "the number cannot be used: a landline, which takes no SMS"
    club.wait_until(lambda: club.operation("sms")["counters"] == {"sent": 3, "failed": 1})
    sms = club.operation("sms")
    assert (sms["state"], sms["holder"]) == ("active", "ACCUEIL")


def test_an_sms_to_try_goes_through_the_running_program(club: SmsClub) -> None:
    club.start()
    code, out, errors = club.command("sms", "test", "06 98 76 00 01", "--config", str(club.settings))
    assert code == 0, errors
    assert club.sms_copies() == {"+33698760001": 1}, out


def test_outside_the_hours_sms_wait_and_say_until_when_and_new_hours_hold_at_once(club: SmsClub) -> None:
    now = datetime.now().astimezone()
    hours = NEVER_NOW.format(start=now + timedelta(hours=3), end=now + timedelta(hours=5))
    club.write_sms_settings(hours=hours + 'charter = "none"\n')
    club.write_sms("+33698760001")
    club.start()
    club.wait_until(lambda: club.rows("SELECT 1 FROM sms WHERE error IS NOT NULL") != [])
    [(state, attempts, error)] = club.rows("SELECT state, attempts, error FROM sms")
    assert (state, attempts) == ("pending", 0)
    assert "outside the club's hours" in error
    assert "it waits until" in error
    club.wait_until(lambda: "outside the club's hours" in str(club.operation("sms")["reason"]))
    assert club.status()["state"] == "active", "that it is night is nothing to look at"
    assert club.sms_copies() == {}
    club.write_sms_settings()
    club.wait_until(lambda: club.sms_states() == {"sent": 1})
    assert club.rows("SELECT error FROM sms") == [(None,)]


def test_a_delivery_report_reaches_the_row_with_the_operator_s_reason(club: SmsClub) -> None:
    club.write_sms(*numbers(2))
    club.start()
    club.wait_until(lambda: club.sms_states() == {"sent": 2})
    first, second = (copy["reference"] for copy in club.vendor.copies())
    club.vendor.becomes(first, "delivered")  # type: ignore[attr-defined]  # of ClubGateway
    club.vendor.becomes(second, "failed", "absent subscriber")  # type: ignore[attr-defined]
    club.wait_until(lambda: club.sms_states() == {"delivered": 1, "failed": 1})
    shown = club.shown(2)
    assert "absent subscriber" in shown["error"]
    assert [each["outcome"] for each in shown["deliveries"]] == ["sent", "failed"]


def test_a_member_who_answers_stop_gets_no_marketing_and_still_hears_of_a_cancelled_lesson(ovh_club: SmsClub) -> None:
    vendor = ovh_club.vendor
    assert isinstance(vendor, Ovh)
    vendor.incoming[1] = {"id": 1, "sender": "+33698760001", "message": "Stop svp", "creationDatetime": None}
    vendor.incoming[2] = {"id": 2, "sender": "+33698760002", "message": "merci !", "creationDatetime": None}
    # OVHcloud's own hours would hold marketing back at night; the objection is judged before the hours.
    ovh_club.write_sms("06 98 76 00 01", body="-20 % ce mois. STOP au 36180", category="marketing")
    ovh_club.write_sms("06 98 76 00 01")
    ovh_club.start()
    ovh_club.wait_until(lambda: ovh_club.sms_states() == {"failed": 1, "sent": 1})
    [(error,)] = ovh_club.rows("SELECT error FROM sms WHERE state = 'failed'")
    assert error == "the member answered STOP: no marketing may be sent"
    assert ovh_club.rows("SELECT number, source FROM sms_opt_out") == [("+33698760001", "ovh")]
    assert ovh_club.rows("SELECT wish FROM sms_received ORDER BY id") == [("stop",), ("none",)]
    ovh_club.wait_until(lambda: vendor.incoming == {})
    assert ovh_club.sms_copies() == {"+33698760001": 1}


def test_a_credit_that_runs_low_asks_for_attention(ovh_club: SmsClub) -> None:
    gateway = ovh_settings(ovh_club.server.url)
    ovh_club.write_sms_settings("credit_low = 50", gateway=gateway)
    ovh_club.start()
    ovh_club.wait_until(lambda: "the credit at the gateway runs low (42)" in str(ovh_club.operation("sms")["reason"]))
    status = ovh_club.status()
    assert (status["state"], ovh_club.operation("sms")["state"]) == ("attention", "active")


def test_without_credit_sms_wait_and_a_person_is_told(club: SmsClub) -> None:
    club.vendor.has_credit = False
    club.write_sms(*numbers(3))
    club.start()
    club.wait_until(lambda: "no credit left" in str(club.operation("sms")["reason"]))
    assert club.operation("sms")["state"] == "waiting"
    assert club.sms_states() == {"pending": 3}
    club.vendor.has_credit = True
    club.command("sms", "retry", "1", "2", "3", "--config", str(club.settings))
    club.wait_until(lambda: club.sms_states() == {"sent": 3})
    assert set(club.sms_copies().values()) == {1}


@pytest.mark.parametrize(
    ("fault", "copies", "said"),
    [
        (Fault.HTML, 0, "something that it never says (text/html)"),
        (Fault.EMPTY, 0, "answered without a word"),
        (Fault.LOST_REPLY, 1, "the connection ended without an answer"),
        (Fault.INTERNAL_ERROR, 0, "broke on it (500)"),
    ],
)
def test_an_answer_that_makes_no_sense_is_uncertain_seen_and_settled_by_asking(
    club: SmsClub, fault: Fault, copies: int, said: str
) -> None:
    club.vendor.faults.append(fault)
    club.write_sms("+33698760001")
    club.write_sms("+33698760002")
    club.start()
    club.wait_until(lambda: club.sms_states() == {"sent": 2})
    assert club.sms_copies() == {"+33698760001": 1, "+33698760002": 1}, "put back only where the gateway never had it"
    deliveries = club.shown(1)["deliveries"]
    assert deliveries[0]["outcome"] == "uncertain"
    assert said in deliveries[0]["error"]
    assert deliveries[1]["outcome"] == ("sent" if copies else "absent")


def test_a_redirect_and_a_gateway_in_a_hurry_leave_the_sms_where_it_is(club: SmsClub) -> None:
    club.vendor.faults.extend([Fault.REDIRECT, Fault.BUSY])
    club.write_sms(*numbers(3))
    club.start()
    club.wait_until(lambda: len(club.rows("SELECT 1 FROM sms WHERE attempts > 0 AND error IS NOT NULL")) == 2)
    first, second = club.rows("SELECT state, error FROM sms WHERE id < 3 ORDER BY id")
    assert (first[0], second[0]) == ("pending", "pending")
    assert "redirects to another host" in first[1]
    assert "asks to come back later (429)" in second[1]
    club.wait_until(lambda: club.sms_states().get("sent") == 1)  # after the seven seconds that it asked for
