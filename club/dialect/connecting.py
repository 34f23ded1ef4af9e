"""What every connection to a server keeps to: how long each step may take, and what it finds out about its server."""

from collections.abc import Callable
from math import ceil
from typing import Any, Final, Self, TypeAlias

import attrs

from config.sentence import Sentence

_LONGEST_CONNECT_SECONDS: Final = 3  # with the silence before it, less than the margin of a lease
_PATIENT_SECONDS: Final = 24 * 3600
SCHEMA_LOCK_SECONDS: Final = 60
"""How long a program that would change tables waits for another that does."""
_ALTER_LOCK_SECONDS: Final = 2
"""How long a change of a table waits for those that use it: whoever comes after it waits behind it meanwhile."""


@attrs.frozen
class Limits:
    """Whole seconds, the smallest unit that every driver takes. Each ends a wait that a driver would not end itself."""

    connect_seconds: int
    """Until a server that accepts and says nothing is given up."""
    statement_seconds: int
    """Until the server ends a statement."""
    lock_seconds: int
    """Until the server ends a statement that waits for another's lock."""
    silence_seconds: int
    """Until the driver gives up on a server that says nothing: longer than the server itself may take."""
    idle_seconds: int
    """Until the server ends a transaction that its station left open: frozen, it would keep a lease from its heir."""

    @classmethod
    def of(cls, busy_seconds: float) -> Self:
        """Return the limits of a program that waits about `busy_seconds` for a lock."""
        whole = max(1, ceil(busy_seconds))
        return cls(
            connect_seconds=max(2, min(whole, _LONGEST_CONNECT_SECONDS)),  # libpq takes 1 for 2
            statement_seconds=whole,
            lock_seconds=whole,
            silence_seconds=whole + 1,
            idle_seconds=2 * (whole + 1),
        )

    @property
    def dial_seconds(self) -> float:
        """Until a connection that is not open yet is given up, whatever its driver does: a name may be sought for long.

        A little beyond the driver's own bound, so that its word, which says more, comes first.
        """
        return self.connect_seconds + 0.75

    def patient(self) -> Self:
        """Return the limits of a change of tables, which may take hours on a large club but keeps nobody waiting."""
        return attrs.evolve(
            self,
            statement_seconds=_PATIENT_SECONDS,
            lock_seconds=_ALTER_LOCK_SECONDS,
            silence_seconds=_PATIENT_SECONDS + 1,
            idle_seconds=_PATIENT_SECONDS,
        )


@attrs.frozen
class Traits:
    """What a server says of itself; `dangers` work, and may lose what was promised."""

    version: str
    dangers: tuple[Sentence, ...] = ()


Opener: TypeAlias = Callable[[], tuple[Any, Traits]]
"""Opens one connection of a driver. Raises the driver's errors, and DatabaseUnfit for a server that cannot serve."""


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers at the beginning of a version such as `10.11.19-MariaDB-0+deb12u1`."""
    numbers: list[int] = []
    for part in text.split("-", maxsplit=1)[0].split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def untested(server: str, version: str, tested: tuple[int, ...]) -> tuple[Sentence, ...]:
    """Return what is to be said of a server older than the oldest one that was tried."""
    if version_of(version) >= tested:
        return ()
    return (
        Sentence.of(
            "{server} {version} is older than {tested}, the oldest that was tried: update it",
            server=server,
            version=version,
            tested=".".join(map(str, tested)),
        ),
    )
