"""The actor of delivery: at each tick, on demand, and when its lease comes, one run of an operation's outbox."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

import attrs

from actors.board import Outcome, Run
from actors.delivery.courier import Courier, LoginRefused, TransportAway
from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.delivery.trade import Trade
from actors.operation import NotHeld, RunNow, Wake, Workplace, Yield
from actors.run_records import RunRecords, Stopwatch
from club import BatchedOutbox, DatabaseAway, DatabaseUnfit, LeaseLost, sent_lately
from config import SecretError
from config.sentence import Sentence
from supervisor import SupervisedActor, Timer

_SOON: Final = timedelta(seconds=5)
"""How soon to look again when the database is away: it is not the provider's minute that is waited for."""
_OPENED: Final = timedelta(seconds=1)
"""After an opening: what waits for it was put off by the database's clock, a moment after ours was read."""
_LOGIN_PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))


@attrs.frozen(slots=True)
class Tick:
    """It is time for the next run; `number` is that of the plan that it belongs to."""

    number: int


def pause_after_refused_login(times: int) -> timedelta:
    """Return how long to leave a server alone that refused the login `times` times in a row, from 1 on.

    Providers lock an account, or block an address, after some ten failures in an hour.
    """
    return _LOGIN_PAUSES[min(times, len(_LOGIN_PAUSES)) - 1]


class DeliveryActor(SupervisedActor):
    """Runs a delivery at each tick, as long as this station holds the lease.

    Whether it holds the lease is the leases actor's work, and so is saying why not; this actor speaks while it holds.
    """

    def __init__(self, workplace: Workplace, trade: Trade) -> None:
        super().__init__()
        if workplace.lease is None:
            raise ValueError("delivery is exclusive: it works under a lease")
        self._work = workplace
        self._trade = trade
        self._lease = workplace.lease
        self._outbox = BatchedOutbox(
            workplace.database,
            trade.channel,
            self._lease,
            journal=workplace.journal,
            language=workplace.language,
            longest_wait=trade.longest_wait,
        )
        self._records = RunRecords(workplace, trade.id)
        self._brake = Brake(time.monotonic, trade.per_minute, trade.limits)
        self._is_new = True
        self._is_recovered = False
        self._courier: Courier[Any] | None = None
        self._timer: Timer | None = None
        self._plan = 0
        """A timer that has rung cannot be cancelled: what it sent may stand in the mailbox behind what planned anew."""
        self._refused_logins = 0
        self._login_trouble: Sentence | None = None
        self._has_spoken = False
        """Whether what the board shows is what this hold's runs have said."""
        self._tally = Tally()
        """Of the run that goes on."""
        self._is_seen_sending = False

    def on_start(self) -> None:
        """Look at once, but not here: a run may take longer than a start is allowed to."""
        self._timer = self.tell_self_after(0, Tick(self._plan))

    def on_stop(self) -> None:
        """Let go of the other side. After a crash the end of the thread's objects does."""
        self._close()

    def on_receive(self, message: Any) -> Run | None:
        """Handle a message."""
        match message:
            case Tick(number):
                if number == self._plan:
                    self._tick()
                return None
            case Wake():
                self._wake()
                return None
            case Yield(done):
                self._close()  # the station that comes next may be the only one that the other side lets in
                done()  # messages come one after the other: the run that was under way has ended
                return None
            case RunNow():
                return self._run_now()
            case _:
                assert_never(message)

    def interrupt(self) -> None:
        """End what the courier waits for, from another thread."""
        courier = self._courier
        if courier is not None:
            courier.interrupt()

    def _tick(self) -> None:
        if self._lease.may_begin:
            self._run()
        else:
            self._stand_by()
        self._plan_next()

    def _wake(self) -> None:
        if self._login_trouble is None:
            self._tick()
        else:  # a lease that comes and goes must not become a login each time: the timer runs
            self._stand_by()
            self._work.desk.waiting(self._login_trouble)

    def _plan_next(self) -> None:
        every = self._trade.every
        held = timedelta(seconds=self._brake.seconds())
        if held > timedelta(0):
            every = held  # sooner than the next look, or later: when there is something that may leave
        elif self._courier is not None and (opens_at := self._courier.opens_at()) is not None:
            every = min(every, max(opens_at - datetime.now(UTC), timedelta(0)) + _OPENED)
        if self._login_trouble is not None:
            every = max(every, pause_after_refused_login(self._refused_logins))
        if self._lease.is_held and not self._is_recovered:
            every = min(every, _SOON)
        if self._timer is not None:
            self._timer.cancel()
        self._plan += 1
        self._timer = self.tell_self_after(every.total_seconds(), Tick(self._plan))
        self._work.desk.next_run(datetime.now(UTC) + every)

    def _stand_by(self) -> None:
        """Write down the answers that the database did not take before the lease was lost: they are the truth still."""
        self._has_spoken = False
        if not self._lease.is_held:
            self._close()
        with suppress(DatabaseAway, DatabaseUnfit):
            self._outbox.catch_up()

    def _run_now(self) -> Run:
        if not self._lease.may_begin:
            raise NotHeld(self._trade.words.not_held)
        if self._courier is not None:
            self._courier.be_quick()
        try:
            return self._run()
        finally:
            self._plan_next()

    def _run(self) -> Run:
        stopwatch = Stopwatch()
        tally = self._tally = Tally()
        trouble: Sentence | None = None
        self._login_trouble = None
        self._is_seen_sending = False
        if not self._has_spoken:
            self._work.desk.waiting(self._trade.words.opening)
        self._work.desk.next_run(None)  # it has come: a time that is past would look like one that was missed
        try:
            self._recover()
            self._deliver(tally)
        except LoginRefused as refused:
            trouble = self._login_trouble = self._refused(refused)
        except TransportAway as away:
            self._brake.hold(away.pause)
            trouble = away.sentence
        except SecretError as unknown:
            trouble = unknown.sentence
        except (DatabaseAway, DatabaseUnfit, LeaseLost) as away:
            self._is_recovered = False
            trouble = away.sentence
        else:
            self._refused_logins = 0
        outcome = Outcome.OK if trouble is None else Outcome.FAILED
        run = stopwatch.run(outcome, self._summary(tally, trouble), tally.as_counters())
        self._records.add(run)
        if trouble is None:
            self._say_active()
        else:
            self._work.desk.waiting(trouble)
        self._has_spoken = True
        return run

    def _say_active(self) -> None:
        self._work.desk.active(None if self._courier is None else self._courier.remark())

    def _deliver(self, tally: Tally) -> None:
        trade = self._trade
        reins = Reins(
            self._goes_on,
            may_leave=lambda: self._lease.is_held,
            ask_for_time=lambda: self.extend_timeout(trade.last_word_seconds),
            waits_outside=self._waits_outside,
        )
        terms = Terms(self._work.language, trade.claim_at_most, trade.per_connection)
        with self._working_courier() as courier:
            self._waits_outside(True)
            courier.open()
            self.allow_wait(trade.exchange_seconds + trade.asking_seconds)
            courier.before_run(tally)
            self._waits_outside(False)
            Delivery(self._outbox, courier, reins, tally, terms, self._brake).run()
            self._waits_outside(True)
            courier.after_run(tally)
        self._waits_outside(False)

    def _waits_outside(self, is_outside: bool) -> None:  # noqa: FBT001 - as `Reins` has it
        self.allow_wait(self._trade.exchange_seconds if is_outside else 0)

    @contextmanager
    def _working_courier(self) -> Iterator[Courier[Any]]:
        if self._courier is None:
            self._courier = self._trade.courier(self._work, self._outbox)
        try:
            yield self._courier
        finally:
            self._courier.rest()

    def _close(self) -> None:
        if self._courier is not None:
            self._courier.close()

    def _refused(self, refused: LoginRefused) -> Sentence:
        """Count a refused login and tell who must act; a changed setting starts this actor, and the count, anew."""
        self._refused_logins += 1
        minutes = round(pause_after_refused_login(self._refused_logins).total_seconds() / 60)
        return self._trade.words.refused_login(refused.sentence, minutes)

    def _recover(self) -> None:
        if not (self._is_recovered and self._outbox.is_current):
            self._outbox.recover()
            if self._is_new:
                self._outbox.recall()  # a changed setting starts this actor anew: the hours may be others
                self._is_new = False
            self._count_what_left()
            self._is_recovered = True

    def _count_what_left(self) -> None:
        limits = self._trade.limits
        if limits:
            within = max(limit.within for limit in limits)
            most = max(limit.count for limit in limits)
            left = sent_lately(self._work.database, self._trade.channel, within, most)
            self._brake.forget()
            self._brake.remember(left)

    def _goes_on(self) -> bool:
        self.heartbeat()
        if self._tally.sent and not self._is_seen_sending:  # a campaign takes hours: what was amiss before is over
            self._is_seen_sending = True
            self._say_active()
        return self._lease.may_begin and not self.is_stopping

    def _summary(self, tally: Tally, trouble: Sentence | None) -> Sentence:
        done = tally.as_sentence(self._trade.words.sent, self._trade.words.more)
        seconds = round(self._brake.seconds())
        if trouble is None and seconds:
            trouble = Sentence.counted("the next may leave in {n} second", "the next may leave in {n} seconds", seconds)
        if trouble is None:
            return done
        return Sentence.joined("; ", (done, trouble)) if tally.as_counters() else trouble
