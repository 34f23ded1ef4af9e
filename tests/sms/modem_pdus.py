"""PDUs as the simulated modem reads and writes them: from the standards, with an alphabet of its own."""

from datetime import UTC, datetime
from typing import Any, Final

DEFAULT: Final = (
    "@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5"
    "\u0394_\u03a6\u0393\u039b\u03a9\u03a0\u03a8\u03a3\u0398\u039e\x1b\u00c6\u00e6\u00df\u00c9"
    " !\"#\u00a4%&'()*+,-./0123456789:;<=>?\u00a1ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c4\u00d6\u00d1\u00dc\u00a7"
    "\u00bfabcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0"
)
EXTENDED: Final = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "\u20ac"}


def decode_submit(text: str) -> dict[str, Any]:
    """Read a SUBMIT (TS 23.040 §9.2.2.2), strictly."""
    pdu = bytes.fromhex(text.strip())
    tpdu = pdu[1 + pdu[0] :]
    first = tpdu[0]
    if first & 3 != 1:
        raise ValueError("no SUBMIT")
    digits = tpdu[2]
    number = "".join(f"{octet & 15:X}{octet >> 4:X}" for octet in tpdu[4 : 4 + (digits + 1) // 2])[:digits]
    if not number.isdigit():
        raise ValueError("no number")
    place = 4 + (digits + 1) // 2
    coding = tpdu[place + 1]
    place += 2
    validity = None
    if first >> 3 & 3 == 2:
        validity = tpdu[place]
        place += 1
    elif first >> 3 & 3:
        place += 7
    length, data = tpdu[place], tpdu[place + 1 :]
    is_wide = coding & 0x0C == 0x08
    if len(data) != (length if is_wide else (length * 7 + 7) // 8):
        raise ValueError("text of another length")
    header = data[: data[0] + 1] if first & 0x40 else b""
    if is_wide:
        body = data[len(header) : length].decode("utf-16-be")
    else:
        body = _unpacked(data, length, (len(header) * 8 + 6) // 7)
    return {
        "to": ("+" if tpdu[3] == 0x91 else "") + number,
        "text": body,
        "tail": header[3:].hex(),
        "validity": validity,
        "srr": bool(first & 0x20),
        "coding": coding,
        "octets": len(tpdu),
        "mode": "pdu",
    }


def _unpacked(data: bytes, count: int, skipped: int) -> str:
    bits = "".join(f"{octet:08b}"[::-1] for octet in data)
    septets = [int(bits[place * 7 : place * 7 + 7][::-1], 2) for place in range(skipped, count)]
    body, is_escaped = "", False
    for septet in septets:
        if septet == 27 and not is_escaped:
            is_escaped = True
            continue
        body += EXTENDED[septet] if is_escaped else DEFAULT[septet]
        is_escaped = False
    return body


def status_report(mr: int, to: str, status: int, at: datetime | None = None) -> str:
    """Write a STATUS-REPORT (TS 23.040 §9.2.2.3) for the service centre that the SIM names."""
    stamp = time_stamp(at or datetime.now(UTC))
    return f"0006{mr:02X}{_address(to)}{stamp}{stamp}{status:02X}"


def deliver(sender: str, text: str, *, part: tuple[int, int, int] | None = None, at: datetime | None = None) -> str:
    """Write a DELIVER (TS 23.040 §9.2.2.1); `part` is reference, total and number."""
    header = bytes((5, 0, 3, *part)) if part else b""
    first = 0x44 if part else 0x04
    stamp = time_stamp(at or datetime.now(UTC))
    if all(character in DEFAULT for character in text):
        fill = (7 - len(header) * 8 % 7) % 7
        bits = "".join(f"{octet:08b}"[::-1] for octet in header) + "0" * fill
        bits += "".join(f"{DEFAULT.index(character):07b}"[::-1] for character in text)
        length, coding = (len(header) * 8 + fill) // 7 + len(text), 0
        data = bytes(int(bits[place : place + 8].ljust(8, "0")[::-1], 2) for place in range(0, len(bits), 8))
    else:
        data = header + text.encode("utf-16-be")
        length, coding = len(data), 8
    return f"00{first:02X}{_address(sender)}00{coding:02X}{stamp}{length:02X}{data.hex().upper()}"


def _address(number: str) -> str:
    digits = number.lstrip("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[place + 1] + padded[place] for place in range(0, len(padded), 2))
    return f"{len(digits):02X}{'91' if number.startswith('+') else '81'}{swapped}"


def time_stamp(at: datetime) -> str:
    written = at.astimezone(UTC).strftime("%y%m%d%H%M%S") + "00"
    return "".join(written[place + 1] + written[place] for place in range(0, 14, 2))
