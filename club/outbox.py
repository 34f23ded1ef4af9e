"""The outbox of a message table: claim, mark, settle, recover. Nothing lost, nothing sent twice.

outbox = Outbox(database, EMAIL, lease, journal=journal)
outbox.recover()                                   # first thing under a new hold: settles what a crash left
for message in outbox.claim(100):
    ...                                            # everything that can still be taken back
    if outbox.begin(message):                      # durable mark, at once before the irrevocable byte
        ...                                        # the irrevocable byte, the answer
        outbox.settle(message, Sent(reference))    # or Failed, Later, Uncertain
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

import attrs
from sqlalchemy import Connection, select

from club.claiming import Claiming
from club.database import Database
from club.departures import told_apart
from club.errors import DatabaseError
from club.journal import Journal
from club.journal_lines import Answer
from club.lease import Lease
from club.messages import Attachment, Message, Outcome, Recipient
from club.queue_statements import QueueStatements
from club.settling import Settling
from club.tables import Channel
from config.sentence import Sentence

_LOG: Final = logging.getLogger(__name__)
_LEAST_SECONDS_BETWEEN_LOOKS: Final = 30.0
"""Between two looks for rows that a wrong clock has put off."""


@attrs.frozen
class Recovery:
    """What `recover` found: answers that only the journal knew, and messages that nobody knows about."""

    settled: int
    uncertain: int


class _NotBoth(Exception):  # noqa: N818  # named by what happened
    """One statement for two messages found only one of them as it should be."""


class Outbox:
    """The sending side of a message table, under a lease: one per worker, used from one thread at a time.

    The worker's own token is taken by `recover`; a worker that comes after, here or elsewhere, takes a newer one, and
    the old is refused. `journal` is the station's own memory of answers. Reasons that the outbox itself writes are in
    `language`. `longest_wait` is the longest that a `Later` is told: what waits longer was put off by a clock that was
    ahead, and is tried again at once. Every method raises DatabaseAway and DatabaseUnfit; those that claim or mark
    raise LeaseLost.
    """

    def __init__(
        self,
        database: Database,
        channel: Channel,
        lease: Lease,
        *,
        journal: Journal | None = None,
        language: str = "en",
        longest_wait: timedelta | None = None,
    ) -> None:
        self._database = database
        self._channel = channel
        self._lease = lease
        self._journal = journal
        self._statements = QueueStatements(channel)
        self._settling = Settling(self._statements, lease)
        over = Sentence.of("its time was over before it could be sent").render(language)
        self._claiming = Claiming(self._statements, lease.station, over)
        self._left = Sentence.of(
            "the station stopped while this was being sent: whether it left is not known, a person must decide"
        ).render(language)
        self._longest_ms = None if longest_wait is None else int(longest_wait.total_seconds() * 1000)
        self._hastened_at = float("-inf")
        self._token: int | None = None
        self._claimed: dict[int, str] = {}

    @property
    def is_current(self) -> bool:
        """Whether this worker's token is that of the present hold: after another's hold it has to `recover` anew."""
        return self._token is not None and self._token == self._lease.token

    def recover(self) -> Recovery:
        """Become the only worker: take a newer token, settle what the journal knows, mark the rest `uncertain`.

        What was claimed and not begun is simply claimed again. Call it first, and again after a LeaseLost.
        """
        answers = self._journal.pending(self._channel.name) if self._journal else ()

        def work(connection: Connection, token: int) -> tuple[int, Recovery]:
            settled = self._settling.apply_all(connection, answers, token)
            return token, Recovery(settled, self._settling.leave_uncertain(connection, self._left, token))

        self._token, recovery = self._lease.supersede(work)
        self._claimed = {}
        self._hastened_at = float("-inf")
        self._forget(answers)
        if recovery != Recovery(0, 0):
            _LOG.warning(
                "a run that ended early left %d answers, now settled, and %d messages uncertain",
                recovery.settled,
                recovery.uncertain,
                extra={"event": "outbox.recovered", "channel": self._channel.name},
            )
        return recovery

    def catch_up(self) -> int:
        """Settle the answers that only the journal knows; needs no lease, for they are the truth; how many mattered.

        For a station that lost its hold while the database was away: call it before standing by.
        """
        answers = self._journal.pending(self._channel.name) if self._journal else ()
        if not answers:
            return 0
        token = self._token or 0

        def work(connection: Connection) -> int:
            return self._settling.apply_all(connection, answers, token)

        settled = self._database.write(work)
        self._forget(answers)
        return settled

    def claim(self, limit: int = 100) -> list[Message]:
        """Take up to `limit` due messages, most urgent first, oldest first; renews the lease.

        One claim is worked on at a time: what an earlier one took and nobody began is given back first. Fewer may come
        back than are due: large bodies are loaded within a bound of memory. Rows whose time has not come are put off
        once, rows whose time is over become `expired`; unreadable rows come with their `problem`. Answers that an
        absent database did not take are settled first.
        """
        token = self._presented()
        claim_id = str(uuid4())
        answers = self._journal.pending(self._channel.name) if self._journal else ()

        def work(connection: Connection) -> list[Message]:
            for answer in answers:
                self._settling.apply(connection, answer, token)
            if is_time_to_hasten and self._longest_ms is not None:
                self._claiming.hasten(connection, self._longest_ms)
            self._claiming.give_back(connection, left)
            while taken := self._claiming.take(connection, limit, claim_id, token):
                waiting, departed = told_apart(self._journal, self._channel.name, taken)
                for answer in departed:
                    self._settling.apply(connection, answer, token)
                if waiting:
                    return waiting
            return []

        left = self._claimed
        is_time_to_hasten = self._is_time_to_hasten()
        taken = self._lease.fenced(work, token)
        self._forget(answers)
        self._claimed = {message.id: claim_id for message in taken}
        return taken

    def begin(self, message: Message, leaves_as: str | None = None) -> bool:
        """Mark the message as being sent, durably; False: it is not ours any more, do not send it.

        `leaves_as` is the reference that it bears, written with the mark: what a crash leaves can be looked for by it.

        Raises LeaseLost, DatabaseAway or DatabaseUnfit, and then it must not be sent either. A message can be begun
        once in a claim: after an error it comes back with a later one.
        """
        token = self._presented()
        if not self._is_open(message):
            return False
        if not self._lease.is_held:
            raise self._lease.lost()
        with self._unbegun_when_away(message):
            marked = self._database.write(lambda connection: self._settling.mark(connection, message, token, leaves_as))
        return self._may_send(marked)

    def settle(self, message: Message, outcome: Outcome, recipients: Sequence[Recipient] = ()) -> bool:
        """Write down what became of a claimed message; False: it was settled otherwise meanwhile.

        A late answer is taken also after the lease is lost, and resolves an uncertain row. `recipients` tells several
        recipients apart. With a journal the answer is not lost when this raises.
        """
        return self.settle_all([(message, outcome, recipients)]) == 1

    def settle_all(self, answers: Iterable[tuple[Message, Outcome, Sequence[Recipient]]]) -> int:
        """Write several answers down in one commit; how many of them still mattered."""
        noted = [self._note(*answer) for answer in answers]
        token = self._token or 0

        def work(connection: Connection) -> int:
            return self._settling.apply_all(connection, noted, token)

        settled = self._database.write(work)
        self._forget(noted)
        return settled

    def settle_and_begin(
        self,
        previous: Message,
        outcome: Outcome,
        following: Message,
        recipients: Sequence[Recipient] = (),
        leaves_as: str | None = None,
    ) -> bool:
        """Settle one message and mark the next in one durable commit; whether the next one may be sent.

        Raises LeaseLost after the first is settled. `leaves_as` as for `begin`.
        """
        token = self._presented()
        noted = self._note(previous, outcome, recipients)
        is_open = self._is_open(following)

        def both(connection: Connection) -> tuple[bool, bool]:
            if not self._settling.apply_and_mark(connection, noted, following, token, leaves_as):
                raise _NotBoth
            return True, True

        def one_by_one(connection: Connection) -> tuple[bool, bool]:
            self._settling.apply(connection, noted, token)
            if not is_open:
                return False, True
            # Past the local deadline the next one must stay, but the answer for this one is still the truth.
            if not self._lease.is_held:
                return False, False
            return self._settling.mark(connection, following, token, leaves_as)

        is_usual = is_open and noted.outcome == "sent" and not noted.recipients and self._lease.is_held
        with self._unbegun_when_away(following):
            try:
                marked = self._database.write(both if is_usual else one_by_one)
            except _NotBoth:  # undone with its transaction
                marked = self._database.write(one_by_one)
        self._forget([noted])
        return self._may_send(marked)

    def withdraw(self, message: Message) -> bool:
        """Undo the mark of a message that has certainly not left, as if it had not been begun.

        Needs no lease, for it is the truth: whoever took over meanwhile could only call it `uncertain`. False: it was
        settled otherwise. With a journal this is not lost when it raises.
        """
        answer = Answer.unbegun(self._channel.name, message)
        if self._journal:
            self._journal.record(answer)
        token = self._token or 0
        undone = self._database.write(lambda connection: self._settling.apply(connection, answer, token))
        self._forget([answer])
        return undone == 1

    def give_back(self, messages: Iterable[Message]) -> int:
        """Undo the claim of messages that were not begun, so that the next claim finds them; how many."""
        claimed = {message.id: message.claim_id for message in messages}
        claiming = self._claiming
        undone = self._database.write(lambda connection: claiming.give_back(connection, claimed)) if claimed else 0
        self._close(claimed.items())
        return undone

    def put_off(self, wishes: Iterable[tuple[Message, timedelta, str]]) -> int:
        """Let claimed messages that were not begun wait so long, each with the reason that people read; how many.

        No attempt is counted. One commit, and one statement for all that wait alike: a campaign waits for its morning.
        """
        put_off = tuple(wishes)
        undone = self._database.write(lambda connection: self._claiming.put_off(connection, put_off)) if put_off else 0
        self._close((message.id, message.claim_id) for message, _, _ in put_off)
        return undone

    def recall(self) -> int:
        """Make due what was put off and never tried, for the reason may have gone: the settings changed; how many."""
        work = self._statements.recall
        return self._lease.fenced(lambda connection: connection.execute(work).rowcount, self._presented())

    def expire(self, limit: int = 5000) -> int:
        """Mark up to `limit` waiting messages whose time is over as `expired`, without loading them; how many."""
        return self._lease.fenced(lambda connection: self._claiming.expire(connection, limit), self._presented())

    def content(self, attachment: Attachment) -> bytes:
        """Load one attachment; empty when it was removed meanwhile."""
        table = self._channel.attachments
        if table is None:
            return b""
        statement = select(table.c.content).where(table.c.id == attachment.id)
        value = self._database.read(lambda connection: connection.execute(statement).scalar())
        return value if isinstance(value, bytes) else str(value or "").encode("utf-8", "surrogateescape")

    def _is_time_to_hasten(self) -> bool:
        """Whether to look for stranded rows: under each new hold, and then about as often as a row may wait."""
        if self._longest_ms is None:
            return False
        now = self._lease.clock()
        if now - self._hastened_at < max(self._longest_ms / 1000, _LEAST_SECONDS_BETWEEN_LOOKS):
            return False
        self._hastened_at = now
        return True

    def _is_open(self, message: Message) -> bool:
        return self._claimed.get(message.id) == message.claim_id

    @contextmanager
    def _unbegun_when_away(self, message: Message) -> Iterator[None]:
        """Remember, when the mark's outcome is not known, that nothing was sent: its caller must not send it."""
        try:
            yield
        except DatabaseError:
            if self._journal and self._is_open(message):
                self._journal.record(Answer.unbegun(self._channel.name, message))
                self._close([(message.id, message.claim_id)])  # begun now and sent, it would be taken back by that line
            raise
        self._close([(message.id, message.claim_id)])

    def _presented(self) -> int:
        if self._token is None:
            raise self._lease.lost()
        return self._token

    def _may_send(self, marked: tuple[bool, bool]) -> bool:
        is_marked, is_current = marked
        if not is_current:
            raise self._lease.lost()
        return is_marked

    def _note(self, message: Message, outcome: Outcome, recipients: Sequence[Recipient]) -> Answer:
        answer = Answer.of(self._channel.name, message, outcome, recipients)
        if self._journal:
            self._journal.record(answer)
            self._close([(message.id, message.claim_id)])
        return answer

    def _forget(self, answers: Sequence[Answer]) -> None:
        self._close((answer.message_id, answer.claim_id) for answer in answers)
        if self._journal:
            self._journal.forget(answers)

    def _close(self, claims: Iterable[tuple[int, str]]) -> None:
        """Leave these out of what the next claim gives back."""
        for message_id, claim_id in claims:
            if self._claimed.get(message_id) == claim_id:
                del self._claimed[message_id]
