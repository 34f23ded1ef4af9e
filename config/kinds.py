"""The kinds of single values: how each is read without coercion, written as TOML, and told in JSON Schema."""

import math
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import attrs

from config import units
from config.problem import ValueRefusedError, did_you_mean, one_of
from config.secret import Secret
from config.sentence import Sentence
from config.toml_text import write_text
from config.urls import DatabaseUrl, anchored, is_url
from config.weekdays import DAYS_PATTERN, Days, format_days, parse_days

Duration = timedelta
TimeOfDay = time
Size = Annotated[int, "size"]
"""Bytes, written `"2GB"` (decimal) or `"2GiB"` (binary)."""
StationName = Annotated[str, "station"]
"""The name of a station of the file, as `[stations]` spells it."""
Text = Annotated[str, "text of several lines"]
"""Text that may hold line breaks and tabs; plain `str` may not, for a path in "..." makes them by mistake."""


EXAMPLE_STATION: Final = "ACCUEIL"


@attrs.frozen
class Context:
    """What reading a value may need of its file: the folder, and the stations' names as written (None: unknown)."""

    folder: Path
    stations: tuple[str, ...] | None = None


@attrs.frozen
class Kind:
    """One kind of value: how people call it, how it is read and written as TOML, its JSON Schema.

    `example` stands in the example file where a required setting has none of its own; `hides` marks secrets.
    """

    name: Sentence
    read: Callable[[Any, Context], Any]
    write: Callable[[Any], str]
    json: Mapping[str, Any]
    example: Any = None
    hides: bool = False


def kind_of(type_: Any) -> Kind | None:
    """Return the kind of a field's type, None when it is no single value."""
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _choice({member.value: member for member in type_})
    if get_origin(type_) is Literal:
        return _choice({value: value for value in get_args(type_)})
    return next((kind for known, kind in _KINDS if known == type_), None)


def found_name(raw: Any) -> Sentence:  # noqa: PLR0911 - one for each type that TOML has
    """Return what a TOML value is, for a sentence."""
    match raw:
        case bool():
            return Sentence.of("true or false without quotes")
        case int():
            return Sentence.of("a whole number")
        case float():
            return Sentence.of("a number with a decimal point")
        case str():
            return Sentence.of("text in quotes")
        case list():
            return Sentence.of("a list")
        case dict():
            return Sentence.of("a table")
        case _:
            return Sentence.of("a date or time without quotes")


def unexpected(expected: Sentence, raw: Any, suggestion: Sentence | None = None) -> ValueRefusedError:
    """Return the refusal of a value of another type than expected."""
    return ValueRefusedError(
        Sentence.of("expected {expected}, found {found}", expected=expected, found=found_name(raw)),
        suggestion=suggestion,
    )


def _read_text(raw: Any, _context: Context) -> str:
    text = _read_lines(raw, _context)
    if any(ord(character) < 32 for character in text):  # noqa: PLR2004 - control characters end at 31
        raise ValueRefusedError(
            Sentence.of(r"holds a control character, made by a backslash in double quotes"),
            suggestion=Sentence.of(r"write paths in single quotes, 'C:\new', or with double backslashes"),
        )
    return text


def _read_lines(raw: Any, _context: Context) -> str:
    if not isinstance(raw, str):
        is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
        raise unexpected(_TEXT, raw, Sentence.of("put it in quotes") if is_number else None)
    return raw


def _read_whole(raw: Any, _context: Context) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        is_quoted = isinstance(raw, str) and raw.strip().lstrip("+-").isdecimal()
        raise unexpected(_WHOLE, raw, Sentence.of("write it without quotes") if is_quoted else None)
    return raw


def _read_number(raw: Any, _context: Context) -> float:
    # A whole number is a number: 5 and 5.0 say the same, nothing is lost or guessed.
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise unexpected(_NUMBER, raw)
    try:
        number = float(raw)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueRefusedError(Sentence.of("expected an ordinary number, neither infinite nor nan"))
    return number


def _read_flag(raw: Any, _context: Context) -> bool:
    if not isinstance(raw, bool):
        raise unexpected(_FLAG, raw, Sentence.of("write true or false, without quotes"))
    return raw


def _read_date(raw: Any, _context: Context) -> date:
    if type(raw) is not date:
        raise unexpected(_DATE, raw, Sentence.of("write it without quotes, as in 2026-12-25"))
    return raw


def _read_path(raw: Any, context: Context) -> Path:
    text = _read_text(raw, context)
    if not text:
        raise ValueRefusedError(Sentence.of("must not be empty"))
    return context.folder / text


def _read_secret(raw: Any, context: Context) -> Secret:
    text = _read_text(raw, context)
    kind, _, name = text.partition(":")
    if not text or (kind in ("keyring", "env", "file") and not name.strip()):
        raise ValueRefusedError(
            Sentence.of("names no secret"),
            suggestion=Sentence.of('write "keyring:NAME", "env:NAME", "file:PATH" or the secret itself'),
        )
    return Secret(text, context.folder)


def _read_url(raw: Any, context: Context) -> DatabaseUrl:
    text = _read_text(raw, context)
    if not is_url(text):
        raise ValueRefusedError(
            Sentence.of("not the address of a database"),
            suggestion=Sentence.of('write it as in "sqlite:///club.db" or "postgresql+psycopg://user@host/club"'),
        )
    return DatabaseUrl(anchored(text, context.folder))


def _read_station(raw: Any, context: Context) -> str:
    text = _read_text(raw, context)
    if context.stations is None:
        return text
    for name in context.stations:
        if name.casefold() == text.casefold():
            return name
    raise ValueRefusedError(
        Sentence.of("no such station in [stations]"),
        suggestion=did_you_mean(text, context.stations)
        or (Sentence.of("the stations are {names}", names=one_of(context.stations)) if context.stations else None),
    )


def _parsed(parse: Callable[[str], Any]) -> Callable[[Any, Context], Any]:
    def read(raw: Any, context: Context) -> Any:
        return parse(_read_text(raw, context))

    return read


def _choice(choices: Mapping[Any, Any]) -> Kind:
    name = Sentence.of("one of {choices}", choices=one_of(choices))

    def read(raw: Any, context: Context) -> Any:
        text = _read_text(raw, context)
        if text in choices:
            return choices[text]
        raise ValueRefusedError(
            Sentence.of("expected one of {choices}", choices=one_of(choices)), suggestion=did_you_mean(text, choices)
        )

    def write(value: Any) -> str:
        return write_text(value.value if isinstance(value, Enum) else value)

    return Kind(name, read, write, {"enum": list(choices)}, next(iter(choices)))


def _write_whole(value: int) -> str:
    return str(value)


def _write_flag(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"


def _write_path(value: Path | str) -> str:
    return write_text(str(value))


def _write_secret(value: Secret | str) -> str:
    return write_text(value if isinstance(value, str) else value.reference)


def _write_url(value: str) -> str:
    return write_text(DatabaseUrl(value).masked)


_TEXT = Sentence.of("text")
_WHOLE = Sentence.of("a whole number")
_NUMBER = Sentence.of("a number")
_FLAG = Sentence.of("true or false")
_DATE = Sentence.of("a date")
_STRING: Final = {"type": "string"}

_KINDS: Final[tuple[tuple[Any, Kind], ...]] = (
    (bool, Kind(_FLAG, _read_flag, _write_flag, {"type": "boolean"})),
    (int, Kind(_WHOLE, _read_whole, _write_whole, {"type": "integer"})),
    (float, Kind(_NUMBER, _read_number, repr, {"type": "number"})),
    (str, Kind(_TEXT, _read_text, write_text, _STRING)),
    (Text, Kind(_TEXT, _read_lines, write_text, _STRING)),
    (date, Kind(_DATE, _read_date, date.isoformat, {"type": "string", "format": "date"}, date(2026, 12, 25))),
    (Path, Kind(Sentence.of("a path"), _read_path, _write_path, {"type": "string", "minLength": 1})),
    (
        Duration,
        Kind(
            Sentence.of("a duration"),
            _parsed(units.parse_duration),
            lambda value: f'"{units.format_duration(value)}"',
            {"type": "string", "pattern": units.DURATION_PATTERN},
            timedelta(seconds=30),
        ),
    ),
    (
        TimeOfDay,
        Kind(
            Sentence.of("a time of day"),
            _parsed(units.parse_time_of_day),
            lambda value: f'"{units.format_time_of_day(value)}"',
            {"type": "string", "pattern": units.TIME_PATTERN},
            time(8),
        ),
    ),
    (
        Days,
        Kind(
            Sentence.of("days of the week"),
            _parsed(parse_days),
            lambda value: f'"{format_days(value)}"',
            {"type": "string", "pattern": DAYS_PATTERN},
            parse_days("mon-sat"),
        ),
    ),
    (
        Size,
        Kind(
            Sentence.of("a size"),
            _parsed(units.parse_size),
            lambda value: f'"{units.format_size(value)}"',
            {"type": "string", "pattern": units.SIZE_PATTERN},
            1_000_000_000,
        ),
    ),
    (Secret, Kind(Sentence.of("a secret"), _read_secret, _write_secret, _STRING, "keyring:NAME", hides=True)),
    (DatabaseUrl, Kind(Sentence.of("a database address"), _read_url, _write_url, _STRING, "sqlite:///club.db")),
    (StationName, Kind(Sentence.of("a station"), _read_station, write_text, _STRING, EXAMPLE_STATION)),
)
