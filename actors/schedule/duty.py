"""A duty: what an actor does at the times of a schedule, once per club."""

import logging
from collections.abc import Callable
from datetime import datetime
from random import uniform
from typing import Final

import attrs

from actors.board import Desk, Run
from actors.schedule.clock import ClubClock
from actors.schedule.policy import BEGINS, Decision, Missed, Timetable, decide
from club import DatabaseAway, DatabaseUnfit, Known, LeaseLost, Occurrences, RunOutcome
from config.sentence import Sentence

logger = logging.getLogger(__name__)

_LONGEST_SECONDS: Final = 60.0
"""Timers do not count the sleep of a computer: so long after it wakes up at most, it knows what time it is."""
_LOOK_SECONDS: Final = 3600.0
"""The database's clock may be set too: it is asked again now and then, though nothing is due."""
_AWAY_SECONDS: Final = (5.0, 15.0)
_WAIT_SECONDS: Final = 20.0
_AGAIN: Final = Sentence.of("begun again after an interruption")

Work = Callable[[str], Run | None]
"""Does one occurrence, whose name it is given, and returns how it went; None when it had to stop before the end."""


@attrs.frozen
class _Unwritten:
    """The end of a run that the database has not taken yet."""

    run: int
    outcome: RunOutcome
    summary: str


@attrs.frozen
class Voice:
    """In which language a duty writes into the history, and the desk at which it speaks, if it does."""

    language: str
    desk: Desk | None = None


class Duty:
    """Has an operation's work done at each occurrence of its schedule, and writes down what became of it.

    An actor calls `look` at each of its ticks and sets the next one in as many seconds as it returns. It costs no
    question to the database while nothing is due, but one in an hour.

    `alive` is the actor's `heartbeat`: it raises in a thread that was abandoned, before that writes anything. Under a
    lease it works while that is held; with `borrows` it takes the lease itself, for the length of a run.

    At the desk it tells the next run, the last, and that the database is away or back. How the operation is otherwise,
    the work says.
    """

    def __init__(
        self,
        occurrences: Occurrences,
        timetable: Timetable,
        alive: Callable[[], None],
        voice: Voice,
        *,
        borrows: bool = False,
        clock: ClubClock | None = None,
    ) -> None:
        self._occurrences = occurrences
        self._timetable = timetable
        self._alive = alive
        self._language = voice.language
        self._desk = voice.desk
        self._borrows = borrows
        self._clock = ClubClock() if clock is None else clock
        self._next_at: datetime | None = None
        self._unwritten: _Unwritten | None = None
        self._is_away: bool | None = None  # not known before the first look

    def look(self, work: Work) -> float:
        """Do what is due, if this station may, and return in how many seconds to look again."""
        lease = self._occurrences.lease
        if lease is not None and not self._borrows and not lease.is_held:
            self._next_at = None  # who stands by sees all anew when its turn comes
            return _LONGEST_SECONDS
        if self._is_early():
            return self._seconds_to_next()
        try:
            return self._look(work)
        except LeaseLost:
            self._unwritten = self._next_at = None  # who holds it now has declared the run interrupted
            return _WAIT_SECONDS
        except (DatabaseAway, DatabaseUnfit) as away:
            self._next_at = None
            self._tell_away(away)
            return uniform(*_AWAY_SECONDS)

    def _is_early(self) -> bool:
        now = self._clock.now()
        if now is None or self._next_at is None or self._unwritten is not None:
            return False
        return now < self._next_at and self._clock.age_seconds() < _LOOK_SECONDS

    def _seconds_to_next(self) -> float:
        now = self._clock.now()
        if now is None or self._next_at is None:
            return _LONGEST_SECONDS
        return min(_LONGEST_SECONDS, max(0.0, (self._next_at - now).total_seconds()))

    def _look(self, work: Work) -> float:
        try:
            self._write_end()
            now = self._clock.measure(self._occurrences.now)
            decision = self._decide(now)
            self._tell_well()
            if not decision.is_idle:
                if not self._may_write():
                    self._plan(now)
                    self._next_at = None  # another station is at it, and may die
                    return _WAIT_SECONDS
                self._act(decision, now, work)
                now = self._clock.measure(self._occurrences.now)  # a run may have been long
                decision = self._decide(now)
        finally:
            self._give_back()
        self._plan(now)
        if not decision.is_idle:
            self._next_at = None
        return self._seconds_to_next() if decision.is_idle else 0.0

    def _act(self, decision: Decision, now: datetime, work: Work) -> None:
        for name, known in decision.running.items():
            self._interrupt(name, known)
        if decision.running:
            decision = self._decide(now)
        self._skip(decision.missed)
        if decision.due is not None:
            self._run(decision.due.name, work)

    def _plan(self, now: datetime) -> None:
        self._next_at = self._timetable.next(now).at
        if self._desk is not None:
            self._desk.next_run(self._next_at)

    def _decide(self, now: datetime) -> Decision:
        past = self._timetable.past(now)
        mine = self._occurrences
        sight = mine.look([each.name for each in past], self._timetable.name(now))
        decision = decide(self._timetable, past, sight, now)
        if mine.lease is None:
            # Without a lease only this station's own lock tells that a run is dead; another's is left alone.
            own = {name: known for name, known in decision.running.items() if known.station == mine.station}
            decision = attrs.evolve(decision, running=own)
        return decision

    # -- the lease ---------------------------------------------------------------------------------------------------

    def _may_write(self) -> bool:
        lease = self._occurrences.lease
        return lease is None or (lease.acquire() if self._borrows else lease.is_held)

    def _give_back(self) -> None:
        lease = self._occurrences.lease
        if lease is not None and self._borrows and self._unwritten is None:
            try:
                lease.release()
            except (DatabaseAway, DatabaseUnfit) as away:
                logger.info("lease %s not given back: %s", lease.name, away, extra={"event": "lease.kept"})

    def goes_on(self) -> bool:
        """Tell the watchdog that the work gets on, and return whether it may: False once the lease is lost.

        Call it between two steps of a long work. A borrowed lease is renewed here.
        """
        self._alive()
        lease = self._occurrences.lease
        if lease is None:
            return True
        if self._borrows:
            try:
                lease.renew()
            except (LeaseLost, DatabaseAway, DatabaseUnfit):
                return lease.is_held
        return lease.is_held

    # -- one occurrence ----------------------------------------------------------------------------------------------

    def _interrupt(self, name: str, known: Known) -> None:
        """Declare interrupted what nobody works at any more.

        This actor does one thing at a time, and its lease is held by one station at a time: what still runs is dead.
        """
        self._alive()
        if self._occurrences.interrupt(name, known.process):
            logger.warning(
                "%s: the run of %s was interrupted on %s",
                self._occurrences.operation,
                name,
                known.station,
                extra={"event": "schedule.interrupted"},
            )

    def _skip(self, missed: tuple[Missed, ...]) -> None:
        recorded = [
            each for each in reversed(missed) if self._occurrences.skip(each.occurrence.name, self._said(each.reason))
        ]
        if recorded:
            logger.log(
                logging.INFO if missed[0].reason == BEGINS else logging.WARNING,
                "%s: not done at %s: %s",
                self._occurrences.operation,
                ", ".join(each.occurrence.name for each in recorded),
                recorded[-1].reason,
                extra={"event": "schedule.skipped", "count": len(recorded)},
            )

    def _run(self, name: str, work: Work) -> None:
        run_id = self._occurrences.begin(name, self._said(_AGAIN))
        if run_id is None:
            return
        if self._desk is not None:
            self._desk.next_run(None)
        run = work(name)
        if run is None:
            self._unwritten = _Unwritten(run_id, "interrupted", "")  # the summary stays what it was: the second is told
        else:
            self._unwritten = _Unwritten(run_id, run.outcome.value, self._said(run.summary))
            if self._desk is not None:
                self._desk.ran(run)
        self._write_end()

    def _write_end(self) -> None:
        if self._unwritten is None:
            return
        self._alive()
        end = self._unwritten
        is_written = self._occurrences.finish(end.run, end.outcome, end.summary)
        self._unwritten = None
        logger.log(
            logging.INFO if end.outcome == "ok" and is_written else logging.WARNING,
            "%s: %s" if is_written else "%s: not recorded, another station has taken it over: %s",
            self._occurrences.operation,
            end.summary or end.outcome,
            extra={"event": f"schedule.{end.outcome}"},
        )

    # -- what it says ------------------------------------------------------------------------------------------------

    def _said(self, sentence: Sentence) -> str:
        return sentence.render(self._language)

    def _tell_away(self, away: DatabaseAway | DatabaseUnfit) -> None:
        if self._desk is not None:
            self._desk.waiting(away.sentence)
        if not self._is_away:
            logger.warning("%s waits: %s", self._occurrences.operation, away, extra={"event": "schedule.database_away"})
        self._is_away = True

    def _tell_well(self) -> None:
        """Say that the database answers; what the work itself said of its troubles is left to stand."""
        if self._desk is not None and self._is_away is not False:
            self._desk.active()
        if self._is_away:
            logger.info("%s goes on", self._occurrences.operation, extra={"event": "schedule.database_back"})
        self._is_away = False
