"""What the terminal can show, and text measured in its columns."""

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, Self, TextIO

_COLOURS: Final = {"green": "32", "yellow": "33", "red": "31", "dim": "2", "bold": "1"}
_SYMBOLS: Final = {
    "good": ("✔", "+"),
    "warning": ("▲", "!"),
    "bad": ("✖", "x"),
    "off": ("○", "-"),
    "busy": ("◌", "~"),
    "branch": ("├ ", "|-"),
    "last": ("└ ", "`-"),
    "dot": ("·", ","),
    "rule": ("─", "-"),
    "full": ("█", "#"),
    "empty": ("░", "."),
}
_TYING_SPACE: Final = "\u00a0"  # before French punctuation: no line begins with a colon
_WHITE: Final = re.compile(r"[^\S\u00a0]+")
_DEFAULT_COLUMNS: Final = 80  # also the fewest: below, the terminal breaks lines better than we could
_MOST_COLUMNS: Final = 120  # longer lines are hard to read


class Terminal(NamedTuple):
    """How wide the output is, whether it takes colours, and whether it can print more than ASCII."""

    columns: int = _DEFAULT_COLUMNS
    colours: bool = False
    unicode: bool = True
    live: bool = False

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str] = os.environ) -> Self:
        """Return what `stream` can show. Colours need a terminal and no NO_COLOR (https://no-color.org)."""
        live = stream.isatty()
        columns = _DEFAULT_COLUMNS
        if live:
            try:
                columns = os.get_terminal_size(stream.fileno()).columns or _DEFAULT_COLUMNS
            except (OSError, ValueError):
                columns = _DEFAULT_COLUMNS
        plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb" or not live
        if live and not plain and sys.platform == "win32":
            os.system("")  # noqa: S605, S607 - the known way to make the console of Windows obey colours
        return cls(max(_DEFAULT_COLUMNS, min(columns, _MOST_COLUMNS)), not plain, _is_printable(stream, "✔▲├─·█"), live)

    def symbol(self, name: str) -> str:
        """Return a symbol, or what stands for it in ASCII."""
        return _SYMBOLS[name][not self.unicode]

    def paint(self, text: str, colour: str) -> str:
        """Return the text in a colour, plain where the terminal takes none."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colours and colour else text


def clean(text: str) -> str:
    """Return text that is safe to print on one line: control characters would move the cursor or forge lines."""
    if text.replace(_TYING_SPACE, " ").isprintable():
        return text
    spaced = " ".join(_WHITE.split(text.strip()))
    return "".join(character if unicodedata.category(character)[0] != "C" else "?" for character in spaced)


def width(text: str) -> int:
    """Return how many columns a text takes: accents that combine take none, wide characters two."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def pad(text: str, columns: int) -> str:
    """Return the text filled with spaces to `columns`."""
    return text + " " * (columns - width(text))


def clip(text: str, columns: int) -> str:
    """Return the text cut to `columns`, with three dots where something is missing."""
    if width(text) <= columns:
        return text
    return _head(text, max(0, columns - 3)) + "..."[:columns]


def wrap(text: str, columns: int) -> Iterator[str]:
    """Give the lines of a text, none wider than `columns`; words that are longer (paths) are cut."""
    line = ""
    for word in filter(None, clean(text).split(" ")):
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if width(joined) <= columns:
                line = joined
                break
            if line:
                yield line
                line = ""
                continue
            head = _head(rest, columns) or rest[0]
            yield head
            rest = rest[len(head) :]
    if line:
        yield line


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _head(text: str, columns: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:index]
    return text


def _is_printable(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
