"""Reading what other programs wrote: a bad value is told, it never raises for the other rows."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from config.sentence import Sentence

_DATE_FIRST: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]|$)")
_SHOWN: Final = 40
ERROR_LENGTH: Final = 1000
"""Of the column that tells people why."""
LONGEST_DELAY_MS: Final = 366 * 24 * 3600 * 1000


class Unreadable(ValueError):  # noqa: N818  # named by what happened
    """A value that is not what its column is for; `sentence` says which and why."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


def instant(value: Any, column: str) -> datetime | None:
    """Return an instant as an aware datetime in UTC, None for NULL; raises Unreadable.

    A literal without offset is UTC. `2026-11-24 08:00:00`, with `T`, fractions or an offset, and a date alone are read.
    """
    if value is None:
        return None
    if isinstance(value, str) and _DATE_FIRST.match(value.strip()):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        raise Unreadable(
            Sentence.of(
                "the column {column} holds {value}, not an instant such as 2026-11-24 08:00:00",
                column=column,
                value=shown(value),
            )
        )
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise Unreadable(
            Sentence.of("the column {column} holds {value}, out of the calendar", column=column, value=shown(value))
        ) from None


def instant_or_none(value: Any) -> datetime | None:
    """Return an instant that Service itself wrote, None when it is missing or spoilt."""
    try:
        return instant(value, "")
    except Unreadable:
        return None


def text(value: Any, column: str) -> str | None:
    """Return a text, None for NULL; raises Unreadable for bytes, numbers and text that is not UTF-8."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(
            Sentence.of(
                "the column {column} holds {kind} where text is due",
                column=column,
                kind="bytes" if isinstance(value, bytes) else "a number",
            )
        )
    if any("\udc80" <= letter <= "\udcff" for letter in value) if not value.isascii() else False:
        raise Unreadable(Sentence.of("the column {column} is not UTF-8 text: write it in Unicode", column=column))
    return value


def whole(value: Any, otherwise: int = 0) -> int:
    """Return a count that Service itself keeps, `otherwise` when another program spoilt it."""
    return value if isinstance(value, int) else otherwise


def legible(value: Any) -> str:
    """Return any value as text that can be printed and bound in a statement, whatever it holds."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str) and value.isascii():
        return value
    text = str(value)
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # half of a pair, which JSON can write
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def shortened(value: str, limit: int) -> str:
    """Return a text that fits a column of `limit` characters and holds nothing that an engine refuses."""
    clean = legible(value).replace("\x00", "\N{SYMBOL FOR NULL}")
    units = clean.encode("utf-16-le")  # SQL Server counts an emoji twice
    return clean if len(units) <= 2 * limit else units[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def shown(value: Any) -> str:
    """Return a foreign value as it may appear in a sentence."""
    return shortened(legible(value), _SHOWN)
