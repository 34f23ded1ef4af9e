"""What SMS need of their table besides the outbox: a name for the provider, what they cost, what is not known of them.

sending = SmsSending(database, station)
names = sending.prepare([Prepared(message, "+33612345678", parts=2)])   # one commit for a batch, before the first begin
spent = sending.spent(midnight)                                         # for the limits of the settings
for unsettled in sending.unsettled(100, timedelta(minutes=1)):          # whose answer was lost
    ...                                                                 # the provider is asked
    sending.settle_found(unsettled, provider_reference)                 # or settle_absent(unsettled)
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import attrs
from sqlalchemy import Connection, and_, bindparam, case, func, literal, or_, select, update

from club.database import Database
from club.dialect import now_ms, utc_of_ms
from club.messages import Message
from club.queue_statements import QueueStatements
from club.reading import instant_or_none, legible, shortened
from club.sms_tables import SMS, sms
from config.masking import mask

NOW: Final = now_ms()
_MINUTE_MS: Final = 60_000
_REFERENCE_LENGTH: Final = 255


@attrs.frozen
class Prepared:
    """A claimed SMS that may leave: its recipient as E.164 and its parts, each of which is paid."""

    message: Message
    number: str = attrs.field(repr=False)
    parts: int


@attrs.frozen
class Spent:
    """The parts that left, or may have left: in the last 60 s, and since the instant that was asked about."""

    last_minute: int
    oldest_at: datetime | None
    """When the oldest of the last minute's left."""
    since: int


@attrs.frozen
class Unsettled:
    """An SMS of which nobody knows whether it left, as it was when it was looked at."""

    id: int
    claim_id: str
    attempts: int
    began_at: datetime
    sent_as: str | None
    """Our name for it at the provider."""
    provider_reference: str | None
    number: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    category: str = "transactional"
    expires_at: datetime | None = None


class SmsSending:
    """Reads and writes the columns that only SMS have. Raises DatabaseAway and DatabaseUnfit.

    `station` is named in the history of what a look-up has settled.
    """

    def __init__(self, database: Database, station: str) -> None:
        self._database = database
        self._station = station
        self._statements = QueueStatements(SMS)

    def prepare(self, batch: Sequence[Prepared]) -> Mapping[int, str]:
        """Write down number and parts of claimed messages; return under which name each leaves, by its id.

        The name, a uuid, is the same at each attempt for one row, so that a provider that compares names takes it
        once; a person who has it sent again gives it a new one. Messages that are no longer ours are left out.
        """
        c = sms.c
        ours = and_(c.id == bindparam("m_id"), c.claim_id == bindparam("m_claim"), c.state == "pending")
        written = (
            update(sms)
            .where(ours)
            .values(
                number=bindparam("m_number"),
                parts=bindparam("m_parts"),
                sent_as=func.coalesce(c.sent_as, bindparam("m_name", type_=c.sent_as.type)),
            )
        )
        names = select(c.id, c.claim_id, c.sent_as).where(c.id.in_(bindparam("m_ids", expanding=True)))
        rows = [
            {
                "m_id": each.message.id,
                "m_claim": each.message.claim_id,
                "m_number": each.number,
                "m_parts": each.parts,
                "m_name": str(uuid4()),
            }
            for each in batch
        ]
        claims = {each.message.id: each.message.claim_id for each in batch}

        def work(connection: Connection) -> dict[int, str]:
            connection.execute(written, rows)
            found = connection.execute(names, {"m_ids": list(claims)})
            return {row.id: row.sent_as for row in found if row.sent_as and row.claim_id == claims[row.id]}

        return self._database.write(work) if batch else {}

    def spent(self, since: datetime) -> Spent:
        """Return the parts of what left, or may have left, since an instant and in the last minute.

        What the operator failed to deliver counts: it is paid. Costs one look into one index.
        """
        c = sms.c
        parts = func.coalesce(c.parts, 1)
        since_ms = int(since.timestamp() * 1000)
        minute = c.began_ms > NOW - _MINUTE_MS
        earlier = literal(since_ms, c.began_ms.type)
        # One range, for with OR between two of them engines read all messages.
        first = case((earlier < NOW - _MINUTE_MS, earlier), else_=NOW - _MINUTE_MS)
        left = or_(c.state.in_(("sending", "sent", "delivered", "uncertain")), c.sent_at.is_not(None))
        statement = select(
            func.sum(case((minute, parts), else_=literal(0))),
            func.min(case((minute, c.began_ms))),
            func.sum(case((c.began_ms >= earlier, parts), else_=literal(0))),
        ).where(c.began_ms >= first, left)
        last, oldest, total = self._database.read(lambda connection: connection.execute(statement).one())
        return Spent(int(last or 0), None if oldest is None else _instant(oldest), int(total or 0))

    def unsettled(
        self, limit: int, least: timedelta, most: timedelta = timedelta(days=3), after: int = 0
    ) -> tuple[Unsettled, ...]:
        """Return uncertain messages that were begun at least `least` and at most `most` ago, by id.

        Only those whose text and number are known; after the id `after`.
        """
        c = sms.c
        statement = (
            select(
                c.id,
                c.claim_id,
                c.attempts,
                c.began_ms,
                c.sent_as,
                c.provider_reference,
                c.number,
                c.body,
                c.category,
                c.expires_at,
            )
            .where(
                c.state == "uncertain",
                c.id > after,
                c.began_ms <= NOW - _ms(least),
                c.began_ms >= NOW - _ms(most),
                c.number.is_not(None),
                c.claim_id.is_not(None),
            )
            .order_by(c.id)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            Unsettled(
                row.id,
                row.claim_id,
                row.attempts,
                _instant(row.began_ms),
                row.sent_as,
                None if row.provider_reference is None else legible(row.provider_reference),
                legible(row.number),
                legible(row.body),
                row.category,
                instant_or_none(row.expires_at),
            )
            for row in rows
        )

    def is_another_s(self, provider_reference: str, message_id: int) -> bool:
        """Return whether a name that the provider gave is that of another message than this one."""
        c = sms.c
        name = shortened(provider_reference, _REFERENCE_LENGTH)
        statement = select(c.id).where(c.provider_reference == name, c.id != message_id).limit(1)
        return self._database.read(lambda connection: connection.execute(statement).first()) is not None

    def settle_found(self, unsettled: Unsettled, provider_reference: str | None = None) -> bool:
        """Write down that the provider has it: it was sent when it was begun.

        False: a person, a report or another station was faster, and nothing is changed.
        """
        c = sms.c
        name = None if provider_reference is None else shortened(provider_reference, _REFERENCE_LENGTH)
        statement = self._as_seen(unsettled).values(
            state="sent",
            sent_at=utc_of_ms(func.coalesce(c.began_ms, NOW)),
            provider_reference=func.coalesce(literal(name, c.provider_reference.type), c.provider_reference),
            error=None,
        )
        return self._decide(unsettled, statement, "sent", name, None)

    def settle_absent(self, unsettled: Unsettled, reason: str | None = None) -> bool:
        """Put it back in the queue, for the provider never had it; it leaves under the same name.

        False: a person, a report or another station was faster, and nothing is changed.
        """
        # Without its claim id a late answer, or a stale line of a journal, no longer touches the row.
        statement = self._as_seen(unsettled).values(
            state="pending", due_ms=1, claim_id=None, claim_token=0, provider_reference=None, error=None
        )
        said = None if reason is None else shortened(mask(reason), 1000)
        return self._decide(unsettled, statement, "absent", unsettled.provider_reference, said)

    def _as_seen(self, unsettled: Unsettled) -> Any:
        c = sms.c
        return update(sms).where(
            c.id == unsettled.id,
            c.state == "uncertain",
            c.claim_id == unsettled.claim_id,
            c.attempts == unsettled.attempts,
        )

    def _decide(
        self, unsettled: Unsettled, statement: Any, outcome: str, reference: str | None, reason: str | None
    ) -> bool:
        audit = {
            "m_station": self._station,
            "m_presented": 0,
            "m_outcome": outcome,
            "m_reference": reference,
            "m_error": reason,
        }

        def work(connection: Connection) -> bool:
            if connection.execute(statement).rowcount != 1:
                return False
            connection.execute(self._statements.attempt, {"m_id": unsettled.id, **audit})
            return True

        return self._database.write(work)


def _ms(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
