"""Tables as text: a symbol, cells of fixed columns, and what is said beneath a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from service.terminal import Terminal, clean, clip, pad, width, wrap

GAP: Final = "  "
_SYMBOL_COLUMNS: Final = 2
_BENEATH: Final = " " * 4

Look = tuple[str, str]
"""A symbol's name and its colour."""


@attrs.frozen
class Row:
    """One line of a table, its look, and what is said beneath it, a paragraph each."""

    look: Look
    cells: tuple[str, ...]
    beneath: tuple[str, ...] = ()


def table(titles: tuple[str, ...], widths: Sequence[int], rows: Iterable[Row], terminal: Terminal) -> Iterator[str]:
    """Give the lines of a table; what is wider than its column is cut."""
    yield terminal.paint(_line(titles, widths, GAP), "bold").rstrip()
    for row in rows:
        yield _line(tuple(map(clean, row.cells)), widths, marked(row.look, terminal)).rstrip()
        for text in row.beneath:
            for line in wrap(text, terminal.columns - width(_BENEATH)):
                yield _BENEATH + line


def marked(look: Look, terminal: Terminal) -> str:
    """Return the symbol that begins a line."""
    symbol, colour = look
    return terminal.paint(terminal.symbol(symbol), colour) + " "


def fitting(titles: Sequence[str], rows: Sequence[Row], columns: int, *, elastic: int = 0) -> tuple[int, ...]:
    """Return the widths of columns that are as wide as what they hold; the one at `elastic` gives way.

    Cells that still do not fit are cut.
    """
    widest = [
        max(width(title), *(width(clean(row.cells[place])) for row in rows), 0) for place, title in enumerate(titles)
    ]
    room = columns - _SYMBOL_COLUMNS - width(GAP) * (len(titles) - 1)
    others = sum(widest) - widest[elastic]
    least = width(titles[elastic])
    if others > room - least:  # nothing of ours is so wide: a foreign program's words
        widest = [min(each, max(least, room // len(titles))) for each in widest]
        others = sum(widest) - widest[elastic]
    widest[elastic] = max(least, min(widest[elastic], room - others))
    return tuple(widest)


def look_of(looks: Mapping[str, Look], state: str) -> Look:
    """Return a state's look; one that only a later version of the program knows asks for a look at it."""
    return looks.get(state, ("warning", "yellow"))


def _line(cells: tuple[str, ...], widths: Sequence[int], start: str) -> str:
    return start + GAP.join(pad(clip(cell, columns), columns) for cell, columns in zip(cells, widths, strict=True))
