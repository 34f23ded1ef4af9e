"""What a run knows and the database does not yet: answers, decisions and wishes, written with the next mark."""

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs

from actors.delivery.courier import PutOff
from actors.delivery.tally import Tally
from club import BatchedOutbox, Message, Outbox, Outcome, Recipient
from club.journal_lines import Answer


@attrs.frozen(slots=True)
class Answered:
    """An answer that is known and not written down yet."""

    message: Message
    outcome: Outcome
    recipients: tuple[Recipient, ...] = ()


class Book:
    """Writes into an outbox what became of messages, in as few commits as a kill allows; counts in `tally`.

    What is noted in the journal may wait, for a kill does not take it away; without one a single answer waits.
    """

    def __init__(self, outbox: Outbox, tally: Tally, language: str, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._batches = outbox if isinstance(outbox, BatchedOutbox) else None
        self._tally = tally
        self._language = language
        self._now = now
        self._unwritten: Answered | None = None
        self._noted: list[Answer] = []
        """In the journal, for the next commit."""
        self._decided: list[Answered] = []
        self._put_off: list[tuple[Message, PutOff]] = []

    def decided(self, answer: Answered) -> None:
        """Take down what becomes of a message that was not sent: after a kill it is decided again."""
        self._decided.append(answer)

    def put_off(self, message: Message, wish: PutOff) -> None:
        """Take down that a message waits."""
        self._put_off.append((message, wish))

    def answered(self, answer: Answered, *, may_wait: bool) -> None:
        """Take down an answer; `may_wait`: others are behind it, whose marks it can go with."""
        if self._batches is not None and (self._noted or may_wait):
            self._note_unwritten()
            self._note(self._batches, answer)
            return
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is not None:
            self._write([unwritten])
        self._unwritten = answer

    def begin(self, message: Message, leaves_as: str | None) -> bool:
        """Mark a message by itself, with the last answer in the same commit; whether that was done."""
        self._settle_noted()
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is None:
            return self._outbox.begin(message, leaves_as)
        self._tally.count(unwritten.outcome)
        return self._outbox.settle_and_begin(
            unwritten.message, unwritten.outcome, message, unwritten.recipients, leaves_as
        )

    def begin_many(self, wanted: Sequence[tuple[Message, str | None]]) -> list[Message] | None:
        """Mark messages, with the answers so far in the same commit; those marked, None: it cannot be done together."""
        if self._batches is None:
            return None
        self._note_unwritten()
        marked = self._batches.begin_many(wanted, self._noted)
        if marked is not None:
            self._noted = []
        return marked

    def write_down(self) -> None:
        """Write what is known and not written yet."""
        self._settle_noted()
        unwritten, self._unwritten = self._unwritten, None
        decided, self._decided = self._decided, []
        put_off, self._put_off = self._put_off, []
        answers = decided if unwritten is None else [unwritten, *decided]
        if answers:
            self._write(answers)
        if put_off:
            now = self._now()
            self._tally.put_off += self._outbox.put_off(
                (message, wish.at - now, wish.reason.render(self._language)) for message, wish in put_off
            )

    def _note_unwritten(self) -> None:
        """Write an answer into the journal, for the commit of the next marks to take along."""
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is not None and self._batches is not None:
            self._note(self._batches, unwritten)

    def _note(self, batches: BatchedOutbox, answer: Answered) -> None:
        self._tally.count(answer.outcome)
        self._noted.append(batches.note(answer.message, answer.outcome, answer.recipients))

    def _settle_noted(self) -> None:
        noted, self._noted = self._noted, []
        if noted and self._batches is not None:
            self._batches.settle_noted(noted)

    def _write(self, answers: Sequence[Answered]) -> None:
        for answer in answers:
            self._tally.count(answer.outcome)
        self._outbox.settle_all((answer.message, answer.outcome, answer.recipients) for answer in answers)
