"""The words of an alert: what began to fail, what is well again, as short as a bubble must be. Pure."""

from typing import Final

from actors.tray.alerts import Alert, Seen
from actors.tray.policy import clipped
from config.sentence import Sentence

TITLE_UNITS: Final = 63
TEXT_UNITS: Final = 255
"""What Windows shows of an alert, in UTF-16 units."""
_MOST_LINES: Final = 4
_LINE_UNITS: Final = 120


def title_of(station: str) -> str:
    """Return the title of every alert: which program, on which station."""
    return clipped(f"Heitz Service — {station}", TITLE_UNITS)


def text_of(alert: Alert, language: str) -> str:
    """Return the text of an alert: one line for each operation, as many as fit."""
    lines = [clipped(each.render(language), _LINE_UNITS) for each in _lines(alert)]
    if len(lines) > _MOST_LINES:
        left = len(lines) - _MOST_LINES + 1
        more = Sentence.counted("and {n} more operation", "and {n} more operations", n=left)
        lines = [*lines[: _MOST_LINES - 1], more.render(language)]
    share = TEXT_UNITS // max(1, len(lines)) - 1
    return clipped("\n".join(line if len(lines) == 1 else clipped(line, share) for line in lines), TEXT_UNITS)


def picture_of(alert: Alert) -> str:
    """Return the picture of an alert."""
    return "attention" if alert.begun else "active"


def _lines(alert: Alert) -> list[Sentence]:
    begun = [Sentence.of("{operation}: {state}", operation=_name(each), state=each.said) for each in alert.begun]
    ended = [
        Sentence.of("{operation} is well again: {state}", operation=_name(each), state=each.said)
        for each in alert.ended
    ]
    return begun + ended


def _name(seen: Seen) -> str:
    return clipped(seen.title, 40)
