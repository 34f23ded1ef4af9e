"""The outbox: from a plain INSERT to a settled message."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from club_places import REFUSED

from club import (
    DatabaseAway,
    Expired,
    Failed,
    Journal,
    Later,
    LeaseLost,
    MessageRefused,
    Outbox,
    Recipient,
    Recovery,
    Sent,
    Uncertain,
)


def test_a_plain_insert_of_the_required_columns_is_sent(club: Any) -> None:
    message_id = club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert (message.id, message.text("recipient"), message.text("subject")) == (
        message_id,
        "lea@example.org",
        "Bonjour",
    )
    assert message.text("html_body") == ""
    assert outbox.begin(message)
    assert club.state(message_id) == "sending"
    assert outbox.settle(message, Sent("<1@club>"))
    row = club.sql("SELECT state, attempts, sent_at, message_id, error FROM email")
    assert row == [("sent", 1, "2026-11-24 06:40:00", "<1@club>", None)]
    assert outbox.claim() == []


def test_a_claimed_message_still_reads_pending_for_others(club: Any) -> None:
    message_id = club.write()
    club.outbox().claim()
    assert club.state(message_id) == "pending"


def test_a_message_is_claimed_once(club: Any) -> None:
    club.write()
    outbox = club.outbox()
    assert len(outbox.claim()) == 1
    (again,) = outbox.claim()  # nobody began it: it was given back first
    assert outbox.begin(again)
    assert outbox.claim() == []


def test_an_outbox_that_did_not_recover_may_not_claim(club: Any) -> None:
    from club import EMAIL, Outbox  # noqa: PLC0415

    lease = club.lease()
    assert lease.acquire()
    with pytest.raises(LeaseLost):
        Outbox(club.database(), EMAIL, lease).claim()


def test_what_is_put_off_waits_with_its_reason_and_counts_no_attempt(club: Any) -> None:
    first, second, third = (club.write() for _ in range(3))
    outbox = club.outbox()
    claimed = outbox.claim()
    wishes = [(message, timedelta(hours=1), "closed") for message in claimed[:2]]
    assert outbox.put_off(wishes) == 2
    assert outbox.put_off(wishes) == 0, "they are not ours any more"
    row = club.sql("SELECT state, attempts, error, claim_id FROM email WHERE id = ?", first)
    assert row == [("pending", 0, "closed", None)]
    assert [message.id for message in outbox.claim()] == [third]
    club.clocks.pass_(3599)
    assert [message.id for message in outbox.claim()] == [third]
    club.clocks.pass_(1)
    assert [message.id for message in outbox.claim()] == [first, second, third]


@pytest.mark.parametrize("size", [1, 3, 4, 8])
def test_under_lasting_overload_what_was_tried_and_what_was_put_off_leave_all_the_same(club: Any, size: int) -> None:
    """As many come in as leave, and more: the oldest has waited since the morning, and must not wait for ever."""
    tried, put_off = club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first)
    outbox.settle(first, Later("greylisted", timedelta(minutes=5)))
    outbox.put_off([(second, timedelta(minutes=10), "closed")])
    new = [club.write() for _ in range(2 * size)]
    assert tried not in _next(outbox, size), "its time has not come"
    club.clocks.pass_(15 * 60)
    left: list[int] = []
    while not {tried, put_off} <= set(left):
        new += [club.write() for _ in range(size)]
        left += _next(outbox, size)
        assert len(left) <= 12 * size, "one in four has waited"
    assert left.index(tried) < left.index(put_off)
    assert len(set(left) & set(new)) >= len(left) - 2, "new ones leave meanwhile"


def _next(outbox: Outbox, size: int) -> list[int]:
    claimed = outbox.claim(size)
    assert len(claimed) == size, "the share does not make a claim larger or smaller"
    for message in claimed:
        assert outbox.begin(message)
    outbox.settle_all((message, Sent(), ()) for message in claimed)
    return [message.id for message in claimed]


def test_what_is_put_off_beyond_its_end_is_due_at_its_end_and_expires(club: Any) -> None:
    message_id = club.write(expires_at="2026-11-24 07:00:00")  # in 20 minutes
    outbox = club.outbox()
    outbox.put_off((message, timedelta(days=3000), "closed") for message in outbox.claim())
    club.clocks.pass_(20 * 60)
    assert outbox.claim() == []
    assert club.state(message_id) == "expired"


def test_what_was_begun_or_belongs_to_another_is_not_put_off(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    begun, other_s = outbox.claim()
    assert outbox.begin(begun)
    outbox.give_back([other_s])
    outbox.claim()
    assert outbox.put_off((message, timedelta(hours=1), "closed") for message in (begun, other_s)) == 0


def test_a_recall_makes_due_what_was_put_off_and_leaves_what_was_tried_to_its_time(club: Any) -> None:
    put_off, tried, early = club.write(), club.write(), club.write(not_before="2026-11-25 08:00:00")
    outbox = club.outbox()
    first, second = outbox.claim()
    outbox.put_off([(first, timedelta(hours=1), "closed")])
    assert outbox.begin(second)
    outbox.settle(second, Later("busy", timedelta(hours=1)))
    assert outbox.recall() == 1
    assert [message.id for message in outbox.claim()] == [put_off]
    assert club.state(tried) == club.state(early) == "pending"


def test_a_message_cannot_be_begun_twice(club: Any) -> None:
    club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert not outbox.begin(message)


def test_settling_and_beginning_the_next_is_one_step(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first)
    assert outbox.settle_and_begin(first, Sent("r"), second)
    assert club.states() == {"sent": 1, "sending": 1}
    assert not outbox.settle_and_begin(second, Sent("r"), second)


def test_the_one_step_writes_each_message_what_is_its_own(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first, "<1@club>")
    club.clocks.pass_(7)
    assert outbox.settle_and_begin(first, Sent("<1@club>", "one of two"), second, leaves_as="<2@club>")
    began = club.clocks.database_ms
    assert club.sql("SELECT state, attempts, message_id, error, began_ms FROM email ORDER BY id") == [
        ("sent", 1, "<1@club>", "one of two", began - 7000),
        ("sending", 1, "<2@club>", None, began),
    ]
    assert club.sql("SELECT id FROM email WHERE sent_at IS NOT NULL") == [(first.id,)]


def test_in_one_step_the_next_is_begun_also_when_the_first_was_settled_otherwise(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first)
    club.sql("UPDATE email SET state = 'failed' WHERE id = ?", first.id)
    assert outbox.settle_and_begin(first, Sent("r"), second)
    assert club.states() == {"failed": 1, "sending": 1}


def test_in_one_step_the_first_is_settled_also_when_the_next_is_another_workers(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first)
    club.sql("UPDATE email SET claim_id = 'another' WHERE id = ?", second.id)
    assert not outbox.settle_and_begin(first, Sent("r"), second)
    assert club.states() == {"sent": 1, "pending": 1}


def test_a_refused_message_comes_back_after_its_delay(club: Any) -> None:
    club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Later("450 try again", timedelta(minutes=5)))
    assert outbox.claim() == []
    assert club.sql("SELECT state, error, attempts FROM email") == [("pending", "450 try again", 1)]
    club.clocks.pass_(301)
    (again,) = outbox.claim()
    assert again.attempts == 1
    assert again.claim_id != message.claim_id


def test_a_retry_that_a_wrong_clock_has_put_off_is_tried_when_the_clock_is_right_again(club: Any) -> None:
    club.write()
    club.clocks.step_database(86_400)
    outbox = club.outbox(longest_wait=timedelta(hours=1))
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Later("450 try again", timedelta(minutes=5)))
    club.clocks.step_database(-86_400)
    club.clocks.pass_(600)
    assert outbox.claim() == []  # it was looked for a moment ago
    club.clocks.pass_(3600)
    assert [each.id for each in outbox.claim()] == [message.id]


def test_a_new_worker_looks_at_once_for_what_a_wrong_clock_has_put_off(club: Any) -> None:
    club.write(), club.write(not_before="2026-11-27 08:00:00")
    club.clocks.step_database(86_400)
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Later("450 try again", timedelta(minutes=5)))
    club.clocks.step_database(-86_400)
    heir = club.outbox(process="process-ACCUEIL", longest_wait=timedelta(hours=1))
    assert [each.id for each in heir.claim()] == [message.id]  # and not the one whose time is to come


def test_a_retry_within_the_longest_wait_keeps_its_time(club: Any) -> None:
    club.write()
    outbox = club.outbox(longest_wait=timedelta(hours=1))
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Later("450 try again", timedelta(minutes=59)))
    outbox.recover()
    assert outbox.claim() == []


def test_a_refusal_before_the_mark_counts_as_an_attempt(club: Any) -> None:
    club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.settle(message, Failed("550 no such user"))
    assert club.sql("SELECT state, error, attempts FROM email") == [("failed", "550 no such user", 1)]


def test_a_delay_never_passes_the_end_of_a_message(club: Any) -> None:
    club.write(expires_at="2026-11-24 06:50:00")
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Later("450", timedelta(days=2)))
    club.clocks.pass_(600)
    assert outbox.claim() == []
    assert club.states() == {"expired": 1}


def test_the_caller_may_say_that_a_message_expired(club: Any) -> None:
    club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.settle(message, Expired("too late"))
    assert club.states() == {"expired": 1}


def test_an_answer_that_never_came_leaves_the_message_uncertain(club: Any) -> None:
    message_id = club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Uncertain("no reply to the dot", "<1@club>"))
    club.clocks.pass_(86400)
    assert outbox.claim() == []
    assert club.state(message_id) == "uncertain"
    assert outbox.settle(message, Sent("<1@club>")), "a late answer resolves it"
    assert club.state(message_id) == "sent"


def test_an_urgent_message_passes_a_campaign(club: Any) -> None:
    for _ in range(150):
        club.write(priority=2)
    urgent, normal = club.write(priority=0), club.write()
    assert [message.id for message in club.outbox().claim(3)][:2] == [urgent, normal]


def test_a_message_waits_for_its_time_and_is_put_off_once(club: Any) -> None:
    later = club.write(not_before="2026-11-24 08:00:00")
    soon = club.write()
    outbox = club.outbox()
    assert [message.id for message in outbox.claim()] == [soon]
    assert club.sql("SELECT due_ms FROM email WHERE id = ?", later) == [(1_795_507_200_000,)]
    club.clocks.pass_(4800)
    assert later in [message.id for message in outbox.claim()]


def test_a_campaign_for_tomorrow_does_not_hide_a_message_for_today(club: Any) -> None:
    for _ in range(1200):
        club.sql("INSERT INTO email (recipient, subject, not_before) VALUES ('a', 'b', '2026-11-25 08:00:00')")
    today = club.write()
    outbox = club.outbox()
    assert [message.id for message in outbox.claim(10)] == [today]
    assert club.sql("SELECT count(*) FROM email WHERE due_ms = 0") == [(1,)]


def test_a_message_whose_time_is_over_is_not_sent(club: Any) -> None:
    club.write(expires_at="2026-11-24 06:39:59")
    outbox = club.outbox()
    assert outbox.claim() == []
    assert club.sql("SELECT state, error FROM email") == [("expired", "its time was over before it could be sent")]


@pytest.mark.engines("sqlite")
def test_expiry_reads_offsets_and_leaves_the_unreadable_to_the_claim(club: Any) -> None:
    club.write(expires_at="2026-11-24 06:00:00-02:00")  # 08:00 UTC: still to come, whatever the text compares like
    club.write(expires_at="2026-11-24 08:00:00+02:00")
    club.write(expires_at="12:00")
    club.write(expires_at="2026-11-24 05:00:00")
    outbox = club.outbox()
    assert outbox.expire() == 1
    messages = outbox.claim()
    assert [message.problem is None for message in messages] == [True, False]
    assert club.states() == {"expired": 2, "pending": 2}


def test_expiry_ends_at_its_limit(club: Any) -> None:
    for _ in range(5):
        club.write(expires_at="2026-11-24 05:00:00")
    outbox = club.outbox()
    assert (outbox.expire(3), outbox.expire(), outbox.expire()) == (3, 2, 0)


def test_a_reference_written_twice_sends_once(club: Any) -> None:
    club.write(reference="desk:42")
    with pytest.raises(REFUSED):
        club.write(reference="desk:42")
    club.write(), club.write()
    insert = "INSERT INTO email (recipient, subject, reference) VALUES ('a', 'b', 'desk:42')"
    silent = {
        "sqlite": insert.replace("INSERT", "INSERT OR IGNORE"),
        "mariadb": insert.replace("INSERT", "INSERT IGNORE"),
        "postgresql": f"{insert} ON CONFLICT DO NOTHING",
    }
    club.sql(silent[club.place.engine])
    assert len(club.outbox().claim()) == 3


@pytest.mark.parametrize("wrong", [{"priority": 7}, {"priority": "urgent"}, {"state": "PENDING"}, {"recipient": None}])
def test_the_database_itself_refuses_what_no_operation_could_read(club: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(REFUSED):
        club.write(**wrong)


@pytest.mark.engines("sqlite")  # the columns of the others take nothing of the kind
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"not_before": "zorglub"}, "the column not_before holds zorglub, not an instant such as 2026-11-24 08:00:00"),
        ({"expires_at": 1764000000}, "the column expires_at holds 1764000000, not an instant"),
        ({"not_before": "2026-13-45 08:00:00"}, "the column not_before holds 2026-13-45 08:00:00, not an instant"),
        ({"not_before": b"\xff"}, "the column not_before holds \N{REPLACEMENT CHARACTER}, not an instant"),
        ({"not_before": "0001-01-01 00:00:00+14:00"}, "out of the calendar"),
        ({"text_body": b"bytes"}, "the column text_body holds bytes where text is due"),
        ({"recipient": b"\x00\x01"}, "the column recipient holds bytes where text is due"),
    ],
)
def test_an_unreadable_row_comes_with_its_reason_beside_the_others(
    club: Any, columns: dict[str, Any], said: str
) -> None:
    bad, good = club.write(**columns), club.write()
    outbox = club.outbox()
    messages = {message.id: message for message in outbox.claim()}
    assert said in str(messages[bad].problem)
    assert messages[good].problem is None
    assert outbox.settle(messages[bad], Failed(str(messages[bad].problem)))
    assert (club.state(bad), club.state(good)) == ("failed", "pending")
    club.desk().list()
    club.desk().show(bad)


@pytest.mark.engines("sqlite")
def test_text_in_another_encoding_is_told_and_stops_nobody(club: Any) -> None:
    club.sql("INSERT INTO email (recipient, subject) VALUES ('a@b.fr', CAST(X'E974E9' AS TEXT))")
    bad, good = 1, club.write(text_body="a NUL \x00 is text too")
    messages = {message.id: message for message in club.outbox().claim()}
    assert str(messages[bad].problem) == "the column subject is not UTF-8 text: write it in Unicode"
    assert messages[good].text("text_body") == "a NUL \x00 is text too"
    assert "subject" in club.desk().show(bad).message.texts
    assert [summary.id for summary in club.desk().list()] == [good, bad]


def test_large_bodies_are_loaded_within_a_bound_of_memory(club: Any) -> None:
    for _ in range(6):
        club.write(text_body="x" * 5_000_000)
    outbox = club.outbox()
    messages = outbox.claim()
    assert len(messages) == 4
    for message in messages:
        assert outbox.begin(message)
        outbox.settle(message, Sent())
    assert len(outbox.claim()) == 2


def test_ten_thousand_recipients_are_told_apart(club: Any) -> None:
    addresses = [f"member{number}@example.org" for number in range(10_000)]
    message_id = club.write(", ".join(addresses))
    outbox = club.outbox()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    answers = [Recipient(address, "sent" if number % 2 else "pending") for number, address in enumerate(addresses)]
    assert outbox.settle(message, Later("half refused", timedelta(0)), answers)
    (again,) = outbox.claim()
    assert len(again.done_with) == 5000
    assert len(club.desk().show(message_id).recipients) == 10_000


def test_who_was_reached_stays_reached(club: Any) -> None:
    message_id = club.write("a@x.fr, b@x.fr")
    outbox = club.outbox()
    (message,) = outbox.claim()
    outbox.begin(message)
    outbox.settle(
        message, Later("450", timedelta(0)), [Recipient("a@x.fr", "sent"), Recipient("b@x.fr", "pending", "450 busy")]
    )
    (message,) = outbox.claim()
    assert message.done_with == {"a@x.fr"}
    outbox.begin(message)
    outbox.settle(message, Failed("550"), [Recipient("a@x.fr", "failed"), Recipient("b@x.fr", "failed", "550 no")])
    told = {each.address: (each.state, each.error) for each in club.desk().show(message_id).recipients}
    assert told == {"a@x.fr": ("sent", None), "b@x.fr": ("failed", "550 no")}


def test_attachments_are_known_before_they_are_loaded(club: Any) -> None:
    message_id = club.write()
    statement = "INSERT INTO email_attachment (email_id, name, content, media_type) VALUES (?, ?, ?, ?)"
    club.sql(statement, message_id, "facture.pdf", b"%PDF" * 1000, "application/pdf")
    club.sql(statement, message_id, "note.txt", "texte é" if club.is_file else "texte é".encode(), None)
    outbox = club.outbox()
    (message,) = outbox.claim()
    pdf, note = message.attachments
    assert (pdf.name, pdf.media_type, pdf.size) == ("facture.pdf", "application/pdf", 4000)
    assert (outbox.content(pdf)[:4], outbox.content(note)) == (b"%PDF", "texte é".encode())
    club.sql("DELETE FROM email_attachment")
    assert outbox.content(pdf) == b""


def test_a_message_that_its_writer_takes_back_is_not_sent(club: Any) -> None:
    club.write()
    outbox = club.outbox()
    (message,) = outbox.claim()
    club.sql("DELETE FROM email")
    assert not outbox.begin(message)


def test_what_was_not_begun_can_be_given_back(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first)
    assert outbox.give_back([first, second]) == 1
    assert outbox.give_back([]) == 0
    assert [message.id for message in outbox.claim()] == [second.id]


def test_a_crash_before_the_mark_costs_nothing(club: Any) -> None:
    club.write()
    club.outbox(process="one").claim()
    outbox = club.outbox(process="two", predecessors=["one"])
    (message,) = outbox.claim()
    assert outbox.begin(message)


def test_a_crash_after_the_mark_leaves_the_message_uncertain_and_on_record(club: Any) -> None:
    message_id = club.write()
    old = club.outbox(process="one")
    (message,) = old.claim()
    assert old.begin(message, "<1@club>")
    lease = club.lease(process="two", predecessors=["one"])
    assert lease.acquire()
    from club import EMAIL, Outbox  # noqa: PLC0415

    new = Outbox(club.database(), EMAIL, lease)
    assert new.recover() == Recovery(0, 1)
    assert new.claim() == []
    dossier = club.desk().show(message_id)
    assert dossier.message.state == "uncertain"
    assert [attempt.outcome for attempt in dossier.attempts] == ["uncertain"]
    assert dossier.attempts[0].reference == "<1@club>"
    assert club.sql("SELECT message_id FROM email") == [("<1@club>",)], "whoever looks for it in the mail server's log"
    assert "the station stopped while this was being sent" in str(dossier.message.error)


def test_a_worker_that_was_replaced_is_refused(club: Any) -> None:
    club.write(), club.write(), club.write()
    database = club.database()
    lease = club.lease(database=database)
    assert lease.acquire()
    from club import EMAIL, Outbox  # noqa: PLC0415

    hung, fresh = Outbox(database, EMAIL, lease), Outbox(database, EMAIL, lease)
    hung.recover()
    first, second, third = hung.claim()
    assert hung.begin(first)
    fresh.recover()
    with pytest.raises(LeaseLost):
        hung.begin(second)
    with pytest.raises(LeaseLost):
        hung.claim()
    with pytest.raises(LeaseLost):
        hung.settle_and_begin(first, Sent("late"), third)
    assert club.state(first.id) == "sent", "its answer is still the truth"
    assert [message.id for message in fresh.claim()] == [second.id, third.id]


def test_past_the_local_deadline_nothing_is_begun(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.begin(first)
    club.clocks.station_seconds += 21
    with pytest.raises(LeaseLost):
        outbox.begin(second)
    with pytest.raises(LeaseLost):
        outbox.settle_and_begin(first, Sent(), second)
    assert club.states() == {"sent": 1, "pending": 1}


def test_answers_can_be_settled_together(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.settle_all([(first, Failed("a"), ()), (second, Failed("b"), ()), (first, Failed("again"), ())]) == 2
    assert outbox.settle_all([]) == 0
    assert club.states() == {"failed": 2}


def test_errors_and_references_of_any_kind_fit_their_columns(club: Any) -> None:
    club.write(), club.write()
    outbox = club.outbox()
    first, second = outbox.claim()
    assert outbox.settle(first, Failed("é" * 5000 + "\x00"))
    outbox.begin(second)
    assert outbox.settle(second, Sent("\udce9\x00" + "r" * 500))
    (error, _), (_, reference) = club.sql("SELECT error, message_id FROM email ORDER BY id")
    assert (len(error), len(reference)) == (1000, 255)


def test_an_answer_kept_by_the_journal_is_settled_by_the_next_run(club: Any, tmp_path: Path) -> None:
    message_id = club.write()
    journal = Journal(tmp_path / "answers")
    old = club.outbox(process="one", journal=journal)
    (message,) = old.claim()
    assert old.begin(message)
    from club.journal_lines import Answer  # noqa: PLC0415

    journal.record(Answer.of("email", message, Sent("<1@club>")))  # and here the program dies
    again = Journal(tmp_path / "answers")
    club.outbox(process="two", predecessors=["one"], journal=again)
    assert club.state(message_id) == "sent"
    assert again.pending("email") == ()
    journal.close()
    again.close()


def test_the_database_away_at_the_answer_loses_nothing(club: Any, tmp_path: Path) -> None:
    first, second, third = club.write(), club.write(), club.write()
    journal = Journal(tmp_path / "answers")
    outbox = club.outbox(journal=journal, database=club.database(busy_seconds=0.05))
    messages = outbox.claim()
    assert outbox.begin(messages[0])
    with club.blocked():
        with pytest.raises(DatabaseAway):
            outbox.settle_and_begin(messages[0], Sent("r"), messages[1])
        with pytest.raises(DatabaseAway):
            outbox.begin(messages[2])
    assert not outbox.begin(messages[1]), "it comes back with a later claim"
    assert [message.id for message in outbox.claim()] == [second, third]
    assert club.sql("SELECT state, attempts FROM email WHERE id = ?", first) == [("sent", 1)]
    assert club.sql("SELECT DISTINCT state, attempts FROM email WHERE id > ?", first) == [("pending", 0)]
    assert journal.pending("email") == ()
    journal.close()


def test_without_a_journal_a_mark_that_failed_comes_back_too(club: Any) -> None:
    message_id = club.write()
    outbox = club.outbox(database=club.database(busy_seconds=0.05))
    (message,) = outbox.claim()
    with club.blocked():
        with pytest.raises(DatabaseAway):
            outbox.begin(message)
        with pytest.raises(DatabaseAway):
            outbox.settle(message, Failed("550"))
    assert outbox.catch_up() == 0
    (again,) = outbox.claim()
    assert again.id == message_id
    assert outbox.begin(again)
    assert not outbox.settle(message, Sent("late")), "it answers to the other claim"


def test_an_answer_kept_while_the_lease_went_is_settled_without_it(club: Any, tmp_path: Path) -> None:
    message_id = club.write()
    journal = Journal(tmp_path / "answers")
    outbox = club.outbox(journal=journal)
    (message,) = outbox.claim()
    assert outbox.begin(message)
    from club.journal_lines import Answer  # noqa: PLC0415

    journal.record(Answer.of("email", message, Sent("<1@club>")))
    club.sql("UPDATE lease SET token = token + 1000000, process = 'another', station = 'SERVEUR'")
    with pytest.raises(LeaseLost):
        outbox.claim()
    assert (outbox.catch_up(), outbox.catch_up()) == (1, 0)
    assert club.state(message_id) == "sent"
    journal.close()


def test_a_list_of_what_is_sent_walks_back_by_id(club: Any) -> None:
    first, second = club.write(), club.write()
    club.sql("UPDATE email SET state = 'sent'")
    assert [each.id for each in club.desk().list(["sent", "failed"])] == [second, first]


@pytest.mark.engines("sqlite")
def test_a_restored_database_does_not_send_again_what_this_station_has_sent(club: Any, tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415

    sent, waiting = club.write(), club.write(not_before="2026-11-25 08:00:00")
    backup = tmp_path / "yesterday.db"
    club.sql("VACUUM INTO ?", str(backup))
    journal = Journal(tmp_path / "answers")
    outbox = club.outbox(process="one", journal=journal)
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Sent("<1@club>"))
    journal.close()
    club.close()
    for name in ("", "-wal", "-shm"):
        club.file.with_name(club.file.name + name).unlink(missing_ok=True)
    shutil.copy(backup, club.file)
    assert club.state(sent) == "pending"
    journal = Journal(tmp_path / "answers")
    again = club.outbox(process="two", journal=journal)
    assert again.claim() == []
    assert club.sql("SELECT state, message_id FROM email WHERE id = ?", sent) == [("sent", "<1@club>")]
    club.sql("DELETE FROM email WHERE id = ?", sent)
    club.write("another@example.org", id=sent)
    assert [each.id for each in again.claim()] == [sent], "another message that bears its id is sent"
    assert club.state(waiting) == "pending"
    journal.close()


def test_every_attempt_can_be_read(club: Any) -> None:
    message_id = club.write()
    outbox = club.outbox()
    for outcome in (Later("450 busy", timedelta(0)), Sent("<1@club>")):
        (message,) = outbox.claim()
        assert outbox.begin(message)
        assert outbox.settle(message, outcome)
    first, second = club.desk().show(message_id).attempts
    assert (first.attempt, first.outcome, first.error, first.station) == (1, "later", "450 busy", "ACCUEIL")
    assert (second.attempt, second.outcome, second.reference, second.station) == (2, "sent", "<1@club>", "ACCUEIL")
    assert club.desk().show(message_id).provider_reference == "<1@club>"


def test_a_person_may_retry_what_failed_or_waits(club: Any) -> None:
    failed, waiting, expired = club.write(), club.write(), club.write(expires_at="2026-11-24 06:00:00")
    outbox, desk = club.outbox(), club.desk()
    for message in outbox.claim():
        outcome = Failed("550") if message.id == failed else Later("450", timedelta(hours=5))
        assert outbox.settle(message, outcome)
    assert desk.show(waiting).message.next_attempt_at is not None
    for message_id in (failed, waiting, expired):
        desk.retry(message_id)
    assert [message.id for message in outbox.claim()] == [failed, waiting, expired]
    assert desk.show(failed).message.error is None


def test_a_person_decides_what_nobody_knows(club: Any) -> None:
    left, again = club.write("a@x.fr, b@x.fr"), club.write()
    outbox, desk = club.outbox(), club.desk()
    for message in outbox.claim():
        assert outbox.begin(message)
        assert outbox.settle(message, Uncertain("no reply"), [Recipient("a@x.fr", "uncertain", "no reply")])
    desk.resolve(left, "sent")
    desk.resolve(again, "resend")
    dossier = desk.show(left)
    assert (dossier.message.state, str(dossier.message.sent_at)) == ("sent", "2026-11-24 06:40:00+00:00")
    assert [(each.state, each.error) for each in dossier.recipients] == [("sent", None)]
    (message,) = outbox.claim()
    assert message.id == again


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("pending", "waits to be sent"),
        ("sending", "is being sent"),
        ("sent", "is sent already"),
        ("uncertain", "decide with resolve"),
    ],
)
def test_a_retry_that_could_double_is_refused(club: Any, state: str, said: str) -> None:
    message_id = club.write()
    club.sql("UPDATE email SET state = ?", state)
    with pytest.raises(MessageRefused, match=said):
        club.desk().retry(message_id)
    assert club.state(message_id) == state


def test_what_is_not_there_is_said(club: Any) -> None:
    with pytest.raises(MessageRefused, match="there is no message 99"):
        club.desk().show(99)
    with pytest.raises(MessageRefused, match="there is no message 99"):
        club.desk().resolve(99, "sent")


def test_a_list_turns_its_pages_and_chooses_states(club: Any) -> None:
    ids = [club.write(subject=f"n° {number}") for number in range(5)]
    club.sql("UPDATE email SET state = 'failed' WHERE id = ?", ids[1])
    desk = club.desk()
    assert [each.id for each in desk.list(limit=2)] == [ids[4], ids[3]]
    assert [each.id for each in desk.list(before=ids[3])] == [ids[2], ids[1], ids[0]]
    assert [each.id for each in desk.list(["failed"])] == [ids[1]]
    assert desk.list()[0].texts == {"subject": "n° 4", "reference": None, "source": None}
    assert desk.counts() == {"pending": 4, "sending": 0, "sent": 0, "failed": 1, "expired": 0, "uncertain": 0}


def test_the_backlog_says_how_long_the_oldest_has_waited(club: Any) -> None:
    desk = club.desk()
    assert desk.backlog().oldest_seconds is None
    club.sql("INSERT INTO email (recipient, subject, created_at) VALUES ('a', 'b', '2026-11-24 06:00:00')")
    club.write(not_before="2026-11-25 06:00:00")
    assert (desk.backlog().pending, desk.backlog().oldest_seconds) == (2, 2400)
    outbox = club.outbox()
    (message,) = outbox.claim()
    outbox.begin(message)
    outbox.settle(message, Later("450", timedelta(0)))
    club.clocks.pass_(60)
    assert desk.backlog().oldest_seconds == 60
