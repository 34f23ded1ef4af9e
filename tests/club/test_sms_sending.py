"""What SMS cost, under which name they leave, and how what is not known of them is settled."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from club import SMS, Failed, MessageRefused, Outbox, Sent, Uncertain
from club.delivery_reports import DeliveryReports, Report
from club.sms_sending import Prepared, SmsSending, Spent, Unsettled

NUMBER = "+33639981234"
MIDNIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
NO_TIME = timedelta(0)


@pytest.fixture
def sending(club: Any) -> SmsSending:
    return SmsSending(club.database(), "ACCUEIL")


@pytest.fixture
def outbox(club: Any) -> Outbox:
    outbox: Outbox = club.outbox(channel=SMS)
    return outbox


def sent(club: Any, outbox: Outbox, outcome: Any = None, parts: int = 1, **columns: Any) -> int:
    """Write an SMS and send it to an outcome, None: it stays `sending`."""
    message_id: int = club.write_sms(**columns)
    message = next(each for each in outbox.claim() if each.id == message_id)
    SmsSending(club.database(), "ACCUEIL").prepare([Prepared(message, NUMBER, parts)])
    assert outbox.begin(message)
    if outcome is not None:
        assert outbox.settle(message, outcome)
    return message_id


def unsettled(club: Any, outbox: Outbox, sending: SmsSending) -> Unsettled:
    sent(club, outbox, Uncertain("no reply", "p1"))
    (found,) = sending.unsettled(10, NO_TIME)
    return found


def test_a_message_leaves_under_one_name_until_a_person_sends_it_again(
    club: Any, outbox: Outbox, sending: SmsSending
) -> None:
    for _ in range(2):
        club.write_sms()
    batch = [Prepared(message, NUMBER, 2) for message in outbox.claim()]
    names = sending.prepare(batch)
    assert len(set(names.values())) == 2
    assert all(len(name) == 36 for name in names.values())
    assert sending.prepare(batch) == names
    assert club.sql("SELECT number, parts, state FROM sms") == [(NUMBER, 2, "pending")] * 2
    one = batch[0].message
    assert outbox.begin(one)
    assert outbox.settle(one, Failed("no"))
    club.desk(SMS).retry(one.id)
    again = next(message for message in outbox.claim() if message.id == one.id)
    assert sending.prepare([Prepared(again, NUMBER, 2)])[one.id] != names[one.id]


def test_what_is_no_longer_ours_is_not_prepared(club: Any, outbox: Outbox, sending: SmsSending) -> None:
    club.write_sms()
    (message,) = outbox.claim()
    outbox.give_back([message])
    assert sending.prepare([Prepared(message, NUMBER, 1)]) == {}
    assert sending.prepare([]) == {}
    assert club.sql("SELECT number FROM sms") == [(None,)]


def test_what_left_or_may_have_left_is_spent(club: Any, outbox: Outbox, sending: SmsSending) -> None:
    assert sending.spent(MIDNIGHT) == Spent(0, None, 0)
    sent(club, outbox, Sent("p0"), parts=100)
    since = datetime.fromtimestamp(club.clocks.database_ms / 1000 + 1, UTC)
    club.clocks.pass_(120)
    sent(club, outbox, Sent("p1"), parts=2)
    sent(club, outbox, Failed("refused"), parts=10)
    club.clocks.pass_(50)
    sent(club, outbox, Uncertain("?"), parts=3)
    sent(club, outbox, Sent("p4"), parts=4)
    DeliveryReports(club.database(), "ACCUEIL").apply([Report("failed", "p4"), Report("delivered", "p1")])
    sent(club, outbox, parts=5)
    now_ms = club.clocks.database_ms
    oldest = datetime.fromtimestamp((now_ms - 50_000) / 1000, UTC)
    assert sending.spent(MIDNIGHT) == Spent(2 + 3 + 4 + 5, oldest, 100 + 2 + 3 + 4 + 5)
    assert sending.spent(since).since == 14
    club.clocks.pass_(11)
    assert sending.spent(since) == Spent(12, datetime.fromtimestamp(now_ms / 1000, UTC), 14)


def test_the_minute_before_midnight_is_still_of_the_last_sixty_seconds(
    club: Any, outbox: Outbox, sending: SmsSending
) -> None:
    sent(club, outbox, Sent("p"), parts=3)
    club.clocks.pass_(30)
    midnight = datetime.fromtimestamp(club.clocks.database_ms / 1000 - 10, UTC)
    spent = sending.spent(midnight)
    assert (spent.last_minute, spent.since) == (3, 0)


def test_uncertain_messages_are_listed_with_all_that_a_look_up_needs(
    club: Any, outbox: Outbox, sending: SmsSending
) -> None:
    message_id = sent(club, outbox, Uncertain("no reply", "p1"), body="Séance", category="marketing")
    sent(club, outbox, Sent("p2"))
    (found,) = sending.unsettled(10, NO_TIME)
    assert (found.id, found.number, found.body, found.category) == (message_id, NUMBER, "Séance", "marketing")
    assert (found.provider_reference, found.began_at) == ("p1", datetime(2026, 11, 24, 6, 40, tzinfo=UTC))
    assert found.sent_as == club.sql("SELECT sent_as FROM sms WHERE id = ?", message_id)[0][0]
    assert NUMBER not in repr(found)
    assert "Séance" not in repr(found)
    assert sending.unsettled(10, timedelta(minutes=1)) == ()
    club.clocks.pass_(61)
    assert len(sending.unsettled(10, timedelta(minutes=1))) == 1
    assert sending.unsettled(10, NO_TIME, after=message_id) == ()
    club.clocks.pass_(4 * 86_400)
    assert sending.unsettled(10, NO_TIME) == ()


def test_a_message_that_the_provider_has_was_sent_when_it_was_begun(
    club: Any, outbox: Outbox, sending: SmsSending
) -> None:
    found = unsettled(club, outbox, sending)
    club.clocks.pass_(600)
    assert sending.settle_found(found)
    assert club.sql("SELECT state, sent_at, error, provider_reference FROM sms") == [
        ("sent", "2026-11-24 06:40:00", None, "p1")
    ]
    attempts = club.desk(SMS).show(found.id).attempts
    assert [(each.outcome, each.station) for each in attempts] == [("uncertain", "ACCUEIL"), ("sent", "ACCUEIL")]


def test_a_message_that_the_provider_never_had_goes_out_again_under_its_name(
    club: Any, outbox: Outbox, sending: SmsSending
) -> None:
    found = unsettled(club, outbox, sending)
    assert sending.settle_absent(found, f"unknown {NUMBER}")
    assert club.sql("SELECT state, provider_reference, sent_as FROM sms") == [("pending", None, found.sent_as)]
    (again,) = outbox.claim()
    assert again.attempts == 1
    assert sending.prepare([Prepared(again, NUMBER, 1)]) == {found.id: found.sent_as}
    absent = club.desk(SMS).show(found.id).attempts[-1]
    assert (absent.outcome, absent.reference) == ("absent", "p1")
    assert NUMBER not in str(absent.error)


@pytest.mark.parametrize("first", ["found", "absent", "resend", "sent", "report", "late answer"])
@pytest.mark.parametrize("second", ["found", "absent"])
def test_who_decides_second_changes_nothing(
    first: str, second: str, club: Any, outbox: Outbox, sending: SmsSending
) -> None:
    message_id = club.write_sms()
    (message,) = outbox.claim()
    name = sending.prepare([Prepared(message, NUMBER, 1)])[message_id]
    assert outbox.begin(message)
    assert outbox.settle(message, Uncertain("no reply", "p1"))
    (seen,) = sending.unsettled(10, NO_TIME)
    match first:
        case "found":
            assert sending.settle_found(seen)
        case "absent":
            assert sending.settle_absent(seen)
        case "resend" | "sent":
            club.desk(SMS).resolve(message_id, first)
        case "report":
            DeliveryReports(club.database(), "SERVEUR").apply([Report("delivered", sent_as=name)])
        case _:
            assert outbox.settle(message, Sent("p1"))
    before = club.sql("SELECT * FROM sms"), club.sql("SELECT count(*) FROM outbox_attempt")
    other = SmsSending(club.database(), "SERVEUR")
    assert not (other.settle_found(seen) if second == "found" else other.settle_absent(seen))
    assert (club.sql("SELECT * FROM sms"), club.sql("SELECT count(*) FROM outbox_attempt")) == before
    with pytest.raises(MessageRefused):
        club.desk(SMS).resolve(message_id, "resend")


def test_an_old_question_says_nothing_of_the_next_attempt(club: Any, outbox: Outbox, sending: SmsSending) -> None:
    seen = unsettled(club, outbox, sending)
    assert sending.settle_absent(seen)
    (again,) = outbox.claim()
    assert outbox.begin(again)
    assert outbox.settle(again, Uncertain("no reply again"))
    assert not sending.settle_absent(seen)
    assert not sending.settle_found(seen)
    assert club.sql("SELECT state FROM sms") == [("uncertain",)]


def test_a_name_of_the_provider_belongs_to_one_message(club: Any, outbox: Outbox, sending: SmsSending) -> None:
    first, second = sent(club, outbox, Sent("p1")), sent(club, outbox, Uncertain("no reply"))
    assert sending.is_another_s("p1", second)
    assert not sending.is_another_s("p1", first)
    assert not sending.is_another_s("p2", second)
    assert not sending.is_another_s("\ud800\0", second)


@pytest.mark.engines("sqlite")
def test_limits_reports_and_look_ups_are_answered_by_an_index(club: Any, sending: SmsSending) -> None:
    """A year of SMS lies in the table: none of what is asked every minute may read it all."""
    database = club.database()
    asked: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    sending = SmsSending(database, "ACCUEIL")
    sending.spent(MIDNIGHT)
    sending.unsettled(10, NO_TIME)
    sending.is_another_s("p1", 1)
    reports = DeliveryReports(database, "ACCUEIL")
    reports.apply([Report("delivered", "p1", "n1")])
    reports.apply([])
    reports.awaiting(10, timedelta(days=2))
    plans = {
        sql: " ".join(row[3] for row in club.sql(f"EXPLAIN QUERY PLAN {sql}", *given))
        for sql, given in asked
        if re.search(r"(FROM|JOIN) sms\b", sql)
    }
    assert len(plans) == 8
    for sql, plan in plans.items():
        assert re.search(r"SEARCH sms\b", plan), f"{sql}: {plan}"
        assert not re.search(r"SCAN sms\b", plan), f"{sql}: {plan}"
