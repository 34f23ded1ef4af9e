"""The frames of a Terabee Evo People Counter, as the device writes them (manual of 2021; Swipe Plus of 2020)."""

import struct
from typing import Final, Literal

from actors.fmi.drivers.terabee import crc8

Form = Literal[15, 11]
"""The two forms of a count: with the sensor's number, and without."""
SENSOR_NUMBER: Final = 0x0001E240
_WRAP: Final = 1 << 16


def distances(left_mm: int = 1200, right_mm: int = 1180) -> bytes:
    """Return the frame that a sensor repeats when nobody passes: what it measures, and that it lives."""
    return _sealed(b"DD" + struct.pack(">HH", left_mm, right_mm))


def count(entries: int, exits: int, form: Form = 15) -> bytes:
    """Return the frame of a count, which wraps at 65,536 as the device's does."""
    balance = entries - exits
    number = struct.pack(">I", SENSOR_NUMBER) if form == 15 else b""  # noqa: PLR2004 - the form's own name
    return _sealed(b"PC" + number + struct.pack(">iHH", balance, entries % _WRAP, exits % _WRAP))


def _sealed(frame: bytes) -> bytes:
    return frame + bytes([crc8(frame)])
