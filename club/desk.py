"""The outbox as people see it: what waits, what failed and why, and the decisions that only they can take."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import attrs
from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from club.database import Database
from club.dialect import Instant, now_ms, utc_now, utc_of_ms
from club.messages import Attachment, Recipient, State
from club.queue_statements import QueueStatements
from club.reading import instant_or_none, legible, whole
from club.tables import LANES, Channel, outbox_attempt
from config.sentence import SentenceError

NOW: Final = now_ms()


class MessageRefused(SentenceError):  # noqa: N818  # named by what happened
    """What was asked cannot be done with this message; the sentence says why and what can."""


@attrs.frozen
class Summary:
    """One message in a list; its texts as they are, made printable."""

    id: int
    state: str
    attempts: int
    texts: Mapping[str, str | None] = attrs.field(repr=False)
    created_at: datetime | None
    sent_at: datetime | None
    next_attempt_at: datetime | None
    """When a waiting message is due again; None when it is due now or waits for nothing."""
    error: str | None
    own: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """What else the channel knows of it: texts, counts and aware instants."""


@attrs.frozen
class Attempt:
    """One delivery that was tried, or what was found out or decided about it later; by no station: by a person."""

    attempt: int
    station: str
    began_ms: int | None
    ended_ms: int
    outcome: str
    reference: str | None
    error: str | None


@attrs.frozen
class Dossier:
    """Everything that is known of one message."""

    message: Summary
    provider_reference: str | None
    attempts: tuple[Attempt, ...]
    recipients: tuple[Recipient, ...]
    attachments: tuple[Attachment, ...]


@attrs.frozen
class Backlog:
    """What a queue has to do, without counting what is done."""

    pending: int
    sending: int
    uncertain: int
    oldest_seconds: float | None
    """How long the message that has been due longest has waited; None when nothing is due."""


class OutboxDesk:
    """Reads and corrects a message table; needs no lease, for a person may do it from any station."""

    def __init__(self, database: Database, channel: Channel) -> None:
        self._database = database
        self._channel = channel
        self._table = channel.messages
        self._statements = QueueStatements(channel)

    def counts(self) -> dict[str, int]:
        """Return how many messages are in each state, all of history included."""
        c = self._table.c
        statement = select(c.state, func.count()).group_by(c.state)
        found = {row[0]: row[1] for row in self._database.read(lambda connection: connection.execute(statement).all())}
        return {state: found.get(state, 0) for state in self._channel.states}

    def backlog(self) -> Backlog:
        """Return what waits; costs little however many messages are done."""
        c = self._table.c

        def count(connection: Connection, state: State) -> int:
            return connection.execute(select(func.count()).where(c.state == state)).scalar_one()

        def work(connection: Connection) -> Backlog:
            ages = [age for lane in LANES if (age := self._oldest(connection, lane)) is not None]
            return Backlog(
                count(connection, "pending"),
                count(connection, "sending"),
                count(connection, "uncertain"),
                max(ages, default=None),
            )

        return self._database.read(work)

    def list(
        self, states: Collection[State] = (), *, limit: int = 100, before: int | None = None
    ) -> tuple[Summary, ...]:
        """Return messages, newest first; `before` an id turns the page. Bodies are not loaded."""
        c = self._table.c
        statement = select(*self._light()).order_by(c.id.desc()).limit(limit)
        if states:
            # Nearly all rows are sent: sorting them by the index of states would cost more than walking back by id.
            state = c.state if {"sent", "delivered"}.isdisjoint(states) else func.coalesce(c.state, "")
            statement = statement.where(state.in_(sorted(states)))
        if before is not None:
            statement = statement.where(c.id < before)
        rows = self._database.read(lambda connection: connection.execute(statement).mappings().all())
        return tuple(self._summary(row, self._channel.listed) for row in rows)

    def show(self, message_id: int) -> Dossier:
        """Return everything about a message. Raises MessageRefused when there is none."""
        channel, c = self._channel, self._table.c

        def work(connection: Connection) -> Dossier:
            row = connection.execute(select(self._table, NOW.label("now")).where(c.id == message_id)).mappings().first()
            if row is None:
                raise self._absent(message_id)
            reference = row[channel.provider_reference]
            return Dossier(
                message=self._summary(row, channel.texts),
                provider_reference=None if reference is None else legible(reference),
                attempts=self._attempts(connection, row),
                recipients=self._recipients(connection, message_id),
                attachments=self._attachments(connection, message_id),
            )

        return self._database.read(work)

    def retry(self, message_id: int) -> None:
        """Put a failed, expired or put-off message back in the queue, at once and with fresh attempts.

        An expired one loses its limit. Raises MessageRefused for one that is under way, sent or uncertain.
        """
        c = self._table.c
        allowed = c.state.in_(("failed", "expired")) | and_(c.state == "pending", c.due_ms > 0)
        values = {"attempts": 0, "due_ms": 1, "claim_id": None, "claim_token": 0, "error": None, **self._anew()}
        again = update(self._table).where(c.id == message_id, allowed)

        def work(connection: Connection) -> None:
            connection.execute(again.where(c.expires_at <= utc_now()).values(expires_at=None))
            if connection.execute(again.values(state="pending", **values)).rowcount == 0:
                raise self._refusal(connection, message_id)
            recipients = self._channel.recipients
            if recipients is not None:  # who was refused for good is asked again, too: a person may have mended it
                connection.execute(
                    update(recipients)
                    .where(recipients.c[self._channel.owner] == message_id, recipients.c.state == "failed")
                    .values(state="pending")
                )

        self._database.write(work)

    def resolve(self, message_id: int, decision: Literal["sent", "resend"]) -> None:
        """Decide about an uncertain message: it has left after all, or it must go out again.

        Raises MessageRefused for one that is not uncertain.
        """
        c = self._table.c
        statement = update(self._table).where(c.id == message_id, c.state == "uncertain")
        if decision == "sent":
            statement = statement.values(state="sent", sent_at=utc_of_ms(c.began_ms), error=None)
        else:
            # Without its claim id a late answer, or a stale line of a journal, no longer touches the row.
            values = {"due_ms": 1, "claim_id": None, "claim_token": 0, "error": None, **self._anew()}
            statement = statement.values(state="pending", **values)
        decided = {"m_station": "", "m_presented": 0, "m_outcome": decision, "m_reference": None, "m_error": None}

        def work(connection: Connection) -> None:
            if connection.execute(statement).rowcount == 0:
                raise self._refusal(connection, message_id)
            connection.execute(self._statements.attempt, {"m_id": message_id, **decided})
            recipients = self._channel.recipients
            if recipients is not None and decision == "sent":
                connection.execute(
                    update(recipients)
                    .where(recipients.c[self._channel.owner] == message_id, recipients.c.state == "uncertain")
                    .values(state="sent", error=None)
                )

        self._database.write(work)

    def _anew(self) -> dict[str, None]:
        """Return what a message that a person sends again loses: late reports of the first copy are not its own."""
        if not self._channel.has_reports:
            return {}
        return dict.fromkeys((self._channel.provider_reference, "sent_as", "sent_at", "delivered_at"))

    def _oldest(self, connection: Connection, lane: int) -> float | None:
        c = self._table.c
        row = connection.execute(
            select(c.due_ms, c.created_at, NOW.label("now"))
            .where(c.state == "pending", c.priority == lane, c.due_ms <= NOW)
            .order_by(c.due_ms, c.id)
            .limit(1)
        ).first()
        if row is None:
            return None
        created_at = instant_or_none(row.created_at)
        since_ms = row.due_ms if row.due_ms > 1 or created_at is None else int(created_at.timestamp() * 1000)
        return max(0.0, float(row.now - since_ms) / 1000)

    def _light(self) -> tuple[ColumnElement[Any], ...]:
        c = self._table.c
        own = (c.id, c.state, c.attempts, c.created_at, c.sent_at, c.due_ms, c.error, NOW.label("now"))
        return (*own, *(c[name] for name in (*self._channel.listed, *self._channel.own)))

    def _summary(self, row: Mapping[Any, Any], texts: Collection[str]) -> Summary:
        due_ms, error = whole(row["due_ms"]), row["error"]
        waits = row["state"] == "pending" and due_ms > row["now"]
        return Summary(
            id=row["id"],
            state=legible(row["state"]),
            attempts=whole(row["attempts"]),
            texts={name: None if row[name] is None else legible(row[name]) for name in texts},
            created_at=instant_or_none(row["created_at"]),
            sent_at=instant_or_none(row["sent_at"]),
            next_attempt_at=datetime.fromtimestamp(due_ms / 1000, UTC) if waits else None,
            error=None if error is None else legible(error),
            own={name: _own(self._table.c[name], row[name]) for name in self._channel.own},
        )

    def _attempts(self, connection: Connection, row: Mapping[Any, Any]) -> tuple[Attempt, ...]:
        c = outbox_attempt.c
        statement = (
            select(c.attempt, c.station, c.began_ms, c.ended_ms, c.outcome, c.reference, c.error)
            .where(c.channel == self._channel.name, c.message_id == row["id"])
            .order_by(c.id)
        )
        tried = [Attempt(*each) for each in connection.execute(statement)]
        return _with_successes(tried, row, self._channel)

    def _recipients(self, connection: Connection, message_id: int) -> tuple[Recipient, ...]:
        table = self._channel.recipients
        if table is None:
            return ()
        statement = select(table.c.address, table.c.state, table.c.error).where(
            table.c[self._channel.owner] == message_id
        )
        return tuple(Recipient(*row) for row in connection.execute(statement.order_by(table.c.id)))

    def _attachments(self, connection: Connection, message_id: int) -> tuple[Attachment, ...]:
        if self._channel.attachments is None:
            return ()
        statement = self._statements.attachments(self._channel.attachments)
        return tuple(Attachment.read(row) for row in connection.execute(statement, {"m_ids": [message_id]}))

    def _refusal(self, connection: Connection, message_id: int) -> MessageRefused:
        state = connection.execute(select(self._table.c.state).where(self._table.c.id == message_id)).scalar()
        match state:
            case None:
                return self._absent(message_id)
            case "sent" | "delivered":
                return MessageRefused("message {id} is sent already: write a new one", id=message_id)
            case "sending":
                return MessageRefused("message {id} is being sent: wait for its result", id=message_id)
            case "uncertain":
                return MessageRefused(
                    "nobody knows whether message {id} has left: decide with resolve, as sent or to be sent again",
                    id=message_id,
                )
            case _:
                return MessageRefused("message {id} waits to be sent: nothing is to be decided", id=message_id)

    def _absent(self, message_id: int) -> MessageRefused:
        return MessageRefused("there is no message {id} in {channel}", id=message_id, channel=self._channel.name)


def _with_successes(found: Sequence[Attempt], row: Mapping[Any, Any], channel: Channel) -> tuple[Attempt, ...]:
    """Add what only the row itself tells: that its last attempt was sent, and delivered."""
    tried = list(found)
    reference = row[channel.provider_reference]
    named = None if reference is None else legible(reference)
    number, station = whole(row["attempts"]), legible(row["station"] or "")
    outcomes = {each.outcome for each in tried if each.attempt == number}
    sent_at = instant_or_none(row["sent_at"])
    if row["state"] in ("sent", "delivered", "failed") and sent_at and "sent" not in outcomes:
        # Before what a report said of it later.
        later = (n for n, each in enumerate(tried) if each.attempt == number and each.outcome != "uncertain")
        sent = Attempt(number, station, row["began_ms"], _ms(sent_at), "sent", named, None)
        tried.insert(next(later, len(tried)), sent)
    delivered_at = instant_or_none(row["delivered_at"]) if channel.has_reports else None
    if delivered_at and "delivered" not in outcomes:
        tried.append(Attempt(number, station, None, _ms(delivered_at), "delivered", named, None))
    return tuple(tried)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _own(column: ColumnElement[Any], value: Any) -> Any:
    """Return a value of a channel's own columns as it may be shown, whatever another program made of it."""
    if isinstance(column.type, Instant):
        return instant_or_none(value)
    return value if value is None or isinstance(value, int) else legible(value)
