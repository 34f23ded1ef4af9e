"""One run of delivery: takes what is due out of an outbox, has it leave, and writes down what became of it."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import Enum, unique
from typing import Final, Generic

from actors.delivery.book import Answered, Book
from actors.delivery.courier import Courier, LoginRefused, P, PutOff, Result, Settled, TransportAway
from actors.delivery.pace import LOOK_AGAIN_SECONDS, Brake, Pace
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from club import BatchedOutbox, DatabaseAway, DatabaseUnfit, Failed, Later, Message, Outbox
from config.sentence import Sentence

_WAITED_AT_MOST_SECONDS: Final = 10.0
"""A longer pause ends the run: the actor comes back, and meanwhile answers to others."""
_SLICE_SECONDS: Final = 0.2
"""How often a pause looks whether the actor was told to stop."""
_KEPT_BACK_TWICE: Final = timedelta(minutes=1)


@unique
class _End(Enum):
    """How work on a claim ends early."""

    CLAIM = "claim"
    """To claim again: something urgent may have come."""
    RUN = "run"


class Delivery(Generic[P]):
    """One run over an outbox and a courier, both used by this thread alone.

    The answer to one message is written in the same commit as the mark of the next: one durable commit a message. At
    any instant at most the answers to what is under way are unwritten, and that is one message where the courier does
    not ask for more: a kill leaves no others uncertain. What was decided without sending is written once a claim: after
    a kill it is decided again.
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
        self._batches = outbox if isinstance(outbox, BatchedOutbox) else None
        self._can_batch = self._batches is not None and self._batches.can_batch
        self._group: list[tuple[Message, P]] = []
        """What is ready behind what is being sent."""
        self._marked: dict[int, Message] = {}
        """Marked together, and not about to leave yet."""
        self._book = Book(outbox, tally, terms.language, reins.now)
        self._begun: set[int] = set()
        """What is being sent, and is marked."""
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
        self._book.write_down()
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
        size = self._most_together
        if self._can_batch:
            size *= -(-self._pace.marked_together // size)  # rounded up to whole sendings
        return next(
            (max(1, index) for index, each in enumerate(batch[:size]) if each.attachments), min(size, len(batch))
        )

    @property
    def _most_together(self) -> int:
        return 1 if self._batches is None else self._courier.most_together

    def _work_on_group(self, group: Sequence[Message], behind: Sequence[Message], done: int) -> "_End | None":
        """Make a few messages ready, and deliver them; `done` are those before them."""
        self._group = [(message, parcel) for message in group for parcel in self._parcel(message)]
        is_first = True  # it was asked for already
        while self._group:
            rest = [*(message for message, _ in self._group), *behind]
            if not is_first and (end := self._end_before_next(done)) is not None:
                self._let_go(rest)
                return end
            is_first = False
            try:
                self._reconnect_when_worn()
                size = self._room(self._group)
                these, self._group = self._group[:size], self._group[size:]
                done += size
                self._send(these)
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
            self._book.write_down()  # nobody's answer waits for a pause
            self._reins.wait(min(seconds, _SLICE_SECONDS))

    def _parcel(self, message: Message) -> tuple[P, ...]:
        """Make a message ready; empty when it is already known what becomes of it."""
        if message.problem is not None:
            self._book.decided(Answered(message, Failed(message.problem.render(self._terms.language))))
            return ()
        ready = self._courier.prepare(message)
        if isinstance(ready, Settled):
            self._book.decided(Answered(message, ready.outcome, ready.recipients))
            return ()
        if isinstance(ready, PutOff):
            self._book.put_off(message, ready)
            return ()
        return (ready,)

    def _room(self, ready: Sequence[tuple[Message, P]]) -> int:
        """How many of these may be under way at once, from the first on: as the courier says, and no limit forbids."""
        limit = self._terms.per_connection
        most = self._most_together if limit is None else min(self._most_together, limit - self._over_this_connection)
        if min(most, len(ready)) <= 1:
            return 1
        return self._brake.room(self._courier.together([parcel for _, parcel in ready[:most]]))

    def _send(self, these: Sequence[tuple[Message, P]]) -> None:
        """Have messages leave at once, and take note of each answer as it comes; the database hears of them behind."""
        waiting = dict(enumerate(message for message, _ in these))
        kept_back: list[tuple[Message, Result]] = []
        turned_down: list[Message] = []
        against_club: TransportAway | None = None
        self._begun = {message.id for message in waiting.values()} & self._marked.keys()
        self._reins.waits_outside(True)
        try:
            for place, result in self._courier.send_together(
                [each for _, each in these], lambda: self._mark_inside(these, waiting)
            ):
                self._reins.waits_outside(False)
                message = waiting.pop(place)
                self._brake.hold(result.pause)
                before, self._against_club = self._against_club, _turned_down(result)
                if before is not None and self._against_club is not None:
                    turned_down.append(message)
                    against_club = self._against_club
                elif isinstance(result.became, Settled):
                    answer = Answered(message, result.became.outcome, result.became.recipients)
                    self._settle(answer, is_alone=len(these) == 1)
                else:
                    kept_back.append((message, result))
                self._reins.waits_outside(True)
        except TransportAway:
            self._reins.waits_outside(False)
            self._take_back(waiting.values())
            raise
        finally:
            self._reins.waits_outside(False)
        for message, result in kept_back:
            self._keep(message, result)
        if against_club is not None:
            self._take_back(turned_down)
            raise against_club

    def _mark_inside(self, these: Sequence[tuple[Message, P]], waiting: Collection[int]) -> Sequence[int]:
        self._reins.waits_outside(False)
        try:
            return self._mark(these, waiting)
        finally:
            self._reins.waits_outside(True)

    def _mark(self, these: Sequence[tuple[Message, P]], waiting: Collection[int]) -> Sequence[int]:
        """Make the durable marks that messages may be out, with the last answers; the places of those that may leave.

        `waiting` are the places without an answer. Those that are ready behind them are marked in the same commit.
        """
        self._reins.ask_for_time()  # first: an abandoned thread is refused here, before it marks anything
        may = [(place, *these[place]) for place in waiting if self._courier.may_leave(these[place][1])]
        unmarked = [message for _, message, _ in may if message.id not in self._begun]
        if unmarked:
            self._begun |= self._mark_group(unmarked) or self._mark_each(unmarked)
        # The commit took its time, and the computer may have slept in it.
        if not self._reins.may_leave():
            return ()
        leaving = {
            place: message
            for place, message, parcel in may
            if message.id in self._begun and self._courier.may_leave(parcel)
        }
        told = [message for message in leaving.values() if message.id in self._marked]
        # The last thing: after a kill, what has no such line is here.
        if told and not (self._batches is not None and self._batches.leave(told)):
            return ()
        for message in leaving.values():
            self._marked.pop(message.id, None)
            self._brake.note()
        self._over_this_connection += len(leaving)
        return tuple(leaving)

    def _mark_group(self, first: Sequence[Message]) -> set[int]:
        """Mark messages and those that are ready behind them in one durable commit; those of them that are marked.

        Empty where that cannot be done.
        """
        group = [*first, *(each for each, _ in self._group)]
        if self._batches is None or not self._can_batch or len(group) == 1:
            return set()
        marked = self._book.begin_many([(each, self._courier.identity(each)) for each in group])
        if marked is None:
            return set()
        self._marked |= {each.id: each for each in marked}
        # What is not marked is not ours any more: somebody took it back meanwhile.
        self._group = [(each, ready) for each, ready in self._group if each.id in self._marked]
        return self._marked.keys() & {each.id for each in first}

    def _mark_each(self, messages: Sequence[Message]) -> set[int]:
        """Mark messages one by one; those of them that are marked. Where that fails, none of them stays marked."""
        begun: list[Message] = []
        is_done = False
        try:
            begun.extend(each for each in messages if self._book.begin(each, self._courier.identity(each)))
            is_done = True
        finally:
            for each in () if is_done else begun:
                with suppress(DatabaseAway, DatabaseUnfit):  # the journal says it then
                    self._outbox.withdraw(each)
        return {each.id for each in begun}

    def _take_back(self, messages: Iterable[Message]) -> None:
        """Undo the marks of messages that are here for certain; without a mark there is nothing to undo."""
        for message in messages:
            self._marked.pop(message.id, None)
            if message.id in self._begun:
                self._begun.discard(message.id)
                self._outbox.withdraw(message)

    def _keep(self, message: Message, result: Result) -> None:
        if message.id in self._kept_back and result.pause <= timedelta(0):
            # Or a courier that contradicts itself would be asked for ever, and nothing behind this row would leave.
            why = Sentence.of("it was kept back just before it could leave").render(self._terms.language)
            self._settle(Answered(message, Later(why, _KEPT_BACK_TWICE)))
            return
        self._kept_back.add(message.id)
        if message.id not in self._begun:
            self._unmarked.append(message)
        self._take_back([message])

    def _reconnect_when_worn(self) -> None:
        limit = self._terms.per_connection
        if limit is not None and self._over_this_connection >= limit:
            self._book.write_down()
            self._reins.waits_outside(True)
            self._courier.close()
            self._courier.open()
            self._reins.waits_outside(False)
            self._over_this_connection = 0

    def _settle(self, answer: Answered, *, is_alone: bool = True) -> None:
        self._marked.pop(answer.message.id, None)  # it may have been answered before its byte
        self._book.answered(answer, may_wait=bool(self._group) or not is_alone)

    def _let_go(self, rest: Sequence[Message]) -> None:
        self._book.write_down()
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
