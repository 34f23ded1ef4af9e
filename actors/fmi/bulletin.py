"""What the board says of attendance: which sensors are away, which zones are full, how many were counted."""

from collections.abc import Collection, Mapping
from typing import Final

from actors.board import Desk, Outcome
from actors.fmi.alerts import presence_sentence
from actors.fmi.levels import is_above
from actors.fmi.post import Look, SensorState
from actors.run_records import Stopwatch
from club.attendance_records import ZoneRecord
from config.sentence import Sentence

_YOUNG: Final = frozenset({SensorState.STARTING, SensorState.STOPPED})


class Bulletin:
    """One operation's place at the board, in the words of attendance."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counted: dict[str, tuple[int, int]] = {}

    def tell(self, looks: Mapping[str, Look], zones: Collection[ZoneRecord]) -> None:
        """Say how the sensors of this station are, and the zones: the worst of each first."""
        lost = {name: look for name, look in looks.items() if not look.known}
        trouble = _trouble(lost, len(looks))
        if lost and len(lost) == len(looks) and trouble is not None:
            self._desk.waiting(trouble)
            self._desk.warn(None)
        else:
            self._desk.active()
            self._desk.warn(trouble or _unknown_zone(zones))
        self._desk.concern(_concern(zones))

    def count(self, stopwatch: Stopwatch, looks: Mapping[str, Look]) -> None:
        """Note what one write added."""
        entries = exits = 0
        for name, look in looks.items():
            if not look.news.readings:
                continue
            last = look.news.readings[-1]
            before = self._counted.get(name, look.news.base)
            entries += max(0, last.entries - before[0])
            exits += max(0, last.exits - before[1])
            self._counted[name] = (last.entries, last.exits)
        if entries or exits:
            summary = Sentence.joined(
                ", ", (Sentence.counted("{n} in", "{n} in", entries), Sentence.counted("{n} out", "{n} out", exits))
            )
            self._desk.ran(stopwatch.run(Outcome.OK, summary, {"entries": entries, "exits": exits}))


def _trouble(lost: Mapping[str, Look], count: int) -> Sentence | None:
    if not lost:
        return None
    name, look = min(lost.items(), key=lambda each: (each[1].state in _YOUNG, each[0]))
    if len(lost) == 1 or count == 1:
        return Sentence.of("the sensor {sensor} does not count: {why}", sensor=name, why=look.reason)
    return Sentence.of(
        "{n} of {count} sensors do not count; {sensor}: {why}", n=len(lost), count=count, sensor=name, why=look.reason
    )


def _unknown_zone(zones: Collection[ZoneRecord]) -> Sentence | None:
    """Return what is unknown though all sensors of this station count: another station's are away."""
    for zone in zones:
        if not zone.known:
            return Sentence.of("how many are in {zone} is not known: {why}", zone=zone.name, why=zone.reason or "-")
    return None


def _concern(zones: Collection[ZoneRecord]) -> Sentence | None:
    """Return the zone that is fullest, from the warning on."""
    fullest: ZoneRecord | None = None
    for zone in zones:
        is_full = zone.known and zone.level in ("warning", "stop")
        if is_full and (fullest is None or is_above(zone.level, fullest.level)):
            fullest = zone
    if fullest is None:
        return None
    return presence_sentence(fullest.name, fullest.present, fullest.present_limit, fullest.level)
