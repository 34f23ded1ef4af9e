"""Delivery reports: late, doubled, out of order, early, of nobody; each says only what it proves."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from club import SMS, Later, Message, Outbox, Sent, Uncertain
from club.delivery_reports import DeliveryReports, Fate, Report, state_after
from club.sms_sending import Prepared, SmsSending

NUMBER = "+33639981234"
DAY = timedelta(days=1)


@pytest.fixture
def reports(club: Any) -> DeliveryReports:
    return DeliveryReports(club.database(), "ACCUEIL")


@pytest.fixture
def outbox(club: Any) -> Outbox:
    outbox: Outbox = club.outbox(channel=SMS)
    return outbox


def begun(club: Any, outbox: Outbox) -> tuple[Message, str]:
    """Write an SMS and bring it to `sending`; return it and its name at the provider."""
    club.write_sms()
    (message,) = outbox.claim()
    name = SmsSending(club.database(), "ACCUEIL").prepare([Prepared(message, NUMBER, 2)])[message.id]
    assert outbox.begin(message)
    return message, name


def row(club: Any, columns: str = "state, delivered_at, error") -> Any:
    return club.sql(f"SELECT {columns} FROM sms")[0]


def test_a_message_is_delivered_at_the_instant_that_the_operator_tells(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, _ = begun(club, outbox)
    assert outbox.settle(message, Sent("p1"))
    club.clocks.pass_(600)
    at = datetime(2026, 11, 24, 6, 45, tzinfo=UTC)
    applied = reports.apply([Report("delivered", "p1", at=at)])
    assert (dict(applied.states), applied.kept) == ({"delivered": 1}, 0)
    assert row(club) == ("delivered", "2026-11-24 06:45:00", None)
    assert [each.outcome for each in club.desk(SMS).show(message.id).attempts] == ["sent", "delivered"]


@pytest.mark.parametrize("year", [1970, 2031])
def test_an_operators_clock_that_is_wrong_brings_no_delivery_before_the_sending_or_tomorrow(
    year: int, club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, _ = begun(club, outbox)
    assert outbox.settle(message, Sent("p1"))
    club.clocks.pass_(600)
    reports.apply([Report("delivered", "p1", at=datetime(year, 1, 1, tzinfo=UTC))])
    assert row(club)[1] == ("2026-11-24 06:40:00" if year == 1970 else "2026-11-24 06:50:00")


def test_what_the_operator_could_not_deliver_failed_with_his_reason_and_no_number(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, name = begun(club, outbox)
    assert outbox.settle(message, Sent("p1"))
    reports.apply([Report("failed", sent_as=name, reason=f"absent subscriber {NUMBER}")])
    state, delivered_at, error = row(club)
    assert (state, delivered_at) == ("failed", None)
    assert error.startswith("absent subscriber +33")
    assert NUMBER not in error
    assert [each.outcome for each in club.desk(SMS).show(message.id).attempts] == ["sent", "failed"]


def test_doubled_and_late_reports_change_nothing(club: Any, outbox: Outbox, reports: DeliveryReports) -> None:
    message, _ = begun(club, outbox)
    assert outbox.settle(message, Sent("p1"))
    reports.apply([Report("delivered", "p1")] * 3)
    before = club.sql("SELECT * FROM sms")
    club.clocks.pass_(86_400)
    fates: tuple[Fate, ...] = ("failed", "on_its_way", "delivered")
    applied = reports.apply([Report(fate, "p1") for fate in fates])
    assert (dict(applied.states), applied.kept) == ({}, 0)
    assert club.sql("SELECT * FROM sms") == before


def test_a_message_that_is_delivered_after_all_is_delivered(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, _ = begun(club, outbox)
    assert outbox.settle(message, Sent("p1"))
    reports.apply([Report("failed", "p1", reason="buffered"), Report("delivered", "p1")])
    assert row(club)[::2] == ("delivered", None)
    outcomes = [each.outcome for each in club.desk(SMS).show(message.id).attempts]
    assert outcomes == ["sent", "failed", "delivered"]


@pytest.mark.parametrize(("fate", "state"), [("on_its_way", "sent"), ("delivered", "delivered"), ("failed", "failed")])
@pytest.mark.parametrize("before", ["uncertain", "sending"])
def test_a_report_proves_that_a_message_has_left(
    before: str, fate: Fate, state: str, club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, name = begun(club, outbox)
    if before == "uncertain":
        assert outbox.settle(message, Uncertain("no reply"))
    club.clocks.pass_(60)
    reports.apply([Report(fate, sent_as=name)])
    assert row(club, "state, sent_at, parts") == (state, "2026-11-24 06:40:00", 2), "it left when it was begun"
    tried = [each.outcome for each in club.desk(SMS).show(message.id).attempts]
    assert tried[-1] == state
    # Our own answer comes now: it overwrites nothing, and the provider's name for it is not lost.
    assert not outbox.settle(message, Sent("p1"))
    assert row(club, "state, provider_reference") == (state, "p1")


def test_a_report_that_comes_before_our_own_answer_is_written_is_not_lost(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, _ = begun(club, outbox)
    applied = reports.apply([Report("delivered", "p1", reason=f"to {NUMBER}")])
    assert (dict(applied.states), applied.kept) == ({}, 1)
    assert NUMBER not in str(club.sql("SELECT * FROM sms_report"))
    club.clocks.pass_(60)
    assert outbox.settle(message, Sent("p1"))
    assert dict(reports.apply([]).states) == {"delivered": 1}
    assert row(club)[:2] == ("delivered", "2026-11-24 06:40:00"), "when the report came"
    assert club.sql("SELECT count(*) FROM sms_report") == [(0,)]


def test_reports_of_nobodys_messages_are_harmless_and_forgotten(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    begun(club, outbox)
    nobodys = [Report("delivered", f"other-{number}") for number in range(250)]
    assert reports.apply([*nobodys, Report("failed"), Report("failed", "", "")]).kept == 250
    assert row(club)[0] == "sending"
    club.clocks.pass_(4 * 86_400)
    reports.apply([])
    assert club.sql("SELECT count(*) FROM sms_report") == [(0,)]


@pytest.mark.parametrize("strange", ["\ud800", "p1\0", "é" * 300, "😀"])
def test_a_name_that_no_engine_takes_holds_up_no_other_report(
    strange: str, club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, _ = begun(club, outbox)
    assert outbox.settle(message, Sent("p1"))
    never = datetime(1, 1, 1, tzinfo=UTC)
    applied = reports.apply(
        [Report("delivered", strange, at=never), Report("delivered", sent_as=strange), Report("failed", "p1", at=never)]
    )
    assert dict(applied.states) == {"failed": 1}
    assert dict(reports.apply([]).states) == {}


def test_a_strange_name_finds_the_message_that_was_kept_under_it(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, _ = begun(club, outbox)
    strange = "p\0" + "x" * 300
    assert outbox.settle(message, Sent(strange))
    assert dict(reports.apply([Report("delivered", strange)]).states) == {"delivered": 1}


def test_of_two_messages_of_one_name_the_newest_is_meant(club: Any, outbox: Outbox, reports: DeliveryReports) -> None:
    for _ in range(2):
        message, _ = begun(club, outbox)
        assert outbox.settle(message, Sent("7"))
    reports.apply([Report("delivered", "7")])
    assert club.sql("SELECT state FROM sms ORDER BY id") == [("sent",), ("delivered",)]


def test_what_a_modem_refused_and_delivered_all_the_same_is_not_sent_again(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, name = begun(club, outbox)
    assert outbox.settle(message, Later("+CMS ERROR: 500", timedelta(0)))
    (again,) = outbox.claim()
    reports.apply([Report("delivered", sent_as=name)])
    assert not outbox.begin(again)
    assert row(club)[0] == "delivered"
    assert outbox.claim() == []


def test_a_report_of_the_first_copy_says_nothing_of_the_one_that_a_person_sent(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    message, name = begun(club, outbox)
    assert outbox.settle(message, Uncertain("no reply", "p1"))
    club.desk(SMS).resolve(message.id, "resend")
    assert dict(reports.apply([Report("delivered", "p1", name)]).states) == {}
    assert row(club)[0] == "pending"


def test_whose_fate_is_not_known_is_asked_for_while_it_matters(
    club: Any, outbox: Outbox, reports: DeliveryReports
) -> None:
    for reference in ("p1", "p2", None, "p4"):
        message, _ = begun(club, outbox)
        assert outbox.settle(message, Sent(reference))
        club.clocks.pass_(3600)
    reports.apply([Report("delivered", "p2")])
    first, last = reports.awaiting(10, DAY)
    assert (first.provider_reference, last.provider_reference) == ("p1", "p4")
    assert reports.awaiting(1, DAY) == (first,)
    assert reports.awaiting(1, DAY, after=first.id) == (last,)
    assert reports.awaiting(10, timedelta(hours=2)) == (last,)


@pytest.mark.parametrize("fate", get_args(Fate))
def test_no_report_changes_what_was_never_begun_or_is_delivered(fate: Fate) -> None:
    assert state_after("pending", 0, fate) is None
    assert state_after("delivered", 1, fate) is None
    assert state_after("expired", 1, "on_its_way") is None
