r"""The two alphabets of SMS: GSM 03.38 with its extension table, and UCS-2; and what neither can carry.

Source: 3GPP TS 23.038 §6.2.1 (default alphabet), §6.2.1.1 (extension table), §6.2.3 (UCS-2). What the standard calls
UCS-2 is UTF-16 on every telephone in use: characters beyond U+FFFF go as surrogate pairs.
"""

import unicodedata
from collections.abc import Callable
from enum import Enum, unique
from types import MappingProxyType
from typing import Final

import attrs

# The place of a character is its septet; 0x1B, the escape to the extension table, is nobody's.
_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

SEPTETS: Final = MappingProxyType(
    {
        **{character: bytes((place,)) for place, character in enumerate(_DEFAULT) if place != _ESCAPE},
        **{character: bytes((_ESCAPE, place)) for character, place in _EXTENSION.items()},
    }
)
"""The one or two septets of each character of GSM 03.38, one septet in a byte."""
GSM: Final = frozenset(SEPTETS)
TWO_SEPTETS: Final = frozenset(_EXTENSION)

_SPOKEN_CONTROLS: Final = frozenset("\n\r\f\t")
"""Control characters that telephones show as a break or a space."""


@unique
class Alphabet(Enum):
    """How the text of an SMS is written: 7 bits a character, or 16."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@attrs.frozen
class Character:
    """One character of a text, and the places where it stands, counted from 0 in characters."""

    character: str
    positions: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its code point and, where Unicode has one, its name: what to look for when it cannot be seen."""
        return f"U+{ord(self.character):04X} {unicodedata.name(self.character, '')}".rstrip()


def alphabet_of(text: str) -> Alphabet:
    """Return the alphabet that an SMS with this text needs."""
    return Alphabet.GSM7 if GSM.issuperset(text) else Alphabet.UCS2


def units_of(text: str, alphabet: Alphabet) -> int:
    """Return the length of a text in its alphabet's units: septets, or 16 bits each."""
    if alphabet is Alphabet.GSM7:
        return len(text) + sum(map(text.count, TWO_SEPTETS))
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def offending(text: str) -> tuple[Character, ...]:
    """Return the characters outside GSM 03.38, each of which alone makes the whole SMS UCS-2; in order of first place.

    Those that cannot be sent at all are not among them: `unsendable` tells them.
    """
    return _found(text, lambda character: character not in GSM and not _is_unsendable(character))


def unsendable(text: str) -> tuple[Character, ...]:
    """Return the characters that an SMS with this text must be refused for; in order of first place.

    Lone surrogates (half a character, which no encoding has), control characters other than line breaks, form feed and
    tab (NUL ends the text at some gateways, SUB and ESC mean something to modems), and the code points that Unicode
    assigns to no character ever.
    """
    return _found(text, _is_unsendable)


def _is_unsendable(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cc":
        return character not in _SPOKEN_CONTROLS
    point = ord(character)
    is_noncharacter = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # noqa: PLR2004 - The Unicode Standard §23.7
    return category == "Cs" or is_noncharacter


def _found(text: str, is_meant: Callable[[str], bool]) -> tuple[Character, ...]:
    meant = {character for character in set(text) - GSM if is_meant(character)}  # all of GSM 03.38 can be sent
    places: dict[str, list[int]] = {}
    for place, character in enumerate(text) if meant else ():
        if character in meant:
            places.setdefault(character, []).append(place)
    return tuple(Character(character, tuple(found)) for character, found in places.items())
