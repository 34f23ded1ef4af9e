"""Attendance as text for a terminal of 80 columns: zones with their bars, the club's sensors, the hours of a day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence
from service.terminal import Terminal, clean, pad, width, wrap
from service.words import instant, word

Json = Mapping[str, Any]
Look = tuple[str, str]
"""A symbol's name and its colour, as `service.rendering_table` has it; that one is loaded for tables alone."""

_BAR_COLUMNS: Final = 20
_NAME_COLUMNS: Final = 16
_INDENT: Final = _NAME_COLUMNS + 3
_HUNDRED: Final = 100

# Symbol and colour of a zone's level, and of a sensor's state.
_LEVEL_LOOK: Final[Mapping[str, Look]] = {
    "normal": ("good", "green"),
    "notice": ("good", "green"),
    "warning": ("warning", "yellow"),
    "stop": ("bad", "red"),
}
_UNKNOWN: Final[Look] = ("warning", "yellow")
_LEVEL: Final = {
    "notice": Sentence.of("it is filling up"),
    "warning": Sentence.of("nearly full"),
    "stop": Sentence.of("full: nobody more may come in"),
}
_SENSOR_LOOK: Final[Mapping[str, Look]] = {
    "counting": ("good", "green"),
    "starting": ("busy", ""),
    "silent": ("bad", "red"),
    "away": ("bad", "red"),
    "unattended": ("bad", "red"),
    "stopped": ("off", "dim"),
}
_SENSOR: Final = {
    "counting": Sentence.of("counts"),
    "starting": Sentence.of("starting"),
    "silent": Sentence.of("silent"),
    "away": Sentence.of("away"),
    "unattended": Sentence.of("not read"),
    "stopped": Sentence.of("stopped"),
}
_SENSOR_TITLES: Final = (
    Sentence.of("sensor"),
    Sentence.of("station"),
    Sentence.of("zone"),
    Sentence.of("state"),
    Sentence.of("in"),
    Sentence.of("out"),
)
_HOUR_TITLES: Final = (
    Sentence.of("from"),
    Sentence.of("in"),
    Sentence.of("out"),
    Sentence.of("most inside"),
    Sentence.of("at the end"),
    Sentence.of("not known"),
)


def zone_lines(zones: Sequence[Json], terminal: Terminal, language: str, now: datetime) -> Iterator[str]:
    """Give the lines of the zones: how many are inside, or since when that is not known."""
    for zone in zones:
        yield from _zone(zone, terminal, language, now)


def sensor_lines(sensors: Sequence[Json], terminal: Terminal, language: str) -> Iterator[str]:
    """Give the table of the sensors, each with what is wrong beneath it."""
    from service.rendering_table import Row, fitting, look_of, table  # noqa: PLC0415 - `status` elsewhere has none

    titles = tuple(title.render(language) for title in _SENSOR_TITLES)
    rows = [
        Row(
            look=look_of(_SENSOR_LOOK, str(sensor["state"])),
            cells=(
                str(sensor["name"]),
                str(sensor.get("station") or ""),
                _sides(sensor),
                word(_SENSOR, str(sensor["state"])).render(language),
                str(sensor["in"]),
                str(sensor["out"]),
            ),
            beneath=(str(sensor.get("reason") or ""),),
        )
        for sensor in sensors
    ]
    yield from table(titles, fitting(titles, rows, terminal.columns, elastic=2), rows, terminal)


def hour_lines(hours: Sequence[Json], terminal: Terminal, language: str) -> Iterator[str]:
    """Give the table of a day: a line for each stretch."""
    from service.rendering_table import Row, fitting, table  # noqa: PLC0415

    titles = tuple(title.render(language) for title in _HOUR_TITLES)
    minutes = "{n} min"
    rows = [
        Row(
            look=_UNKNOWN if hour["unknown_minutes"] else ("off", "dim"),
            cells=(
                str(hour["from"]),
                str(hour["in"]),
                str(hour["out"]),
                "-" if hour["most"] is None else str(hour["most"]),
                "-" if hour["last"] is None else str(hour["last"]),
                minutes.format(n=hour["unknown_minutes"]) if hour["unknown_minutes"] else "",
            ),
        )
        for hour in hours
    ]
    yield from table(titles, fitting(titles, rows, terminal.columns), rows, terminal)


def _zone(zone: Json, terminal: Terminal, language: str, now: datetime) -> Iterator[str]:
    known = bool(zone["known"])
    symbol, colour = _LEVEL_LOOK.get(str(zone["level"]), _UNKNOWN) if known else _UNKNOWN
    name = clean(str(zone["name"]))
    mark = terminal.paint(terminal.symbol(symbol), colour)
    if width(name) > _NAME_COLUMNS:
        yield f"{mark} {name}"
        mark, name = " ", ""
    first, *others = _said(zone, terminal, language, now)
    yield f"{mark} {pad(name, _NAME_COLUMNS)} {terminal.paint(first, colour)}"
    for text in others:
        for line in wrap(text, terminal.columns - _INDENT):
            yield " " * _INDENT + line


def _said(zone: Json, terminal: Terminal, language: str, now: datetime) -> Iterator[str]:
    present, limit, percent = zone["present"], zone.get("limit"), zone.get("percent")
    if not zone["known"]:
        if zone.get("since"):
            since = instant(zone["since"], now, language)
            yield Sentence.of("not known since {since}; {present} then", since=since, present=present).render(language)
        else:
            yield Sentence.of("not known").render(language)
        if zone.get("reason"):
            yield str(zone["reason"])
    elif limit is None:
        yield Sentence.counted("{n} inside", "{n} inside", n=int(present)).render(language)
    else:
        inside = Sentence.of("{present} of {limit}, {percent} %", present=present, limit=limit, percent=percent)
        yield f"{_bar(int(percent or 0), terminal)} {inside.render(language)}"
        if str(zone["level"]) in _LEVEL:
            yield word(_LEVEL, str(zone["level"])).render(language)
    yield f" {terminal.symbol('dot')} ".join(_remarks(zone, language, now))


def _remarks(zone: Json, language: str, now: datetime) -> Iterator[str]:
    total, limit = zone["day_total"], zone.get("day_limit")
    if limit is None:
        yield Sentence.counted("{n} came in today", "{n} came in today", n=int(total)).render(language)
    else:
        came = Sentence.counted(
            "{n} of {limit} came in today", "{n} of {limit} came in today", n=int(total), limit=limit
        )
        yield came.render(language)
    if zone.get("uncertainty"):
        yield Sentence.of("give or take {people}", people=zone["uncertainty"]).render(language)
    if zone["known"] and zone.get("estimated_since"):
        since = instant(zone["estimated_since"], now, language)
        yield Sentence.of("some may have passed unseen since {since}", since=since).render(language)


def _bar(percent: int, terminal: Terminal) -> str:
    full = min(_BAR_COLUMNS, percent * _BAR_COLUMNS // _HUNDRED)
    return terminal.symbol("full") * full + terminal.symbol("empty") * (_BAR_COLUMNS - full)


def _sides(sensor: Json) -> str:
    return f"{sensor['from_zone']} > {sensor['zone']}" if sensor.get("from_zone") else str(sensor.get("zone") or "")
