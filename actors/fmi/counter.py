"""One sensor's people: what the database has of it, and what was counted since, minute by minute."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self

import attrs

from actors.fmi.counting import Counted, CounterMemory, CountingSettings, Finding, count
from actors.fmi.drivers.driver import Passages, Totals
from club.attendance_records import Reading, SensorRecord

Shown = Totals | Passages
_MINUTE: Final = timedelta(minutes=1)
_TOLD_AT_ONCE: Final = timedelta(seconds=1)
"""A device that is asked tells its count with its first sign of life, not of a passage later."""


@attrs.frozen
class Unsaved:
    """What a program counted and no database took: kept in a file over the program's own end.

    `saved` is what the database had then; None: nobody knew it yet, and the readings begin at 0. `memory` is the
    device's last word.
    """

    saved: tuple[int, int] | None
    readings: Sequence[Reading]
    memory: str | None = None
    blind_seconds: float = 0.0
    strays: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as the file holds it."""
        readings = [[each.at.isoformat(), each.entries, each.exits, _iso(each.since_at)] for each in self.readings]
        return {
            "saved": None if self.saved is None else list(self.saved),
            "readings": readings,
            "memory": self.memory,
            "blind_seconds": self.blind_seconds,
            "strays": self.strays,
        }

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """Return what `as_json` gave; raises ValueError, TypeError or KeyError for anything else."""
        saved = found["saved"]
        return cls(
            None if saved is None else (int(saved[0]), int(saved[1])),
            tuple(
                Reading(_instant(at), int(entered), int(left), None if since is None else _instant(since))
                for at, entered, left, since in found["readings"]
            ),
            None if found["memory"] is None else str(found["memory"]),
            float(found["blind_seconds"]),
            int(found["strays"]),
        )


@attrs.frozen
class News:
    """What the database does not have yet of a sensor; `saved` is told the same object when it has."""

    readings: Sequence[Reading]
    memory: str | None
    blind_seconds: float
    strays: int
    base: tuple[int, int] = (0, 0)
    """What the database has."""

    @property
    def is_something(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.readings or self.blind_seconds or self.strays or self.memory is not None)


class Counter:
    """Counts for one sensor; used under one lock.

    Until `begin` has told what the database has, words are only kept: the first of them may say who passed while no
    program ran.
    """

    def __init__(self, unsaved: Unsaved | None, now: Callable[[], datetime]) -> None:
        self.settings = CountingSettings()
        self._now = now
        self._unsaved = unsaved
        self._early: list[tuple[datetime, Shown | None]] = []
        self._has_begun = False
        self._memory: CounterMemory | None = None
        self._is_memory_new = False
        self._entries = self._exits = 0
        self._saved = (0, 0)
        self._readings: list[Reading] = []
        self._blind_seconds = 0.0
        self._strays = 0
        self._counted_at: datetime | None = None
        self.changes = 0
        """How often people were counted."""
        self.heard_since_at: datetime | None = None
        """Since when the device has been heard without interruption."""
        self.finding: Finding | None = None
        """What was found at the last word that was not plainly a passage."""

    @property
    def has_begun(self) -> bool:
        """Whether it knows what the database has."""
        return self._has_begun

    def begin(self, record: SensorRecord | None) -> None:
        """Go on from what the database has: None, when it has never heard of the sensor."""
        if self._has_begun:
            return
        self._has_begun = True
        kept, self._unsaved = self._unsaved, None
        has = (0, 0) if record is None else (record.entries, record.exits)
        self._saved = has
        self._entries, self._exits = has
        self._memory = CounterMemory.of(None if record is None else record.memory)
        self._counted_at = None if record is None else record.seen_at
        if kept is not None:
            self._take_up(kept, has)
        for at, seen in self._early:
            if seen is None:
                self._stand_at_zero()
            else:
                self._count(at, seen)
        self._early.clear()

    def _take_up(self, kept: Unsaved, has: tuple[int, int]) -> None:
        """Add what an earlier program could not save: by how much it was ahead of what the database got."""
        base = (0, 0) if kept.saved is None else (max(kept.saved[0], has[0]), max(kept.saved[1], has[1]))
        ahead = [
            each
            for each in kept.readings
            if each.entries >= base[0] and each.exits >= base[1] and (each.entries, each.exits) != base
        ]
        for reading in ahead:
            self._entries, self._exits = has[0] + reading.entries - base[0], has[1] + reading.exits - base[1]
            self._readings.append(attrs.evolve(reading, entries=self._entries, exits=self._exits))
        if ahead:  # what comes next passed after that, not after the database's last word
            known_at = self._counted_at
            self._counted_at = ahead[-1].at if known_at is None else max(known_at, ahead[-1].at)
        if ahead or not kept.readings:
            self._memory = CounterMemory.of(kept.memory) or self._memory
            self._is_memory_new = kept.memory is not None
            self._blind_seconds, self._strays = kept.blind_seconds, kept.strays

    def see(self, seen: Shown) -> Finding | None:
        """Take a word of the device; return what was found besides passages."""
        at = self._now()
        if self._has_begun:
            return self._count(at, seen)
        if isinstance(seen, Totals) and len(self._early) > 1:  # the first tells who passed while nobody listened
            before_at, before = self._early[-1]
            if isinstance(before, Totals) and _minute_of(before_at) == _minute_of(at):
                self._early.pop()  # the last one of a minute says it all
        self._early.append((at, seen))
        return None

    def stand_at_zero(self) -> None:
        """Note that the device begins at 0 again: it was without power. Who passes from now on is counted exactly."""
        if self._has_begun:
            self._stand_at_zero()
        else:
            self._early.append((self._now(), None))

    def miss(self, seconds: float) -> None:
        """Note that people may have passed unseen for so long."""
        self._blind_seconds += max(0.0, seconds)

    def news(self) -> News:
        """Return what the database does not have yet."""
        memory = self._memory.text() if self._is_memory_new and self._memory is not None else None
        return News(tuple(self._readings), memory, self._blind_seconds, self._strays, self._saved)

    def saved(self, news: News) -> None:
        """Forget what the database has now."""
        if news.readings:
            has = news.readings[-1]
            self._saved = (has.entries, has.exits)
            self._readings = [each for each in self._readings if each.entries > has.entries or each.exits > has.exits]
        self._blind_seconds = max(0.0, self._blind_seconds - news.blind_seconds)
        self._strays = max(0, self._strays - news.strays)
        if self._memory is not None and self._memory.text() == news.memory:
            self._is_memory_new = False

    def unsaved(self) -> Unsaved | None:
        """Return what has to outlive the program while the database does not take it; None: nothing has."""
        if not self._has_begun:
            return self._unsaved_early()
        news = self.news()
        if not news.is_something:
            return None
        return Unsaved(self._saved, news.readings, news.memory, news.blind_seconds, news.strays)

    def _unsaved_early(self) -> Unsaved | None:
        """Return what was kept before, and the events that came since: they are not told twice, as totals are."""
        kept = self._unsaved or Unsaved(None, ())
        entries, exits = kept.saved or (0, 0)
        if kept.readings:
            entries, exits = kept.readings[-1].entries, kept.readings[-1].exits
        readings = list(kept.readings)
        for at, seen in self._early:
            if isinstance(seen, Passages):
                entries, exits = entries + seen.entries, exits + seen.exits
                readings.append(Reading(at, entries, exits))
        return attrs.evolve(kept, readings=tuple(readings)) if readings else None

    def _stand_at_zero(self) -> None:
        self._memory = CounterMemory(0, 0, 0 if self._memory is None else self._memory.bits)
        self._is_memory_new = True

    def _count(self, at: datetime, seen: Shown) -> Finding | None:
        counted_at, self._counted_at = self._counted_at, at
        elapsed = 0.0 if counted_at is None else max(0.0, (at - counted_at).total_seconds())
        counted = count(self._memory, seen, False, self.settings, elapsed)  # without power: `stand_at_zero`
        if counted.memory != self._memory:
            self._memory = counted.memory
            self._is_memory_new = True
        self._strays += counted.strays
        if counted.finding is not None:
            self.finding = counted.finding
        if counted.entries or counted.exits:
            self.changes += 1
            may_be_old = isinstance(seen, Totals) and elapsed > _MINUTE.total_seconds()
            self._note_passed(at, counted_at if may_be_old else None, counted)
        return counted.finding

    def _note_passed(self, at: datetime, since_at: datetime | None, counted: Counted) -> None:
        """Note who passed, now or, where nobody listened, some time since the last word.

        A device that was heard all the time tells of a passage when it happens, however long there was none: the first
        visitor of a morning has not come in the middle of the night.
        """
        heard_at = self.heard_since_at
        if since_at is not None and heard_at is not None:
            if heard_at <= since_at:
                since_at = None
            elif at - heard_at > _TOLD_AT_ONCE and not (counted.entries and counted.exits):
                # The word is about somebody who passes now; the others have, before it was heard again.
                entries, exits = max(0, counted.entries - 1), max(0, counted.exits - 1)
                self._add(heard_at, since_at, entries, exits)
                self._add(at, None, counted.entries - entries, counted.exits - exits)
                return
        self._add(at, since_at, counted.entries, counted.exits)

    def _add(self, at: datetime, since_at: datetime | None, entries: int, exits: int) -> None:
        if entries or exits:
            self._entries += entries
            self._exits += exits
            self._note(Reading(at, self._entries, self._exits, since_at))

    def _note(self, reading: Reading) -> None:
        last = self._readings[-1] if self._readings else None
        if (
            last is not None
            and last.since_at is None
            and reading.since_at is None
            and _minute_of(last.at) == _minute_of(reading.at)
        ):
            self._readings[-1] = reading
        else:
            self._readings.append(reading)


def _minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at
