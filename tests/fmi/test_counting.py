"""From what a counter shows to people: a table of what devices do, and a model in which nobody is lost or invented."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.fmi.counting import (
    Counted,
    CounterMemory,
    CountingSettings,
    Estimated,
    Finding,
    First,
    Held,
    Reset,
    Wrapped,
    count,
)
from actors.fmi.drivers.driver import Alive, Noise, Passages, Totals
from config.sentence import Sentence

UNCHECKED = CountingSettings(words_are_checked=False)


def memory(entries: int, exits: int, bits: int = 16, doubted: Totals | None = None) -> CounterMemory:
    return CounterMemory(entries, exits, bits, doubted)


@pytest.mark.parametrize(
    ("before", "seen", "power_was_lost", "entries", "exits", "finding"),
    [
        # One comes, one goes, somebody stays.
        (memory(4, 2), Totals(5, 2, 16), False, 1, 0, None),
        (memory(4, 2), Totals(4, 3, 16), False, 0, 1, None),
        (memory(4, 2), Totals(4, 2, 16), False, 0, 0, None),
        # The service was off, the sensor was not: everybody is in its next word.
        (memory(4, 2), Totals(84, 52, 16), False, 80, 50, None),
        # Past the end of 16 bits, of 32, and of one that does not end.
        (memory(65530, 10), Totals(3, 12, 16), False, 9, 2, Wrapped),
        (memory(65530, 65535), Totals(3, 0, 16), False, 9, 1, Wrapped),
        (memory((1 << 32) - 1, 0, 32), Totals(1, 0, 32), False, 2, 0, Wrapped),
        (memory(65530, 10, 0), Totals(3, 0, 0), False, 3, 0, Reset),
        # It began anew: one counter near its end does not make that a wrap when the other has fallen, too.
        (memory(100, 90), Totals(0, 0, 16), False, 0, 0, Reset),
        (memory(100, 90), Totals(2, 1, 16), False, 2, 1, Reset),
        (memory(65530, 65000), Totals(3, 2, 16), False, 3, 2, Reset),
        # Without power, it began anew whatever it shows now.
        (memory(1, 0), Totals(1, 0, 16), True, 1, 0, Estimated),
        (memory(100, 90), Totals(2, 1, 16), True, 2, 1, Estimated),
        # Nobody can believe that.
        (memory(100, 90), Totals(5000, 90, 16), False, 0, 0, Held),
        (memory(100, 90), Totals(5000, 90, 16), True, 0, 0, Held),
        (memory(100, 90), Totals(90, 1200, 16), False, 0, 0, Held),
    ],
)
def test_what_a_device_shows_becomes_people(
    before: CounterMemory,
    seen: Totals,
    power_was_lost: bool,  # noqa: FBT001  # a column of the table
    entries: int,
    exits: int,
    finding: type[Finding] | None,
) -> None:
    counted = count(before, seen, power_was_lost)
    assert (counted.entries, counted.exits) == (entries, exits)
    assert (None if counted.finding is None else type(counted.finding)) is finding


def test_the_first_word_ever_is_where_counting_begins() -> None:
    first = count(None, Totals(4711, 4000, 16), power_was_lost=False)
    assert (first.entries, first.exits, first.finding) == (0, 0, First())
    assert count(first.memory, Totals(4712, 4000, 16), power_was_lost=False).entries == 1


def test_signs_of_life_and_noise_count_nobody() -> None:
    for seen in (Alive(), Noise(3, Sentence.of("noise"))):
        assert count(memory(4, 2), seen, power_was_lost=False) == Counted(memory(4, 2))


def test_single_passages_count_by_themselves_and_never_backwards() -> None:
    counted = count(None, Passages(entries=2, exits=1), power_was_lost=False)
    assert (counted.memory, counted.entries, counted.exits, counted.finding) == (None, 2, 1, None)
    assert count(None, Passages(entries=-3), power_was_lost=False).entries == 0


def test_more_is_plausible_after_hours_than_after_a_second() -> None:
    busy = Totals(2100, 1900, 16)
    assert isinstance(count(memory(0, 0), busy, power_was_lost=False).finding, Held)
    after_a_day = count(memory(0, 0), busy, power_was_lost=False, elapsed_seconds=8 * 3600)
    assert (after_a_day.entries, after_a_day.exits, after_a_day.finding) == (2100, 1900, None)


def test_a_jump_that_was_one_wrong_word_costs_nobody() -> None:
    jumped = count(memory(100, 90), Totals(9000, 90, 16), power_was_lost=False)
    assert jumped.memory == memory(100, 90, doubted=Totals(9000, 90, 16))
    assert not jumped.is_estimate
    back = count(jumped.memory, Totals(103, 91, 16), power_was_lost=False)
    assert (back.entries, back.exits, back.finding, back.memory) == (3, 1, None, memory(103, 91))


def test_a_jump_that_stays_is_not_counted_but_counting_goes_on_from_there() -> None:
    jumped = count(memory(100, 90), Totals(9000, 90, 16), power_was_lost=False)
    stays = count(jumped.memory, Totals(9002, 91, 16), power_was_lost=False)
    assert (stays.entries, stays.exits) == (2, 1)
    assert stays.finding == Held(8900, 0, is_final=True)
    assert stays.is_estimate
    assert "8900 entries" in str(stays.finding.sentence)
    assert stays.memory == memory(9002, 91)


def test_a_device_without_a_check_must_show_its_reset_twice() -> None:
    once = count(memory(1000, 900), Totals(5, 900, 16), False, UNCHECKED)  # a digit was lost
    assert (once.entries, once.exits) == (0, 0)
    healed = count(once.memory, Totals(1006, 900, 16), False, UNCHECKED)
    assert (healed.entries, healed.exits, healed.finding) == (6, 0, None)
    once = count(memory(1000, 900), Totals(0, 0, 16), False, UNCHECKED)
    twice = count(once.memory, Totals(1, 0, 16), False, UNCHECKED)
    assert (twice.entries, twice.exits, twice.finding) == (1, 0, Reset())


@pytest.mark.parametrize("kept", [memory(4, 2), memory(4, 2, 32, Totals(9, 9, 32)), memory(0, 0, 0)])
def test_a_memory_comes_back_from_the_database_as_it_was(kept: CounterMemory) -> None:
    assert CounterMemory.of(kept.text()) == kept


@pytest.mark.parametrize("spoilt", [None, "", "x", "[1, 2]", "[1, 2, 99, null]", '{"a": 1}', "[1, 2, 16, [1]]", "3"])
def test_a_spoilt_memory_is_none(spoilt: str | None) -> None:
    assert CounterMemory.of(spoilt) is None


@pytest.mark.parametrize("finding", [First(), Wrapped(), Reset(), Estimated(), Held(1, 2, is_final=False)])
def test_each_finding_is_said_to_people(finding: Finding) -> None:
    assert finding.sentence.render("fr") != ""


def test_what_was_not_seen_is_an_estimate_and_a_wrap_is_not() -> None:
    assert [Counted(None, finding=each).is_estimate for each in (First(), Reset(), Estimated(), Wrapped(), None)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [Counted(None, finding=each).strays for each in (Reset(), Wrapped(), None)] == [1, 0, 0]


@attrs.define
class Device:
    """A counter of `bits`, with people who pass it; it knows the truth."""

    bits: int
    entries: int
    exits: int

    def pass_(self, entries: int, exits: int) -> None:
        self.entries += entries
        self.exits += exits

    @property
    def shown(self) -> Totals:
        around = 1 << self.bits
        return Totals(self.entries % around, self.exits % around, self.bits)


STEPS = st.lists(
    st.tuples(st.sampled_from(["shown", "unheard", "restart", "glitch"]), st.integers(0, 200), st.integers(0, 200)),
    max_size=60,
)


@given(st.sampled_from([15, 16, 31, 32]), st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1), STEPS)
def test_with_power_nobody_is_lost_or_invented(bits: int, entries: int, exits: int, steps: Any) -> None:
    """However often words are lost, the service restarts, the counters wrap, or a word is quite wrong."""
    device = Device(bits, entries, exits)
    kept = count(None, device.shown, power_was_lost=False).memory
    counted, unheard = [0, 0], 0
    passed = [0, 0]
    for kind, came, left in steps:
        device.pass_(came, left)
        passed = [passed[0] + came, passed[1] + left]
        unheard += max(came, left)
        if kind == "unheard" and unheard <= 300:
            continue
        if kind == "glitch":
            around = 1 << bits
            wrong = Totals((device.entries + around // 2) % around, (device.exits + around // 2) % around, bits)
            glitch = count(kept, wrong, power_was_lost=False)
            if isinstance(glitch.finding, Reset):
                continue  # the model's device has no reset, and half way round may look like one near 0
            assert (glitch.entries, glitch.exits) == (0, 0)
            kept = glitch.memory
        if kind == "restart":
            kept = CounterMemory.of(kept.text() if kept else None)
        word = count(kept, device.shown, power_was_lost=False)
        kept, unheard = word.memory, 0
        counted = [counted[0] + word.entries, counted[1] + word.exits]
        assert counted == passed


@given(STEPS)
def test_a_device_that_loses_power_counts_on_from_nothing(steps: Any) -> None:
    """Who passed while it was without power is unknown, and said to be; who passed before and after is counted."""
    device = Device(16, 0, 0)
    kept = count(None, device.shown, power_was_lost=False).memory
    seen = 0
    for number, (kind, came, left) in enumerate(steps):
        if kind == "glitch":
            device = Device(16, 0, 0)
            device.pass_(came, left)
            word = count(kept, device.shown, power_was_lost=True)
            assert word.is_estimate, number
        else:
            device.pass_(came, left)
            word = count(kept, device.shown, power_was_lost=False)
            assert not word.is_estimate, number
        assert (word.entries, word.exits) == (came, left)
        kept, seen = word.memory, seen + came


@given(
    st.lists(st.builds(Totals, st.integers(0, 70000), st.integers(0, 70000), st.sampled_from([0, 16, 32])), max_size=30)
)
def test_whatever_arrives_nobody_is_counted_backwards_nor_more_than_is_plausible(words: list[Totals]) -> None:
    kept: CounterMemory | None = None
    for word in words:
        counted = count(kept, word, power_was_lost=False)
        assert 0 <= counted.entries <= 500
        assert 0 <= counted.exits <= 500
        kept = counted.memory
