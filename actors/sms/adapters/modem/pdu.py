"""Writes the PDU of an SMS that leaves, and reads those of an SMS that came in and of a delivery report.

Source: 3GPP TS 23.040 §9.2.2.1 (DELIVER), §9.2.2.2 (SUBMIT), §9.2.2.3 (STATUS-REPORT), §9.1.2.5 (addresses),
§9.2.3.11 (time stamp), §9.2.3.12.1 (validity), §9.2.3.24 (headers); TS 23.038 §4 (data coding scheme).
"""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import attrs

from actors.sms.alphabet import SEPTETS
from actors.sms.parts import Segment

_INTERNATIONAL: Final = 0x91
_ALPHANUMERIC: Final = 0x50
_SUBMIT: Final = 0x01
_RELATIVE_VALIDITY: Final = 0x10
_WANTS_REPORT: Final = 0x20
_HAS_HEADER: Final = 0x40
_CHARACTERS: Final = {septets: character for character, septets in SEPTETS.items()}
_ESCAPE: Final = 0x1B
_KEYPAD: Final = "0123456789*#abc"


class PduRefusedError(ValueError):
    """This is no PDU that can be read."""


@attrs.frozen
class Received:
    """An SMS that came in, or one part of it: (`group`, `number` of `total`) when it is longer."""

    sender: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    at: datetime | None
    group: int | None
    number: int
    total: int
    fingerprint: str


@attrs.frozen
class StatusReport:
    """A delivery report: to which number, about which message reference, with which TP-Status."""

    mr: int
    recipient: str = attrs.field(repr=False)
    sent_at: datetime | None
    """When the service centre took the SMS, by its clock."""
    at: datetime | None
    status: int


def submit(recipient: str, segment: Segment, validity: timedelta | None, *, wants_report: bool) -> tuple[str, int]:
    """Return a SUBMIT in hexadecimal, for the service centre that the SIM names, and the length that AT+CMGS takes."""
    digits = recipient.removeprefix("+")
    first = _SUBMIT
    if validity is not None:
        first |= _RELATIVE_VALIDITY
    if wants_report:
        first |= _WANTS_REPORT
    if segment.header:
        first |= _HAS_HEADER
    tpdu = bytes((first, 0, len(digits), _INTERNATIONAL)) + _semi_octets(digits) + bytes((0, segment.data_coding))
    if validity is not None:
        tpdu += bytes((relative_validity(validity),))
    tpdu += bytes((segment.user_data_length,)) + segment.user_data
    return "00" + tpdu.hex().upper(), len(tpdu)


def relative_validity(validity: timedelta) -> int:
    """Return the TP-VP of the longest period that is not longer; of five minutes, the shortest, for less."""
    minutes = int(validity.total_seconds() // 60)
    hours, days = minutes // 60, minutes // (24 * 60)
    if hours < 12:  # noqa: PLR2004 - the four rows of the standard's table
        return max(minutes // 5 - 1, 0)
    if hours < 24:  # noqa: PLR2004
        return 143 + (minutes - 12 * 60) // 30
    if days < 35:  # noqa: PLR2004 - and five weeks is the shortest of the last row
        return 166 + min(max(days, 1), 30)
    return min(192 + days // 7, 255)


def read(pdu: str) -> Received | StatusReport | None:
    """Return what a PDU from the modem says, its service centre in front; None for one of another kind.

    Raises PduRefusedError.
    """
    try:
        octets = bytes.fromhex(pdu)
        tpdu = octets[1 + octets[0] :]
        match tpdu[0] & 0x03:
            case 0x00:
                return _deliver(tpdu)
            case 0x02:
                return _status_report(tpdu)
            case _:
                return None
    except (IndexError, ValueError, OverflowError) as error:
        raise PduRefusedError(type(error).__name__) from None


def fits(pdu: str, octets: int) -> bool:
    """Return whether a PDU has so many octets after its service centre, as the line before it says."""
    return len(pdu) % 2 == 0 and len(pdu) // 2 == octets + 1 + int(pdu[:2], 16)


def _deliver(tpdu: bytes) -> Received:
    sender, place = _address(tpdu, 1)
    scheme = tpdu[place + 1]
    at = _time(tpdu[place + 2 : place + 9])
    length, data = tpdu[place + 9], tpdu[place + 10 :]
    header = data[1 : 1 + data[0]] if tpdu[0] & _HAS_HEADER else b""
    group, number, total = _concatenation(header)
    skipped = 1 + len(header) if tpdu[0] & _HAS_HEADER else 0
    body = _text(data, length, skipped, scheme)
    return Received(sender, body, at, group, number, total, hashlib.sha256(tpdu).hexdigest()[:32])


def _status_report(tpdu: bytes) -> StatusReport:
    recipient, place = _address(tpdu, 2)
    times = tpdu[place : place + 14]
    return StatusReport(tpdu[1], recipient, _time(times[:7]), _time(times[7:]), tpdu[place + 14])


def _address(tpdu: bytes, place: int) -> tuple[str, int]:
    """Return an address and where what follows it begins."""
    length, kind = tpdu[place], tpdu[place + 1]
    end = place + 2 + (length + 1) // 2
    value = tpdu[place + 2 : end]
    if len(value) != (length + 1) // 2:
        raise PduRefusedError
    if kind & 0x70 == _ALPHANUMERIC:
        return _septets(value, length * 4 // 7, 0), end
    digits = "".join(
        _KEYPAD[nibble] for octet in value for nibble in (octet & 0x0F, octet >> 4) if nibble < len(_KEYPAD)
    )
    return ("+" if kind & 0x70 == 0x10 else "") + digits[:length], end  # noqa: PLR2004 - type of number: international


def _concatenation(header: bytes) -> tuple[int | None, int, int]:
    """Return reference, number and total of a part; (None, 1, 1) for an SMS of one part or nonsense."""
    place = 0
    while place + 2 <= len(header):
        kind, length = header[place], header[place + 1]
        value = header[place + 2 : place + 2 + length]
        if (kind, len(value)) in ((0x00, 3), (0x08, 4)):
            *reference, total, number = value
            if 0 < number <= total:
                return int.from_bytes(bytes(reference), "big"), number, total
        place += 2 + length
    return None, 1, 1


def _text(data: bytes, length: int, skipped: int, scheme: int) -> str:
    match _alphabet(scheme):
        case "ucs2":
            return data[skipped:length].decode("utf-16-be", "replace")
        case "octets":
            return data[skipped:length].decode("latin-1")
        case _:
            header_septets = -(-skipped * 8 // 7)
            return _septets(data, length, header_septets)


def _alphabet(scheme: int) -> str:
    group = scheme >> 4
    if group < 0x08 or group == 0x0F:  # noqa: PLR2004 - coding groups of TS 23.038
        kind = scheme >> 2 & 0x03
        if group == 0x0F:  # noqa: PLR2004
            kind &= 0x01
        return ("gsm7", "octets", "ucs2", "gsm7")[kind]
    return "ucs2" if group == 0x0E else "gsm7"  # noqa: PLR2004


def _septets(data: bytes, count: int, skipped: int) -> str:
    bits = int.from_bytes(data, "little")
    count = min(count, len(data) * 8 // 7)
    values = iter([bits >> 7 * place & 0x7F for place in range(skipped, count)])
    text = []
    for value in values:
        if value != _ESCAPE:
            text.append(_CHARACTERS[bytes((value,))])
            continue
        following = next(values, 0x20)
        # §6.2.1.1: a receiver that does not know the pair shows the character of the default table, or a space.
        text.append(_CHARACTERS.get(bytes((_ESCAPE, following))) or _CHARACTERS.get(bytes((following,)), " "))
    return "".join(text)


def _time(octets: bytes) -> datetime | None:
    """Return a service centre's time stamp; None for one that is no time."""
    year, month, day, hour, minute, second = (octet % 16 * 10 + octet // 16 for octet in octets[:6])
    quarters = (octets[6] & 0x07) * 10 + (octets[6] >> 4)
    zone = timedelta(minutes=15 * (-quarters if octets[6] & 0x08 else quarters))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(zone)).astimezone(UTC)
    except ValueError:
        return None


def _semi_octets(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes(int(padded[place + 1] + padded[place], 16) for place in range(0, len(padded), 2))
