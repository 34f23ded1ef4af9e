"""An outbox that marks several messages in one durable commit, and knows after a kill which of them had not left."""

from collections.abc import Sequence

from sqlalchemy import Connection

from club.errors import DatabaseError
from club.journal_lines import Answer
from club.messages import Message, Outcome, Recipient
from club.outbox import Outbox


class _NotAll(Exception):  # noqa: N818  # named by what happened
    """Not every message that was to be marked could be: which of them, only one statement each can tell."""


class BatchedOutbox(Outbox):
    """Marks many at once where the station's journal can tell them apart; used like an outbox otherwise.

        answers = []
        for message in outbox.begin_many(messages, answers):      # one commit: the answers before, the marks of these
            if outbox.leave([message]):                           # a line in the journal, at once before the byte
                ...
                answers.append(outbox.note(message, Sent(reference)))
        outbox.settle_noted(answers)

    A kill leaves at most those uncertain whose lines say that they were about to leave (docs/decisions/0092).
    """

    @property
    def can_batch(self) -> bool:
        """Whether there is a journal that tells what a kill left apart; else mark one by one."""
        return self._journal is not None and self._journal.tells_kills_apart

    def begin_many(
        self, following: Sequence[tuple[Message, str | None]], noted: Sequence[Answer] = ()
    ) -> list[Message] | None:
        """Settle what was noted and mark messages, each with the reference that it bears, in one durable commit.

        Return those that may leave, each after `leave`; None: nothing was done, for the journal cannot promise to tell
        them apart. Raises LeaseLost (the noted ones are settled then), DatabaseAway, DatabaseUnfit: nothing may leave.
        """
        token = self._presented()
        mine = [(message, leaves_as) for message, leaves_as in following if self._is_open(message)]
        messages = [message for message, _ in mine]
        if self._journal is None or not self._journal.intend(self._channel.name, messages):
            return None

        try:
            marked, is_current = self._marked(mine, noted, token)
        except DatabaseError:
            # Whether they are marked is not known, but none has left: the journal says so, and none can any more.
            self._journal.pending(self._channel.name)
            self._close((message.id, message.claim_id) for message in messages)
            raise
        self._forget(noted)
        self._close((message.id, message.claim_id) for message in messages)
        if not is_current:
            self._journal.pending(self._channel.name)
            raise self._lease.lost()
        unmarked = {message.id for message in messages} - {message.id for message in marked}
        self._forget([self._unbegun(message) for message in messages if message.id in unmarked])
        return marked

    def _marked(
        self, mine: Sequence[tuple[Message, str | None]], noted: Sequence[Answer], token: int
    ) -> tuple[list[Message], bool]:
        """Settle and mark in one commit; which are marked, and whether the token is still the current one."""

        def together(connection: Connection) -> tuple[list[Message], bool]:
            self._settling.apply_all(connection, noted, token)
            if not (self._lease.is_held and self._settling.mark_all(connection, mine, token)):
                raise _NotAll
            return [message for message, _ in mine], True

        def one_by_one(connection: Connection) -> tuple[list[Message], bool]:
            self._settling.apply_all(connection, noted, token)
            marked: list[Message] = []
            for message, leaves_as in mine:
                # Past the local deadline these must stay, but the answers are still the truth.
                if not self._lease.is_held:
                    return marked, False
                is_marked, is_current = self._settling.mark(connection, message, token, leaves_as)
                if not is_current:
                    return marked, False
                if is_marked:
                    marked.append(message)
            return marked, True

        try:
            return self._database.write(together)
        except _NotAll:  # undone with its transaction
            return self._database.write(one_by_one)

    def leave(self, messages: Sequence[Message]) -> bool:
        """Note, as the last thing before the irrevocable bytes, that messages may be out; False: all must stay."""
        return self._journal is not None and self._journal.leave(self._channel.name, messages)

    def note(self, message: Message, outcome: Outcome, recipients: Sequence[Recipient] = ()) -> Answer:
        """Write what became of a message into the journal, for the next commit to take along."""
        return self._note(message, outcome, recipients)

    def settle_noted(self, noted: Sequence[Answer]) -> int:
        """Write noted answers down in one commit; how many of them still mattered."""
        return self._apply_all(noted)

    def withdraw_many(self, messages: Sequence[Message]) -> int:
        """Undo the marks of messages that `begin_many` marked and that did not `leave`, in one commit; how many."""
        if self._journal is not None:
            self._journal.pending(self._channel.name)  # from now on none of them can leave
        return self._apply_all([self._unbegun(message) for message in messages])

    def _unbegun(self, message: Message) -> Answer:
        return Answer.unbegun(self._channel.name, message)

    def _apply_all(self, answers: Sequence[Answer]) -> int:
        if not answers:
            return 0
        token = self._token or 0
        applied = self._database.write(lambda connection: self._settling.apply_all(connection, answers, token))
        self._forget(answers)
        return applied
