"""The e-mail actor: every minute, on demand, and when its lease comes, one run of delivery."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

import attrs

from actors.board import Outcome, Run
from actors.email.adapters.message import Envelope
from actors.email.adapters.smtp import SmtpSession
from actors.email.attempt import Attempt
from actors.email.delivery import Delivery, LoginRefused, Sender, ServerAway, Tally
from actors.email.policy import pause_after_refused_login
from actors.operation import NotHeld, RunNow, Wake, Workplace, Yield
from actors.run_records import RunRecords, Stopwatch
from club import EMAIL, DatabaseAway, DatabaseUnfit, LeaseLost, Outbox
from config import SecretError
from config.sentence import Sentence
from supervisor import SupervisedActor, Timer

ID: Final = "email"
_SOON: Final = timedelta(seconds=5)
"""How soon to look again when the database is away: it is not the mail server's minute that is waited for."""


_LAST_WORD_SECONDS: Final = 15.0
"""How long a server may still take to confirm a message when the actor is told to stop."""


@attrs.frozen(slots=True)
class Tick:
    """The minute is over."""


@attrs.frozen(slots=True)
class _PatientSession:
    """A session that asks for time when a server is about to confirm: cut off there, the e-mail would be uncertain."""

    session: SmtpSession
    ask_for_time: Callable[[], None]

    def send(self, envelope: Envelope, before_dot: Callable[[], object]) -> Attempt:
        """Deliver one message as the session does."""

        def mark() -> object:
            self.ask_for_time()  # first: an abandoned thread is refused here, before it marks anything
            return before_dot()

        return self.session.send(envelope, mark)


class EmailActor(SupervisedActor):
    """Runs a delivery at each tick, as long as this station holds the lease.

    Whether it holds the lease is the leases actor's work, and so is saying why not; this actor speaks while it holds.
    """

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        if workplace.lease is None:
            raise ValueError("the e-mail operation is exclusive: it works under a lease")
        self._work = workplace
        self._lease = workplace.lease
        self._outbox = Outbox(
            workplace.database,
            EMAIL,
            self._lease,
            journal=workplace.journal,
            language=workplace.language,
            longest_wait=max(workplace.settings.retry_at_most, workplace.settings.greylist_after),
        )
        self._records = RunRecords(workplace, ID)
        self._is_recovered = False
        self._session: SmtpSession | None = None
        self._timer: Timer | None = None
        self._refused_logins = 0
        self._login_trouble: Sentence | None = None

    def on_start(self) -> None:
        """Look at once, but not here: a run may take longer than a start is allowed to."""
        self._timer = self.tell_self_after(0, Tick())

    def on_receive(self, message: Any) -> Run | None:
        """Handle a message."""
        match message:
            case Tick():
                self._tick()
                return None
            case Wake():
                self._wake()
                return None
            case Yield(done):
                done()  # messages come one after the other: the run that was under way has ended
                return None
            case RunNow():
                return self._run_now()
            case _:
                assert_never(message)

    def interrupt(self) -> None:
        """Shut the connection to the mail server, from another thread."""
        session = self._session
        if session is not None:
            session.interrupt()

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
        every = self._work.settings.every
        if self._login_trouble is not None:
            every = max(every, pause_after_refused_login(self._refused_logins))
        if self._lease.is_held and not self._is_recovered:
            every = min(every, _SOON)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.tell_self_after(every.total_seconds(), Tick())
        self._work.desk.next_run(datetime.now(UTC) + every)

    def _stand_by(self) -> None:
        """Write down the answers that the database did not take before the lease was lost: they are the truth still."""
        with suppress(DatabaseAway, DatabaseUnfit):
            self._outbox.catch_up()

    def _run_now(self) -> Run:
        if not self._lease.may_begin:
            raise NotHeld("this station does not hold the e-mail operation now: `heitz-service status` says who does")
        try:
            return self._run()
        finally:
            self._plan_next()

    def _run(self) -> Run:
        stopwatch = Stopwatch()
        tally = Tally()
        trouble: Sentence | None = None
        self._login_trouble = None
        self._work.desk.next_run(None)  # it has come: a time that is past would look like one that was missed
        try:
            self._recover()
            with SmtpSession(self._work.settings.smtp, may_leave=lambda: self._lease.is_held) as session:
                self._session = session
                work = self._work
                sender = Sender(work.club_name, work.language, lambda: datetime.now(UTC))
                patient = _PatientSession(session, lambda: self.extend_timeout(_LAST_WORD_SECONDS))
                Delivery(self._outbox, patient, work.settings, sender, self._goes_on, tally).run()
        except LoginRefused as refused:
            trouble = self._login_trouble = self._refused(refused)
        except (ServerAway, SecretError) as away:
            trouble = away.sentence
        except (DatabaseAway, DatabaseUnfit, LeaseLost) as away:
            self._is_recovered = False
            trouble = away.sentence
        else:
            self._refused_logins = 0
        finally:
            self._session = None
        outcome = Outcome.OK if trouble is None else Outcome.FAILED
        run = stopwatch.run(outcome, _summary(tally, trouble), tally.as_counters())
        self._records.add(run)
        if trouble is None:
            self._work.desk.active()
        else:
            self._work.desk.waiting(trouble)
        return run

    def _refused(self, refused: LoginRefused) -> Sentence:
        """Count a refused login and tell who must act; a changed setting starts this actor, and the count, anew."""
        self._refused_logins += 1
        minutes = round(pause_after_refused_login(self._refused_logins).total_seconds() / 60)
        return Sentence.counted(
            "{why}: correct the user or the password in [email.smtp]; it is tried again in {n} minute, "
            "or at once by heitz-service run-now email",
            "{why}: correct the user or the password in [email.smtp]; it is tried again in {n} minutes, "
            "or at once by heitz-service run-now email",
            minutes,
            why=refused.sentence,
        )

    def _recover(self) -> None:
        if not (self._is_recovered and self._outbox.is_current):
            self._outbox.recover()
            self._is_recovered = True

    def _goes_on(self) -> bool:
        self.heartbeat()
        return self._lease.may_begin and not self.is_stopping


def _summary(tally: Tally, trouble: Sentence | None) -> Sentence:
    if trouble is None:
        return tally.as_sentence()
    if not tally.as_counters():
        return trouble
    return Sentence.joined("; ", (tally.as_sentence(), trouble))
