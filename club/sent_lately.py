"""What left lately, whichever station sent it: a provider's limits count the account, not the station."""

from datetime import timedelta

from sqlalchemy import select

from club.database import Database
from club.dialect import now_ms
from club.reading import whole
from club.tables import Channel


def sent_lately(database: Database, channel: Channel, within: timedelta, at_most: int) -> tuple[float, ...]:
    """Return how many seconds ago messages were begun within a time, the oldest first, the `at_most` newest of them.

    By the database's clock; answered by the index of `began_ms` alone. A message that was put back after its mark
    counts, too: the limit is met rather early than late. Raises DatabaseAway, DatabaseUnfit.
    """
    began, now = channel.messages.c.began_ms, now_ms()
    since = now - int(within.total_seconds() * 1000)
    statement = select(began, now.label("now")).where(began > since).order_by(began.desc()).limit(at_most)
    rows = database.read(lambda connection: connection.execute(statement).all())
    return tuple(max(0.0, (row.now - whole(row.began_ms)) / 1000) for row in reversed(rows))
