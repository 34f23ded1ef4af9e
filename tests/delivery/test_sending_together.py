"""The loop with a courier that has several messages under way: what leaves at once, what a kill or a refusal leaves."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from delivery_fixtures import Post, ScriptedCourier, names

from actors.delivery.courier import Result, Settled, TransportAway, Untouched
from actors.delivery.pace import Brake, Limit
from actors.delivery.tally import Tally
from club import EMAIL, BatchedOutbox, DatabaseAway, Journal, Later, Lease, Message, Outbox, Recovery, Sent
from config.sentence import Sentence

Marks = Callable[[], Collection[int]]
Together = Callable[[Sequence[Message], Marks], Iterator[tuple[int, Result]]]
AT_ONCE = 4
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """Ends everything at once, as a kill does."""


def accept_all(messages: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
    leaving = mark()
    for place, message in reversed(list(enumerate(messages))):  # answers need not come in order
        yield place, Result(Settled(Sent(f"r{message.id}")) if place in leaving else Untouched())


class Courier(ScriptedCourier):
    """Has up to four under way."""

    most_together = AT_ONCE

    def __init__(self) -> None:
        super().__init__()
        self.bursts: list[list[str]] = []
        self.script: Together = accept_all

    def together(self, parcels: Sequence[Message]) -> int:
        return min(AT_ONCE, len(parcels))

    def send_together(self, parcels: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
        self.bursts.append([each.text("recipient") for each in parcels])
        yield from self.script(parcels, mark)


class Window(Post):
    """A station with such a courier."""

    def __init__(self, folder: Path, kind: type[Outbox] = BatchedOutbox, boot: str | None = "this one") -> None:
        super().__init__(folder, kind)
        self.folder = folder
        self.boot = boot
        if boot is None:
            self.journal.close()
            self.journal = Journal(folder / "answers", sync=False, boot=None)
            self.outbox = kind(self.database, EMAIL, self.lease, journal=self.journal)
            self.outbox.recover()
        self.courier: Courier = Courier()

    def after_a_kill(self) -> Recovery:
        """Return what the next start of the program finds."""
        lease = Lease(self.database, "email", "ACCUEIL", "next process", predecessors=["process"])
        assert lease.acquire()
        journal = Journal(self.folder / "answers", sync=False, boot=self.boot)
        try:
            return BatchedOutbox(self.database, EMAIL, lease, journal=journal).recover()
        finally:
            journal.close()


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    with ExitStack() as stack:
        window = Window(tmp_path)
        stack.callback(window.close)
        yield window


def test_as_many_leave_at_once_as_the_courier_takes_all_of_them_marked_before(window: Window) -> None:
    marked: list[list[str]] = []

    def script(messages: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
        assert list(mark()) == list(range(len(messages)))
        marked.append([window.states()[message.id - 1] for message in messages])
        yield from ((place, Result(Settled(Sent(f"r{each.id}")))) for place, each in enumerate(messages))

    window.courier.script = script
    window.write(*names(10))
    assert window.run() == Tally(sent=10)
    assert window.courier.bursts == [["m0", "m1", "m2", "m3"], ["m4", "m5", "m6", "m7"], ["m8", "m9"]]
    assert marked == [["sending"] * 4, ["sending"] * 4, ["sending"] * 2]
    assert window.asked("state, message_id, attempts") == [("sent", f"r{number}", 1) for number in range(1, 11)]


def test_each_answer_is_attributed_to_its_own_in_whatever_order_they_come(window: Window) -> None:
    window.write(*names(6))
    assert window.run() == Tally(sent=6)
    assert window.asked("message_id") == [(f"r{number}",) for number in range(1, 7)]


@pytest.mark.parametrize("answered", [0, 1, 3, 4])
def test_a_kill_leaves_uncertain_exactly_those_that_were_under_way_without_an_answer(
    window: Window, answered: int
) -> None:
    def script(messages: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
        mark()
        yield from ((place, Result(Settled(Sent()))) for place in range(answered))
        raise Killed

    window.courier.script = script
    window.write(*names(10))
    with pytest.raises(Killed):
        window.run()
    assert window.after_a_kill().uncertain == AT_ONCE - answered
    assert window.states() == ["sent"] * answered + ["uncertain"] * (AT_ONCE - answered) + ["pending"] * 6


def test_a_kill_between_the_marks_and_the_bytes_leaves_nothing_uncertain(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_messages: Sequence[Message]) -> bool:
        raise Killed

    monkeypatch.setattr(window.outbox, "leave", killed)
    window.write(*names(6))
    with pytest.raises(Killed):
        window.run()
    assert window.states()[:AT_ONCE] == ["sending"] * AT_ONCE
    assert window.after_a_kill().uncertain == 0
    assert window.states() == ["pending"] * 6


def test_where_a_kill_cannot_be_told_apart_they_are_marked_one_by_one_and_leave_at_once_all_the_same(
    tmp_path: Path,
) -> None:
    window = Window(tmp_path, boot=None)
    window.write(*names(6))
    window.courier.script = broke_off_after(1)
    with pytest.raises(Killed):
        window.run()
    assert window.after_a_kill().uncertain == AT_ONCE - 1
    assert window.states() == ["sent", *["uncertain"] * 3, "pending", "pending"]
    window.close()


@pytest.mark.parametrize("failing", ["m0", "m2"])
def test_where_one_of_those_marks_fails_none_of_them_is_left_uncertain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    window = Window(tmp_path, boot=None)
    window.write(*names(6))
    begin = window.outbox.begin

    def fails(message: Message, leaves_as: str | None = None) -> bool:
        if message.text("recipient") == failing:
            raise DatabaseAway("gone")
        return begin(message, leaves_as)

    monkeypatch.setattr(window.outbox, "begin", fails)
    with pytest.raises(DatabaseAway):
        window.run()
    assert window.after_a_kill().uncertain == 0
    assert window.asked("state, attempts") == [("pending", 0)] * 6
    window.close()


def broke_off_after(answers: int) -> Together:
    def script(_messages: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
        mark()
        yield from ((place, Result(Settled(Sent()))) for place in range(answers))
        raise Killed

    return script


def test_an_outbox_without_a_journal_that_notes_sends_them_one_by_one(tmp_path: Path) -> None:
    window = Window(tmp_path, Outbox)
    window.write(*names(3))
    assert window.run() == Tally(sent=3)
    assert window.courier.bursts == [["m0"], ["m1"], ["m2"]]
    window.close()


def test_what_may_not_leave_any_more_stays_and_the_others_leave(window: Window) -> None:
    window.courier.may = lambda message: message.text("recipient") != "m1"
    window.write(*names(4))
    assert window.run().sent == 3
    assert [(state, attempts) for state, attempts in window.asked("state, attempts") if state != "sent"] == [
        ("pending", 1)
    ]


def test_nothing_of_what_is_under_way_is_marked_when_the_other_side_is_away(window: Window) -> None:
    def script(_messages: Sequence[Message], _mark: Marks) -> Iterator[tuple[int, Result]]:
        raise TransportAway(Sentence.of("nobody answers"))

    window.courier.script = script
    window.write(*names(6))
    with pytest.raises(TransportAway):
        window.run()
    assert window.asked("state, attempts, claim_id") == [("pending", 0, None)] * 6


def test_what_has_not_left_is_taken_back_and_the_answers_before_are_kept(window: Window) -> None:
    def script(_messages: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
        mark()
        yield 2, Result(Settled(Sent("r")))
        raise TransportAway(Sentence.of("the others never began"))

    window.courier.script = script
    window.write(*names(5))
    with pytest.raises(TransportAway):
        window.run()
    assert window.states() == ["pending", "pending", "sent", "pending", "pending"]
    assert window.asked("attempts") == [(0,), (0,), (1,), (0,), (0,)]


def test_two_complaints_about_the_club_end_the_run_once_all_answers_are_taken(window: Window) -> None:
    complaint = Sentence.of("no credit")

    def script(_messages: Sequence[Message], mark: Marks) -> Iterator[tuple[int, Result]]:
        mark()
        later = Result(Settled(Later("no credit", MINUTE)), complaint)
        yield 0, later
        yield 1, later
        yield 2, Result(Settled(Sent("r")))
        yield 3, later

    window.courier.script = script
    window.write(*names(6))
    with pytest.raises(TransportAway, match="no credit") as raised:
        window.run()
    assert raised.value.needs_a_person
    assert window.asked("state, attempts") == [
        ("pending", 1),
        ("pending", 0),
        ("sent", 1),
        ("pending", 1),
        ("pending", 0),
        ("pending", 0),
    ]


def test_no_more_are_under_way_than_may_leave_in_a_minute(window: Window) -> None:
    window.brake = Brake(window.clock, per_minute=3)
    window.write(*names(8))
    window.run()
    assert window.courier.bursts == [["m0", "m1", "m2"]]
    window.clock.seconds += window.brake.seconds()
    window.run()
    assert window.courier.bursts[1:] == [["m3", "m4", "m5"]]


def test_no_more_are_under_way_than_a_connection_carries(window: Window) -> None:
    window.write(*names(8))
    window.run(per_connection=3)
    assert [len(burst) for burst in window.courier.bursts] == [3, 1, 2, 2]
    assert window.states() == ["sent"] * 8


def test_the_brake_tells_how_many_may_leave_at_once() -> None:
    now = 100.0
    brake = Brake(lambda: now, limits=[Limit(3, 10 * SECOND), Limit(5, 10 * MINUTE)])
    assert brake.room(9) == 3
    brake.remember([9.0, 1.0])
    assert brake.room(9) == 1
    assert brake.seconds(2) == pytest.approx(1.0)
    now = 102.0
    assert brake.room(9) == 2
