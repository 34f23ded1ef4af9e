"""Cuts the text of an SMS into the parts that go over the air, and writes each as modems and SMPP take it.

Source: 3GPP TS 23.040 §9.2.3.16 (lengths), §9.2.3.24.1 (concatenation by an 8-bit reference); TS 23.038 §6.1.2.1.1
(packing of septets).
"""

from collections.abc import Iterator
from typing import Final

import attrs

from actors.sms.alphabet import SEPTETS, TWO_SEPTETS, Alphabet, Character, alphabet_of, units_of, unsendable
from config.sentence import Sentence, SentenceError

ALONE: Final = {Alphabet.GSM7: 160, Alphabet.UCS2: 70}
"""Units of an SMS of one part."""
JOINED: Final = {Alphabet.GSM7: 153, Alphabet.UCS2: 67}
"""Units of each part of a longer one, whose header takes six bytes."""
MOST_PARTS: Final = 255
"""The number of parts is written in one byte."""

_BEYOND_BMP: Final = 0xFFFF
_OCTET: Final = 8
_SEPTET: Final = 7


class TextRefusedError(SentenceError):
    """This text cannot leave as an SMS; nothing of it was changed or cut."""


@attrs.frozen
class Segment:
    """One part of an SMS.

    `header` is its user data header with the length in front, empty for an SMS of one part; `units` counts `text` in
    septets or 16 bits each.
    """

    alphabet: Alphabet
    header: bytes
    text: str = attrs.field(repr=False)
    units: int

    @property
    def unpacked(self) -> bytes:
        """The text, one septet in each byte or UTF-16 big end first: SMPP's `short_message` after the header."""
        if self.alphabet is Alphabet.GSM7:
            return b"".join(map(SEPTETS.__getitem__, self.text))
        return self.text.encode("utf-16-be")

    @property
    def packed(self) -> bytes:
        """The text as a PDU has it after the header: septets packed, with fill bits so that they start at a septet."""
        if self.alphabet is Alphabet.UCS2:
            return self.unpacked
        fill = -len(self.header) * _OCTET % _SEPTET
        bits = 0
        for place, septet in enumerate(self.unpacked):
            bits |= septet << place * _SEPTET + fill
        return bits.to_bytes((fill + self.units * _SEPTET + _OCTET - 1) // _OCTET, "little")

    @property
    def user_data(self) -> bytes:
        """The whole TP-UD of a PDU: header and packed text."""
        return self.header + self.packed

    @property
    def user_data_length(self) -> int:
        """The TP-UDL of a PDU: septets including the header and its fill bits, or bytes for UCS-2."""
        if self.alphabet is Alphabet.UCS2:
            return len(self.user_data)
        return -(-len(self.header) * _OCTET // _SEPTET) + self.units

    @property
    def data_coding(self) -> int:
        """The data coding scheme, of PDU and SMPP alike: the default alphabet, or UCS-2 (TS 23.038 §4)."""
        return 0x00 if self.alphabet is Alphabet.GSM7 else 0x08


def count_parts(text: str) -> int:
    """Return how many parts an SMS with this text has: what is paid for. Raises TextRefusedError."""
    alphabet = _alphabet(text)
    units = units_of(text, alphabet)
    if units <= ALONE[alphabet]:
        return 1
    if units == len(text):
        return -(-units // JOINED[alphabet])  # no pair to keep together
    return sum(1 for _ in pieces(text, alphabet))


def segments(text: str, reference: int) -> tuple[Segment, ...]:
    """Return the parts of an SMS with this text; `reference`, of 8 bits, is the same for all parts of one SMS.

    Neither the two septets of an extension character nor a surrogate pair are ever parted, which leaves a unit unused
    at the end of a part where needed. Raises TextRefusedError for a text that is empty, holds what `unsendable` tells,
    or has more than 255 parts.
    """
    alphabet = _alphabet(text)
    units = units_of(text, alphabet)
    if units <= ALONE[alphabet]:
        return (Segment(alphabet, b"", text, units),)
    cut = tuple(pieces(text, alphabet))
    if len(cut) > MOST_PARTS:
        raise TextRefusedError(too_long(len(cut), MOST_PARTS))
    return tuple(
        Segment(alphabet, bytes((5, 0, 3, reference, len(cut), number)), piece, units_of(piece, alphabet))
        for number, piece in enumerate(cut, start=1)
    )


def too_long(parts: int, most: int) -> Sentence:
    """Return what is said of a text that has more parts than are allowed."""
    return Sentence.of("the text makes {parts} SMS in a row, more than the {most} allowed", parts=parts, most=most)


def objection_to(text: str) -> Sentence | None:
    """Return why an SMS with this text cannot leave, None when it can; the text itself is not told."""
    if not text.strip():
        return Sentence.of("the text is empty")
    found = unsendable(text)
    if not found:
        return None
    return Sentence.counted(
        "the text holds {n} character that no SMS can carry: {names}",
        "the text holds {n} characters that no SMS can carry: {names}",
        sum(len(each.positions) for each in found),
        names=names_of(found),
    )


def names_of(characters: tuple[Character, ...], most: int = 3) -> str:
    """Return the first of the characters by their names; an ellipsis stands for more."""
    return ", ".join([*(each.name for each in characters[:most]), *("…" if len(characters) > most else "")])


def _alphabet(text: str) -> Alphabet:
    objection = objection_to(text)
    if objection is not None:
        raise TextRefusedError(objection)
    return alphabet_of(text)


def pieces(text: str, alphabet: Alphabet) -> Iterator[str]:
    """Yield the text of each part of an SMS that is longer than one."""
    room = JOINED[alphabet]
    begin = used = 0
    for place, character in enumerate(text):
        is_pair = character in TWO_SEPTETS if alphabet is Alphabet.GSM7 else ord(character) > _BEYOND_BMP
        size = 2 if is_pair else 1
        if used + size > room:
            yield text[begin:place]
            begin, used = place, 0
        used += size
    yield text[begin:]
