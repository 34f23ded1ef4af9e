"""Who holds the leases of the club, and whom people want to hold them: for whoever asks, at any station."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from club.database import Database
from club.lease_statements import SEE_ALL, WANT
from club.reading import instant_or_none, legible, whole


@attrs.frozen
class LeaseRow:
    """A lease as the database has it; milliseconds since 1970 by the database's clock, `now_ms` when it was read.

    `station` is empty when nobody holds it. `wanted` is the station that a person wants to hold it, or that wants its
    place back; empty: none. `candidates` are the stations that the holder's settings file lets hold it, the preferred
    one first; empty when the holder is of an older version.
    """

    name: str
    station: str
    process: str
    token: int
    expires_ms: int
    ttl_ms: int
    renewals: int
    acquired_at: datetime | None
    wanted: str
    candidates: tuple[str, ...]
    now_ms: int

    @property
    def is_free(self) -> bool:
        """True when it was given back, or never held."""
        return not self.station or self.expires_ms == 0

    @property
    def is_current(self) -> bool:
        """True while its holder may still work."""
        return not self.is_free and self.now_ms < self.expires_ms <= self.now_ms + 2 * self.ttl_ms


def lease_row(row: Any) -> LeaseRow:
    """Return what a row of `SEE_ALL` tells."""
    return LeaseRow(
        name=legible(row["name"]),
        station=legible(row["station"]),
        process=legible(row["process"]),
        token=row["token"],  # as it is, also when it was spoilt: a takeover compares it
        expires_ms=whole(row["expires_ms"], -1),  # not 0: a row that tells nothing has not been given back
        ttl_ms=max(whole(row["ttl_ms"]), 0),
        renewals=row["renewals"],
        acquired_at=instant_or_none(row["acquired_at"]),
        wanted=legible(row["wanted"]),
        candidates=names_of(row["candidates"]),
        now_ms=row["now_ms"],
    )


def names_of(value: Any) -> tuple[str, ...]:
    """Return the names in a JSON list, none for whatever else another program may have written."""
    try:
        names = json.loads(value)
    except (ValueError, TypeError):
        return ()
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def json_of(stations: Sequence[str]) -> str:
    """Return station names as the database keeps them."""
    return json.dumps(list(stations), ensure_ascii=False)


def lease_rows(database: Database) -> dict[str, LeaseRow]:
    """Return every lease of the club by its operation's name, free ones too; one statement that writes nothing.

    Raises DatabaseAway and DatabaseUnfit.
    """
    rows = database.read(lambda connection: connection.execute(SEE_ALL).mappings().all())
    return {row["name"]: lease_row(row) for row in rows}


def want(database: Database, name: str, station: str, *, seen_token: int) -> bool:
    """Ask that `station` hold the lease `name`, whoever has it now: its holder passes it on when its work allows.

    False when the lease has changed hands since `seen_token` was read: look again. An empty `station` takes the wish
    back. Raises DatabaseAway and DatabaseUnfit.
    """
    values = {"lease_name": name, "seen_token": seen_token, "new_wanted": station}
    return database.write(lambda connection: connection.execute(WANT, values).rowcount) == 1
