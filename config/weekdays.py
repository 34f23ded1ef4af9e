"""Days of the week: their text in the settings file, both ways."""

import re
from typing import Final

import attrs

from config.problem import ValueRefusedError
from config.sentence import Sentence

_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME: Final = f"(?:{'|'.join(_NAMES)})"
DAYS_PATTERN: Final = f"^{_NAME}(-{_NAME})?(, ?{_NAME}(-{_NAME})?)*$"
# What people write instead; the French names begin alike in three cases, so they are asked for first.
_FRENCH: Final = dict(zip(("lun", "mar", "mer", "jeu", "ven", "sam", "dim"), _NAMES, strict=True))


@attrs.frozen
class Days:
    """Some days of the week, at least one; Monday is 0, as `date.weekday` counts."""

    weekdays: frozenset[int] = frozenset(range(7))


EVERY_DAY: Final = Days()


def parse_days(text: str) -> Days:
    """Return the days of a text such as `mon-sat`, `sat-mon`, `mon,wed` or `mon-fri,sun`. Raises ValueRefusedError."""
    if not re.fullmatch(DAYS_PATTERN[1:-1], text):
        raise ValueRefusedError(
            Sentence.of("not days of the week"),
            suggestion=Sentence.of('write them in English, as in "{example}"', example=_meant(text)),
        )
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        begin = _NAMES.index(first)
        length = (_NAMES.index(last or first) - begin) % 7
        days.update((begin + number) % 7 for number in range(length + 1))
    return Days(frozenset(days))


def _meant(text: str) -> str:
    def name(word: re.Match[str]) -> str:
        short = word[0].casefold()[:3]
        return _FRENCH.get(short, short)

    likely = re.sub(r" *(?:à|au|to) *", "-", text.strip())
    likely = re.sub(r"[^\W\d_]+", name, likely).replace(";", ",")
    return likely if re.fullmatch(DAYS_PATTERN[1:-1], likely) else "mon-sat"


def format_days(value: Days) -> str:
    """Return the text that `parse_days` reads as `value`: runs of three days and more as `mon-wed`."""
    days = sorted(value.weekdays)
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    shortest = 3
    parts = [
        f"{_NAMES[run[0]]}-{_NAMES[run[-1]]}" if len(run) >= shortest else ",".join(_NAMES[day] for day in run)
        for run in runs
    ]
    return ",".join(parts)
