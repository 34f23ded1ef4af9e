"""One run of delivery: takes what is due out of an outbox, has it leave, and writes down what became of it."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, unique
from threading import Event
from typing import Final, Generic, assert_never

import attrs

from actors.delivery.courier import Courier, LoginRefused, P, PutOff, Result, Settled, TransportAway, Untouched
from actors.delivery.pace import LOOK_AGAIN_SECONDS, Brake, Pace
from actors.delivery.tally import Tally
from club import BatchedOutbox, Failed, Later, Message, Outbox, Outcome, Recipient
from club.journal import Answer
from config.sentence import Sentence

_WAITED_AT_MOST_SECONDS: Final = 10.0
"""A longer pause ends the run: the actor comes back, and meanwhile answers to others."""
_SLICE_SECONDS: Final = 0.2
"""How often a pause looks whether the actor was told to stop."""
_KEPT_BACK_TWICE: Final = timedelta(minutes=1)


def _always() -> bool:
    return True


def _wait(seconds: float) -> None:
    Event().wait(seconds)


@attrs.frozen
class Reins:
    """How whoever started a run holds it.

    `goes_on` is asked before each message and during pauses: it tells the supervisor that the run is alive, and answers
    False when it must end; what was claimed and not begun is then given back. `may_leave` is asked after the mark:
    False keeps the message back. `ask_for_time` is called before each mark, since what is cut off behind it is
    uncertain. `waits_outside` is told True before somebody else's answer is waited for, False when it is over: what is
    waited for then, a database above all, must not take as long. `now` is the clock of the wall, `clock` monotonic
    seconds, `wait` waits so many seconds.
    """

    goes_on: Callable[[], bool]
    may_leave: Callable[[], bool] = _always
    ask_for_time: Callable[[], object] = _always
    waits_outside: Callable[[bool], object] = lambda _is_outside: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = _wait


@attrs.frozen
class Terms:
    """What is agreed for a run: the language of reasons, the largest claim, how many messages a connection carries."""

    language: str = "en"
    claim_at_most: int = 500
    per_connection: int | None = None


@attrs.frozen(slots=True)
class _Answer:
    """An answer that is known and not written down yet."""

    message: Message
    outcome: Outcome
    recipients: tuple[Recipient, ...] = ()


@unique
class _End(Enum):
    """How work on a claim ends early."""

    CLAIM = "claim"
    """To claim again: something urgent may have come."""
    RUN = "run"


class Delivery(Generic[P]):
    """One run over an outbox and a courier, both used by this thread alone.

    The answer to one message is written in the same commit as the mark of the next: one durable commit a message. At
    any instant at most one answer is unwritten, so a kill leaves at most one message uncertain. What was decided
    without sending is written once a claim: after a kill it is decided again.
    """

    def __init__(
        self, outbox: Outbox, courier: Courier[P], reins: Reins, tally: Tally, terms: Terms, brake: Brake
    ) -> None:
        self._outbox = outbox
        self._courier = courier
        self._reins = reins
        self._tally = tally
        self._terms = terms
        self._brake = brake
        self._pace = Pace(terms.claim_at_most)
        self._batches = outbox if isinstance(outbox, BatchedOutbox) and outbox.can_batch else None
        self._group: list[tuple[Message, P]] = []
        """What is ready behind the message that is being sent."""
        self._marked: dict[int, Message] = {}
        """Marked together, and not about to leave yet."""
        self._noted: list[Answer] = []
        """In the journal, for the next commit."""
        self._unwritten: _Answer | None = None
        self._decided: list[_Answer] = []
        self._put_off: list[tuple[Message, PutOff]] = []
        self._is_marked = False
        self._against_club: TransportAway | None = None
        """What was last said against the club: once may be that message's fault, twice is the club's."""
        self._kept_back: set[int] = set()
        self._unmarked: list[Message] = []
        """Kept back without a mark: still claimed, for the next claim or for whoever comes after this run."""
        self._over_this_connection = 0
        self._started = 0.0
        """When work on the present claim began."""

    def run(self) -> None:
        """Deliver until nothing is due, it is told to stop, or a long pause is asked for; counts in `tally`.

        Raises TransportAway, DatabaseAway, DatabaseUnfit, LeaseLost; `tally` then tells what was done before.
        """
        while self._reins.goes_on():
            if self._brake.seconds() > _WAITED_AT_MOST_SECONDS:
                return
            batch = self._outbox.claim(self._pace.size)
            if not batch or not self._work_on(batch):
                break
        if self._against_club is not None:
            raise self._against_club

    def _work_on(self, batch: Sequence[Message]) -> bool:
        """Deliver what one claim took; whether to claim again."""
        self._unmarked.clear()  # the claim has given them back
        self._started = self._reins.clock()
        self._courier.expect(batch)
        done = 0
        while done < len(batch):
            if (end := self._end_before_next(done)) is not None:
                self._let_go(batch[done:])
                return end is _End.CLAIM
            group = batch[done : done + self._group_size(batch[done:])]
            if (end := self._work_on_group(group, batch[done + len(group) :], done)) is not None:
                return end is _End.CLAIM
            done += len(group)
        self._write_down()
        self._pace.worked(done, self._reins.clock() - self._started)
        return True

    def _end_before_next(self, done: int) -> "_End | None":
        """Return whether work on this claim ends after so many of its messages, and whether another is to follow."""
        if not self._is_free():
            return _End.RUN
        took = self._reins.clock() - self._started
        if not done or took <= LOOK_AGAIN_SECONDS:
            return None
        self._pace.worked(done, took)
        return _End.CLAIM

    def _group_size(self, batch: Sequence[Message]) -> int:
        """How many of the next are made ready and marked together; what has attachments is large, and goes alone."""
        size = 1 if self._batches is None else self._pace.marked_together
        return next(
            (max(1, index) for index, each in enumerate(batch[:size]) if each.attachments), min(size, len(batch))
        )

    def _work_on_group(self, group: Sequence[Message], behind: Sequence[Message], done: int) -> "_End | None":
        """Make a few messages ready, and deliver them one after the other; `done` are those before them."""
        self._group = [(message, parcel) for message in group for parcel in self._parcel(message)]
        is_first = True  # it was asked for already
        while self._group:
            rest = [*(message for message, _ in self._group), *behind]
            if not is_first and (end := self._end_before_next(done)) is not None:
                self._let_go(rest)
                return end
            is_first = False
            done += 1
            message, parcel = self._group.pop(0)
            try:
                self._send(message, parcel)
            except TransportAway:
                self._let_go(rest)
                raise
        return None

    def _is_free(self) -> bool:
        """Wait as long as nothing may leave, unless that is long; whether the next message may be begun."""
        while True:
            if not self._reins.goes_on():
                return False
            seconds = self._brake.seconds()
            if seconds <= 0:
                return True
            if seconds > _WAITED_AT_MOST_SECONDS:
                return False
            self._write_down()  # nobody's answer waits for a pause
            self._reins.wait(min(seconds, _SLICE_SECONDS))

    def _parcel(self, message: Message) -> tuple[P, ...]:
        """Make a message ready; empty when it is already known what becomes of it."""
        if message.problem is not None:
            self._decided.append(_Answer(message, Failed(message.problem.render(self._terms.language))))
            return ()
        ready = self._courier.prepare(message)
        if isinstance(ready, Settled):
            self._decided.append(_Answer(message, ready.outcome, ready.recipients))
            return ()
        if isinstance(ready, PutOff):
            self._put_off.append((message, ready))
            return ()
        return (ready,)

    def _send(self, message: Message, parcel: P) -> None:
        self._reconnect_when_worn()
        self._is_marked = message.id in self._marked
        self._reins.waits_outside(True)
        try:
            result = self._courier.send(parcel, lambda: self._mark_inside(message, parcel))
        except TransportAway:
            self._reins.waits_outside(False)
            self._take_back(message)
            raise
        self._reins.waits_outside(False)
        self._brake.hold(result.pause)
        before, self._against_club = self._against_club, _turned_down(result)
        if before is not None and self._against_club is not None:
            self._take_back(message)
            raise self._against_club
        match result.became:
            case Settled(outcome, recipients):
                self._settle(_Answer(message, outcome, recipients))
            case Untouched():
                self._keep(message, result)
            case _:
                assert_never(result.became)

    def _mark_inside(self, message: Message, parcel: P) -> bool:
        self._reins.waits_outside(False)
        try:
            return self._mark(message, parcel)
        finally:
            self._reins.waits_outside(True)

    def _mark(self, message: Message, parcel: P) -> bool:
        """Make the durable mark that the message may be out; writes the last answer in the same commit."""
        self._reins.ask_for_time()  # first: an abandoned thread is refused here, before it marks anything
        if not self._courier.may_leave(parcel):
            return False
        if not self._is_marked:
            self._is_marked = self._mark_group(message) or self._mark_alone(message)
        # The commit took its time, and the computer may have slept in it.
        if not (self._is_marked and self._reins.may_leave() and self._courier.may_leave(parcel)):
            return False
        if message.id in self._marked and self._batches is not None:
            if not self._batches.leave(message):  # the last thing: after a kill, what has no such line is here
                return False
            del self._marked[message.id]
        self._brake.note()
        self._over_this_connection += 1
        return True

    def _mark_group(self, message: Message) -> bool:
        """Mark the message and those that are ready behind it in one durable commit; whether that was done for it."""
        group = [message, *(each for each, _ in self._group)]
        if self._batches is None or len(group) == 1:
            return False
        self._note_unwritten()
        wanted = [(each, self._courier.identity(each)) for each in group]
        marked = self._batches.begin_many(wanted, self._noted)
        if marked is None:
            return False
        self._noted = []
        self._marked = {each.id: each for each in marked}
        # What is not marked is not ours any more: somebody took it back meanwhile.
        self._group = [(each, ready) for each, ready in self._group if each.id in self._marked]
        return message.id in self._marked

    def _mark_alone(self, message: Message) -> bool:
        leaves_as = self._courier.identity(message)
        self._settle_noted()
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is None:
            return self._outbox.begin(message, leaves_as)
        self._tally.count(unwritten.outcome)
        return self._outbox.settle_and_begin(
            unwritten.message, unwritten.outcome, message, unwritten.recipients, leaves_as
        )

    def _take_back(self, message: Message) -> None:
        """Undo the mark of a message that is here for certain; without a mark there is nothing to undo."""
        self._marked.pop(message.id, None)
        if self._is_marked:
            self._is_marked = False
            self._outbox.withdraw(message)

    def _keep(self, message: Message, result: Result) -> None:
        if message.id in self._kept_back and result.pause <= timedelta(0):
            # Or a courier that contradicts itself would be asked for ever, and nothing behind this row would leave.
            why = Sentence.of("it was kept back just before it could leave").render(self._terms.language)
            self._settle(_Answer(message, Later(why, _KEPT_BACK_TWICE)))
            return
        self._kept_back.add(message.id)
        if not self._is_marked:
            self._unmarked.append(message)
        self._take_back(message)

    def _reconnect_when_worn(self) -> None:
        limit = self._terms.per_connection
        if limit is not None and self._over_this_connection >= limit:
            self._write_down()
            self._reins.waits_outside(True)
            self._courier.close()
            self._courier.open()
            self._reins.waits_outside(False)
            self._over_this_connection = 0

    def _settle(self, answer: _Answer) -> None:
        self._marked.pop(answer.message.id, None)  # it may have been answered before its byte
        if self._batches is not None and (self._noted or self._group):
            self._note_unwritten()
            self._unwritten = answer
            self._note_unwritten()
            return
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is not None:
            self._write([unwritten])
        self._unwritten = answer

    def _note_unwritten(self) -> None:
        """Write an answer into the journal, for the commit of the next marks to take along."""
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is not None and self._batches is not None:
            self._tally.count(unwritten.outcome)
            self._noted.append(self._batches.note(unwritten.message, unwritten.outcome, unwritten.recipients))

    def _settle_noted(self) -> None:
        noted, self._noted = self._noted, []
        if noted and self._batches is not None:
            self._batches.settle_noted(noted)

    def _write_down(self) -> None:
        """Write what is known and not written yet."""
        self._settle_noted()
        unwritten, self._unwritten = self._unwritten, None
        decided, self._decided = self._decided, []
        put_off, self._put_off = self._put_off, []
        answers = decided if unwritten is None else [unwritten, *decided]
        if answers:
            self._write(answers)
        if put_off:
            now, language = self._reins.now(), self._terms.language
            self._tally.put_off += self._outbox.put_off(
                (message, wish.at - now, wish.reason.render(language)) for message, wish in put_off
            )

    def _write(self, answers: Sequence[_Answer]) -> None:
        for answer in answers:
            self._tally.count(answer.outcome)
        self._outbox.settle_all((answer.message, answer.outcome, answer.recipients) for answer in answers)

    def _let_go(self, rest: Sequence[Message]) -> None:
        self._write_down()
        marked, self._marked = self._marked, {}
        self._group = []
        if marked and self._batches is not None:
            self._batches.withdraw_many(list(marked.values()))
        unmarked, self._unmarked = self._unmarked, []
        self._outbox.give_back([*unmarked, *rest])


def _turned_down(result: Result) -> TransportAway | None:
    if result.against_club is None:
        return None
    if result.refuses_login:
        return LoginRefused(result.against_club)
    return TransportAway(result.against_club, needs_a_person=True)
