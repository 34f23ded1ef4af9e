"""From what a counter shows to people who passed: wraps, resets, lost power, jumps. Pure."""

import json
from typing import Any, Final, Self, TypeAlias

import attrs

from actors.fmi.drivers.driver import Alive, Noise, Passages, Seen, Totals
from actors.fmi.words import difference
from config.sentence import Sentence

_GROUP: Final = 30
"""As many as may pass between two words that follow each other at once."""
MOST_PER_SECOND: Final = 3.0
"""Through one door: what is faster is a fault. A group of thirty passes a wide door in ten seconds."""
_MOST_BITS: Final = 32


@attrs.frozen
class CountingSettings:
    """How much is plausible of one sensor."""

    largest_step: int = 500
    """What two words in a row may differ by; more when long has passed between them."""
    words_are_checked: bool = True
    """Whether a word that arrives is right: the device's frames have a check. Else a step back must be seen twice."""


USUAL: Final = CountingSettings()


@attrs.frozen
class CounterMemory:
    """What a device showed last, and a word in doubt that the next one decides about."""

    entries: int
    exits: int
    bits: int
    doubted: Totals | None = None

    def text(self) -> str:
        """Return it as the database keeps it."""
        doubted = self.doubted and [self.doubted.entries, self.doubted.exits, self.doubted.bits]
        return json.dumps([self.entries, self.exits, self.bits, doubted])

    @classmethod
    def of(cls, text: str | None) -> Self | None:
        """Return what a text holds; None for one that is missing or spoilt: the next word is the first then."""
        try:
            entries, exits, bits, doubted = json.loads(text or "null")
            found = cls(int(entries), int(exits), int(bits), doubted and Totals(*map(int, doubted)))
        except (TypeError, ValueError):
            return None
        return found if bits in range(_MOST_BITS + 1) else None


@attrs.frozen
class First:
    """The first word ever: what the device shows is where counting begins."""

    @property
    def sentence(self) -> Sentence:
        """Say it to people."""
        return Sentence.of("the sensor's first word: counting begins at what it shows")


@attrs.frozen
class Wrapped:
    """The device began at 0 again because it can count no further; nobody is lost."""

    @property
    def sentence(self) -> Sentence:
        """Say it to people."""
        return Sentence.of("the sensor's counter went past its end and began again at 0: nobody is lost")


@attrs.frozen
class Reset:
    """The device began at 0 by itself: who passed between its last word and that is not known."""

    @property
    def sentence(self) -> Sentence:
        """Say it to people."""
        return Sentence.of("the sensor began again at 0: people may have passed unseen before that")


@attrs.frozen
class Estimated:
    """Power was lost, and the count with it: who passed meanwhile is not known."""

    @property
    def sentence(self) -> Sentence:
        """Say it to people."""
        return Sentence.of("the sensor was without power: people may have passed unseen")


@attrs.frozen
class Held:
    """A jump that is not plausible, and is not counted."""

    entries: int
    exits: int
    is_final: bool
    """The next word went on from there: nobody knows what happened. Else the next word decides."""

    @property
    def sentence(self) -> Sentence:
        """Say what is held."""
        if self.is_final:
            return Sentence.of(
                "the sensor jumped by {jump}, which nobody can believe: they are not counted; count the people and "
                "correct the number",
                jump=difference(self.entries, self.exits),
            )
        return Sentence.of(
            "the sensor shows {jump} more than before, which is not plausible: its next word decides",
            jump=difference(self.entries, self.exits),
        )


Finding: TypeAlias = First | Wrapped | Reset | Estimated | Held


@attrs.frozen
class Counted:
    """People who passed, and what was found besides; `memory` None: the device has not shown a total yet."""

    memory: CounterMemory | None
    entries: int = 0
    exits: int = 0
    finding: Finding | None = None

    @property
    def strays(self) -> int:
        """By how many people the number may be wrong by this word alone: what is held is not plausible anyhow."""
        return 0 if self.finding is None or isinstance(self.finding, Wrapped) else 1

    @property
    def is_estimate(self) -> bool:
        """Whether people may have passed unseen before this word."""
        match self.finding:
            case First() | Reset() | Estimated():
                return True
            case Held(is_final=is_final):
                return is_final
            case _:
                return False


def count(
    memory: CounterMemory | None,
    seen: Seen,
    power_was_lost: bool,  # noqa: FBT001  # what happened to the port, as the driver tells it
    settings: CountingSettings = USUAL,  # frozen
    elapsed_seconds: float = 0.0,
) -> Counted:
    """Return who passed since the last word, by this one.

    `power_was_lost`: the device surely began at 0 since then; it is asked of the first Totals after the loss.
    `elapsed_seconds`: since the last Totals; the longer, the more is plausible: a service that was restarted with the
    sensor powered loses nobody.
    """
    match seen:
        case Passages(entries, exits):
            return Counted(memory, max(0, entries), max(0, exits))
        case Alive() | Noise():
            return Counted(memory)
        case Totals():
            return _count_totals(memory, seen, power_was_lost, settings, elapsed_seconds)


def _count_totals(
    memory: CounterMemory | None, seen: Totals, power_was_lost: Any, settings: CountingSettings, elapsed_seconds: float
) -> Counted:
    if memory is None:
        return Counted(_at(seen), finding=First())
    most = settings.largest_step + int(max(0.0, elapsed_seconds) * MOST_PER_SECOND)
    last = Totals(memory.entries, memory.exits, memory.bits)
    is_near_zero = max(seen.entries, seen.exits) <= most
    if power_was_lost and is_near_zero:
        return Counted(_at(seen), seen.entries, seen.exits, Estimated())
    step = None if power_was_lost else _plausible_step(last, seen, most)
    if step is not None and not _is_rather_a_reset(step, last, seen, elapsed_seconds):
        has_wrapped = seen.entries < last.entries or seen.exits < last.exits
        return Counted(_at(seen), *step, Wrapped() if has_wrapped else None)
    since = None if memory.doubted is None else _plausible_step(memory.doubted, seen, settings.largest_step)
    is_reset = is_near_zero and seen.entries <= last.entries and seen.exits <= last.exits
    if is_reset and (settings.words_are_checked or since is not None):
        return Counted(_at(seen), seen.entries, seen.exits, Reset())
    if memory.doubted is not None and since is not None:
        # Twice in a row: the device does stand there. Of a jump only what came after it is counted.
        return Counted(_at(seen), *since, Held(*_difference(last, memory.doubted), is_final=True))
    return Counted(attrs.evolve(memory, doubted=seen), finding=Held(*_difference(last, seen), is_final=False))


def _is_rather_a_reset(step: tuple[int, int], last: Totals, seen: Totals, elapsed_seconds: float) -> bool:
    """Whether a device near its end was reset: round the end, more would have passed than can in that time.

    Without the time (0) nobody can tell, and a wrap loses nobody.
    """
    if elapsed_seconds <= 0 or seen.entries >= last.entries or seen.exits >= last.exits:
        return False
    most = _GROUP + elapsed_seconds * MOST_PER_SECOND
    return max(step) > most >= max(seen.entries, seen.exits)


def _at(seen: Totals) -> CounterMemory:
    return CounterMemory(seen.entries, seen.exits, seen.bits)


def _difference(last: Totals, seen: Totals) -> tuple[int, int]:
    return seen.entries - last.entries, seen.exits - last.exits


def _plausible_step(last: Totals, seen: Totals, most: int) -> tuple[int, int] | None:
    """Return what was added when both counters may have gone on from `last`, round their end or not."""
    around = 1 << seen.bits if seen.bits == last.bits and seen.bits else 0
    steps = [new - old for new, old in zip((seen.entries, seen.exits), (last.entries, last.exits), strict=True)]
    if around:
        # Half a round and more is as likely a step back.
        most = min(most, around // 2)
        steps = [step % around for step in steps]
    return (steps[0], steps[1]) if all(0 <= step <= most for step in steps) else None
