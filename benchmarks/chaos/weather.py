"""The forecast: which faults come, in which order and for how long, by a seed."""

import random
from collections.abc import Iterator
from enum import StrEnum, unique
from typing import Final

import attrs

HOLDER: Final = -1
"""The target that is whichever station sends at that moment."""


@unique
class Kind(StrEnum):
    """What happens."""

    KILL = "kill -9, restarted soon"
    KILL_UNTIL_TAKEOVER = "kill -9, restarted after a takeover"
    KILL_ALL = "kill -9 of all stations at once"
    FREEZE = "SIGSTOP, shorter than the lease"
    FREEZE_LONG = "SIGSTOP, longer than the lease"
    CUT = "cable cut (RST)"
    SILENT = "cable silent"
    SLOW = "cable slow"
    SERVER_KILL = "database server kill -9"
    LOCK = "database file locked"
    SERVER_CLOCK = "database server's clock stepped"
    STATION_CLOCK = "station's clock stepped"


@attrs.frozen
class Fault:
    """One fault of the forecast."""

    kind: Kind
    target: int
    """The number of a station, or `HOLDER`."""
    calm_seconds: float
    """How long after the end of the one before."""
    seconds: float
    """How long it lasts; for a kill, until the restart."""
    step_seconds: int = 0
    """For a clock: how far beside the true time it is put."""


@attrs.frozen
class _Card:
    """So many faults of a kind in each round; `least` and `most` seconds long."""

    kind: Kind
    count: int
    least: float
    most: float
    at_holder: float = 0.8
    """The share of those that strike the station that sends."""


_DAY: Final = 86_400
_HOUR: Final = 3_600
_STATION_STEPS: Final = (_HOUR, -_HOUR, _HOUR, -_HOUR, _DAY, -_DAY, 0)
_SERVER_STEPS: Final = (_DAY, -_DAY, 0, _HOUR, -_HOUR)

_STATION_CARDS: Final = (
    _Card(Kind.KILL, 4, 0, 3),
    _Card(Kind.KILL_UNTIL_TAKEOVER, 3, 75, 75, at_holder=1),
    _Card(Kind.KILL_ALL, 1, 1, 5),
    _Card(Kind.FREEZE, 3, 1, 15),
    _Card(Kind.FREEZE_LONG, 2, 50, 70, at_holder=1),
)
_CABLE_CARDS: Final = (
    _Card(Kind.CUT, 3, 1, 20, at_holder=0.7),
    _Card(Kind.SILENT, 2, 2, 45, at_holder=0.7),
    _Card(Kind.SLOW, 2, 5, 20, at_holder=0.7),
)
_SERVER_CARDS: Final = (
    _Card(Kind.SERVER_KILL, 3, 0, 8),
    _Card(Kind.SERVER_CLOCK, 3, 5, 30),
    _Card(Kind.STATION_CLOCK, 4, 0, 0, at_holder=0.5),
)
_FILE_CARDS: Final = (
    _Card(Kind.LOCK, 3, 1, 14),
    _Card(Kind.STATION_CLOCK, 5, 0, 0, at_holder=0.5),
)


@attrs.frozen
class Forecast:
    """The weather of one run: three tracks, whose faults overlap; on each the next comes when the last is over."""

    seed: int
    stations: int
    is_server: bool
    longest_seconds: float = 75
    """Nothing longer, for a short run: faults that must outlast a lease are then left out."""

    def tracks(self) -> dict[str, Iterator[Fault]]:
        """Return endless faults for each track."""
        decks = {"stations": (_STATION_CARDS, 3.0), "base": (_SERVER_CARDS if self.is_server else _FILE_CARDS, 9.0)}
        if self.is_server:
            decks["cables"] = (_CABLE_CARDS, 12.0)
        return {
            name: self._deal(random.Random(f"{self.seed} {name}"), cards, calm) for name, (cards, calm) in decks.items()
        }

    def _deal(self, chance: random.Random, cards: tuple[_Card, ...], calm: float) -> Iterator[Fault]:
        # What only the fence prevents comes first: no run is too short for it.
        deck = [card for card in cards if card.kind is Kind.FREEZE_LONG and card.least <= self.longest_seconds]
        while True:
            for card in deck:
                yield self._fault(chance, card, calm)
            deck = [card for card in cards if card.least <= self.longest_seconds for _ in range(card.count)]
            chance.shuffle(deck)

    def _fault(self, chance: random.Random, card: _Card, calm: float) -> Fault:
        at_holder = chance.random() < card.at_holder
        target = chance.randrange(self.stations)
        step = 0
        if card.kind is Kind.STATION_CLOCK:
            step = chance.choice(_STATION_STEPS)
        elif card.kind is Kind.SERVER_CLOCK:
            step = chance.choice(_SERVER_STEPS)
        seconds = min(self.longest_seconds, chance.uniform(card.least, card.most))
        return Fault(card.kind, HOLDER if at_holder else target, chance.uniform(calm / 2, calm * 1.5), seconds, step)
