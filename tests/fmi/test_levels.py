"""Levels rise at once and end below a band; each crossing is told once, and no wobbling rings twice."""

import random
from itertools import pairwise

import pytest
from fmi_walk import told_on_a_walk, walk
from hypothesis import given
from hypothesis import strategies as st

from actors.fmi.levels import LevelSettings, ends_at, is_above, level_after, percentage, rises_at, told_after
from club.attendance_records import LEVELS, Level

USUAL = LevelSettings()


@pytest.mark.parametrize(
    ("before", "present", "limit", "after"),
    [
        # 80, 95 and 100 % of 250 people are 200, 238 and 250.
        ("normal", 199, 250, "normal"),
        ("normal", 200, 250, "notice"),
        ("normal", 237, 250, "notice"),
        ("normal", 238, 250, "warning"),
        ("normal", 250, 250, "stop"),
        # A group comes in at once.
        ("normal", 400, 250, "stop"),
        # It ends at 95 % and not at 99 %.
        ("stop", 249, 250, "stop"),
        ("stop", 238, 250, "stop"),
        ("stop", 237, 250, "warning"),
        ("warning", 226, 250, "warning"),
        ("warning", 225, 250, "notice"),
        ("notice", 188, 250, "notice"),
        ("notice", 187, 250, "normal"),
        ("stop", 0, 250, "normal"),
        # Limits so small that the band is less than one person.
        ("normal", 1, 1, "stop"),
        ("stop", 1, 1, "stop"),
        ("stop", 0, 1, "normal"),
        ("stop", 2, 3, "normal"),
        # A limit of 0: nobody may be inside, and as long as nobody is, all is well.
        ("normal", 0, 0, "normal"),
        ("normal", 1, 0, "stop"),
        ("stop", 0, 0, "normal"),
        # No limit, none reached.
        ("normal", 100_000, None, "normal"),
        # The limit was changed in the settings.
        ("normal", 240, 200, "stop"),
        ("stop", 250, 500, "normal"),
    ],
)
def test_levels(before: Level, present: int, limit: int | None, after: Level) -> None:
    assert level_after(before, present, limit, USUAL) == after


@pytest.mark.parametrize(
    ("told", "level", "present", "after"),
    [
        ("normal", "warning", 96, "warning"),  # is told
        ("warning", "stop", 100, "stop"),  # is told
        ("stop", "warning", 95, "stop"),  # people know of worse
        ("stop", "stop", 97, "stop"),
        ("stop", "notice", 86, "stop"),
        ("stop", "notice", 85, "warning"),  # the next stop is news
        ("warning", "notice", 81, "warning"),
        ("warning", "notice", 80, "notice"),
        ("stop", "normal", 74, "normal"),  # all is forgotten
    ],
)
def test_what_people_know_of(told: Level, level: Level, present: int, after: Level) -> None:
    assert told_after(told, level, present, 100, USUAL) == after


@given(st.integers(0, 100_000), st.sampled_from(LEVELS[1:]))
def test_a_level_ends_below_where_it_begins_whatever_the_limit(limit: int, level: Level) -> None:
    assert 0 <= ends_at(level, limit, USUAL) < rises_at(level, limit, USUAL)


@given(st.sampled_from(LEVELS), st.integers(0, 400), st.one_of(st.none(), st.integers(0, 300)))
def test_a_level_that_has_been_reached_holds_and_asking_again_changes_nothing(
    before: Level, present: int, limit: int | None
) -> None:
    after = level_after(before, present, limit, USUAL)
    assert level_after(after, present, limit, USUAL) == after
    reached = [level for level in LEVELS[1:] if limit is not None and present >= rises_at(level, limit, USUAL)]
    assert not any(is_above(level, after) for level in reached)
    assert told_after(after, after, present, limit, USUAL) == (after if limit is not None else "normal")


@pytest.mark.parametrize(
    ("present", "limit", "share"),
    [(0, 250, 0), (249, 250, 99), (250, 250, 100), (300, 250, 120), (0, 0, 0), (1, 0, 100)],
)
def test_the_share_of_a_limit_is_100_only_when_it_is_reached(present: int, limit: int, share: int) -> None:
    assert percentage(present, limit) == share
    assert percentage(present, None) is None


def test_a_random_walk_of_5000_passages_around_the_limit_rings_three_times_at_most() -> None:
    passages = walk(random.Random(1), 5000)
    limit = sorted(passages)[len(passages) // 2]
    without = sum(one < limit <= other for one, other in pairwise(passages))
    assert without >= 39
    assert told_on_a_walk(passages, limit, USUAL) <= 3


def test_one_person_who_goes_in_and_out_at_the_limit_all_day_rings_once() -> None:
    assert told_on_a_walk([100, 99] * 2500, 100, USUAL) == 1
