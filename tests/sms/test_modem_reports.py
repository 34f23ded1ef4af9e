"""Delivery reports find their SMS, also one whose answer was lost; what members send is taken once and then deleted."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from modem_at import Fault
from modem_pdus import deliver, status_report
from modem_rig import NUMBER, Rig, an_sms, plugged_in

from actors.sms.transport import Accepted, DeliveryReport, Fate, Incoming, Unknown


@pytest.fixture(params=["stored", "direct"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with plugged_in(tmp_path) as rig:
        if request.param == "direct":
            rig.modem.offers = "(0-2),(0,2),(0-2),(0,1),(0,1)"
        yield rig


def told(rig: Rig) -> list[tuple[str | None, Fate]]:
    return [(each.reference, each.fate) for each in reports(rig)]


def reports(rig: Rig) -> list[DeliveryReport]:
    rig.transport.condition()  # an answer: all that the modem said before it is here
    return list(rig.transport.reports([]))


def incoming(rig: Rig) -> list[Incoming]:
    rig.transport.condition()
    return list(rig.transport.incoming())


def test_a_report_tells_that_it_was_delivered_and_by_which_name(rig: Rig) -> None:
    answer = rig.send()
    assert isinstance(answer, Accepted)
    [report] = reports(rig)
    assert (report.fate, report.reference) == (Fate.DELIVERED, "club-1")
    assert report.provider_reference == answer.provider_reference
    assert report.at is not None
    assert told(rig) == []
    assert rig.modem.stored == {}


def test_a_failure_has_the_operators_reason(rig: Rig) -> None:
    rig.modem.report_status["78"] = 0x46
    rig.send()
    [report] = reports(rig)
    assert report.fate is Fate.FAILED
    assert str(report.reason) == "the telephone could not be reached in time"


def test_a_report_settles_an_sms_whose_answer_was_lost(rig: Rig) -> None:
    rig.modem.faults.append(Fault.LOST_RESULT)
    assert isinstance(rig.send(), Unknown)
    assert ("club-1", Fate.DELIVERED) in told(rig)


def test_a_report_settles_an_sms_that_the_modem_said_was_an_error(rig: Rig) -> None:
    rig.send(an_sms("club-0"))
    rig.modem.faults.append(Fault.LYING)
    assert isinstance(rig.send(), Unknown)
    assert told(rig) == [("club-0", Fate.DELIVERED), ("club-1", Fate.DELIVERED)]


def test_a_late_answer_tells_that_a_copy_exists(tmp_path: Path) -> None:
    with plugged_in(tmp_path, reports=False) as rig:
        rig.send(an_sms("club-0"))
        rig.modem.faults.append(Fault.LATE)
        assert isinstance(rig.send(), Unknown)
        assert isinstance(rig.send(an_sms("club-2")), Accepted)
        assert told(rig) == [("club-1", Fate.ON_ITS_WAY)]


def test_a_report_after_a_kill_finds_what_was_leaving(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.modem.faults.append(Fault.HANG_SENT)
    rig.modem.answers_reset = False
    rig.send()
    rig.transport.close()  # the ledger is written before the byte, whatever ends the program
    rig.modem.is_hung = False
    rig.transport = rig.another()
    rig.transport.open()
    with rig.simulated.lock:
        rig.modem.tell_report(rig.modem.held_reports.pop())
    assert told(rig) == [("club-1", Fate.DELIVERED)]


def test_a_report_that_was_read_but_not_told_is_told_after_a_restart(rig: Rig) -> None:
    rig.send()
    rig.transport.condition()
    telling = rig.transport.reports([])
    assert next(telling).reference == "club-1"  # and killed before the next is asked for
    rig.transport.close()
    rig.transport = rig.another()
    assert told(rig) == [("club-1", Fate.DELIVERED)]
    rig.transport.close()
    rig.transport = rig.another()
    assert told(rig) == []


def test_a_long_sms_is_delivered_when_all_parts_are(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.send(an_sms(body="w" * 400))
    with rig.simulated.lock:
        first, second, third = rig.modem.held_reports
    for pdu in (third, first):
        with rig.simulated.lock:
            rig.modem.tell_report(pdu)
        assert told(rig) == []
    with rig.simulated.lock:
        rig.modem.tell_report(second)
    assert told(rig) == [("club-1", Fate.DELIVERED)]


def test_the_same_reference_of_another_number_is_another_sms(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.send()
    with rig.simulated.lock:
        rig.modem.tell_report(status_report(7, "+33698765432", 0))
    assert told(rig) == []


def test_doubled_reports_are_told_once(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.send()
    for _ in range(2):
        with rig.simulated.lock:
            rig.modem.tell_report(rig.modem.held_reports[0])
    assert told(rig) == [("club-1", Fate.DELIVERED)]


def test_a_report_that_the_centre_still_tries_is_not_told_and_the_end_is(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.send()
    for status, expected in ((0x30, []), (0x00, [("club-1", Fate.DELIVERED)])):
        with rig.simulated.lock:
            rig.modem.tell_report(status_report(7, NUMBER, status))
        assert told(rig) == expected


def test_references_that_come_again_after_256_sms_find_the_nearest_in_time(rig: Rig) -> None:
    rig.modem.holds_reports = True
    began = rig.at
    rig.send(an_sms("club-old"))
    rig.modem._mr = 6
    rig.at = began + timedelta(hours=5)
    rig.send(an_sms("club-new"))
    for at, name in ((rig.at, "club-new"), (began, "club-old")):
        with rig.simulated.lock:
            rig.modem.tell_report(status_report(7, NUMBER, 0, at))
        assert told(rig) == [(name, Fate.DELIVERED)]


def test_an_old_sms_is_forgotten(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.send()
    rig.at += timedelta(days=5)
    with rig.simulated.lock:
        rig.modem.tell_report(rig.modem.held_reports[0])
    assert told(rig) == []
    rig.transport.close()
    rig.transport = rig.another()
    rig.transport.open()
    assert (rig.folder / "modem-departures.jsonl").read_text() == ""


def test_half_a_line_of_the_ledger_costs_that_line_alone(rig: Rig) -> None:
    rig.modem.holds_reports = True
    rig.send()
    rig.transport.close()
    with (rig.folder / "modem-departures.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps({"reference": "club-2"})[:-5])
    rig.transport = rig.another()
    rig.transport.open()
    with rig.simulated.lock:
        rig.modem.tell_report(rig.modem.held_reports[0])
    assert told(rig) == [("club-1", Fate.DELIVERED)]


def test_reports_in_the_middle_of_sending_are_no_answers_and_fill_no_memory(rig: Rig) -> None:
    rig.modem.capacity = 3
    for number in range(30):
        assert isinstance(rig.send(an_sms(f"club-{number}")), Accepted)
    assert len(told(rig)) == 30
    assert rig.modem.stored == {}


def test_what_came_while_nobody_listened_is_read_at_the_start(tmp_path: Path) -> None:
    with plugged_in(tmp_path) as rig:
        rig.modem.store(deliver("+33612345678", "STOP"))
        assert [each.body for each in incoming(rig)] == ["STOP"]


def test_a_stop_is_taken_once_and_deleted_only_when_the_next_is_asked_for(tmp_path: Path) -> None:
    with plugged_in(tmp_path) as rig:
        rig.transport.open()
        with rig.simulated.lock:
            rig.modem.receive(deliver("+33612345678", "STOP", at=datetime(2026, 11, 24, 8, 0, tzinfo=UTC)))
        rig.transport.condition()
        coming = rig.transport.incoming()
        first = next(coming)
        assert (first.sender, first.body, first.at) == ("+33612345678", "STOP", datetime(2026, 11, 24, 8, tzinfo=UTC))
        assert rig.modem.stored
        rig.transport.close()  # killed before it was taken
        rig.transport = rig.another()
        [again] = incoming(rig)
        assert again.identity == first.identity
        assert rig.modem.stored == {}
        assert incoming(rig) == []


def test_what_comes_in_directly_is_taken_too(rig: Rig) -> None:
    rig.transport.open()
    with rig.simulated.lock:
        rig.modem.receive(deliver("38123", "STOP à l'été ê"))
    assert [(each.sender, each.body) for each in incoming(rig)] == [("38123", "STOP à l'été ê")]


def test_a_long_sms_of_a_member_is_put_together_in_any_order(rig: Rig) -> None:
    rig.transport.open()
    pieces = ["Bonjour, je voudrais ", "savoir si le cours ", "a lieu œ"]
    for number in (3, 1):
        with rig.simulated.lock:
            rig.modem.receive(deliver(NUMBER, pieces[number - 1], part=(9, 3, number)))
        assert incoming(rig) == []
    with rig.simulated.lock:
        rig.modem.receive(deliver(NUMBER, pieces[1], part=(9, 3, 2)))
    assert [each.body for each in incoming(rig)] == ["".join(pieces)]
    assert rig.modem.stored == {}


def test_a_long_sms_that_never_becomes_whole_is_told_as_far_as_it_came(rig: Rig) -> None:
    rig.transport.open()
    with rig.simulated.lock:
        rig.modem.receive(deliver(NUMBER, "STOP et encore", part=(9, 2, 1)))
    assert incoming(rig) == []
    rig.at += timedelta(hours=25)
    assert [each.body for each in incoming(rig)] == ["STOP et encore"]


def test_an_sms_that_the_line_damaged_stays_in_the_modem(tmp_path: Path) -> None:
    with plugged_in(tmp_path) as rig:
        place = rig.modem.store("00" + "ZZ" * 20)
        assert incoming(rig) == []
        assert place in rig.modem.stored


def test_sms_that_somebody_stored_in_the_modem_are_left_alone(tmp_path: Path) -> None:
    with plugged_in(tmp_path) as rig:
        rig.modem.stored[5] = (3, deliver(NUMBER, "draft"))
        assert incoming(rig) == []
        assert 5 in rig.modem.stored


def test_no_number_and_no_text_are_in_what_incoming_shows() -> None:
    shown = repr(Incoming("+33612345678", "STOP")) + repr(DeliveryReport(Fate.DELIVERED))
    assert "33612345678" not in shown
    assert "STOP" not in shown
