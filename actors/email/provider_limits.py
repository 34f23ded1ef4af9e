"""How much the usual providers let one account send: data, by the name of their mail server.

Where each figure is from, and when it was read: docs/how-to/email.md. They count the account, also what other programs
send with it.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Protocol

import attrs

from actors.delivery.pace import Limit


class Wanted(Protocol):
    """What the settings say of limits; None leaves it to the provider's, where it is known."""

    @property
    def per_minute(self) -> int | None:
        """The most messages in a minute."""

    @property
    def per_hour(self) -> int | None:
        """The most messages in an hour."""

    @property
    def per_day(self) -> int | None:
        """The most messages in 24 hours."""

    @property
    def per_connection(self) -> int | None:
        """The most messages over one connection."""


@attrs.frozen
class Known:
    """The limits of one provider."""

    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    per_connection: int | None = None


_MICROSOFT: Final = Known(per_minute=30, per_day=10_000)
_IONOS: Final = Known(per_hour=500)
_OVH: Final = Known(per_hour=200)
_KNOWN: Final[Mapping[str, Known]] = MappingProxyType(
    {
        "smtp.office365.com": _MICROSOFT,
        "outlook.office365.com": _MICROSOFT,
        "smtp.gmail.com": Known(per_day=2_000),
        "smtp.ionos.fr": _IONOS,
        "smtp.ionos.com": _IONOS,
        "ssl0.ovh.net": _OVH,
        "smtp.mail.ovh.net": _OVH,
    }
)


@attrs.frozen
class Limits:
    """What holds for one mail server."""

    spans: tuple[Limit, ...]
    per_connection: int | None


def limits_of(host: str, wanted: Wanted, *, with_known: bool = True) -> Limits:
    """Return the limits of a mail server: those of the settings, else, `with_known`, the provider's."""
    known = (_KNOWN.get(host.lower().rstrip(".")) if with_known else None) or Known()
    counts = {
        timedelta(minutes=1): wanted.per_minute or known.per_minute,
        timedelta(hours=1): wanted.per_hour or known.per_hour,
        timedelta(days=1): wanted.per_day or known.per_day,
    }
    spans = tuple(Limit(count, within) for within, count in counts.items() if count is not None)
    return Limits(spans, wanted.per_connection or known.per_connection)
