"""Who comes next: the order in which stations take a lease over, and how long each waits for it."""

from collections.abc import Callable, Collection
from itertools import takewhile
from typing import Final

import attrs

from club.holders import LeaseRow

_MOST_RANKS: Final = 4
"""A long list of standbys must not make the last one wait beyond what a club can bear."""


def same(one: str, other: str) -> bool:
    """Whether two names mean the same station: capitals tell no computers apart."""
    return one.casefold() == other.casefold()


def is_preferred(station: str, candidates: Collection[str]) -> bool:
    """Whether `station` is the first of `candidates`."""
    return any(same(station, first) for first in tuple(candidates)[:1])


def ranks_before(row: LeaseRow, candidates: Collection[str], station: str, gone: Collection[str] = ()) -> int:
    """Return how many stations come before `station` when the lease has to be taken: 0 is next.

    The one that a person wants comes first, then `candidates` in their order, the present holder left out, and those
    that are `gone`. A station of the holder's own name takes the holder's place.
    """
    if not row.is_free and same(row.station, station):
        return 0
    wanted = [name for name in candidates if same(name, row.wanted)]
    order = [*wanted, *(name for name in candidates if not same(name, row.wanted))]
    out = {name.casefold() for name in (*gone, row.station)}
    before = takewhile(lambda name: not same(name, station), order)
    return min(sum(name.casefold() not in out for name in before), _MOST_RANKS)


@attrs.frozen
class Patience:
    """How long a lease that is not one's own is watched, in seconds.

    `ttl` is how long it lives without a renewal, `works` how long its holder works after one, by the holder's own
    clock; a takeover waits longer than that by `ttl - works` over two, and by `stagger` for each better rank.
    """

    ttl: float
    works: float
    stagger: float

    def left(self, row: LeaseRow, watched: float, ranks: int) -> float:
        """Return how many seconds are left until a station may take the lease that it has `watched` unchanged.

        By the database's clock it must have run out. Where that clock was stepped back it would say so hours late:
        whoever has watched for the whole time to live goes by that alone.
        """
        stagger = self.stagger * ranks
        if row.is_free:
            return stagger - watched if ranks else 0.0
        ttl = max(row.ttl_ms / 1000, self.ttl)
        reserve = (self.ttl - self.works) / 2
        by_the_database = (row.expires_ms - row.now_ms) / 1000 + stagger
        return min(ttl + stagger - watched, max(ttl - reserve + stagger - watched, by_the_database))


class Watch:
    """Since when a station has seen a lease unchanged, by its own clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sight: tuple[int, int] | None = None
        self._since = 0.0

    def see(self, row: LeaseRow) -> float:
        """Return for how many seconds the row is unchanged; call it after the answer, so that no renewal is missed."""
        now, sight = self._clock(), (row.token, row.renewals)
        if sight != self._sight:
            self._sight, self._since = sight, now
        return now - self._since

    def forget(self) -> None:
        """Begin anew at the next sight."""
        self._sight = None
