"""Replaces characters outside GSM 03.38 by near ones inside it: only for who chose that, and saying what it did."""

import unicodedata
from types import MappingProxyType
from typing import Final

import attrs

from actors.sms.alphabet import GSM

_NEAR: Final = MappingProxyType(
    {
        # Letters that Unicode does not take apart.
        "œ": "oe", "Œ": "OE", "ı": "i", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
        # Quotation marks and apostrophes, as word processors put them.
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "ʼ": "'", "`": "'", "´": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'",
        # Dashes, dots and signs.
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "­": "",
        "…": "...", "•": "-", "·": ".", "×": "x", "÷": "/", "°": "o", "²": "2", "³": "3", "¹": "1",
        "½": "1/2", "¼": "1/4", "¾": "3/4", "™": "TM", "©": "(c)", "®": "(r)", "№": "No",
        "←": "<-", "→": "->", "≤": "<=", "≥": ">=", "≠": "<>",
        # Spaces, of which French typography has several, and what is not seen at all.
        "\t": " ", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{FIGURE SPACE}": " ",
        "\N{THIN SPACE}": " ", "\N{EN SPACE}": " ", "\N{EM SPACE}": " ", "\N{HAIR SPACE}": " ",
        "\N{ZERO WIDTH SPACE}": "", "\N{WORD JOINER}": "", "\N{ZERO WIDTH NO-BREAK SPACE}": "",
        "\N{LEFT-TO-RIGHT MARK}": "", "\N{LINE SEPARATOR}": "\n", "\N{PARAGRAPH SEPARATOR}": "\n",
    }
)  # fmt: skip


@attrs.frozen
class Replacement:
    """What one character became, and how often it stood there."""

    character: str
    by: str
    times: int


@attrs.frozen
class Folding:
    """A text after folding, and each replacement that made it; what has no near character stands as it was."""

    text: str = attrs.field(repr=False)
    replacements: tuple[Replacement, ...]


def fold(text: str) -> Folding:
    """Return the text with each character outside GSM 03.38 replaced by what is nearest inside it, if anything is.

    A letter with a mark that is not in the alphabet loses the mark (`ê` → `e`); one that the text spells in two code
    points and the alphabet has in one (`e` and an acute) becomes that one; signs go by a table. Letters of other
    scripts, emoji and what cannot be sent at all stay.
    """
    composed = unicodedata.normalize("NFC", text) if any(map(unicodedata.combining, text)) else text
    nearest = {character: near(character) for character in set(composed) - GSM}
    counted = tuple(
        Replacement(character, by, composed.count(character))
        for character, by in sorted(nearest.items())
        if by != character
    )
    folded = composed.translate({ord(character): by for character, by in nearest.items()})
    marks = len(text) - len(composed)
    return Folding(folded, counted) if not marks else Folding(folded, (*counted, *_joined_marks(text)))


def near(character: str) -> str:
    """Return what stands for a character in GSM 03.38, the character itself when nothing does."""
    if character in GSM:
        return character
    if character in _NEAR:
        return _NEAR[character]
    bare = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    by = "".join(_NEAR.get(part, part) for part in bare)
    return by if by and GSM.issuperset(by) else character


def _joined_marks(text: str) -> tuple[Replacement, ...]:
    """Tell the marks that were joined to their letters, one by one kind: nobody can see that they stood apart."""
    marks = sorted({character for character in text if unicodedata.combining(character)})
    return tuple(Replacement(mark, "", text.count(mark)) for mark in marks)
