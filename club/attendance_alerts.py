"""Alerts of attendance, written with the number that caused them: each once for the whole club."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from club.attendance_records import Alert
from club.reading import shortened
from club.sms_tables import sms
from club.tables import email

SOURCE: Final = "fmi"
_EXPIRE: Final = timedelta(hours=1)
"""Who reads later that a limit was reached would act on what is over."""
_URGENT: Final = 0
_TABLES: Final = {"sms": sms, "email": email}
_BODIES: Final = {"sms": "body", "email": "text_body"}
_WRITTEN: Final = {
    name: select(table.c.id).where(table.c.reference == bindparam("r")) for name, table in _TABLES.items()
}


def write_alerts(connection: Connection, alerts: Sequence[Alert], now: datetime) -> None:
    """Put alerts in the outbox that are not in it yet; the zones' rows are locked, so that no station is between."""
    for alert in alerts:
        if connection.execute(_WRITTEN[alert.channel], {"r": alert.reference}).first() is not None:
            continue
        values: dict[str, Any] = {
            "recipient": alert.recipient,
            _BODIES[alert.channel]: alert.body,
            "reference": alert.reference,
            "expires_at": now + _EXPIRE,
            "priority": _URGENT,
            "source": SOURCE,
        }
        if alert.channel == "email":
            values["subject"] = shortened(alert.subject, 1000)
        connection.execute(insert(_TABLES[alert.channel]), values)
