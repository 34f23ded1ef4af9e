"""The outbox under crashes anywhere, two stations, an absent database and zombies: nothing twice, nothing lost."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

import attrs
import pytest
from club_places import FIRST_DAY_MS, ModelPlaces
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, update

from club import (
    EMAIL,
    SMS,
    BatchedOutbox,
    Channel,
    Database,
    DatabaseAway,
    Failed,
    Journal,
    Later,
    Lease,
    LeaseLost,
    Message,
    OutboxDesk,
    Outcome,
    Sent,
    Times,
    Uncertain,
)
from club.delivery_reports import DeliveryReports, Fate, Report
from club.journal_lines import Answer
from club.settling import Settling
from club.sms_sending import Prepared, SmsSending

T = TypeVar("T")
STATIONS = ("ACCUEIL", "SERVEUR")


SETTINGS = settings(stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
UNSHRUNK = settings(SETTINGS, max_examples=400, phases=[Phase.generate], report_multiple_bugs=False)


class StormyDatabase(Database):
    """A database that goes away when the test says: before a commit, or after it, so that its outcome is not known."""

    storm: str | None = None

    def write(self, work: Callable[[Connection], T]) -> T:
        storm, self.storm = self.storm, None
        if storm == "before":
            raise DatabaseAway("gone")
        result = super().write(work)
        if storm == "after":
            raise DatabaseAway("gone")
        return result


@attrs.define
class Run:
    """One run of the program on a station; a zombie goes on after the station started another."""

    database: StormyDatabase
    lease: Lease
    outbox: BatchedOutbox
    journal: Journal | None
    claimed: list[Message] = attrs.field(factory=list)
    on_air: list[tuple[Message, Outcome]] = attrs.field(factory=list)
    """Sent, and answered by the provider, but not written down yet."""
    batch: list[Message] = attrs.field(factory=list)
    """Marked together, and not about to leave yet."""
    noted: list[Answer] = attrs.field(factory=list)
    """In the journal, for the next commit."""


class OutboxMachine(RuleBasedStateMachine):
    """Programs write; two stations claim, send, answer, die; the provider counts what it took."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.place = OutboxMachine.places.take()
        self.opened: list[StormyDatabase] = []
        self.journals: list[Journal] = []
        self.seconds = 1000.0
        self.ahead = 0.0
        self.furthest = 0.0
        self.processes = 0
        self.desk = OutboxDesk(self._database(), self.channel)
        self.runs: dict[str, Run] = {}
        self.zombies: list[Run] = []
        self.boots: Counter[str] = Counter()
        self.dead: dict[str, list[str]] = {station: [] for station in STATIONS}
        self.written: set[int] = set()
        self.taken: Counter[int] = Counter()
        self.resent: Counter[int] = Counter()
        self.given_up: set[int] = set()
        self.decided: set[int] = set()

    places: ModelPlaces
    channel: Channel = EMAIL
    columns: ClassVar[dict[str, str]] = {"recipient": "lea@example.org", "subject": "s"}

    def _database(self) -> StormyDatabase:
        database = self.place.database(self._now_ms, StormyDatabase, busy_seconds=5)
        assert isinstance(database, StormyDatabase)
        self.opened.append(database)
        return database

    def _now_ms(self) -> int:
        return FIRST_DAY_MS + int((self.seconds + self.ahead) * 1000)

    @initialize(has_journals=st.sampled_from([True, True, False]))
    def start_all(self, has_journals: bool) -> None:  # noqa: FBT001  # hypothesis gives it by name
        self.has_journals = has_journals
        for station in STATIONS:
            self._start(station)
        self.acquire_and_recover(STATIONS[0])
        for priority in (1, 1, 2):
            self.write(priority)
        self.claim(STATIONS[0], 3)

    def _start(self, station: str) -> None:
        self.processes += 1
        process = f"process-{self.processes}"
        database = self._database()
        lease = Lease(
            database,
            "email",
            station,
            process,
            predecessors=self.dead[station],
            times=Times(clock=lambda: self.seconds),
        )
        self.dead[station].append(process)
        journal = None
        if self.has_journals:
            journal = Journal(self.folder / f"{station}.journal", sync=False, boot=f"boot-{self.boots[station]}")
            self.journals.append(journal)
        self.runs[station] = Run(
            database, lease, BatchedOutbox(database, self.channel, lease, journal=journal), journal
        )

    @rule(priority=st.sampled_from([0, 1, 2]))
    def write(self, priority: int) -> None:
        values = {**self.columns, "priority": priority}
        row = self.opened[0].write(
            lambda connection: connection.execute(self.channel.messages.insert().values(**values)).inserted_primary_key
        )
        assert row is not None
        self.written.add(row[0])

    @rule(station=st.sampled_from(STATIONS))
    def acquire_and_recover(self, station: str) -> None:
        run = self.runs[station]
        with suppress(DatabaseAway, LeaseLost):
            if run.lease.acquire():
                run.outbox.recover()
                run.claimed = []

    @rule(station=st.sampled_from(STATIONS), limit=st.integers(1, 3))
    def claim(self, station: str, limit: int) -> None:
        run = self.runs[station]
        try:
            run.claimed = run.outbox.claim(limit)
            self._prepare(run)
        except (DatabaseAway, LeaseLost):
            run.claimed = []

    def _prepare(self, run: Run) -> None:
        """What is done with a claimed batch before it is begun."""

    def _send(self, run: Run, message: Message, outcome: Outcome) -> None:
        """The irrevocable byte: the provider takes it for good, or says that it does not."""
        if isinstance(outcome, Sent) or outcome == Uncertain("no reply"):
            self._take(message)
        if isinstance(outcome, Failed):
            self.given_up.add(message.id)
        run.on_air.append((message, outcome))

    def _take(self, message: Message) -> None:
        self.taken[message.id] += 1

    OUTCOMES = st.sampled_from(
        [Sent("ref"), Later("450", timedelta(0)), Failed("550"), Uncertain("no reply"), Uncertain("never arrived")]
    )

    @rule(station=st.sampled_from([*STATIONS, "zombie"]), outcome=OUTCOMES)
    def begin(self, station: str, outcome: Outcome) -> None:
        run = self._run(station)
        if station in STATIONS and not self.runs[station].claimed:
            self.acquire_and_recover(station)
            self.claim(station, 3)
        if run is None or not run.claimed or run.on_air:
            return
        message = run.claimed.pop(0)
        try:
            may_send = run.outbox.begin(message)
        except (DatabaseAway, LeaseLost):
            return
        if may_send:
            self._send(run, message, outcome)

    @rule(station=st.sampled_from([*STATIONS, "zombie"]), hours=st.sampled_from([0, 1]))
    def put_off(self, station: str, hours: int) -> None:
        run = self._run(station)
        if run is not None and run.claimed:
            with suppress(DatabaseAway):
                run.outbox.put_off([(run.claimed.pop(), timedelta(hours=hours), "closed")])

    @rule(station=st.sampled_from([*STATIONS, "zombie"]))
    def settle(self, station: str) -> None:
        run = self._run(station)
        if run is None or not run.on_air:
            return
        message, outcome = run.on_air.pop()
        with suppress(DatabaseAway):
            run.outbox.settle(message, outcome)

    @rule(station=st.sampled_from([*STATIONS, "zombie"]), outcome=OUTCOMES)
    def settle_and_begin(self, station: str, outcome: Outcome) -> None:
        run = self._run(station)
        if run is not None and run.claimed and not run.on_air:
            self.begin(station, Sent("first"))
        if run is None or not run.on_air or not run.claimed:
            return
        (previous, its_outcome), following = run.on_air.pop(), run.claimed.pop(0)
        try:
            may_send = run.outbox.settle_and_begin(previous, its_outcome, following)
        except (DatabaseAway, LeaseLost):
            return
        if may_send:
            self._send(run, following, outcome)

    @rule(station=st.sampled_from([*STATIONS, "zombie"]))
    def begin_many(self, station: str) -> None:
        run = self._run(station)
        if station in STATIONS and not self.runs[station].claimed:
            self.acquire_and_recover(station)
            self.claim(station, 3)
        if run is None or not run.claimed or run.on_air:
            return
        (messages, run.claimed), (noted, run.noted), run.batch = (run.claimed, []), (run.noted, []), []
        try:
            run.batch = run.outbox.begin_many([(message, None) for message in messages], noted) or []
        except (DatabaseAway, LeaseLost):
            return

    @rule(station=st.sampled_from([*STATIONS, "zombie"]), outcome=OUTCOMES)
    def leave(self, station: str, outcome: Outcome) -> None:
        run = self._run(station)
        if run is not None and run.batch and not run.on_air:
            message = run.batch.pop(0)
            if run.outbox.leave([message]):
                self._send(run, message, outcome)

    @rule(station=st.sampled_from([*STATIONS, "zombie"]))
    def note(self, station: str) -> None:
        run = self._run(station)
        if run is not None and run.on_air:
            run.noted.append(run.outbox.note(*run.on_air.pop()))

    @rule(station=st.sampled_from([*STATIONS, "zombie"]))
    def withdraw_many(self, station: str) -> None:
        run = self._run(station)
        if run is not None and run.batch:
            batch, run.batch = run.batch, []
            with suppress(DatabaseAway):
                run.outbox.withdraw_many(batch)

    @rule(station=st.sampled_from(STATIONS), loses=st.sampled_from([b'{"left"', b'{"channel"', b"{"]))
    def cut_the_power(self, station: str, loses: bytes) -> None:
        """What was written last may be lost, and not in its order."""
        self.boots[station] += 1
        file = self.folder / f"{station}.journal"
        if file.exists():
            kept = [line for line in file.read_bytes().splitlines(keepends=True) if not line.startswith(loses)]
            file.write_bytes(b"".join(kept))
        self.kill(station, "start and work")

    def _run(self, station: str) -> Run | None:
        if station == "zombie":
            return self.zombies[-1] if self.zombies else None
        return self.runs[station]

    @rule(station=st.sampled_from(STATIONS), storm=st.sampled_from(["before", "after"]))
    def take_the_database_away(self, station: str, storm: str) -> None:
        self.runs[station].database.storm = storm

    @rule(station=st.sampled_from(STATIONS), then=st.sampled_from(["start", "start and work"]))
    def kill(self, station: str, then: str) -> None:
        self.zombies = [run for run in self.zombies if run.database is not self.runs[station].database]
        self._start(station)
        if then == "start and work":
            self.acquire_and_recover(station)
            self.claim(station, 3)

    @rule(station=st.sampled_from(STATIONS))
    def hang(self, station: str) -> None:
        """The actor's thread hangs and is replaced in the same program; it wakes up later as a zombie."""
        run = self.runs[station]
        self.zombies.append(run)
        self.runs[station] = Run(
            run.database,
            run.lease,
            BatchedOutbox(run.database, self.channel, run.lease, journal=run.journal),
            run.journal,
        )

    @rule(seconds=st.sampled_from([1.0, 15.0, 31.0]))
    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds

    @rule(seconds=st.sampled_from([-86_400.0, -10.0, 10.0, 86_400.0]))
    def step_the_database_clock(self, seconds: float) -> None:
        self.ahead += seconds
        self.furthest = max(self.furthest, self.ahead)

    @rule(decision=st.sampled_from(["resend", "sent"]))
    def a_person_decides(self, decision: Literal["resend", "sent"]) -> None:
        for summary in self.desk.list(["uncertain"]):
            self.desk.resolve(summary.id, decision)
            self.decided.add(summary.id)
            self.resent[summary.id] += decision == "resend"

    @invariant()
    def nothing_is_taken_twice(self) -> None:
        for message_id, copies in self.taken.items():
            assert copies <= 1 + self.resent[message_id], f"message {message_id} was sent {copies} times"

    @invariant()
    def states_tell_the_truth(self) -> None:
        summaries = self.desk.list(limit=10_000)
        assert {summary.id for summary in summaries} == self.written, "no row disappears"
        for summary in summaries:
            if summary.state in ("sent", "delivered") and summary.id not in self.decided:
                assert self.taken[summary.id] == 1
            if summary.state == "failed":
                assert summary.id in self.given_up

    def teardown(self) -> None:
        """In the end one station works undisturbed: every message reaches an end, and the journal's answers count."""
        try:
            if hasattr(self, "runs") and self.runs:
                self._finish()
        finally:
            for database in self.opened:
                database.dispose()
            for journal in self.journals:
                journal._file.close()
            shutil.rmtree(self.folder)
            self.places.give_back(self.place)

    def _finish(self) -> None:
        self.ahead = self.furthest + 3 * 86_400  # what was put off by a clock that stepped is due again
        for run in [*self.runs.values(), *self.zombies]:
            run.database.storm = None
            for message, outcome in run.on_air:
                run.outbox.settle(message, outcome)
            run.outbox.settle_noted(run.noted)
            run.lease.release()
        for station in STATIONS:
            self._start(station)
            run = self.runs[station]
            run.lease.acquire()
            self.seconds += 31  # a station that was killed holding it is certainly gone then
            assert run.lease.acquire()
            run.outbox.recover()
            run.claimed = run.outbox.claim(1)
            run.outbox.give_back(run.claimed)
            run.lease.release()
        self._start(STATIONS[0])
        self.runs[STATIONS[0]].lease.acquire()
        self.runs[STATIONS[0]].outbox.recover()
        run = self.runs[STATIONS[0]]
        while claimed := run.outbox.claim(100):
            for message in claimed:
                assert run.outbox.begin(message)
                self._take(message)
                assert run.outbox.settle(message, Sent())
        self.nothing_is_taken_twice()
        counts = self.desk.counts()
        assert counts["pending"] == counts["sending"] == 0
        for summary in self.desk.list(limit=10_000):
            if summary.state == "sent" and summary.id not in self.decided:
                assert self.taken[summary.id] == 1
            if summary.state == "uncertain":
                assert self.taken[summary.id] <= 1


class SmsMachine(OutboxMachine):
    """The same with SMS, of which the provider tells later what became of them, and can be asked whether it has one."""

    channel = SMS
    columns: ClassVar[dict[str, str]] = {"recipient": "+33639981234", "body": "b"}

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[tuple[int, str], str] = {}
        self.provider: dict[str, int] = {}

    def _sending(self, run: Run) -> SmsSending:
        return SmsSending(run.database, run.lease.station)

    def _prepare(self, run: Run) -> None:
        batch = [Prepared(message, "+33639981234", 1) for message in run.claimed]
        names = self._sending(run).prepare(batch)
        assert set(names) == {message.id for message in run.claimed}
        self.names.update({(each.id, each.claim_id): names[each.id] for each in run.claimed})

    def _take(self, message: Message) -> None:
        super()._take(message)
        if name := self.names.get((message.id, message.claim_id)):
            assert name not in self.provider, "a provider that compares names would have refused it"
            self.provider[name] = message.id

    @rule(
        station=st.sampled_from(STATIONS),
        fate=st.sampled_from(["on_its_way", "delivered", "delivered", "failed"]),
        number=st.integers(0, 20),
    )
    def a_report_comes(self, station: str, fate: Fate, number: int) -> None:
        if not self.provider:
            return
        name = sorted(self.provider, key=lambda each: (self.provider[each], each))[number % len(self.provider)]
        if fate == "failed":
            self.given_up.add(self.provider[name])
        with suppress(DatabaseAway):
            DeliveryReports(self.runs[station].database, station).apply([Report(fate, sent_as=name)])

    @rule(station=st.sampled_from([*STATIONS, "zombie"]), is_slow=st.booleans())
    def the_provider_is_asked(self, station: str, is_slow: bool) -> None:  # noqa: FBT001
        run = self._run(station)
        if run is None:
            return
        with suppress(DatabaseAway):
            seen = self._sending(run).unsettled(10, timedelta(days=-9), timedelta(days=99))
            if is_slow:
                self.a_person_decides("resend")  # and it has left, between the question and its answer
                self.begin(station, Sent("ref"))
                self.settle(station)
            for each in seen:
                if each.sent_as in self.provider:
                    self._sending(run).settle_found(each, "ref")
                else:
                    self._sending(run).settle_absent(each)


def test_nothing_is_sent_twice_and_nothing_is_lost_of_sms(model_places: ModelPlaces) -> None:
    SmsMachine.places = OutboxMachine.places = model_places
    run_state_machine_as_test(SmsMachine, settings=settings(SETTINGS, max_examples=model_places.examples(40)))


def test_nothing_is_sent_twice_and_nothing_is_lost(model_places: ModelPlaces) -> None:
    OutboxMachine.places = model_places
    run_state_machine_as_test(OutboxMachine, settings=settings(SETTINGS, max_examples=model_places.examples(40)))


@pytest.mark.engines("sqlite")
def test_the_model_catches_a_recovery_that_sends_again(
    model_places: ModelPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commonest mistake of outboxes: what was left half-way is put back in the queue."""
    OutboxMachine.places = model_places

    def blind(self: Settling, connection: Connection, error: str, token: int) -> int:
        c = EMAIL.messages.c
        left = update(EMAIL.messages).where(c.state == "sending", c.claim_token < token)
        return connection.execute(left.values(state="pending", claim_token=0)).rowcount

    monkeypatch.setattr(Settling, "leave_uncertain", blind)
    with pytest.raises(AssertionError, match="times"):
        run_state_machine_as_test(OutboxMachine, settings=UNSHRUNK)
