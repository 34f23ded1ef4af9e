"""Choosing and loading the next messages of a queue, inside the transaction of a claim."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import attrs
from sqlalchemy import Connection, select

from club.messages import Attachment, Message
from club.queue_statements import QueueStatements
from club.reading import ERROR_LENGTH, LONGEST_DELAY_MS, Unreadable, instant, instant_or_none, shortened, text, whole
from club.tables import LANES
from config.sentence import Sentence

LONGEST_CLAIM: Final = 500  # ids in one statement: SQL Server takes 2100 parameters
_ONE_IN: Final = 4
"""Under lasting overload one row in four that leaves is one that has waited."""
_LOOKED_AT_MOST: Final = 20_000
_LOADED_BYTES: Final = 16 * 1024 * 1024


@attrs.frozen
class Claiming:
    """One worker's way through the queue: `error` is what an expired row is told."""

    statements: QueueStatements
    station: str
    error: str
    _small_claims: Iterator[int] = attrs.field(factory=lambda: count(1), init=False, eq=False, repr=False)

    def take(self, connection: Connection, limit: int, claim_id: str, token: int) -> list[Message]:
        """Claim and return up to `limit` messages, most urgent lane first."""
        taken: list[Message] = []
        room = _LOADED_BYTES
        for lane in LANES:
            for ids in self._ready(connection, lane, min(limit, LONGEST_CLAIM), token):
                wanted = ids[: limit - len(taken)]
                loaded, size = self._load(connection, wanted, claim_id, room)
                connection.execute(
                    self.statements.claim,
                    {
                        "m_ids": [message.id for message in loaded],
                        "m_claim": claim_id,
                        "m_token": token,
                        "m_station": self.station,
                    },
                )
                taken += loaded
                room -= size
                if len(taken) >= limit or len(loaded) < len(wanted):
                    return taken
        return taken

    def expire(self, connection: Connection, limit: int) -> int:
        """Mark waiting messages whose time is over; how many."""
        expired = 0
        for lane in LANES:
            rows = connection.execute(self.statements.overdue(lane, limit - expired)).all()
            over = [row.id for row in rows if _end_ms(row.expires_at) <= row.now]
            self._mark_expired(connection, over)
            expired += len(over)
            if expired >= limit:
                break
        return expired

    def hasten(self, connection: Connection, longest_ms: int) -> int:
        """Make due what waits for its next try longer than any try is put off: the clock was ahead then; how many."""
        hastened = 0
        for lane in LANES:
            statement = self.statements.stranded(lane, LONGEST_CLAIM)
            ids = list(connection.execute(statement, {"m_longest": longest_ms}).scalars())
            if ids:
                hastened += connection.execute(self.statements.hasten, {"m_ids": ids}).rowcount
        return hastened

    def give_back(self, connection: Connection, claimed: Mapping[int, str]) -> int:
        """Undo claims, by message, of rows that nobody began; how many."""
        undone = 0
        for claim_id in set(claimed.values()):
            ids = [message_id for message_id, its_claim in claimed.items() if its_claim == claim_id]
            undone += connection.execute(self.statements.give_back, {"m_ids": ids, "m_claim": claim_id}).rowcount
        return undone

    def put_off(self, connection: Connection, wishes: Sequence[tuple[Message, timedelta, str]]) -> int:
        """Give claimed rows back to be due only after so long, with the reason that people read; how many."""
        alike: dict[tuple[str, int, str], list[int]] = {}
        for message, wait, reason in wishes:
            delay_ms = min(max(0, int(wait.total_seconds() * 1000)), LONGEST_DELAY_MS)
            if message.remaining_ms is not None:  # due again at its end at the latest, so that it is seen to expire
                delay_ms = min(delay_ms, max(0, message.remaining_ms))
            alike.setdefault((message.claim_id, delay_ms, reason), []).append(message.id)
        undone = 0
        for (claim_id, delay_ms, reason), ids in alike.items():
            error = shortened(reason, ERROR_LENGTH)
            for first in range(0, len(ids), LONGEST_CLAIM):
                values = {"m_ids": ids[first : first + LONGEST_CLAIM], "m_claim": claim_id, "m_delay": delay_ms}
                undone += connection.execute(self.statements.put_off, {**values, "m_error": error}).rowcount
        return undone

    def _ready(self, connection: Connection, lane: int, limit: int, token: int) -> Iterator[list[int]]:
        """Yield ids whose time has come, putting off or expiring the others on the way, each once."""
        looked_at = 0
        while looked_at < _LOOKED_AT_MOST:
            rows = self._next(connection, lane, limit, token, is_first=not looked_at)
            ready, over, early = [], [], []
            for row in rows:
                start_ms, end_ms = _start_ms(row.not_before), _end_ms(row.expires_at)
                if end_ms <= row.now:
                    over.append(row.id)
                elif start_ms > row.now:
                    # Due again at its end at the latest, so that it is seen to expire.
                    early.append({"m_id": row.id, "m_due": min(start_ms, end_ms)})
                else:
                    ready.append(row.id)
            self._mark_expired(connection, over)
            if early:
                connection.execute(self.statements.defer, early)
            if ready:
                yield ready
            if len(rows) < limit:
                return
            looked_at += len(rows)
            if not ready:
                limit = LONGEST_CLAIM  # a campaign for tomorrow lies in front: step over it faster

    def _next(self, connection: Connection, lane: int, limit: int, token: int, *, is_first: bool) -> Sequence[Any]:
        """Return the next rows of a lane; of each full claim a share is for those that have waited.

        New rows stand before them, and would keep them waiting for ever where more come in than can leave.
        """
        rows = connection.execute(self.statements.candidates(lane, limit), {"m_token": token}).all()
        if not is_first or len(rows) < limit or rows[-1].due_ms > 0:
            return rows
        share = limit // _ONE_IN or int(next(self._small_claims) % _ONE_IN == 0)
        if not share:
            return rows
        waited = self.statements.candidates(lane, share, have_waited=True)
        behind = connection.execute(waited, {"m_token": token}).all()
        return [*behind, *rows[: limit - len(behind)]]

    def _mark_expired(self, connection: Connection, ids: list[int]) -> None:
        for first in range(0, len(ids), LONGEST_CLAIM):
            chunk = ids[first : first + LONGEST_CLAIM]
            connection.execute(self.statements.expire, {"m_ids": chunk, "m_error": self.error})

    def _load(self, connection: Connection, ids: list[int], claim_id: str, room: int) -> tuple[list[Message], int]:
        """Return the messages and their size; ends early, but never before the first, when `room` is full."""
        messages: list[Message] = []
        size = 0
        rows = connection.execute(self.statements.load, {"m_ids": ids})
        for row in rows.mappings():
            message = self._message(row, claim_id)
            messages.append(message)
            size += sum(len(value) for value in message.values.values() if isinstance(value, str | bytes))
            if size >= room:
                break
        rows.close()
        return self._with_attachments(connection, self._with_recipients(connection, messages)), size

    def _message(self, row: Any, claim_id: str) -> Message:
        problem: Sentence | None = None
        not_before = expires_at = None
        texts = self.statements.channel.texts
        try:
            not_before = instant(row["not_before"], "not_before")
            expires_at = instant(row["expires_at"], "expires_at")
            for column in texts:
                text(row[column], column)
        except Unreadable as unreadable:
            problem = unreadable.sentence
        return Message(
            id=row["id"],
            claim_id=claim_id,
            attempts=whole(row["attempts"]),
            values={column: row[column] for column in texts},
            created_at=instant_or_none(row["created_at"]),
            not_before=not_before,
            expires_at=expires_at,
            remaining_ms=None if expires_at is None else int(expires_at.timestamp() * 1000) - row["now"],
            problem=problem,
        )

    def _with_recipients(self, connection: Connection, messages: list[Message]) -> list[Message]:
        channel = self.statements.channel
        if channel.recipients is None or not messages:
            return messages
        # Also of those without attempts: a person's retry begins the count anew, and must not double what has arrived.
        ids = [message.id for message in messages]
        c = channel.recipients.c
        found = connection.execute(
            select(c[channel.owner], c.address).where(c[channel.owner].in_(ids), c.state.in_(("sent", "failed")))
        )
        done: dict[int, set[str]] = {}
        for message_id, address in found:
            done.setdefault(message_id, set()).add(address)
        if not done:
            return messages
        return [attrs.evolve(message, done_with=frozenset(done.get(message.id, ()))) for message in messages]

    def _with_attachments(self, connection: Connection, messages: list[Message]) -> list[Message]:
        table = self.statements.channel.attachments
        if table is None or not messages:
            return messages
        ids = [message.id for message in messages]
        found: dict[int, list[Attachment]] = {}
        for row in connection.execute(self.statements.attachments(table), {"m_ids": ids}):
            found.setdefault(row.owner, []).append(Attachment.read(row))
        if not found:
            return messages
        return [attrs.evolve(message, attachments=tuple(found.get(message.id, ()))) for message in messages]


def _start_ms(value: Any) -> float:
    return _epoch_ms(value, "not_before", float("-inf"))


def _end_ms(value: Any) -> float:
    return _epoch_ms(value, "expires_at", float("inf"))


def _epoch_ms(value: Any, column: str, otherwise: float) -> float:
    """Return an instant in epoch ms; an unreadable one counts as absent here, and is told when the row is loaded."""
    try:
        at: datetime | None = instant(value, column)
    except Unreadable:
        return otherwise
    return otherwise if at is None else int(at.timestamp() * 1000)
