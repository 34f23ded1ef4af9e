"""How near its limit a number is: four levels with a band between up and down, each crossing told once. Pure."""

from math import ceil, floor
from typing import Final

import attrs

from club.attendance_records import LEVELS, Level

_HUNDRED: Final = 100


@attrs.frozen
class LevelSettings:
    """Per cent of the limit: from where each level holds, how far below it ends, how far below it is told again.

    The bands keep a number that goes up and down by one from ringing each time. A level ends soon, because who stands
    at the entrance wants to let people in; it is told again late, because nobody reads the tenth message.
    """

    notice: int = 80
    warning: int = 95
    stop: int = 100
    band: int = 5
    rest: int = 15

    def share(self, level: Level) -> int:
        """Return from how many per cent a level holds."""
        return {"normal": 0, "notice": self.notice, "warning": self.warning, "stop": self.stop}[level]


def rises_at(level: Level, limit: int, settings: LevelSettings) -> int:
    """Return the number of people from which a level holds: at least one, also for a limit of 0."""
    return max(1, ceil(limit * settings.share(level) / _HUNDRED))


def ends_at(level: Level, limit: int, settings: LevelSettings) -> int:
    """Return the number of people at which a level no longer holds: less than where it begins, whatever the limit."""
    share = settings.share(level) - settings.band
    return max(0, min(rises_at(level, limit, settings) - 1, floor(limit * share / _HUNDRED)))


def level_after(before: Level, present: int, limit: int | None, settings: LevelSettings) -> Level:
    """Return the level of a number that was at `before`: up at once, down only below the band."""
    if limit is None:
        return "normal"
    reached = max(
        (level for level in LEVELS[1:] if present >= rises_at(level, limit, settings)), key=_rank, default=None
    )
    held = before
    while held != "normal" and present <= ends_at(held, limit, settings):
        held = LEVELS[_rank(held) - 1]
    return max(held, reached or "normal", key=_rank)


def told_after(told: Level, level: Level, present: int, limit: int | None, settings: LevelSettings) -> Level:
    """Return the highest level that people know of: a level above it is to be told now, and they know of it then.

    They forget the lower ones when all is normal again, and the highest, once the number has come down by `rest`.
    """
    if limit is None or level == "normal":
        return "normal"
    if _rank(level) >= _rank(told):
        return level
    if present <= limit * (settings.share(told) - settings.rest) / _HUNDRED:
        return max(level, LEVELS[_rank(told) - 1], key=_rank)
    return told


def percentage(present: int, limit: int | None) -> int | None:
    """Return the share of a limit in whole per cent, rounded down: 100 only when it is reached.

    None without a limit. Of a limit of 0 nobody is 0, anybody 100.
    """
    if limit is None:
        return None
    if limit == 0:
        return _HUNDRED if present else 0
    return present * _HUNDRED // limit


def is_above(level: Level, other: Level) -> bool:
    """Whether a level is nearer the limit than another."""
    return _rank(level) > _rank(other)


def _rank(level: Level) -> int:
    return LEVELS.index(level)
