"""Terabee Evo People Counter and Evo Swipe Plus: frames, big-endian, each with a CRC-8 (manuals of 2020 and 2021).

    'DD' d1:u16 d2:u16 crc                                  7 bytes, 25 a second: the heartbeat
    'TT' d:u16 crc                                          5 bytes, the heartbeat of a Swipe Plus
    'PC' sensor:u32 counter:i32 in:u16 out:u16 crc         15 bytes, when somebody has passed
    'PC' counter:i32 in:u16 out:u16 crc                    11 bytes, the same of a Swipe Plus of 2020

The device is never written to: no command reads a counter, and one resets it.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from actors.fmi.drivers.driver import Totals
from actors.fmi.drivers.listening import Heard, Listening, Traits
from actors.fmi.drivers.settings import TerabeeSettings
from actors.serial_port import Port

SILENCE: Final = timedelta(seconds=2)
"""Fifty heartbeats."""
_LONG: Final = 15
_SHORT: Final = 11
_HEARTBEATS: Final = {b"DD": 7, b"TT": 5}
_HEADER: Final = re.compile(rb"DD|TT|PC|[DTP]\Z")
_TO_LOCK: Final = 3


def _crc_table() -> bytes:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc << 1) ^ 0x107 if crc & 0x80 else crc << 1
        table.append(crc)
    return bytes(table)


_CRC: Final = _crc_table()


def crc8(frame: bytes | bytearray) -> int:
    """Return the CRC-8 of polynomial 7 from 0, neither reflected nor inverted: F4 of "123456789"."""
    crc = 0
    for byte in frame:
        crc = _CRC[crc ^ byte]
    return crc


class TerabeeDecoder:
    """The frames in what arrives; the form of the count is locked once three in a row have had it.

    CRC-8 alone lets one damaged frame of 256 through: a count must agree with its own difference too. A heartbeat is
    believed after another frame, for noise makes one by chance every half hour.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._follows = False
        self._locked = self._form = self._in_a_row = 0

    @property
    def count_length(self) -> int:
        """The form that is locked; until then the longer, for with fewer bytes the two are not told apart anyway."""
        return self._locked or _LONG

    def feed(self, read: bytes) -> Heard:
        """Return what these bytes, after those before, complete."""
        rest = self._rest + read
        counts: list[Totals] = []
        signs = skipped = at = 0
        end = len(rest)
        while at < end:
            header = rest[at : at + 2]
            length = _HEARTBEATS.get(header)
            if length is not None:
                if end - at < length:
                    break
                if crc8(rest[at : at + length]) == 0:  # a right check takes its own CRC to 0
                    signs += self._follows
                    self._follows = True
                    at += length
                    continue
            elif header == b"PC":
                found = self._count(rest, at, end)
                if found is None:
                    break
                length, totals = found
                if totals is not None:
                    counts.append(totals)
                    self._follows = True
                    at += length
                    continue
                if length:  # a right frame of the form that is not the device's: no part of it is another
                    self._follows = False
                    skipped += length
                    at += length
                    continue
            found_at = _HEADER.search(rest, at + 1)
            ahead = found_at.start() if found_at else end
            if end - at == 1 and header in (b"D", b"T", b"P"):
                break
            self._follows = False
            skipped += ahead - at
            at = ahead
        self._rest = rest[at:]
        return Heard(tuple(counts), signs, skipped)

    def _count(self, rest: bytes, at: int, end: int) -> tuple[int, Totals | None] | None:
        """Return length and totals of the frame here, None while more is to come.

        No totals: of length 0 it is broken, of another it is a right frame of the form that is not locked.
        """
        first = self._locked or _LONG
        for form in (first, _LONG + _SHORT - first):
            if end - at < form:
                return None
            totals = _totals(rest[at : at + form])
            if totals is not None:
                return form, totals if self._is_locked_to(form) else None
        return 0, None

    def _is_locked_to(self, form: int) -> bool:
        """Take note of a frame that is right; three in a row lock their form, or change the lock."""
        self._in_a_row = self._in_a_row + 1 if form == self._form else 1
        self._form = form
        if self._in_a_row >= _TO_LOCK:
            self._locked = form
        return self._locked in (0, form)


def _totals(frame: bytes) -> Totals | None:
    if crc8(frame) != 0:
        return None
    counter, entries, exits = (int.from_bytes(frame[start:stop]) for start, stop in ((-9, -5), (-5, -3), (-3, -1)))
    if (entries - exits - counter) & 0xFFFF:  # the counter's sign is not documented, and both others wrap at 16 bits
        return None
    return Totals(entries, exits, bits=16)


class _Reversed:
    """A decoder whose sensor hangs the other way round."""

    def __init__(self, decoder: TerabeeDecoder) -> None:
        self._decoder = decoder

    @property
    def count_length(self) -> int:
        return self._decoder.count_length

    def feed(self, read: bytes) -> Heard:
        heard = self._decoder.feed(read)
        if not heard.counts:
            return heard
        turned = (Totals(each.exits, each.entries, each.bits) for each in heard.counts if isinstance(each, Totals))
        return Heard(tuple(turned), heard.signs, heard.skipped)


def terabee(port: Port, settings: TerabeeSettings, monotonic: Callable[[], float]) -> Listening:
    """Return the driver of the sensor on this port."""
    decoder = TerabeeDecoder()
    is_powered = settings.powered_by_port and "://" not in settings.port  # no network powers a sensor
    traits = Traits(SILENCE, forgets_when_unplugged=is_powered, words_are_checked=True)
    return Listening(port, _Reversed(decoder) if settings.reversed else decoder, traits, monotonic)
