"""SMS as other programs write them, in each engine's own SQL, and what the outbox makes of them."""

from datetime import timedelta
from typing import Any, Final

import pytest
from club_places import REFUSED

from club import SMS, Failed, Later, Sent, Uncertain

BODY: Final = "Séance annulée : 18 h → 19 h 😀"
# What a program in any language would send, in the engine's own words.
AS_WRITTEN: Final = {
    "sqlite": "INSERT INTO sms (recipient, body) VALUES ('06 39 98 12 34', ?)",
    "mariadb": "INSERT INTO sms SET recipient = '06 39 98 12 34', body = ?",
    "postgresql": "INSERT INTO sms (recipient, body) VALUES ('06 39 98 12 34', ?::text)",
}
ONCE: Final = {
    "sqlite": "INSERT OR IGNORE INTO sms (recipient, body, reference) VALUES ('1', 'b', 'desk:1')",
    "mariadb": "INSERT IGNORE INTO sms (recipient, body, reference) VALUES ('1', 'b', 'desk:1')",
    "postgresql": "INSERT INTO sms (recipient, body, reference) VALUES ('1', 'b', 'desk:1') ON CONFLICT DO NOTHING",
}


def test_a_plain_insert_of_the_required_columns_is_complete(club: Any, engine: str) -> None:
    club.sql(AS_WRITTEN[engine], BODY)
    row = club.sql("SELECT state, category, priority, attempts, created_at, error, sent_at, delivered_at FROM sms")
    assert row == [("pending", "transactional", 1, 0, row[0][4], None, None, None)]
    outbox = club.outbox(channel=SMS)
    (message,) = outbox.claim()
    assert message.problem is None
    assert (message.text("recipient"), message.text("body"), message.text("category")) == (
        "06 39 98 12 34",
        BODY,
        "transactional",
    )
    assert outbox.begin(message)
    assert outbox.settle(message, Sent("ovh-1"))
    row = club.sql("SELECT state, attempts, sent_at, provider_reference, error FROM sms")
    assert row == [("sent", 1, "2026-11-24 06:40:00", "ovh-1", None)]


def test_every_column_that_others_may_write_is_taken(club: Any) -> None:
    club.write_sms(
        reference="desk:1",
        not_before="2026-11-24 06:00:00",
        expires_at="2026-11-24 20:00:00",
        priority=0,
        category="marketing",
        client_id=9_000_000_000,
        source="desk",
    )
    (message,) = club.outbox(channel=SMS).claim()
    assert (message.text("category"), message.text("source"), message.text("reference")) == (
        "marketing",
        "desk",
        "desk:1",
    )
    assert club.desk(SMS).show(message.id).message.own["client_id"] == 9_000_000_000


def test_a_reference_that_is_written_twice_is_sent_once(club: Any, engine: str) -> None:
    for _ in range(3):
        club.sql(ONCE[engine])
    with pytest.raises(REFUSED):
        club.write_sms(reference="desk:1")
    assert club.sql("SELECT count(*) FROM sms") == [(1,)]


@pytest.mark.parametrize(
    "columns",
    [
        *({"body": None}, {"recipient": None}),
        *({"category": "publicité"}, {"category": "Marketing"}, {"category": None}),
        *({"priority": 7}, {"state": "on its way"}),
    ],
    ids=str,
)
def test_a_row_that_means_nothing_is_refused_where_it_is_written(columns: dict[str, Any], club: Any) -> None:
    with pytest.raises(REFUSED):
        club.write_sms(**columns)
    assert club.sql("SELECT count(*) FROM sms") == [(0,)]


@pytest.mark.parametrize(
    "body", ["", " \t\n", "a\x01b\x1bc\x7f", "é" * 2000, "😀" * 500], ids=["empty", "blank", "control", "long", "emoji"]
)
def test_a_body_of_any_kind_arrives_as_it_was_and_stops_nobody(body: str, club: Any) -> None:
    strange, after = club.write_sms(body=body), club.write_sms()
    messages = club.outbox(channel=SMS).claim()
    assert [message.id for message in messages] == [strange, after]
    assert messages[0].text("body") == body
    assert messages[0].problem is None
    assert body.strip() == "" or body not in repr(messages[0])


@pytest.mark.engines("sqlite")
def test_a_row_that_cannot_be_read_says_why_and_stops_nobody(club: Any) -> None:
    spoilt = club.write_sms(not_before="demain")
    club.sql("UPDATE sms SET body = x'ff00' WHERE id = ?", club.write_sms())
    good = club.write_sms()
    messages = club.outbox(channel=SMS).claim()
    assert [message.problem is None for message in messages] == [False, False, True]
    assert [messages[0].id, messages[2].id] == [spoilt, good]


def test_an_urgent_sms_passes_a_campaign(club: Any) -> None:
    for _ in range(150):
        club.write_sms(priority=2)
    urgent, normal = club.write_sms(priority=0), club.write_sms()
    assert [message.id for message in club.outbox(channel=SMS).claim(3)][:2] == [urgent, normal]


def test_the_ways_of_an_sms_are_those_of_an_email(club: Any) -> None:
    """One outbox: what differs is the table."""
    ids = [club.write_sms() for _ in range(4)]
    expired = club.write_sms(expires_at="2026-11-24 06:00:00")
    outbox = club.outbox(channel=SMS)
    for message, outcome in zip(
        outbox.claim(),
        (Failed("no such number"), Later("busy", timedelta(minutes=5)), Uncertain("no reply"), None),
        strict=True,
    ):
        assert outbox.begin(message)
        if outcome is not None:
            assert outbox.settle(message, outcome)
    assert outbox.recover().uncertain == 1
    states = dict(club.sql("SELECT id, state FROM sms"))
    assert [states[each] for each in ids] == ["failed", "pending", "uncertain", "uncertain"]
    assert states[expired] == "expired"
    assert club.desk(SMS).counts() == {
        "pending": 1, "sending": 0, "sent": 0, "delivered": 0, "failed": 1, "expired": 1, "uncertain": 2
    }  # fmt: skip
    assert "delivered" not in club.desk().counts()


def test_what_a_person_sends_again_has_no_part_in_the_fate_of_the_first_copy(club: Any) -> None:
    failed, uncertain = club.write_sms(), club.write_sms()
    outbox = club.outbox(channel=SMS)
    for message, outcome in zip(outbox.claim(), (Sent("p1"), Uncertain("no reply", "p2")), strict=True):
        assert outbox.begin(message)
        assert outbox.settle(message, outcome)
    club.sql("UPDATE sms SET state = 'failed', sent_as = ? WHERE id = ?", "name", failed)
    desk = club.desk(SMS)
    desk.retry(failed)
    desk.resolve(uncertain, "resend")
    rows = club.sql("SELECT state, provider_reference, sent_as, sent_at FROM sms")
    assert rows == [("pending", None, None, None)] * 2
    assert [each.outcome for each in desk.show(uncertain).attempts] == ["uncertain", "resend"]
