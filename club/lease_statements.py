"""The statements of leases: each decides by the database's clock, and by the row as its caller saw it."""

from typing import Final

from sqlalchemy import and_, bindparam, case, exists, func, select, update

from club.dialect import now_ms, utc_now, utc_of_ms
from club.tables import lease as table

NOW: Final = now_ms()
_EXPIRY: Final = NOW + bindparam("ttl", type_=table.c.ttl_ms.type)
_MINE: Final = and_(
    table.c.name == bindparam("lease_name"),
    table.c.process == bindparam("lease_process"),
    table.c.token == bindparam("lease_token"),
)
_FLOOR: Final = bindparam("token_floor", type_=table.c.token.type)
# The clock, so that it grows also over a restored backup; more than the row and the holder have seen, should it lag.
_NEXT_TOKEN: Final = case(
    (and_(table.c.token <= _FLOOR, _FLOOR >= NOW), _FLOOR + 1), (table.c.token >= NOW, table.c.token + 1), else_=NOW
)
_NEW_HOLD: Final = {
    "station": bindparam("new_station"),
    "process": bindparam("new_process"),
    "token": _NEXT_TOKEN,
    "ttl_ms": bindparam("ttl"),
    "expires_ms": _EXPIRY,
    "expires_at": utc_of_ms(_EXPIRY),
    "acquired_at": utc_now(),
    "renewals": table.c.renewals + 1,
}

SEE_ALL: Final = select(table, NOW.label("now_ms"))
"""Every lease of the club and the database's clock: what a station asks at each look."""

SEE: Final = SEE_ALL.where(table.c.name == bindparam("lease_name"))

RENEW: Final = (
    update(table)
    .where(_MINE)
    .values(expires_ms=_EXPIRY, expires_at=utc_of_ms(_EXPIRY), ttl_ms=bindparam("ttl"), renewals=table.c.renewals + 1)
)
ADVANCE: Final = RENEW.values(token=_NEXT_TOKEN)

DECLARE: Final = RENEW.values(candidates=bindparam("own_candidates"))
"""A renewal after which the row tells the candidates of its holder's settings file."""

RELEASE: Final = (
    update(table)
    .where(_MINE)
    .values(station="", process="", expires_ms=0, expires_at=utc_now(), renewals=table.c.renewals + 1)
)

TAKE: Final = (
    update(table)
    .where(
        table.c.name == bindparam("lease_name"),
        table.c.token == bindparam("seen_token"),
        table.c.renewals == bindparam("seen_renewals"),
    )
    .values(
        **_NEW_HOLD,
        # A wish that came meanwhile stays. Not in the condition: one that cannot be compared would stop takeovers.
        wanted=case((table.c.wanted == bindparam("seen_wanted"), bindparam("kept_wanted")), else_=table.c.wanted),
        candidates=bindparam("own_candidates"),
    )
)

PASS_ON: Final = (
    update(table)
    .where(_MINE, table.c.wanted == bindparam("seen_wanted"))
    .values(**_NEW_HOLD, wanted=bindparam("kept_wanted"))
)
"""The holder gives the lease to another process: at no instant nobody has it, and the old token ends with it."""

WANT: Final = (
    update(table)
    .where(table.c.name == bindparam("lease_name"), table.c.token == bindparam("seen_token"))
    .values(wanted=bindparam("new_wanted"))
)
"""Neither the token nor the renewals move: a wish is no sign of life of the holder."""

UNWANT: Final = update(table).where(_MINE, table.c.wanted == bindparam("seen_wanted")).values(wanted="")

HOLDS_TOKEN: Final = exists().where(_MINE)
"""True in a statement while the token that it presents is the current one; parameters from `Lease.presents`."""

HOLDERS_OF_TOKEN: Final = select(func.count()).select_from(table).where(_MINE)
"""The same as a question, 1 or 0: SQL Server has no SELECT EXISTS."""
