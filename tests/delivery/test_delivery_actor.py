"""The actor that every operation shares: when it runs, what it says, what it lets go of."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import attrs
import pytest
from delivery_fixtures import ScriptedCourier, accept

from actors.board import Board, Notice, OperationState, Outcome
from actors.delivery.actor import DeliveryActor, Tick, pause_after_refused_login
from actors.delivery.courier import LoginRefused, PutOff, Result, TransportAway, Untouched
from actors.delivery.tally import Tally
from actors.delivery.trade import Trade, Words
from actors.operation import NotHeld, RunNow, Wake, Workplace, Yield
from club import EMAIL, Database, Journal, Lease, Message, Times
from club.migrations import initialise
from config.sentence import Sentence
from supervisor import ChildSpec
from supervisor.testing import Stage

WORDS = Words(
    sent=lambda n: Sentence.counted("{n} letter sent", "{n} letters sent", n),
    not_held=Sentence.of("letters leave elsewhere"),
    opening=Sentence.of("it waits for the postman"),
    refused_login=lambda why, n: Sentence.counted(
        "{why}: again in {n} minute", "{why}: again in {n} minutes", n, why=why
    ),
    more={"returned": lambda n: Sentence.counted("{n} came back", "{n} came back", n)},
)

CLOSED = Sentence.of("the hours are over")
NOT_LONG_AGO = 0.45
"""In minutes: how much later a computer that has no time may look at what a run has planned."""


class Office:
    """An actor in a tree over a database of its own; nothing runs but what a test asks for."""

    def __init__(self, folder: Path, **trade: Any) -> None:
        self.stage = Stage()
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}", busy_seconds=1)
        initialise(self.database)
        # Its clock stands still: it must not run out on a computer that has no time for the test.
        self.lease = Lease(self.database, "email", "ACCUEIL", "process", times=Times(clock=lambda: 0.0))
        self.board = Board(lambda: datetime.now(UTC))
        self.courier = ScriptedCourier()
        self._journal = Journal(folder / "answers", sync=False)
        workplace = Workplace(
            station="ACCUEIL",
            process="process",
            club_name="Forme et Santé",
            language="en",
            timezone=UTC,
            settings=None,
            database=self.database,
            desk=self.board.desk("email"),
            lease=self.lease,
            journal=self._journal,
        )
        known = Trade(
            "email",
            EMAIL,
            lambda _workplace, _outbox: self.courier,
            WORDS,
            every=timedelta(minutes=1),
            longest_wait=timedelta(hours=1),
        )
        args = (workplace, attrs.evolve(known, **trade))
        self.tree = self.stage.tree(ChildSpec(id="email", start=DeliveryActor, args=args))
        self.ref = self.tree.child("email")
        self.ref.ask(Yield(lambda: None))  # its first look is over, without the lease
        self.courier.life.clear()

    def write(self, *recipients: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.executemany(
                "INSERT INTO email (recipient, subject, text_body) VALUES (?, 's', 'b')",
                [(each,) for each in recipients],
            )

    def run(self) -> Any:
        return self.ref.ask(RunNow(), timeout=90)

    @property
    def notice(self) -> Notice:
        return self.board.notices()["email"]

    @property
    def minutes_to_next(self) -> float:
        assert self.notice.next_run_at is not None
        return (self.notice.next_run_at - datetime.now(UTC)) / timedelta(minutes=1)

    def close(self) -> None:
        self.stage.take_down()
        self._journal.close()
        self.database.dispose()


Open = Callable[..., Office]


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Open]:
    offices: list[Office] = []

    def make(**trade: Any) -> Office:
        offices.append(Office(tmp_path, **trade))
        return offices[-1]

    yield make
    for office in offices:
        office.close()


def refuse(*_: Any) -> NoReturn:
    raise LoginRefused(Sentence.of("535 no"))


def test_a_run_opens_asks_what_came_in_sends_and_rests(open_office: Open) -> None:
    office = open_office()
    office.courier.before = lambda tally: tally.add("returned", 2)
    office.write("a", "b")
    assert office.lease.acquire()
    run = office.run()
    assert office.courier.life == ["open", "before_run", "after_run 2", "rest"]
    assert (run.outcome, str(run.summary)) == (Outcome.OK, "2 letters sent, 2 came back")
    assert dict(run.counters) == {"sent": 2, "returned": 2}
    assert office.notice.state is OperationState.ACTIVE
    assert office.minutes_to_next == pytest.approx(1, abs=NOT_LONG_AGO)


def test_what_comes_before_sending_is_done_also_when_nothing_is_due(open_office: Open) -> None:
    office = open_office()
    assert office.lease.acquire()
    assert str(office.run().summary) == "nothing was due"
    assert office.courier.life == ["open", "before_run", "after_run 0", "rest"]


def test_a_transport_that_is_away_is_said_and_tried_again_in_a_minute(open_office: Open) -> None:
    office = open_office()

    def away(_message: Message, _mark: Callable[[], bool]) -> NoReturn:
        raise TransportAway(Sentence.of("nobody answers"))

    office.courier.any_send = away
    office.write("a")
    assert office.lease.acquire()
    assert office.run().outcome is Outcome.FAILED
    assert office.courier.life == ["open", "before_run", "rest"]
    assert (office.notice.state, str(office.notice.reason)) == (OperationState.WAITING, "nobody answers")
    assert office.minutes_to_next == pytest.approx(1, abs=NOT_LONG_AGO)
    office.courier.any_send = accept
    assert office.run().outcome is Outcome.OK
    assert office.notice.state is OperationState.ACTIVE


def test_a_refused_login_is_left_alone_for_longer_each_time_and_a_lease_that_comes_does_not_try(
    open_office: Open,
) -> None:
    office = open_office()
    office.courier.before = refuse
    assert office.lease.acquire()
    for minutes in (1, 5, 15, 60, 60):
        office.courier.life.clear()
        office.run()
        assert str(office.notice.reason) == f"535 no: again in {minutes} minute{'s' * (minutes > 1)}"
        assert office.minutes_to_next == pytest.approx(minutes, abs=NOT_LONG_AGO)
        office.ref.tell(Wake())
        office.ref.ask(Yield(lambda: None))
        assert office.courier.life == ["open", "before_run", "rest", "close"]
    assert office.courier.hurries == 4, "a person who asks is told at once, but for the first time there is a courier"
    office.courier.before = lambda _tally: None
    office.run()
    office.courier.before = refuse
    office.run()
    assert office.minutes_to_next == pytest.approx(1, abs=NOT_LONG_AGO), "a login that went well begins the count anew"


def test_a_timer_that_rings_while_a_lease_comes_costs_no_second_login(open_office: Open) -> None:
    office = open_office()
    office.courier.before = refuse
    assert office.lease.acquire()
    office.run()
    office.ref.tell(Tick(number=0))  # of the start: it stood in the mailbox behind the lease
    office.ref.ask(Yield(lambda: None))
    assert office.courier.life.count("open") == 1
    assert office.minutes_to_next == pytest.approx(1, abs=NOT_LONG_AGO)


@pytest.mark.parametrize(
    ("times", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 60), (5, 60), (1000, 60)],
)
def test_pauses_after_refused_logins_grow_to_an_hour(times: int, minutes: int) -> None:
    assert pause_after_refused_login(times) == timedelta(minutes=minutes)


def test_the_next_run_comes_when_something_opens_and_no_later_than_ever(open_office: Open) -> None:
    office = open_office(every=timedelta(minutes=30))
    assert office.lease.acquire()
    office.run()
    for opening, minutes in ((10, 10), (0, 0), (-3, 0), (90, 30)):
        office.courier.opening_at = datetime.now(UTC) + timedelta(minutes=opening)
        office.run()
        assert office.minutes_to_next == pytest.approx(minutes, abs=NOT_LONG_AGO)
    office.courier.opening_at = None
    office.run()
    assert office.minutes_to_next == pytest.approx(30, abs=NOT_LONG_AGO)


def test_what_waits_for_an_opening_leaves_when_it_opens_not_at_the_next_look(open_office: Open) -> None:
    office = open_office(every=timedelta(hours=1))
    opens_at = datetime.now(UTC) + timedelta(minutes=10)
    office.courier.prepares["early"] = lambda _message: PutOff(opens_at, CLOSED)
    office.courier.opening_at = opens_at
    office.write("early")
    assert office.lease.acquire()
    assert str(office.run().summary) == "1 waits for its hour"
    # Ten minutes later: the database's clock cannot be set, what it compares can.
    with closing(sqlite3.connect(office.file)) as connection, connection:
        [(due_ms,)] = connection.execute("SELECT due_ms FROM email").fetchall()
        connection.execute("UPDATE email SET due_ms = due_ms - 600000")
    assert due_ms == pytest.approx(opens_at.timestamp() * 1000, abs=5000)
    office.courier.prepares.clear()
    office.stage.clock.advance(timedelta(minutes=10, seconds=2).total_seconds())
    office.ref.ask(Yield(lambda: None))
    assert office.courier.asked == ["early"]


@pytest.mark.parametrize("seconds", [20, 300])
def test_the_next_run_comes_when_the_other_side_s_pause_ends(open_office: Open, seconds: int) -> None:
    office = open_office()
    office.courier.sends["a"] = lambda _message, _mark: Result(Untouched(), pause=timedelta(seconds=seconds))
    office.write("a", "b")
    assert office.lease.acquire()
    run = office.run()
    assert run.outcome is Outcome.OK
    assert str(run.summary) == f"the next may leave in {seconds} seconds"
    assert office.minutes_to_next <= seconds / 60
    office.ref.tell(Wake())
    office.run()
    assert office.courier.asked == ["a"], "nothing leaves in a pause, whoever asks for it"


def test_a_gateway_that_asks_to_be_left_alone_is(open_office: Open) -> None:
    office = open_office()

    def busy(*_: Any) -> NoReturn:
        raise TransportAway(Sentence.of("too many requests"), pause=timedelta(minutes=10))

    office.courier.before = busy
    assert office.lease.acquire()
    office.run()
    assert office.minutes_to_next == pytest.approx(10, abs=NOT_LONG_AGO)


def test_what_was_put_off_is_looked_at_again_when_the_actor_starts_anew(open_office: Open) -> None:
    office = open_office()
    office.courier.prepares["early"] = lambda _message: PutOff(datetime.now(UTC) + timedelta(hours=9), CLOSED)
    office.write("early")
    assert office.lease.acquire()
    assert str(office.run().summary) == "1 waits for its hour"
    office.courier.prepares.clear()
    assert str(office.run().summary) == "nothing was due"
    office.tree.restart_child("email")
    assert str(office.run().summary) in ("1 letter sent", "nothing was due")
    with closing(sqlite3.connect(office.file)) as connection:
        assert connection.execute("SELECT state, error FROM email").fetchall() == [("sent", None)]


def test_where_the_lease_is_not_held_nothing_runs_and_the_connection_is_let_go(open_office: Open) -> None:
    office = open_office()
    office.write("a")
    assert office.lease.acquire()
    office.run()
    office.lease.release()
    office.courier.life.clear()
    with pytest.raises(NotHeld, match="letters leave elsewhere"):
        office.run()
    office.ref.tell(Wake())
    done: list[str] = []
    office.ref.ask(Yield(lambda: done.append(office.courier.life[-1])))
    assert office.courier.life == ["close", "close"]
    assert done == ["close"], "let go before the next station is let in"


def test_a_stop_in_order_lets_the_connection_go(open_office: Open) -> None:
    office = open_office()
    assert office.lease.acquire()
    office.run()
    office.courier.life.clear()
    office.stage.take_down()
    assert office.courier.life == ["close"]


def test_counts_are_said_in_the_operation_s_words_and_in_a_fixed_order() -> None:
    tally = Tally(sent=1, later=2, put_off=3, failed=1, expired=4, uncertain=1, more={"returned": 1})
    said = "1 letter sent, 2 to try again, 3 wait for their hour, 1 failed, 4 expired, 1 uncertain, 1 came back"
    assert str(tally.as_sentence(WORDS.sent, WORDS.more)) == said


def test_while_the_first_run_waits_for_the_other_side_the_status_says_for_whom(open_office: Open) -> None:
    office = open_office()
    said: list[str] = []

    def silent(_tally: Tally) -> None:
        said.append(str(office.notice.reason))

    office.courier.before = silent
    assert office.lease.acquire()
    office.run()
    assert said == ["it waits for the postman"]
    office.run()
    assert said[1:] == ["None"], "a later run is nothing special"
    office.lease.release()
    office.ref.tell(Wake())
    office.ref.ask(Yield(lambda: None))
    assert office.lease.acquire()
    office.run()
    assert said[2:] == ["it waits for the postman"], "what was said of another holder is not so any more"


def test_as_soon_as_one_has_left_a_long_run_is_shown_as_what_it_is(open_office: Open) -> None:
    office = open_office()
    shown: list[tuple[OperationState, int]] = []

    def send(message: Message, mark: Callable[[], bool]) -> Result:
        shown.append((office.notice.state, len(shown)))
        return accept(message, mark)

    office.courier.any_send = send
    office.write(*(f"m{number}" for number in range(120)))
    assert office.lease.acquire()
    office.run()
    assert shown[0] == (OperationState.WAITING, 0)
    assert shown[-1] == (OperationState.ACTIVE, 119)
