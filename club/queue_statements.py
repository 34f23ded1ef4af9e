"""The outbox's SQL for one message table; the same on every engine."""

from typing import Any, Final

from sqlalchemy import (
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)

from club.dialect import byte_length, now_ms, select_for_queue, utc_now
from club.lease_statements import HOLDS_TOKEN
from club.tables import Channel, outbox_attempt

NOW: Final = now_ms()


class QueueStatements:
    """Statements that move a message of `channel` from state to state.

    A claimed row stays `pending` and carries the token of its claim: what a crash leaves is told by an older token.

        pending --claim--> pending (claim_id, claim_token) --begin--> sending --settle--> sent | failed | pending, later
                                                              |                        | uncertain
        pending --expire--> expired                           +--recover (older token)--> uncertain --settle--> sent
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        table = self.table = channel.messages
        c = table.c
        self.reference = c[channel.provider_reference]
        self.mine = and_(c.id == bindparam("m_id"), c.claim_id == bindparam("m_claim"))
        # Hidden from the planner: with IN beside it, SQLite would look through every pending row instead of these ids.
        still_pending = func.coalesce(c.state, "") == "pending"
        # Not in_(): SQLAlchemy would write the statement anew for each message.
        self.open = or_(c.state == "pending", c.state == "sending", c.state == "uncertain")
        self.begin = (
            update(table)
            .where(self.mine, c.state == "pending", HOLDS_TOKEN)
            .ordered_values(
                (c.attempts, c.attempts + 1),
                (c.state, literal("sending")),
                (c.began_ms, NOW),
                (self.reference, func.coalesce(bindparam("m_leaves_as", type_=self.reference.type), self.reference)),
            )
        )
        self.sent_and_begin = self._sent_and_begin()
        self.claim = (
            update(table)
            .where(c.id.in_(bindparam("m_ids", expanding=True)), still_pending)
            .values(claim_id=bindparam("m_claim"), claim_token=bindparam("m_token"), station=bindparam("m_station"))
        )
        self.give_back = (
            update(table)
            .where(c.id.in_(bindparam("m_ids", expanding=True)), c.claim_id == bindparam("m_claim"), still_pending)
            .values(claim_id=None, claim_token=0)
        )
        self.put_off = (
            update(table)
            .where(c.id.in_(bindparam("m_ids", expanding=True)), c.claim_id == bindparam("m_claim"), still_pending)
            .values(due_ms=NOW + bindparam("m_delay"), error=bindparam("m_error"), claim_id=None, claim_token=0)
        )
        self.recall = (
            update(table)
            .where(c.state == "pending", c.due_ms > NOW, c.attempts == 0, c.error.is_not(None))
            .values(due_ms=0, error=None)
        )
        self.defer = (
            update(table).where(c.id == bindparam("m_id"), c.state == "pending").values(due_ms=bindparam("m_due"))
        )
        self.hasten = update(table).where(c.id.in_(bindparam("m_ids", expanding=True)), still_pending).values(due_ms=0)
        self.expire = (
            update(table)
            .where(c.id.in_(bindparam("m_ids", expanding=True)), still_pending)
            .values(state="expired", error=bindparam("m_error"), claim_id=None, claim_token=0)
        )
        self.load = select(table, NOW.label("now")).where(c.id.in_(bindparam("m_ids", expanding=True))).order_by(c.id)
        self.left_sending = and_(c.state == "sending", c.claim_token < bindparam("m_token"))
        self.settle_left = update(table).where(self.left_sending).values(state="uncertain", error=bindparam("m_error"))
        self.settled = {
            "sent": self._settle(
                (c.state, literal("sent")),
                (c.sent_at, utc_now()),
                (self.reference, bindparam("m_reference")),
                (c.error, bindparam("m_error")),
            ),
            "failed": self._settle(
                (c.state, literal("failed")), (c.error, bindparam("m_error")), (self.reference, null())
            ),
            "expired": self._settle(
                (c.state, literal("expired")), (c.error, bindparam("m_error")), (self.reference, null())
            ),
            "later": self._settle(
                (c.state, literal("pending")),
                (c.error, bindparam("m_error")),
                (c.due_ms, NOW + bindparam("m_delay")),
                (self.reference, null()),
                (c.claim_id, null()),
                (c.claim_token, literal(0)),
            ),
            # The mark was asked for, its outcome never known, and nothing was sent: as if it had not been begun.
            "unbegun": update(table)
            .where(self.mine, self.open)
            .ordered_values(
                (c.attempts, case((c.state == "pending", c.attempts), else_=c.attempts - 1)),
                (c.state, literal("pending")),
                (c.error, null()),
                (self.reference, null()),
                (c.claim_id, null()),
                (c.claim_token, literal(0)),
            ),
            "uncertain": self._settle(
                (c.state, literal("uncertain")),
                (c.error, bindparam("m_error")),
                (self.reference, bindparam("m_reference")),
            ),
        }
        # A report has settled the row before the answer was written down: what it is called is still to be known.
        self.late_reference = (
            update(table)
            .where(self.mine, c.state.in_(("sent", "delivered", "failed")), self.reference.is_(None))
            .ordered_values((self.reference, bindparam("m_reference")))
        )
        self.attempt = self._attempt_of(c.id == bindparam("m_id"), bindparam("m_reference"))
        self.attempts_left = self._attempt_of(self.left_sending, self.reference)

    def candidates(self, lane: int, limit: int, *, have_waited: bool = False) -> Select[Any]:
        """Return the select of the next rows of a lane that nobody holds under `m_token`, light enough to look at.

        A row that was never looked at is due since 0, and so stands before those that `have_waited`: tried, or put off.
        """
        c = self.table.c
        since = (c.due_ms > 0,) if have_waited else ()
        statement = (
            select(c.id, c.due_ms, c.not_before, c.expires_at, NOW.label("now"))
            .where(
                c.state == "pending", c.priority == lane, *since, c.due_ms <= NOW, c.claim_token < bindparam("m_token")
            )
            .order_by(c.due_ms, c.id)
            .limit(limit)  # a plain int: with a parameter SQL Server would number, and lock, every row that is due
        )
        return select_for_queue(statement, self.table)

    def stranded(self, lane: int, limit: int) -> Select[Any]:
        """Return the select of tried rows of a lane whose next try is further ahead than `m_longest` ms."""
        c = self.table.c
        return (
            select(c.id)
            .where(c.state == "pending", c.priority == lane, c.due_ms > NOW + bindparam("m_longest"), c.attempts > 0)
            .limit(limit)
        )

    def overdue(self, lane: int, limit: int) -> Select[Any]:
        """Return the select of rows of a lane that seem to have expired; the index alone answers it."""
        c = self.table.c
        return (
            select(c.id, c.expires_at, NOW.label("now"))
            .where(c.state == "pending", c.priority == lane, c.due_ms <= NOW, c.expires_at <= utc_now())
            .limit(limit)
        )

    def attachments(self, table: Table) -> Select[Any]:
        """Return the select of the attachments of messages (`m_ids`), without their contents."""
        c = table.c
        owner = c[self.channel.owner]
        return (
            select(owner.label("owner"), c.id, c.name, c.media_type, c.path, byte_length(c.content).label("size"))
            .where(owner.in_(bindparam("m_ids", expanding=True)))
            .order_by(c.id)
        )

    def _settle(self, *values: tuple[Any, Any]) -> Update:
        c = self.table.c
        # A late answer also resolves an uncertain row. A row refused before the mark counts as an attempt too.
        # In this order: MariaDB computes an assignment from the values that those before it have set.
        counted = case((c.state == "pending", c.attempts + 1), else_=c.attempts)
        return update(self.table).where(self.mine, self.open).ordered_values((c.attempts, counted), *values)

    def _sent_and_begin(self) -> Update:
        """Return what settles one message as sent and marks the next: two rows when both are done.

        One statement, for over ODBC a statement costs nearly as much as the commit.
        """
        c = self.table.c
        settled, begun = bindparam("m_id", type_=c.id.type), bindparam("m_next", type_=c.id.type)
        is_settled = c.id == settled
        counted = case((c.state == "pending", c.attempts + 1), else_=c.attempts)
        reference, next_reference, error = (
            bindparam(name, type_=column.type)
            for name, column in (("m_reference", self.reference), ("m_leaves_as", self.reference), ("m_error", c.error))
        )
        return (
            update(self.table)
            .where(
                c.id.in_((settled, begun)),
                or_(
                    and_(is_settled, c.claim_id == bindparam("m_claim"), self.open),
                    and_(c.id == begun, c.claim_id == bindparam("m_next_claim"), c.state == "pending", HOLDS_TOKEN),
                ),
            )
            .ordered_values(
                (c.attempts, case((is_settled, counted), else_=c.attempts + 1)),
                # Written out: SQL Server would not know the type of a CASE between two parameters.
                (c.state, case((is_settled, literal_column("'sent'")), else_=literal_column("'sending'"))),
                (c.sent_at, case((is_settled, utc_now()), else_=c.sent_at)),
                (c.began_ms, case((is_settled, c.began_ms), else_=NOW)),
                (self.reference, case((is_settled, reference), else_=func.coalesce(next_reference, self.reference))),
                (c.error, case((is_settled, error), else_=c.error)),
            )
        )

    def _attempt_of(self, condition: Any, reference: Any) -> Any:
        c = self.table.c
        columns = {
            "channel": literal(self.channel.name),
            "message_id": c.id,
            "attempt": c.attempts,
            "station": bindparam("m_station"),
            "token": bindparam("m_presented"),
            "began_ms": c.began_ms,
            "ended_ms": NOW,
            "outcome": bindparam("m_outcome"),
            "reference": reference,
            "error": bindparam("m_error"),
        }
        return insert(outbox_attempt).from_select(list(columns), select(*columns.values()).where(condition))
