"""Text as Tk can draw it: one line, nothing that moves the cursor, nothing that the X server refuses."""

from typing import Any, Final

from service.terminal import clean

_LONGEST: Final = 2000
_LAST_OF_THE_BASIC_PLANE: Final = "\uffff"


def one_line(value: Any) -> str:
    """Return a value as one line of bounded length; None is nothing.

    Tk 8.6 draws characters beyond the basic plane (emojis) as pairs of halves, and libXft ended whole programs over
    coloured ones: they are shown as a small square.
    """
    if value is None:
        return ""
    text = clean(str(value))[:_LONGEST]
    return "".join(character if character <= _LAST_OF_THE_BASIC_PLANE else "▫" for character in text)


def sentence_case(value: Any) -> str:
    """Return a sentence of the program, which begins small as errors do, as one that stands alone."""
    text = one_line(value)
    return text[:1].upper() + text[1:]


def clipped(text: str, length: int) -> str:
    """Return the text cut to so many characters, with an ellipsis where something is missing."""
    return text if len(text) <= length else text[: max(0, length - 1)].rstrip() + "…"
