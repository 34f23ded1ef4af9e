"""Writing down what became of a message: the row, the attempt, the recipients."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from sqlalchemy import Connection, Update, delete, insert, select

from club.journal_lines import Answer
from club.lease import Lease
from club.lease_statements import HOLDERS_OF_TOKEN
from club.messages import Message, Recipient
from club.queue_statements import QueueStatements
from club.reading import ERROR_LENGTH, LONGEST_DELAY_MS, legible, shortened

_BOTH: Final = 2
_REFERENCE_LENGTH: Final = 255
_ADDRESS_LENGTH: Final = 320


@attrs.frozen
class Settling:
    """Moves claimed rows to what became of them, and keeps one audit row per attempt that did not simply succeed.

    The success is in the message's own row: a second row for each would double what a healthy club writes.
    """

    statements: QueueStatements
    lease: Lease

    def mark(
        self, connection: Connection, message: Message, token: int, leaves_as: str | None = None
    ) -> tuple[bool, bool]:
        """Mark a row as being sent; whether that was done, and whether the token is still the current one.

        `leaves_as` is the reference under which it is about to leave, for whoever must find out whether it did.
        """
        presented = self.lease.presents(token)
        values = {"m_id": message.id, "m_claim": message.claim_id, "m_leaves_as": _reference(leaves_as), **presented}
        marked = connection.execute(self.statements.begin, values)
        if marked.rowcount == 1:
            return True, True
        return False, bool(connection.execute(HOLDERS_OF_TOKEN, presented).scalar_one())

    def mark_all(self, connection: Connection, messages: Sequence[tuple[Message, str | None]], token: int) -> bool:
        """Mark rows as being sent, each with the reference that it bears; whether all of them are marked.

        False: the caller must undo the transaction, for it is not known which are.
        """
        presented = self.lease.presents(token)
        values = [
            {"m_id": message.id, "m_claim": message.claim_id, "m_leaves_as": _reference(leaves_as), **presented}
            for message, leaves_as in messages
        ]
        return _executed_many(connection, self.statements.begin, values) == len(messages)

    def apply_and_mark(
        self, connection: Connection, answer: Answer, message: Message, token: int, leaves_as: str | None
    ) -> bool:
        """Settle a message as sent and mark the next in one statement.

        False: not both could be done, and the caller must undo the transaction.
        """
        values = {
            "m_id": answer.message_id,
            "m_claim": answer.claim_id,
            "m_reference": _reference(answer.reference),
            "m_error": None if answer.error is None else shortened(answer.error, ERROR_LENGTH),
            "m_next": message.id,
            "m_next_claim": message.claim_id,
            "m_leaves_as": _reference(leaves_as),
            **self.lease.presents(token),
        }
        return connection.execute(self.statements.sent_and_begin, values).rowcount == _BOTH

    def apply(self, connection: Connection, answer: Answer, token: int) -> int:
        """Write an answer down; 0 when the row has been settled or claimed by somebody else meanwhile."""
        values = _values(answer)
        if connection.execute(self.statements.settled[answer.outcome], values).rowcount != 1:
            if self._may_come_late(answer):
                connection.execute(self.statements.late_reference, values)
            return 0
        if answer.outcome not in ("unbegun", "sent"):
            audit = self.audit(answer.outcome, values["m_reference"], values["m_error"], token)
            connection.execute(self.statements.attempt, {"m_id": answer.message_id, **audit})
        if answer.recipients:
            self._recipients(connection, answer.message_id, answer.recipients)
        return 1

    def apply_all(self, connection: Connection, answers: Sequence[Answer], token: int) -> int:
        """Write answers down, those of messages that simply left by one statement; how many of them mattered."""
        usual = [answer for answer in answers if answer.outcome == "sent" and not answer.recipients]
        if len(usual) < _BOTH or not _counts_many(connection):
            return sum(self.apply(connection, answer, token) for answer in answers)
        others = [answer for answer in answers if answer.outcome != "sent" or answer.recipients]
        values = [_values(answer) for answer in usual]
        written = _executed_many(connection, self.statements.settled["sent"], values)
        if written != len(usual):  # whose it was is not known, but late_reference touches only rows that lack one
            for answer, each in zip(usual, values, strict=True):
                if self._may_come_late(answer):
                    connection.execute(self.statements.late_reference, each)
        return written + sum(self.apply(connection, answer, token) for answer in others)

    def _may_come_late(self, answer: Answer) -> bool:
        return self.statements.channel.has_reports and answer.outcome == "sent" and answer.reference is not None

    def leave_uncertain(self, connection: Connection, error: str, token: int) -> int:
        """Mark what an older token has left in the middle of sending; how many."""
        audit = self.audit("uncertain", None, error, token)
        del audit["m_reference"]  # it is the row's own: under which it may have left
        connection.execute(self.statements.attempts_left, {"m_token": token, **audit})
        return connection.execute(self.statements.settle_left, {"m_token": token, "m_error": error}).rowcount

    def audit(self, outcome: str, reference: str | None, error: str | None, token: int) -> dict[str, Any]:
        """Return the parameters of an audit row."""
        return {
            "m_station": self.lease.station,
            "m_presented": token,
            "m_outcome": outcome,
            "m_reference": reference,
            "m_error": error,
        }

    def _recipients(self, connection: Connection, message_id: int, recipients: Sequence[Recipient]) -> None:
        channel = self.statements.channel
        table = channel.recipients
        if table is None:
            return
        owner = table.c[channel.owner]
        # Who was reached or refused for good stays so; what the others were told last time is replaced.
        connection.execute(delete(table).where(owner == message_id, table.c.state.in_(("pending", "uncertain"))))
        done = set(connection.execute(select(table.c.address).where(owner == message_id)).scalars())
        rows = {
            shortened(each.address, _ADDRESS_LENGTH): {
                channel.owner: message_id,
                "address": shortened(each.address, _ADDRESS_LENGTH),
                "state": each.state,
                "error": None if each.error is None else shortened(legible(each.error), ERROR_LENGTH),
            }
            for each in recipients
        }
        fresh = [row for address, row in rows.items() if address not in done]
        if fresh:
            connection.execute(insert(table), fresh)


def _values(answer: Answer) -> dict[str, Any]:
    return {
        "m_id": answer.message_id,
        "m_claim": answer.claim_id,
        "m_reference": _reference(answer.reference),
        "m_error": None if answer.error is None else shortened(answer.error, ERROR_LENGTH),
        "m_delay": min(answer.delay_ms or 0, LONGEST_DELAY_MS),
    }


def _counts_many(connection: Connection) -> bool:
    """Whether the driver counts the rows of a statement that is executed with many values."""
    return connection.dialect.supports_sane_multi_rowcount


def _executed_many(connection: Connection, statement: Update, values: Sequence[Mapping[str, Any]]) -> int:
    """Return how many rows an UPDATE by id touched, over all values."""
    if values and _counts_many(connection):
        return connection.execute(statement, values).rowcount
    return sum(connection.execute(statement, each).rowcount for each in values)


def _reference(value: str | None) -> str | None:
    return None if value is None else shortened(value, _REFERENCE_LENGTH)
