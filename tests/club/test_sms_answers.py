"""What members answer is taken once; who objects gets no more marketing until they take it back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from club_places import REFUSED

from club.sms_answers import Received, SmsAnswers

NUMBER, OTHER = "+33639981234", "+33639985678"


@pytest.fixture
def answers(club: Any) -> SmsAnswers:
    return SmsAnswers(club.database())


def stop(**changes: Any) -> Received:
    values: dict[str, Any] = {
        "sender": NUMBER,
        "number": NUMBER,
        "body": "STOP 😀",
        "wish": "stop",
        "at": datetime(2026, 11, 24, 7, 0, tzinfo=UTC),
        "identity": "ovh-1",
        **changes,
    }
    return Received(**values)


def test_a_stop_is_stored_and_kept_in_one_step(club: Any, answers: SmsAnswers) -> None:
    assert answers.receive(stop(), "ovh")
    assert club.sql("SELECT identity, sender, body, received_at, wish FROM sms_received") == [
        ("ovh-1", NUMBER, "STOP 😀", "2026-11-24 07:00:00", "stop")
    ]
    assert club.sql("SELECT number, source, words FROM sms_opt_out") == [(NUMBER, "ovh", "STOP 😀")]
    assert answers.refusing([OTHER, NUMBER]) == {NUMBER}


def test_what_came_in_before_is_not_taken_again(club: Any, answers: SmsAnswers) -> None:
    assert answers.receive(stop(), "ovh")
    assert answers.remove(NUMBER)
    assert not answers.receive(stop(), "ovh"), "a doubled STOP does not undo what a person has decided"
    assert answers.refusing([NUMBER]) == frozenset()
    assert answers.receive(stop(identity="ovh-2"), "ovh")
    assert answers.refusing([NUMBER]) == {NUMBER}


def test_an_answer_without_an_identity_is_told_by_what_it_is(club: Any, answers: SmsAnswers) -> None:
    nameless = stop(identity=None)
    assert answers.receive(nameless, "modem")
    assert not answers.receive(nameless, "modem")
    assert answers.receive(stop(identity=None, body="Stop"), "modem")
    assert answers.receive(stop(identity="x" * 5000), "smpp")
    assert NUMBER not in nameless.key
    assert NUMBER not in repr(nameless)


@pytest.mark.parametrize(("wish", "out"), [("perhaps_stop", {NUMBER}), ("return", set()), ("none", set())])
def test_an_answer_does_what_it_wishes(wish: Any, out: set[str], club: Any, answers: SmsAnswers) -> None:
    if wish == "return":
        assert answers.add(NUMBER, "desk")
    assert answers.receive(stop(wish=wish), "ovh")
    assert answers.refusing([NUMBER]) == out


@pytest.mark.parametrize("strange", ["\ud800", "\0", "ovh \0 \udfff 😀"])
def test_an_answer_whose_letters_no_engine_takes_is_taken_once_all_the_same(
    strange: str, club: Any, answers: SmsAnswers
) -> None:
    at = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) if strange == "\0" else datetime(1, 1, 1, tzinfo=UTC)
    received = stop(identity=strange, sender=f"{NUMBER}{strange}", body=f"STOP {strange}", at=at)
    assert answers.receive(received, "ovh")
    assert not answers.receive(received, "ovh")
    assert answers.refusing([NUMBER]) == {NUMBER}


def test_an_answer_of_a_sender_without_a_number_is_stored(club: Any, answers: SmsAnswers) -> None:
    assert answers.receive(stop(sender="36111", number=None), "ovh")
    assert club.sql("SELECT count(*) FROM sms_opt_out") == [(0,)]


def test_an_objection_keeps_its_first_day(club: Any, answers: SmsAnswers) -> None:
    assert answers.add(NUMBER, "desk", "by telephone")
    club.clocks.pass_(86_400)
    assert not answers.add(NUMBER, "ovh")
    assert answers.add(OTHER, "ovh")
    newest, oldest = answers.opt_outs()
    assert (newest.number, oldest.number, oldest.source, oldest.words) == (OTHER, NUMBER, "desk", "by telephone")
    assert answers.opt_outs(numbers=[NUMBER]) == (oldest,)
    assert answers.opt_outs(1) == (newest,)
    assert NUMBER not in repr(oldest)
    assert answers.remove(NUMBER)
    assert not answers.remove(NUMBER)


def test_a_campaign_is_asked_about_at_once(club: Any, answers: SmsAnswers) -> None:
    numbers = [f"+336{number:08d}" for number in range(1200)]
    for number in numbers[::400]:
        answers.add(number, "desk")
    assert answers.refusing(numbers) == frozenset(numbers[::400])
    assert answers.refusing([]) == frozenset()


def test_another_program_may_write_an_objection_but_not_one_that_would_never_be_found(
    club: Any, answers: SmsAnswers
) -> None:
    club.sql("INSERT INTO sms_opt_out (number) VALUES (?)", NUMBER)
    assert answers.refusing([NUMBER]) == {NUMBER}
    for written in ("0639981234", "+33 6 39 98 12 34"):
        with pytest.raises(REFUSED):
            club.sql("INSERT INTO sms_opt_out (number) VALUES (?)", written)
    with pytest.raises(ValueError, match=r"^an objection is kept by its number as E\.164$"):
        answers.add("0639981234", "desk")


def test_what_may_be_an_objection_counts_as_one_until_a_person_has_read_it(club: Any, answers: SmsAnswers) -> None:
    assert answers.receive(stop(wish="perhaps_stop", body="stop me voir demain"), "ovh")
    (doubtful,) = answers.opt_outs()
    assert (doubtful.is_doubtful, doubtful.words) == (True, "stop me voir demain")
    assert answers.refusing([NUMBER]) == {NUMBER}
    assert answers.add(NUMBER, "desk")
    (certain,) = answers.opt_outs()
    assert (certain.is_doubtful, certain.words, certain.source) == (False, "stop me voir demain", "desk")
    assert answers.receive(stop(wish="perhaps_stop", identity="ovh-2"), "ovh")
    assert not answers.opt_outs()[0].is_doubtful
    assert club.sql("SELECT count(*) FROM sms_received") == [(2,)]
