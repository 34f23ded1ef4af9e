"""What a provider says of an SMS after it took it: late, doubled, out of order, or before our own answer is written.

reports = DeliveryReports(database, station)
reports.apply(those_that_came)         # also with none: what came too early is tried again
for awaited in reports.awaiting(100, timedelta(days=2)):
    ...                                # whose fate a gateway may be asked
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import attrs
from sqlalchemy import Connection, delete, func, insert, literal, select, update

from club.database import Database
from club.dialect import now_ms, utc_now, utc_of_ms
from club.queue_statements import QueueStatements
from club.reading import instant_or_none, shortened
from club.sms_tables import SMS, sms, sms_report
from config.masking import mask

Fate: TypeAlias = Literal["on_its_way", "delivered", "failed"]

NOW: Final = now_ms()
_KEPT_MS: Final = 3 * 24 * 3600 * 1000
"""So long a report waits for the message that it is about."""
_KEPT_AT_MOST: Final = 10_000
_IN_ONE_COMMIT: Final = 100
_TRIES: Final = 3
_OUR_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,36}")
_LEFT: Final = ("sending", "sent", "uncertain")


@attrs.frozen
class Report:
    """What became of an SMS, told by the provider's reference or by the name under which we sent it."""

    fate: Fate
    provider_reference: str | None = None
    sent_as: str | None = None
    at: datetime | None = None
    reason: str | None = None
    """The operator's words. Telephone numbers in them are hidden before they are kept."""


@attrs.frozen
class Applied:
    """What reports did: how many messages are now in each state because of them, how many reports are kept."""

    states: Counter[str]
    kept: int


@attrs.frozen
class Awaited:
    """A message that has left and whose fate is not known."""

    id: int
    provider_reference: str
    sent_as: str | None


class DeliveryReports:
    """Writes down what became of SMS; needs no lease, for it is the truth. Raises DatabaseAway and DatabaseUnfit.

    `delivered` is never taken back. A report that nobody knows may belong to an answer that is not written down yet:
    it is kept for three days, and tried again at each `apply`. `station` is named in the history of a message.
    """

    def __init__(self, database: Database, station: str) -> None:
        self._database = database
        self._station = station
        self._statements = QueueStatements(SMS)

    def apply(self, reports: Iterable[Report]) -> Applied:
        """Write reports down; those that came with an earlier call and were not known then are tried first."""
        waiting = list(reports)
        states: Counter[str] = Counter()
        kept = 0

        def work(connection: Connection) -> tuple[list[str], int]:
            changed = self._try_kept(connection) if is_first else []
            strange = []
            for report in chunk:
                is_known, state = self._apply(connection, report)
                if state is not None:
                    changed.append(state)
                if not is_known:
                    strange.append(report)
            return changed, self._keep(connection, strange)

        for first in range(0, max(1, len(waiting)), _IN_ONE_COMMIT):
            chunk, is_first = waiting[first : first + _IN_ONE_COMMIT], first == 0
            changed, newly_kept = self._database.write(work)
            states.update(changed)
            kept += newly_kept
        return Applied(states, kept)

    def awaiting(self, limit: int, age: timedelta, after: int = 0) -> tuple[Awaited, ...]:
        """Return messages that left within `age` and are still `sent`, by id; those after the id `after`."""
        c = sms.c
        since = NOW - int(age.total_seconds() * 1000)
        statement = (
            select(c.id, c.provider_reference, c.sent_as)
            .where(c.began_ms >= since, c.state == "sent", c.provider_reference.is_not(None), c.id > after)
            .order_by(c.id)
            .limit(limit)
        )
        return tuple(Awaited(*row) for row in self._database.read(lambda connection: connection.execute(statement)))

    def _apply(self, connection: Connection, report: Report) -> tuple[bool, str | None]:
        """Return whether the message is known, and its new state if the report made one."""
        for _ in range(_TRIES):  # its own answer may be written at this moment
            row = self._find(connection, report)
            if row is None:
                return False, None
            state = state_after(row.state, row.attempts, report.fate)
            if state is None:
                return True, None
            if connection.execute(_settling(row, state, report)).rowcount == 1:
                if row.state != "sent" or state == "failed":
                    connection.execute(self._statements.attempt, {"m_id": row.id, **self._audit(state, report)})
                return True, state
        return False, None

    def _find(self, connection: Connection, report: Report) -> Any:
        """Return the newest message of that name: a modem's references come again."""
        c = sms.c
        columns = (c.id, c.state, c.attempts, c.began_ms, NOW.label("now"))
        # As they were kept: what an engine refuses to be asked for would come back in each run, and hold up all others.
        for column, value in ((c.sent_as, _sent_as(report)), (c.provider_reference, _name(report))):
            if value:
                found = select(*columns).where(column == value).order_by(c.id.desc()).limit(1)
                if row := connection.execute(found).first():
                    return row
        return None

    def _audit(self, state: str, report: Report) -> dict[str, Any]:
        return {
            "m_station": self._station,
            "m_presented": 0,
            "m_outcome": state,
            "m_reference": _name(report),
            "m_error": _reason(report) if state == "failed" else None,
        }

    def _try_kept(self, connection: Connection) -> list[str]:
        """Apply the kept reports whose message is known by now, and forget those that are too old."""
        c = sms_report.c
        if connection.execute(select(c.id).limit(1)).first() is None:
            return []
        rows: dict[int, Any] = {}
        # Two joins, each by its index: with OR a server would read all messages.
        for mine, theirs in ((c.sent_as, sms.c.sent_as), (c.provider_reference, sms.c.provider_reference)):
            joined = select(sms_report).join(sms, mine == theirs).order_by(c.id).limit(_IN_ONE_COMMIT)
            rows.update((row.id, row) for row in connection.execute(joined))
        changed = []
        for _, row in sorted(rows.items()):
            at = instant_or_none(row.reported_at) or datetime.fromtimestamp(row.received_ms / 1000, UTC)
            _, state = self._apply(connection, Report(row.fate, row.provider_reference, row.sent_as, at, row.reason))
            if state is not None:
                changed.append(state)
        if rows:
            connection.execute(delete(sms_report).where(c.id.in_(sorted(rows))))
        connection.execute(delete(sms_report).where(c.received_ms < NOW - _KEPT_MS))
        return changed

    def _keep(self, connection: Connection, reports: list[Report]) -> int:
        """Keep reports of messages that are not known yet; how many. Another program may use the same account."""
        named = [report for report in reports if _sent_as(report) or report.provider_reference]
        if not named:
            return 0
        count = connection.execute(select(func.count()).select_from(sms_report)).scalar_one()
        kept = named[: max(0, _KEPT_AT_MOST - count)]
        for report in kept:
            values = {
                "fate": report.fate,
                "provider_reference": _name(report),
                "sent_as": _sent_as(report),
                "reported_at": report.at,
                "reason": _reason(report),
                "received_ms": NOW,
            }
            connection.execute(insert(sms_report).values(values))
        return len(kept)


def state_after(state: str, attempts: int, fate: Fate) -> str | None:
    """Return the state that a report makes of a message, None when it changes nothing.

    That it was delivered holds against all that was believed before: also the refusal of a modem that lied, so that
    what waits for its next attempt is not sent again.
    """
    if attempts == 0 or state == "delivered":
        return None
    match fate:
        case "delivered":
            return "delivered"
        case "failed":
            return "failed" if state in _LEFT else None
        case "on_its_way":
            return "sent" if state in ("pending", "sending", "uncertain") else None


def _settling(row: Any, state: str, report: Report) -> Any:
    c = sms.c
    values: dict[str, Any] = {
        "state": state,
        "sent_at": func.coalesce(c.sent_at, utc_of_ms(func.coalesce(c.began_ms, NOW))),
        "provider_reference": func.coalesce(c.provider_reference, literal(_name(report), c.provider_reference.type)),
        "error": _reason(report) if state == "failed" else None,
    }
    if state == "delivered":
        values["delivered_at"] = _within(report.at, row.began_ms, row.now) or utc_now()
    return update(sms).where(c.id == row.id, c.state == row.state, c.attempts == row.attempts).values(values)


def _within(at: datetime | None, began_ms: int | None, now: int) -> datetime | None:
    """Return an instant that the operator's clock told, brought between the sending and now."""
    if at is None:
        return None
    ms = min(max(int(at.timestamp() * 1000), began_ms or 0), now)
    return datetime.fromtimestamp(ms / 1000, UTC)


def _reason(report: Report) -> str | None:
    return None if report.reason is None else shortened(mask(report.reason), 1000)


def _sent_as(report: Report) -> str | None:
    """Return our name for it, None for what never was one: MariaDB compares a column of ASCII with nothing else."""
    return report.sent_as if report.sent_as is not None and _OUR_NAME.fullmatch(report.sent_as) else None


def _name(report: Report) -> str | None:
    return None if report.provider_reference is None else shortened(report.provider_reference, 255)
