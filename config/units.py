"""Durations, times of day and sizes: their text in the settings file, both ways."""

import re
from datetime import time, timedelta
from decimal import Decimal
from typing import Final

from config.problem import ValueRefusedError, one_of
from config.sentence import Sentence

_MICROSECONDS: Final = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000}
_OTHER_UNITS: Final = {
    **dict.fromkeys(("m", "mn", "minute", "minutes", "mins"), "min"),
    **dict.fromkeys(("sec", "secs", "second", "seconds", "seconde", "secondes"), "s"),
    **dict.fromkeys(("hr", "hour", "hours", "heure", "heures"), "h"),
    **dict.fromkeys(("day", "days", "j", "jour", "jours"), "d"),
}
DURATION_PATTERN: Final = r"^(?=.)([0-9]+d)? ?([0-9]+h)? ?([0-9]+min)? ?([0-9]+s)? ?([0-9]+ms)?$"
_DURATION_PART: Final = re.compile(r" ?([0-9]+) ?([^\W\d_]*)", re.ASCII)
_LONGEST: Final = timedelta(days=3660)

TIME_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

# Decimal as disk makers, Windows' shops and the SI count; the binary ones are written with their i.
_BYTES: Final = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", start=1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", start=1)},
}
SIZE_PATTERN: Final = r"^[0-9]+(\.[0-9]+)? ?(B|[kMGT]B|[KMGT]iB)$"
_SIZE: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([A-Za-z]*)")


def parse_duration(text: str) -> timedelta:
    """Return the duration of a text such as `30s`, `5min`, `1h30min`, `500ms`, `2d`.

    Whole numbers, each unit at most once, from the longest to the shortest. Ten years at most. Raises
    ValueRefusedError.
    """
    total, place, last = 0, 0, -1
    order = list(_MICROSECONDS)
    while place < len(text):
        part = _DURATION_PART.match(text, place)
        if part is None:
            raise _not_a_duration()
        number, unit = part.groups()
        if unit not in _MICROSECONDS:
            raise _unknown_unit(number, unit)
        if order.index(unit) <= last:
            raise ValueRefusedError(
                Sentence.of("the units of a duration go from the longest to the shortest, each once"),
                suggestion=Sentence.of('write it as in "1h30min"'),
            )
        last = order.index(unit)
        total += int(number[:30]) * _MICROSECONDS[unit]
        place = part.end()
    if last == -1:
        raise _not_a_duration()
    if total > _LONGEST / timedelta(microseconds=1):
        raise ValueRefusedError(Sentence.of("a duration is ten years at most"))
    return timedelta(microseconds=total)


def _not_a_duration() -> ValueRefusedError:
    return ValueRefusedError(
        Sentence.of("not a duration"),
        suggestion=Sentence.of(
            'write a whole number and its unit (d, h, min, s, ms), as in "30s", "5min" or "1h30min"'
        ),
    )


def _unknown_unit(number: str, unit: str) -> ValueRefusedError:
    if not unit:
        return ValueRefusedError(
            Sentence.of("a duration without its unit"),
            suggestion=Sentence.of('write the unit (d, h, min, s, ms), as in "{number}s"', number=number),
        )
    meant = unit.casefold() if unit.casefold() in _MICROSECONDS else _OTHER_UNITS.get(unit.casefold())
    return ValueRefusedError(
        Sentence.of("{unit} is not a unit of durations", unit=unit),
        suggestion=Sentence.of('write "{number}{unit}"', number=number, unit=meant)
        if meant
        else Sentence.of("the units are d, h, min, s, ms"),
    )


def format_duration(value: timedelta) -> str:
    """Return the text that `parse_duration` reads as `value`: whole milliseconds, not negative."""
    rest = value // timedelta(microseconds=1)
    parts: list[str] = []
    for unit, size in _MICROSECONDS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_time_of_day(text: str) -> time:
    """Return the time of a text such as `23:00`: 24 hours, two digits each, `00:00` to `23:59`.

    Raises ValueRefusedError.
    """
    if re.fullmatch(TIME_PATTERN[1:-1], text, re.ASCII):
        hour, minute = text.split(":")
        return time(int(hour), int(minute))
    likely = re.fullmatch(r"([0-9]{1,2}) ?[:hH.] ?([0-9]{2})?", text.strip(), re.ASCII)
    example = "23:00"
    if likely and int(likely[1]) < 24 and int(likely[2] or 0) < 60:  # noqa: PLR2004 - hours of a day, minutes of an hour
        example = f"{int(likely[1]):02}:{int(likely[2] or 0):02}"
    raise ValueRefusedError(
        Sentence.of("not a time of day"),
        suggestion=Sentence.of('write hours and minutes, 00:00 to 23:59, as in "{example}"', example=example),
    )


def format_time_of_day(value: time) -> str:
    """Return the time as `HH:MM`."""
    return f"{value:%H:%M}"


def parse_size(text: str) -> int:
    """Return the bytes of a text such as `2GB` (2,000,000,000), `1.5MB` or `2GiB` (2,147,483,648).

    Units B, kB, MB, GB, TB (decimal) and KiB, MiB, GiB, TiB (binary). Raises ValueRefusedError.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueRefusedError(
            Sentence.of("not a size"),
            suggestion=Sentence.of('write a number and its unit, as in "500MB" or "2GB"'),
        )
    number, unit = found.groups()
    if not unit:
        raise ValueRefusedError(
            Sentence.of("a size without its unit"),
            suggestion=Sentence.of('write the unit, as in "{number}MB"', number=number),
        )
    if unit not in _BYTES:
        by_fold = {known.casefold(): known for known in _BYTES}
        meant = by_fold.get(unit.casefold()) or by_fold.get(unit.casefold().replace("o", "b"))  # Mo, Go: French bytes
        raise ValueRefusedError(
            Sentence.of("{unit} is not a unit of sizes", unit=unit),
            suggestion=Sentence.of('write "{number}{unit}"', number=number, unit=meant)
            if meant
            else Sentence.of("the units are {units}", units=one_of(_BYTES)),
        )
    size = Decimal(number) * _BYTES[unit]
    if size != int(size):
        raise ValueRefusedError(Sentence.of("a size is a whole number of bytes"))
    return int(size)


def format_size(value: int) -> str:
    """Return the shortest text with a whole number that `parse_size` reads as `value`."""
    fitting = [(value // size, unit) for unit, size in _BYTES.items() if value % size == 0 and value >= size]
    count, unit = min(fitting, key=lambda part: len(f"{part[0]}{part[1]}")) if fitting else (0, "B")
    return f"{count}{unit}"
