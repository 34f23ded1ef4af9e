"""The station's own memory of answers."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from club import Failed, Journal, JournalUnusable, Later, Message, Recipient, Sent, Uncertain
from club.journal_lines import Answer


def _message(message_id: int = 1) -> Message:
    return Message(message_id, "claim", 0, {}, None, None, None)


def _answer(message_id: int = 1) -> Answer:
    return Answer.of("email", _message(message_id), Sent("<é@club>"), [Recipient("lea@example.org", "sent")])


def test_what_was_recorded_is_there_after_the_end_of_the_program(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "answers")
    journal.record(_answer(1))
    journal.record(_answer(2))
    journal.forget([_answer(1)])
    assert journal.pending("sms") == ()
    assert [answer.message_id for answer in journal.pending("email")] == [2]
    again = Journal(tmp_path / "answers")  # the first was never closed: it was killed
    assert again.pending("email") == (_answer(1), _answer(2))
    journal.close()
    again.close()


def test_an_orderly_end_notes_what_the_database_knows(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "answers")
    journal.record(_answer(1))
    journal.record(_answer(2))
    journal.forget([_answer(1)])
    journal.close()
    journal.close()
    again = Journal(tmp_path / "answers")
    assert again.pending("email") == (_answer(2),)
    again.close()


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_that_a_crash_tore_costs_only_itself(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "answers"
    journal = Journal(file)
    journal.record(_answer(1))
    journal.record(_answer(2))
    journal.close()
    file.write_bytes(b'{"settled": 5}\n{"settled": [5]}\n{"not": "ours"}\n\xff\x00\n[1]\n' + file.read_bytes()[:-cut])
    journal = Journal(file)
    journal.record(_answer(3))
    journal._file.close()
    again = Journal(file)
    assert [answer.message_id for answer in again.pending("email")] in ([1, 3], [1, 2, 3])
    again.close()


def test_the_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "answers", sync=False)
    monkeypatch.setattr("club.journal._PAGE_LINES", 100)
    journal.record(_answer(9999))
    for number in range(350):
        journal.record(_answer(number))
        journal.forget([_answer(number)])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 100_000
    assert journal.pending("email") == (_answer(9999),)
    journal.close()
    again = Journal(tmp_path / "answers")
    assert again.pending("email") == (_answer(9999),)
    assert again.departures("email", [_message(345), _message(1)]).keys() == {345}, "1 was long ago"
    assert not again.departures("sms", [_message(345)])
    again.close()


def test_a_crash_while_the_page_is_turned_loses_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "answers")
    journal.record(_answer(1))
    journal.close()
    (tmp_path / "answers").rename(tmp_path / "answers.new")
    again = Journal(tmp_path / "answers")
    assert again.pending("email") == (_answer(1),)
    again.close()


def test_a_journal_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="cannot be opened"):
        Journal(tmp_path / "nowhere" / "answers")


def test_a_full_disk_is_said_once_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path / "answers")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr("club.journal.os.fsync", full)
        journal.record(_answer(1))
        journal.record(_answer(2))
        patched.setattr("club.journal._PAGE_LINES", -10)
        journal.forget([])
        journal.close()
    assert [record.event for record in caplog.records] == ["journal.unwritable", "journal.not_turned"]  # type: ignore[attr-defined]
    again = Journal(tmp_path / "answers")
    assert len(again.pending("email")) == 2
    again.close()


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Sent("r"), ("sent", "r", None, None)),
        (Failed("550"), ("failed", None, "550", None)),
        (Later("450", timedelta(seconds=5)), ("later", None, "450", 5000)),
        (Later("450", timedelta(seconds=-5)), ("later", None, "450", 0)),
        (Uncertain("?", "r"), ("uncertain", "r", "?", None)),
    ],
)
def test_an_answer_says_its_outcome(outcome: Any, said: tuple[Any, ...]) -> None:
    answer = Answer.of("email", _message(), outcome)
    assert (answer.outcome, answer.reference, answer.error, answer.delay_ms) == said


def test_what_has_left_is_known_by_its_row_and_not_by_its_id_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "answers", sync=False)
    journal.record(_answer(1))
    journal.forget([_answer(1)])
    again = attrs.evolve(_message(1), claim_id="another claim")
    assert journal.departures("email", [again, _message(2)]) == {1: attrs.evolve(_answer(1), recipients=())}
    another_row = attrs.evolve(_message(1), values={"subject": "of a database that was made anew"})
    assert not journal.departures("email", [another_row])
    journal.close()


def test_a_page_that_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "answers"
    journal = Journal(file, sync=False)
    journal.record(_answer(1))
    journal.forget([_answer(1)])
    file.rename(tmp_path / "moved away")
    with caplog.at_level(logging.WARNING):
        assert not journal.departures("email", [_message(1)])
        assert not journal.departures("email", [_message(2)]), "of which there is no trace: the page is not asked for"
    assert [record.event for record in caplog.records] == ["journal.unreadable"]  # type: ignore[attr-defined]
    journal.close()
