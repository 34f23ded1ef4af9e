"""Makes the submit_sm of an SMS: one, or one for each part, each with our reference."""

import re
import zlib
from datetime import timedelta
from typing import Any, Final

import attrs

from actors.sms.adapters.smpp import pdu
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.alphabet import SEPTETS, Alphabet
from actors.sms.parts import MOST_PARTS, TextRefusedError, count_parts, pieces, segments, too_long
from actors.sms.transport import Sms

_UDHI: Final = 0x40
_RECEIPT_WANTED: Final = 0x01
_GSM7: Final = 0x00
_UCS2: Final = 0x08
_ALPHANUMERIC: Final = (5, 0)
_INTERNATIONAL: Final = (1, 1)
_NATIONAL: Final = (2, 1)
_SHORT_CODE: Final = (3, 0)
_LONGEST_SHORT_CODE: Final = 6
_LONGEST_VALIDITY: Final = timedelta(days=30, hours=23)
_CHARACTER_OF: Final = {septets: character for character, septets in SEPTETS.items()}
_ESCAPE: Final = 0x1B


@attrs.frozen
class _Piece:
    """The content of one submit_sm."""

    header: bytes
    content: bytes = attrs.field(repr=False)
    coding: int


def own_reference(reference: str, part: int) -> int:
    """Return the user_message_reference of a part, counted from 0: made of the row's reference, so as to survive us."""
    return zlib.crc32(reference.encode()) + part & 0xFFFF


def count_submissions(sms: Sms, settings: SmppSettings) -> int:
    """Return how many submit_sm an SMS takes. Raises TextRefusedError."""
    return 1 if settings.long_texts == "payload" else len(_pieces(sms.body, settings, 0))


def submissions(sms: Sms, settings: SmppSettings, concatenation: int) -> tuple[bytes, ...]:
    """Return the submit_sm of an SMS, not numbered yet; `concatenation` is the same for its parts. TextRefusedError."""
    if settings.long_texts == "payload" and count_parts(sms.body) > 1:
        content, coding = _encoded(sms.body, settings)
        return (_submit(sms, settings, 0, data_coding=coding, message_payload=content),)
    parts = _pieces(sms.body, settings, concatenation & 0xFF)
    made = []
    for number, part in enumerate(parts):
        if len(parts) == 1:
            how: dict[str, Any] = {"short_message": part.content}
        elif settings.long_texts == "sar":
            how = {
                "short_message": part.content,
                "sar_msg_ref_num": concatenation & 0xFFFF,
                "sar_total_segments": len(parts),
                "sar_segment_seqnum": number + 1,
            }
        else:
            how = {"short_message": part.header + part.content, "esm_class": _UDHI}
        made.append(_submit(sms, settings, number, data_coding=part.coding, **how))
    return tuple(made)


def read_text(delivery: pdu.Delivery, settings: SmppSettings) -> str:
    """Return the text of an SMS of a member; what its coding does not have becomes a question mark in a lozenge."""
    content = delivery.content
    if delivery.esm_class & _UDHI and content:
        content = content[content[0] + 1 :]
    match delivery.data_coding:
        case 0 if settings.default_alphabet == "gsm7":
            return _from_septets(content)
        case 8:
            return content.decode("utf-16-be", "replace")
        case 1:
            return content.decode("ascii", "replace")
        case _:
            return content.decode("latin-1")


def _submit(sms: Sms, settings: SmppSettings, part: int, **how: Any) -> bytes:
    ton, npi = source_kind(settings)
    if settings.own_reference:
        how["user_message_reference"] = own_reference(sms.reference, part)
    return pdu.encoded(
        "submit_sm",
        0,
        source_addr_ton=ton,
        source_addr_npi=npi,
        source_addr=(settings.sender or "").lstrip("+"),
        dest_addr_ton=_INTERNATIONAL[0],
        dest_addr_npi=_INTERNATIONAL[1],
        destination_addr=sms.recipient.lstrip("+"),
        registered_delivery=_RECEIPT_WANTED if settings.receipts and settings.bind != "transmitter" else 0,
        validity_period="" if sms.validity is None else relative(sms.validity),
        **how,
    )


def source_kind(settings: SmppSettings) -> tuple[int, int]:
    """Return type and plan of the sender's number (§5.2.5, §5.2.6), as the settings or its look say."""
    sender = settings.sender
    if sender is None:
        looks = (0, 0)
    elif sender.startswith("+"):
        looks = _INTERNATIONAL
    elif not re.fullmatch(r"[0-9]+", sender):
        looks = _ALPHANUMERIC
    else:
        looks = _SHORT_CODE if len(sender) <= _LONGEST_SHORT_CODE else _NATIONAL
    ton = looks[0] if settings.sender_ton is None else settings.sender_ton
    npi = looks[1] if settings.sender_npi is None else settings.sender_npi
    return ton, npi


def relative(validity: timedelta) -> str:
    """Return a time span as validity_period has it, from the message centre's own now (§7.1.1.2), 30 days at most."""
    seconds = max(60, int(min(validity, _LONGEST_VALIDITY).total_seconds()))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"0000{day:02}{hour:02}{minute:02}{second:02}000R"


def _pieces(text: str, settings: SmppSettings, reference: int) -> tuple[_Piece, ...]:
    cut = segments(text, reference)
    if settings.default_alphabet == "gsm7" or cut[0].alphabet is Alphabet.UCS2:
        return tuple(_Piece(each.header, each.unpacked, each.data_coding) for each in cut)
    content, coding = _encoded(text, settings)
    if coding == _GSM7:
        return tuple(_Piece(each.header, each.text.encode("latin-1"), _GSM7) for each in cut)
    # GSM 03.38 has it, Latin-1 not: the euro, Greek capitals. Cut anew, for UCS-2 has less room.
    if len(content) <= 140:  # noqa: PLR2004 - bytes of an SMS of one part
        return (_Piece(b"", content, _UCS2),)
    wide = tuple(pieces(text, Alphabet.UCS2))
    if len(wide) > MOST_PARTS:
        raise TextRefusedError(too_long(len(wide), MOST_PARTS))
    return tuple(
        _Piece(bytes((5, 0, 3, reference, len(wide), number)), piece.encode("utf-16-be"), _UCS2)
        for number, piece in enumerate(wide, start=1)
    )


def _encoded(text: str, settings: SmppSettings) -> tuple[bytes, int]:
    """Return a whole text, unpacked, and its data_coding."""
    if all(character in SEPTETS for character in text):
        if settings.default_alphabet == "gsm7":
            return b"".join(map(SEPTETS.__getitem__, text)), _GSM7
        try:
            return text.encode("latin-1"), _GSM7
        except UnicodeEncodeError:
            pass
    return text.encode("utf-16-be"), _UCS2


def _from_septets(content: bytes) -> str:
    found = []
    place = 0
    while place < len(content):
        size = 2 if content[place] == _ESCAPE and place + 1 < len(content) else 1
        found.append(_CHARACTER_OF.get(content[place : place + size], "\N{REPLACEMENT CHARACTER}"))
        place += size
    return "".join(found)
