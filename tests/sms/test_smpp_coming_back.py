"""What comes back by SMPP: late answers, receipts, and the SMS of members."""

from time import monotonic
from typing import Any

import pytest
from gateway_contract import BEGAN, Marks, an_sms
from kannel_programs import wait_until
from smpp_programs import IS_THERE, LONG, NEEDS, PASSWORD, SHORT_TIMEOUT, Make, MessageCentre, message_centre

from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import (
    Absent,
    Accepted,
    DeliveryReport,
    Fate,
    Found,
    NotKnown,
    Sighting,
    Unknown,
)
from config.secret import Secret

pytest_plugins = ["smpp_fixtures"]
pytestmark = pytest.mark.skipif(not IS_THERE, reason=NEEDS)


def test_a_late_answer_is_told_by_our_reference(make: Make, centre: MessageCentre) -> None:
    transport = make(timeout=SHORT_TIMEOUT)
    centre.fault("late")
    sms = an_sms("club-late", body="late")
    assert isinstance(transport.send(sms, Marks()), Unknown)
    assert list(transport.reports([])) == []
    assert transport.look_up(Sighting(sms, BEGAN), BEGAN) == NotKnown()
    centre.order("answer_late")
    name = centre.copies()[0]["id"]
    assert list(transport.reports([])) == [DeliveryReport(Fate.ON_ITS_WAY, name, "club-late")]
    assert list(transport.reports([])) == []
    assert transport.look_up(Sighting(sms, BEGAN), BEGAN) == Found(name)


def test_a_late_refusal_proves_that_no_copy_exists(make: Make, centre: MessageCentre) -> None:
    transport = make(timeout=SHORT_TIMEOUT)
    centre.fault("late", status=0x58)
    sms = an_sms("club-late", body="late")
    assert isinstance(transport.send(sms, Marks()), Unknown)
    centre.order("answer_late")
    assert list(transport.reports([])) == []
    assert transport.look_up(Sighting(sms, BEGAN), BEGAN) == Absent()
    assert isinstance(transport.send(sms, Marks()), Accepted)
    assert transport.look_up(Sighting(sms, BEGAN), BEGAN) != Absent(), "it has left since"
    assert len(centre.copies()) == 1


def test_a_receipt_that_brings_our_reference_settles_a_lost_answer(make: Make, centre: MessageCentre) -> None:
    transport = make()
    centre.fault("lost_drop")
    sms = an_sms("club-lost", body="lost")
    assert isinstance(transport.send(sms, Marks()), Unknown)
    [copy] = centre.copies()
    transport.open()
    centre.order("receipt", id=copy["id"], to="0612345678", stat="DELIVRD", own=copy["own"])
    reports = list(transport.reports([]))
    assert reports == [DeliveryReport(Fate.DELIVERED, copy["id"], "club-lost")]
    restarted = make(bind="transmitter_receiver")
    restarted.open()
    centre.order("receipt", id=copy["id"], to="0612345678", stat="DELIVRD", own=copy["own"])
    assert restarted.look_up(Sighting(sms, BEGAN), BEGAN) == Found(copy["id"], Fate.DELIVERED), "also after a restart"
    other = an_sms("club-other", body="lost")
    assert restarted.look_up(Sighting(other, BEGAN), BEGAN) == NotKnown()


def test_a_receipt_may_come_before_its_answer_twice_and_out_of_order(
    transport: SmppTransport, centre: MessageCentre
) -> None:
    centre.fault("receipt_first")
    answer = transport.send(an_sms(body="first"), Marks())
    assert isinstance(answer, Accepted)
    name = answer.provider_reference
    centre.order("receipt", id=name, to="33612345678", stat="DELIVRD")
    centre.order("receipt", id=name, to="33612345678", stat="ENROUTE")
    reports = list(transport.reports([]))
    assert {(each.fate, each.provider_reference) for each in reports} == {(Fate.DELIVERED, name)}


def test_an_sms_of_several_parts_is_delivered_when_all_are(transport: SmppTransport, centre: MessageCentre) -> None:
    answer = transport.send(an_sms("club-long", body=LONG), Marks())
    assert isinstance(answer, Accepted)
    names = [copy["id"] for copy in centre.copies()]
    told = []
    for name in (*names[::-1], *names):
        centre.order("receipt", id=name, to="33612345678", stat="DELIVRD")
        told.append(list(transport.reports([])))
    assert [each for each in told if each] == [[DeliveryReport(Fate.DELIVERED, names[-1], "club-long")]]
    assert told.index([DeliveryReport(Fate.DELIVERED, names[-1], "club-long")]) == len(names) - 1


def test_a_failed_one_has_its_reason(transport: SmppTransport, centre: MessageCentre) -> None:
    answer = transport.send(an_sms(body="first"), Marks())
    assert isinstance(answer, Accepted)
    centre.order(
        "receipt", id=answer.provider_reference, to="33612345678", stat="UNDELIV", err="045", quoted="stat:DELIVRD"
    )
    [report] = transport.reports([])
    assert report.fate is Fate.FAILED
    assert str(report.reason) == "the operator could not deliver it (error 045)"


def test_hexadecimal_answers_are_matched_with_decimal_receipts() -> None:
    with message_centre(hexIds=True, firstId=0xABC0) as centre:
        settings = SmppSettings(
            kind="smpp",
            host="127.0.0.1",
            port=centre.port,
            system_id="club",
            password=Secret(PASSWORD),
            receipt_id="decimal",
        )
        transport = SmppTransport(settings)
        answer = transport.send(an_sms(body="first"), Marks())
        assert answer == Accepted(str(0xABC1), 1)
        centre.order("receipt", id=f"{0xABC1:010}", to="33612345678", stat="DELIVRD")
        assert [each.provider_reference for each in transport.reports([])] == [str(0xABC1)]
        transport.close()


@pytest.mark.parametrize("bind", ["transceiver", "transmitter_receiver"])
def test_what_members_send_is_acknowledged_once_the_next_is_asked_for(
    make: Make, centre: MessageCentre, bind: str
) -> None:
    transport = make(bind=bind)
    transport.open()
    centre.order("deliver", **{"from": "33611111111", "text": "STOP", "tag": "a"})
    centre.order("deliver", **{"from": "33622222222", "hex": "00e9007400e9", "coding": 8, "tag": "b"})
    came = transport.incoming()
    first = next(came)
    centre.order("ping")
    assert centre.told("acknowledged") == []
    second = next(came)
    wait_until(lambda: len(centre.said("acknowledged")) == 1, "not acknowledged")
    assert list(came) == []
    wait_until(lambda: len(centre.said("acknowledged")) == 2, "not acknowledged")
    assert [(each.sender, each.body) for each in (first, second)] == [("33611111111", "STOP"), ("33622222222", "été")]
    assert first.identity != second.identity


def test_an_sms_whose_acknowledgement_was_lost_is_the_same_when_it_comes_again(
    transport: SmppTransport, centre: MessageCentre
) -> None:
    transport.open()
    centre.order("deliver", **{"from": "33611111111", "text": "STOP"})
    came = transport.incoming()
    first = next(came)
    centre.order("reset_all")
    assert isinstance(transport.send(an_sms(body="other"), Marks()), Accepted)
    assert list(came) == []
    centre.order("deliver", **{"from": "33611111111", "text": "STOP"})
    assert list(transport.incoming()) == [first]


def test_receipts_and_nonsense_are_no_sms_of_members(transport: SmppTransport, centre: MessageCentre) -> None:
    transport.open()
    centre.order("receipt", id="1", to="33612345678", stat="DELIVRD", esmClass=0)
    centre.order("receipt", id="2", to="33612345678", stat="DELIVRD", esmClass=0x20)
    centre.order("deliver", **{"from": "336", "text": "empty receipt", "esmClass": 4})
    centre.order("deliver", **{"from": "336", "text": "read", "esmClass": 8})
    centre.order("raw", hex="00000012000000050000000000000099ffff")
    centre.order("raw", hex="00000010000000770000000000000098")
    centre.order("enquire_all")
    assert list(transport.incoming()) == []
    assert [(each.provider_reference, each.fate) for each in transport.reports([])] == [("1", Fate.DELIVERED)]
    wait_until(lambda: centre.said("enquire_link_resp") and centre.said("generic_nack"), "not answered")
    assert isinstance(transport.send(an_sms(), Marks()), Accepted)


def test_a_poll_after_the_line_was_cut_takes_what_comes_on_the_new_one(
    transport: SmppTransport, centre: MessageCentre
) -> None:
    transport.open()
    centre.order("reset_all")
    assert list(transport.reports([])) == []
    assert len(centre.told("bind")) == 2
    centre.order("deliver", **{"from": "33611111111", "text": "STOP"})
    assert [each.body for each in transport.incoming()] == ["STOP"]


def test_receipts_that_nobody_takes_are_acknowledged_in_a_long_run_and_kept(centre: MessageCentre) -> None:
    ahead = [0.0]
    login: dict[str, Any] = {"kind": "smpp", "system_id": "club", "password": Secret(PASSWORD)}
    transport = SmppTransport(SmppSettings(host="127.0.0.1", port=centre.port, **login), lambda: monotonic() + ahead[0])
    name = None
    for text in ("first", "second"):
        answer = transport.send(an_sms(body=text), Marks())
        assert isinstance(answer, Accepted)
        name = answer.provider_reference
        centre.order("receipt", id=name, to="33612345678", stat="DELIVRD")
    wait_until(lambda: _taken_in(transport, 2), "the receipts did not come")
    assert centre.told("acknowledged") == []
    ahead[0] += 11
    transport.send(an_sms(body="third"), Marks())
    wait_until(lambda: len(centre.said("acknowledged")) == 2, "not acknowledged")
    assert [each.fate for each in transport.reports([])] == [Fate.DELIVERED] * 2
    transport.close()


def _taken_in(transport: SmppTransport, count: int) -> bool:
    transport._lines.answering()
    return len(transport._inbox._receipts) == count


def test_more_than_can_be_held_stays_with_the_message_centre(
    transport: SmppTransport, centre: MessageCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.sms.adapters.smpp.inbox._MOST_HELD", 1)
    transport.open()
    centre.order("deliver", **{"from": "33611111111", "text": "STOP", "tag": "taken"})
    centre.order("deliver", **{"from": "33622222222", "text": "STOP", "tag": "kept"})
    assert [each.sender for each in transport.incoming()] == ["33611111111"]
    wait_until(lambda: len(centre.said("acknowledged")) == 2, "not answered")
    assert {each["tag"]: each["status"] for each in centre.told("acknowledged")} == {"taken": 0, "kept": 0x64}


def test_a_long_text_is_found_after_a_restart_when_all_its_parts_were_reported(
    make: Make, centre: MessageCentre
) -> None:
    sms = an_sms("club-long", body=LONG)
    assert isinstance(make().send(sms, Marks()), Accepted)
    restarted = make(bind="transmitter_receiver")
    restarted.open()
    copies = centre.copies()
    for place, copy in enumerate(copies):
        assert restarted.look_up(Sighting(sms, BEGAN), BEGAN) == NotKnown(), f"{place} of {len(copies)} parts are known"
        centre.order("receipt", id=copy["id"], to="33612345678", stat="DELIVRD", own=copy["own"])
        list(restarted.reports([]))
    assert restarted.look_up(Sighting(sms, BEGAN), BEGAN) == Found(copies[-1]["id"], Fate.DELIVERED)


def test_query_sm_tells_what_became_of_an_accepted_one_and_never_that_it_is_absent(
    make: Make, centre: MessageCentre
) -> None:
    transport = make(query=True)
    sms = an_sms(body="first")
    centre.order("state", id="77", state=2)
    assert transport.look_up(Sighting(sms, BEGAN, "77"), BEGAN) == Found("77", Fate.DELIVERED)
    assert transport.look_up(Sighting(sms, BEGAN, "78"), BEGAN) == NotKnown()
    assert make().look_up(Sighting(sms, BEGAN, "77"), BEGAN) == NotKnown()
