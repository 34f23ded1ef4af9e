"""Messages that are marked together: what each way to die leaves of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from club import EMAIL, SMS, BatchedOutbox, DatabaseAway, Journal, Lease, LeaseLost, Message, Recovery, Sent

BOOT = "this start of the computer"


class Station:
    """One run of the program on a station, over a journal that outlives it."""

    def __init__(self, club: Any, folder: Path, *, boot: str | None = BOOT, **options: Any) -> None:
        self.database = club.database()
        self.lease: Lease = club.lease(database=self.database, **options)
        self.journal = Journal(folder / "answers", sync=False, boot=boot)
        _OPENED.append(self.journal)
        self.outbox = BatchedOutbox(self.database, EMAIL, self.lease, journal=self.journal)

    def work(self) -> Recovery:
        assert self.lease.acquire()
        return self.outbox.recover()

    def mark(self, limit: int = 3) -> list[Message]:
        marked = self.outbox.begin_many([(message, f"<{message.id}>") for message in self.outbox.claim(limit)])
        assert marked is not None
        return marked


_OPENED: list[Journal] = []


@pytest.fixture(autouse=True)
def close_journals() -> Iterator[None]:
    yield
    while _OPENED:
        _OPENED.pop()._file.close()  # as a kill does: nothing more is written


@pytest.fixture
def marked(club: Any, tmp_path: Path) -> tuple[Station, list[Message]]:
    """Three messages that are marked, of which the first has left and the second was answered."""
    for _ in range(3):
        club.write()
    station = Station(club, tmp_path, process="first")
    station.work()
    messages = station.mark()
    assert club.states() == {"sending": 3}
    assert station.outbox.leave([messages[0]])
    return station, messages


def test_marks_and_the_answers_before_them_are_one_commit(club: Any, tmp_path: Path) -> None:
    for _ in range(4):
        club.write()
    station = Station(club, tmp_path)
    station.work()
    first, *rest = station.outbox.claim(4)
    assert station.outbox.begin(first)
    answer = station.outbox.note(first, Sent("r"))
    assert station.outbox.begin_many([(message, f"<{message.id}>") for message in rest], [answer]) == rest
    assert club.sql("SELECT state, message_id, attempts FROM email ORDER BY id") == [
        ("sent", "r", 1),
        *[("sending", f"<{message.id}>", 1) for message in rest],
    ]
    answers = [station.outbox.note(message, Sent()) for message in rest if station.outbox.leave([message])]
    assert station.outbox.settle_noted(answers) == 3
    assert club.states() == {"sent": 4}


def test_a_kill_leaves_only_the_one_that_was_about_to_leave_uncertain(
    club: Any, tmp_path: Path, marked: tuple[Station, list[Message]]
) -> None:
    again = Station(club, tmp_path, process="second", predecessors=["first"])
    assert again.work() == Recovery(settled=2, uncertain=1)
    assert club.sql("SELECT state, attempts FROM email ORDER BY id") == [
        ("uncertain", 1),
        ("pending", 0),
        ("pending", 0),
    ]
    assert len(again.mark()) == 2


def test_a_kill_after_the_answer_leaves_nothing_uncertain(
    club: Any, tmp_path: Path, marked: tuple[Station, list[Message]]
) -> None:
    station, messages = marked
    station.outbox.note(messages[0], Sent("r"))
    again = Station(club, tmp_path, process="second", predecessors=["first"])
    assert again.work() == Recovery(settled=3, uncertain=0)
    assert club.states() == {"sent": 1, "pending": 2}


@pytest.mark.parametrize("boot", ["the next start", None])
def test_after_a_power_cut_no_line_is_relied_upon(
    club: Any, tmp_path: Path, marked: tuple[Station, list[Message]], boot: str | None
) -> None:
    file = tmp_path / "answers"
    kept = [line for line in file.read_bytes().splitlines(keepends=True) if b'"left"' not in line]
    file.write_bytes(b"".join(kept))
    again = Station(club, tmp_path, process="second", predecessors=["first"], boot=boot)
    assert again.work() == Recovery(settled=0, uncertain=3)


def test_a_worker_that_was_replaced_lets_nothing_leave_any_more(
    club: Any, marked: tuple[Station, list[Message]]
) -> None:
    station, messages = marked
    heir = BatchedOutbox(station.database, EMAIL, station.lease, journal=station.journal)
    assert heir.recover() == Recovery(settled=2, uncertain=1)
    assert not station.outbox.leave([messages[1]])
    assert [message.id for message in heir.claim()] == [message.id for message in messages[1:]]
    assert not station.outbox.leave([messages[2]])
    assert station.outbox.withdraw_many(messages[1:]) == 0
    assert club.states() == {"uncertain": 1, "pending": 2}


def test_what_another_station_had_to_call_uncertain_the_first_resolves_when_it_returns_unless_a_person_has(
    club: Any, tmp_path: Path, marked: tuple[Station, list[Message]]
) -> None:
    other = club.lease("SERVEUR", predecessors=["first"])
    assert other.acquire()
    heir = BatchedOutbox(club.database(), EMAIL, other)
    assert heir.recover().uncertain == 3
    _, messages = marked
    club.desk().resolve(messages[1].id, "sent")
    returned = Station(club, tmp_path, process="second")
    assert returned.outbox.catch_up() == 1
    assert club.sql("SELECT state FROM email ORDER BY id") == [("uncertain",), ("sent",), ("pending",)]
    assert [message.id for message in heir.claim()] == [messages[2].id]


def test_what_was_marked_and_is_not_sent_after_all_waits_again_at_once(
    club: Any, marked: tuple[Station, list[Message]]
) -> None:
    station, messages = marked
    assert station.outbox.withdraw_many(messages[1:]) == 2
    assert not station.outbox.leave([messages[1]])
    assert club.sql("SELECT state, attempts, claim_id FROM email ORDER BY id")[1:] == [("pending", 0, None)] * 2


def test_nothing_leaves_under_a_lease_that_is_lost(club: Any, tmp_path: Path) -> None:
    club.write(), club.write()
    station = Station(club, tmp_path, process="first")
    station.work()
    claimed = station.outbox.claim()
    assert club.lease("SERVEUR", predecessors=["first"]).acquire()
    with pytest.raises(LeaseLost):
        station.outbox.begin_many([(message, None) for message in claimed])
    assert not any(station.outbox.leave([message]) for message in claimed)
    assert club.states() == {"pending": 2}


def test_nothing_leaves_when_the_marks_outcome_is_not_known(
    club: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    club.write(), club.write()
    station = Station(club, tmp_path)
    station.work()
    claimed = station.outbox.claim()
    write = station.database.write

    def torn(work: Any) -> Any:
        write(work)
        raise DatabaseAway("gone after the commit")

    monkeypatch.setattr(station.database, "write", torn)
    with pytest.raises(DatabaseAway):
        station.outbox.begin_many([(message, None) for message in claimed])
    monkeypatch.undo()
    assert club.states() == {"sending": 2}
    assert not any(station.outbox.leave([message]) for message in claimed)
    assert [message.id for message in station.outbox.claim()] == [message.id for message in claimed]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("boot", [BOOT, None])
def test_without_a_journal_that_can_be_relied_upon_nothing_is_marked_together(
    club: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boot: str | None
) -> None:
    club.write(), club.write()
    station = Station(club, tmp_path, boot=boot)
    station.work()
    claimed = station.outbox.claim()
    assert station.outbox.can_batch is (boot is not None)
    monkeypatch.setattr(station.journal, "_write", lambda _lines: False)  # the disk is full
    assert station.outbox.begin_many([(message, None) for message in claimed]) is None
    monkeypatch.undo()
    assert club.states() == {"pending": 2}
    assert station.outbox.begin(claimed[0]), "one by one it still goes"


@pytest.mark.engines("sqlite")
def test_a_message_whose_line_cannot_be_written_stays(
    club: Any, marked: tuple[Station, list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    station, messages = marked
    monkeypatch.setattr(station.journal, "_write", lambda _lines: False)
    assert not station.outbox.leave([messages[1]])
    monkeypatch.undo()
    assert len(station.outbox.claim()) == 2


@pytest.mark.engines("sqlite")
def test_what_is_intended_survives_a_turned_page_as_what_it_is(
    club: Any, tmp_path: Path, marked: tuple[Station, list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("club.journal._PAGE_LINES", -10)
    station, messages = marked
    station.journal.forget([])
    for boot, left in (("the next start", 0), (BOOT, 2)):
        journal = Journal(tmp_path / "answers", boot=boot)
        assert len(journal.pending("email")) == left
        journal.close()
    assert station.outbox.leave([messages[1]])


def test_answers_that_the_database_knows_already_are_settled_again_beside_new_ones(club: Any, tmp_path: Path) -> None:
    club.write(), club.write(), club.write()
    station = Station(club, tmp_path, process="first")
    station.work()
    messages = station.mark()
    assert station.outbox.leave(messages)
    answers = [station.outbox.note(message, Sent(f"r{message.id}")) for message in messages]
    station.database.write(lambda connection: station.outbox._settling.apply_all(connection, answers[:2], 1))
    again = Station(club, tmp_path, process="second", predecessors=["first"])  # a kill before the journal knew of it
    assert again.work() == Recovery(settled=1, uncertain=0)
    assert club.sql("SELECT state, message_id, attempts FROM email ORDER BY id") == [
        ("sent", f"r{message.id}", 1) for message in messages
    ]


def test_marks_of_which_one_is_not_ours_any_more_are_made_without_it(club: Any, tmp_path: Path) -> None:
    club.write(), club.write(), club.write()
    station = Station(club, tmp_path)
    station.work()
    first, second, third = station.outbox.claim(3)
    club.sql(f"UPDATE email SET state = 'failed' WHERE id = {second.id}")
    assert station.outbox.begin_many([(each, None) for each in (first, second, third)]) == [first, third]
    assert not station.outbox.leave([first, second]), "all or none"
    assert station.outbox.leave([first, third])


@pytest.mark.engines("sqlite")
def test_what_leaves_together_is_told_apart_from_what_stays(
    club: Any, tmp_path: Path, marked: tuple[Station, list[Message]]
) -> None:
    station, messages = marked
    assert station.outbox.leave(messages[1:])
    station.outbox.note(messages[2], Sent("r"))
    again = Station(club, tmp_path, process="second", predecessors=["first"])
    assert again.work() == Recovery(settled=1, uncertain=2)


def test_an_sms_that_a_report_has_settled_gets_its_name_beside_those_that_nobody_has(club: Any, tmp_path: Path) -> None:
    for _ in range(3):
        club.write_sms()
    station = Station(club, tmp_path)
    outbox = BatchedOutbox(station.database, SMS, station.lease, journal=station.journal)
    assert station.lease.acquire()
    outbox.recover()
    messages = outbox.begin_many([(message, None) for message in outbox.claim(3)])
    assert messages is not None
    assert outbox.leave(messages)
    club.sql(f"UPDATE sms SET state = 'delivered' WHERE id = {messages[0].id}")
    assert outbox.settle_noted([outbox.note(message, Sent(f"r{message.id}")) for message in messages]) == 2
    states = ("delivered", "sent", "sent")
    assert club.sql("SELECT state, provider_reference FROM sms ORDER BY id") == [
        (state, f"r{message.id}") for state, message in zip(states, messages, strict=True)
    ]
