"""The loop that every operation shares, with a courier that does as it is told: what it promises whatever is sent."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from delivery_fixtures import MORNING_AT, NOW_AT, Post, accept, names
from sqlalchemy import event

from actors.delivery.courier import LoginRefused, PutOff, Result, Settled, TransportAway, Untouched
from actors.delivery.pace import Brake
from actors.delivery.tally import Tally
from club import BatchedOutbox, DatabaseAway, Expired, Failed, Later, Lease, LeaseLost, Message, Outbox, Sent, Uncertain
from config.sentence import Sentence

CLOSED = Sentence.of("the hours are over")
Mark = Callable[[], bool]


@pytest.fixture(params=[Outbox, BatchedOutbox], ids=["one mark each", "marked together"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    with ExitStack() as stack:
        post = Post(tmp_path, request.param)
        stack.callback(post.close)
        yield post


def never_begun(message: Message, _mark: Mark) -> Result:
    raise TransportAway(Sentence.of("nobody answers"))


def broke_after_the_mark(message: Message, mark: Mark) -> Result:
    mark()
    raise TransportAway(Sentence.of("the line broke"))


def withheld(message: Message, mark: Mark) -> Result:
    mark()
    return Result(Untouched())


def test_all_that_is_due_leaves_and_bears_our_reference_from_the_mark_on(post: Post) -> None:
    marked: list[object] = []

    def send(message: Message, mark: Mark) -> Result:
        mark()
        marked.extend(post.asked("state, message_id")[message.id - 1 : message.id])
        return Result(Settled(Sent(f"r{message.id}")))

    post.courier.any_send = send
    post.write(*names(3))
    assert post.run() == Tally(sent=3)
    assert marked == [("sending", f"ours-{number}") for number in (1, 2, 3)]
    assert post.asked("state, message_id, attempts") == [("sent", f"r{number}", 1) for number in (1, 2, 3)]


def test_a_message_costs_one_durable_commit(post: Post) -> None:
    post.write(*names(40))
    commits: list[object] = []
    event.listen(post.database.engine, "commit", commits.append)
    post.run(claim_at_most=20)
    claims_and_last_answers = 2 * len(post.claims)
    assert len(commits) <= 40 + claims_and_last_answers


@pytest.mark.parametrize(
    ("outcome", "row", "tally"),
    [
        (Sent("r"), ("sent", None, 1), Tally(sent=1)),
        (Failed("no such number"), ("failed", "no such number", 1), Tally(failed=1)),
        (Later("busy", timedelta(minutes=1)), ("pending", "busy", 1), Tally(later=1)),
        (Uncertain("no answer"), ("uncertain", "no answer", 1), Tally(uncertain=1)),
        (Expired("too late"), ("expired", "too late", 1), Tally(expired=1)),
    ],
)
def test_what_became_of_it_is_written_and_the_next_one_leaves(
    post: Post, outcome: Sent | Failed | Later | Uncertain | Expired, row: tuple[object, ...], tally: Tally
) -> None:
    def send(_message: Message, mark: Mark) -> Result:
        mark()
        return Result(Settled(outcome))

    post.courier.sends["odd"] = send
    post.write("odd", "next")
    assert post.run() == attrs.evolve(tally, sent=tally.sent + 1)
    assert post.asked("state, error, attempts") == [row, ("sent", None, 1)]


def test_what_is_decided_without_sending_is_written_in_one_commit_for_the_whole_claim(post: Post) -> None:
    bad = names(10)
    for name in bad:
        post.courier.prepares[name] = lambda _message: Settled(Failed("no such number"))
    post.write(*bad, "good")
    commits: list[object] = []
    event.listen(post.database.engine, "commit", commits.append)
    assert post.run() == Tally(failed=10, sent=1)
    assert post.states() == ["failed"] * 10 + ["sent"]
    assert len(commits) == 4  # two claims, the mark of the good one, and all the answers


def test_an_unreadable_row_fails_with_its_reason_and_is_never_made_ready(post: Post) -> None:
    post.write("odd", expires_at="tomorrow")
    post.write("next")
    assert post.run() == Tally(failed=1, sent=1)
    [(state, error), _] = post.asked("state, error")
    assert state == "failed"
    assert "expires_at" in error
    assert post.courier.asked == ["next"]


class TestWhatMayNotLeaveYet:
    """A campaign that was written at night waits for its morning, and costs nothing meanwhile."""

    def test_it_waits_with_its_reason_until_its_hour_without_counting_an_attempt(self, post: Post) -> None:
        post.courier.prepares["early"] = lambda _message: PutOff(MORNING_AT, CLOSED)
        post.write("early", "next")
        assert post.run() == Tally(put_off=1, sent=1)
        [early, _] = post.asked("state, error, attempts, claim_id, (due_ms / 1000 - unixepoch()) / 3600.0")
        assert early[:4] == ("pending", "the hours are over", 0, None)
        assert early[4] == pytest.approx((MORNING_AT - NOW_AT) / timedelta(hours=1), abs=0.1)
        assert post.courier.asked == ["next"]

    def test_it_is_looked_at_once_and_not_at_every_minute(self, post: Post) -> None:
        looked_at: list[int] = []

        def closed(message: Message) -> PutOff:
            looked_at.append(message.id)
            return PutOff(MORNING_AT, CLOSED)

        campaign = names(2000)
        for name in campaign:
            post.courier.prepares[name] = closed
        post.write(*campaign)
        commits: list[object] = []
        event.listen(post.database.engine, "commit", commits.append)
        assert post.run() == Tally(put_off=2000)
        assert len(commits) == 2 * len(post.claims) - 1 <= 15  # a claim and one commit for all that it took
        for _ in range(3):
            assert post.run() == Tally()
        assert len(looked_at) == 2000

    def test_it_expires_while_it_waits(self, post: Post) -> None:
        post.courier.prepares["early"] = lambda _message: PutOff(MORNING_AT + timedelta(days=365_000), CLOSED)
        with closing(sqlite3.connect(post.file)) as connection, connection:
            connection.execute(
                "INSERT INTO email (recipient, subject, text_body, expires_at) VALUES"
                " ('early', 's', 'b', datetime('now', '+1 hour'))"
            )
        post.run()
        [(left,)] = post.asked("(due_ms / 1000 - unixepoch()) / 60")
        assert left in range(55, 61)

    def test_a_person_who_took_it_back_meanwhile_is_heeded(self, post: Post) -> None:
        def cancelled(_message: Message) -> PutOff:
            with closing(sqlite3.connect(post.file)) as connection, connection:
                connection.execute("UPDATE email SET state = 'expired'")
            return PutOff(MORNING_AT, CLOSED)

        post.courier.prepares["early"] = cancelled
        post.write("early")
        assert post.run() == Tally()
        assert post.states() == ["expired"]


class TestJustBeforeTheByte:
    """The last question: hours that end, a lease that is lost, while a message is on its way out."""

    def test_what_may_not_leave_any_more_is_not_even_marked(self, post: Post) -> None:
        post.courier.may = lambda message: message.text("recipient") != "late"

        def sees_it(message: Message, mark: Mark) -> Result:
            assert not mark()
            assert post.states()[0] == "pending"
            post.courier.prepares["late"] = lambda _message: PutOff(MORNING_AT, CLOSED)
            return Result(Untouched())

        post.courier.sends["late"] = sees_it
        post.write("late", "next")
        assert post.run() == Tally(sent=1, put_off=1)
        assert post.asked("state, attempts") == [("pending", 0), ("sent", 1)]

    def test_a_mark_whose_message_stayed_here_is_taken_back(self, post: Post) -> None:
        answers = iter([True, False])  # the hours end within the commit
        post.courier.may = lambda _message: next(answers, True)

        def kept(_message: Message, mark: Mark) -> Result:
            assert not mark()
            post.courier.sends.clear()
            return Result(Untouched())

        post.courier.sends["late"] = kept
        post.write("late")
        assert post.run() == Tally(sent=1)
        assert post.asked("state, attempts") == [("sent", 1)]

    def test_a_lease_that_ends_within_the_commit_keeps_it_back(self, post: Post) -> None:
        post.may_leave = lambda: False
        post.write("a")
        goes = iter([True, True, False])
        post.goes_on = lambda: next(goes, False)
        post.courier.any_send = withheld
        post.run()
        assert post.asked("state, attempts, claim_id") == [("pending", 0, None)]

    def test_a_courier_that_keeps_one_back_for_ever_does_not_stop_the_others(self, post: Post) -> None:
        post.courier.sends["stuck"] = withheld
        post.write("stuck", "next")
        assert post.run() == Tally(sent=1, later=1)
        assert post.states() == ["pending", "sent"]
        assert post.courier.asked.count("stuck") == 2

    def test_another_worker_s_token_ends_the_run_before_anything_leaves(self, post: Post) -> None:
        post.write("a", "b")
        post.courier.sends["a"] = lambda message, mark: (
            Lease(post.database, "email", "SERVEUR", "other", predecessors=("process",)).acquire(),
            accept(message, mark),
        )[1]
        with pytest.raises(LeaseLost):
            post.run()
        assert post.states() == ["pending", "pending"]


class TestTrouble:
    """The other side is away, or turns the club itself down: no row is to blame."""

    @pytest.mark.parametrize("send", [never_begun, broke_after_the_mark])
    def test_what_did_not_leave_stays_due_and_the_answer_before_is_written(
        self, post: Post, send: Callable[[Message, Mark], Result]
    ) -> None:
        post.courier.sends["second"] = send
        post.write("first", "second", "third")
        with pytest.raises(TransportAway):
            post.run()
        assert post.asked("state, attempts, claim_id IS NULL") == [
            ("sent", 1, 0),
            ("pending", 0, 1),
            ("pending", 0, 1),
        ]

    def test_it_says_whether_a_person_is_needed(self) -> None:
        assert LoginRefused(Sentence.of("no")).needs_a_person
        assert not TransportAway(Sentence.of("no")).needs_a_person

    def test_once_against_the_club_is_this_message_s_twice_is_the_club_s(self, post: Post) -> None:
        def against(message: Message, mark: Mark) -> Result:
            mark()
            return Result(Settled(Later("no credit", timedelta(minutes=1))), Sentence.of("no credit"))

        post.courier.sends["odd"] = against
        post.write("odd", "next", "odd", "odd", "last")
        with pytest.raises(TransportAway, match="no credit") as raised:
            post.run()
        assert raised.value.needs_a_person
        assert post.asked("state, attempts") == [
            ("pending", 1),  # it alone was refused
            ("sent", 1),
            ("pending", 1),
            ("pending", 0),  # nothing is counted against it, nor is its mark left
            ("pending", 0),
        ]

    def test_a_run_that_ends_on_a_complaint_says_so(self, post: Post) -> None:
        post.courier.any_send = lambda _message, _mark: Result(Settled(Failed("?")), Sentence.of("no credit"))
        post.write("only")
        with pytest.raises(TransportAway, match="no credit"):
            post.run()

    def test_an_absent_database_loses_no_answer(self, post: Post) -> None:
        post.write("a", "b")
        locker = sqlite3.connect(post.file, isolation_level=None)

        def locked(message: Message, mark: Mark) -> Result:
            locker.execute("BEGIN IMMEDIATE")
            return accept(message, mark)

        post.courier.sends["b"] = locked
        with closing(locker), pytest.raises(DatabaseAway):
            post.run()
        post.courier.sends.clear()
        post.outbox.recover()
        post.run()
        assert post.states() == ["sent", "sent"]
        assert post.courier.asked.count("a") == 1


class TestFairness:
    """An urgent message passes a campaign, whatever the campaign's size and the transport's speed."""

    def test_a_run_that_is_told_to_stop_ends_between_two_messages(self, post: Post) -> None:
        post.write(*names(5))
        answers = iter([True, True, True, False])
        post.goes_on = lambda: next(answers)
        assert post.run() == Tally(sent=2)
        assert post.asked("state, claim_id IS NULL") == [("sent", 0)] * 2 + [("pending", 1)] * 3

    @pytest.mark.parametrize("seconds_each", [0.0005, 0.02, 0.7, 5.0])
    def test_an_urgent_one_waits_two_seconds_or_one_message(self, post: Post, seconds_each: float) -> None:
        waited: list[float] = []

        def slow(message: Message, mark: Mark) -> Result:
            post.clock.seconds += seconds_each
            if len(post.courier.asked) == 60:
                post.write("urgent", priority=0)
                waited.append(post.clock.seconds)
            if message.text("recipient") == "urgent":
                waited.append(post.clock.seconds)
            return accept(message, mark)

        post.courier.any_send = slow
        post.write(*names(150), priority=2)
        post.run()
        assert waited[1] - waited[0] <= 2.0 + 2 * seconds_each
        assert set(post.states()) == {"sent"}

    def test_a_claim_is_about_a_second_of_work(self, post: Post) -> None:
        def slow(message: Message, mark: Mark) -> Result:
            post.clock.seconds += 0.02
            return accept(message, mark)

        post.courier.any_send = slow
        post.write(*names(300))
        post.run()
        assert post.claims[0] == 16
        assert set(post.claims[1:-2]) <= set(range(45, 52))

    def test_five_urgent_ones_in_a_campaign_of_20_000_leave_with_the_next_claim(self, post: Post) -> None:
        held_at_once: set[int] = set()

        def quick(message: Message, mark: Mark) -> Result:
            post.clock.seconds += 0.0007
            if len(post.courier.asked) == 1000:
                post.write(*["urgent"] * 5, priority=0)
            return Result(Settled(Failed("as if it had left, without 20,000 commits")))

        post.courier.any_send = quick
        post.write(*names(20_000), priority=2)
        claims: list[list[str]] = []
        claim = post.outbox.claim

        def claim_and_look(limit: int = 100) -> list[Message]:
            taken = claim(limit)
            held_at_once.add(len(taken))
            claims.append([message.text("recipient") for message in taken])
            return taken

        post.outbox.claim = claim_and_look  # type: ignore[method-assign]
        goes = iter(range(4000))
        post.goes_on = lambda: next(goes, None) is not None
        post.run()
        [which] = [index for index, taken in enumerate(claims) if "urgent" in taken]
        assert claims[which][:5] == ["urgent"] * 5
        begun_before = sum(map(len, claims[:which]))
        assert begun_before - 1000 <= 500
        assert max(held_at_once) <= 500


class TestBrakes:
    """What the other side asks for: pauses, so many a minute, so many over a connection."""

    def test_a_short_pause_is_waited_out_and_nothing_leaves_in_it(self, post: Post) -> None:
        left_at: list[float] = []

        def send(message: Message, mark: Mark) -> Result:
            left_at.append(post.clock.seconds)
            mark()
            return Result(Settled(Sent()), pause=timedelta(seconds=3))

        post.courier.any_send = send
        post.write("a", "b")
        assert post.run() == Tally(sent=2)
        assert left_at[1] - left_at[0] == pytest.approx(3, abs=0.01)

    def test_a_stop_ends_a_pause(self, post: Post) -> None:
        post.courier.any_send = lambda message, mark: attrs_pause(accept(message, mark))
        post.write("a", "b")
        post.goes_on = lambda: len(post.clock.waits) < 3
        assert post.run() == Tally(sent=1)
        assert sum(post.clock.waits) < 1
        assert post.asked("state, claim_id IS NULL") == [("sent", 0), ("pending", 1)]

    def test_a_long_pause_ends_the_run_and_holds_for_the_next_one(self, post: Post) -> None:
        post.courier.sends["a"] = lambda _message, _mark: Result(Untouched(), pause=timedelta(minutes=5))
        post.write("a", "b")
        assert post.run() == Tally()
        assert post.asked("state, attempts, claim_id") == [("pending", 0, None)] * 2
        assert post.run() == Tally()
        assert post.courier.asked == ["a"]
        post.courier.sends.clear()
        post.clock.seconds += post.brake.seconds()
        assert post.run() == Tally(sent=2)

    def test_no_more_leave_in_any_minute_than_agreed(self, post: Post) -> None:
        post.brake = Brake(post.clock, per_minute=3)
        left_at: list[float] = []

        def send(message: Message, mark: Mark) -> Result:
            post.clock.seconds += 1
            left_at.append(post.clock.seconds)
            return accept(message, mark)

        post.courier.any_send = send
        post.write(*names(8))
        for _ in range(10):
            post.run()
            post.clock.seconds += post.brake.seconds()
        assert len(left_at) == 8
        assert all(later - sooner >= 60 for sooner, later in zip(left_at, left_at[3:], strict=False))

    def test_a_connection_carries_no_more_than_agreed(self, post: Post) -> None:
        post.write(*names(7))
        post.run(per_connection=3)
        assert post.courier.life == ["close", "open"] * 2
        assert post.states() == ["sent"] * 7


def attrs_pause(result: Result) -> Result:
    return Result(result.became, pause=timedelta(seconds=8))


def test_only_the_other_side_may_be_waited_for_long_and_the_database_never(post: Post) -> None:
    """A driver that never comes back is told from a mail server that may take ten minutes over a dot."""
    sends: list[bool] = []
    statements: set[bool] = set()

    def send(message: Message, mark: Mark) -> Result:
        sends.append(post.outside[-1])
        mark()
        sends.append(post.outside[-1])
        if message.text("recipient") == "m1":
            raise TransportAway(Sentence.of("the line broke"))
        return Result(Settled(Sent("r")))

    event.listen(post.database.engine, "before_cursor_execute", lambda *_: statements.add(post.outside[-1]))
    post.courier.any_send = send
    post.write(*names(3))
    with pytest.raises(TransportAway):
        post.run()
    assert sends == [True] * 4
    assert statements == {False}
    assert not post.outside[-1]
