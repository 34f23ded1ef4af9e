"""A number of people that walks at random, and how often somebody is told of it."""

from collections.abc import Sequence
from random import Random

from actors.fmi.levels import LevelSettings, is_above, level_after, told_after
from club.attendance_records import Level


def walk(dice: Random, passages: int, start: int = 300) -> list[int]:
    """Return the number after each passage of somebody who comes or goes, whichever."""
    present, walked = start, []
    for _ in range(passages):
        present = max(0, present + dice.choice((-1, 1)))
        walked.append(present)
    return walked


def told_on_a_walk(numbers: Sequence[int], limit: int, settings: LevelSettings) -> int:
    """Return how many alerts a walk causes, of all levels together."""
    level: Level = "normal"
    told: Level = "normal"
    alerts = 0
    for present in numbers:
        level = level_after(level, present, limit, settings)
        known = told_after(told, level, present, limit, settings)
        alerts += is_above(known, told)
        told = known
    return alerts
