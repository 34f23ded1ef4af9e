"""Sensors on pseudo-terminals, for tests: what they say is told, what they are asked is answered."""

import os
import pty
import select
import struct
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Self

_CRC8_POLYNOMIAL = 0x07


def crc8(frame: bytes) -> int:
    """Bit by bit, as the manual has it: another opinion than the program's table."""
    crc = 0
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ _CRC8_POLYNOMIAL) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _checked(frame: bytes) -> bytes:
    return frame + bytes((crc8(frame),))


def heartbeat(left: int = 900, right: int = 910) -> bytes:
    return _checked(b"DD" + struct.pack(">HH", left, right))


def swipe_heartbeat(distance: int = 900) -> bytes:
    return _checked(b"TT" + struct.pack(">H", distance))


def count_long(entries: int, exits: int, sensor: int = 7) -> bytes:
    return _checked(b"PC" + struct.pack(">IIHH", sensor, (entries - exits) & 0xFFFFFFFF, entries, exits))


def count_short(entries: int, exits: int) -> bytes:
    return _checked(b"PC" + struct.pack(">IHH", (entries - exits) & 0xFFFFFFFF, entries, exits))


class Cable:
    """A pseudo-terminal whose far end is the sensor, plugged in at the path `link`; may be pulled and put back."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._lock = threading.RLock()
        self._master = self._slave = -1
        self.plug_in()

    def plug_in(self) -> None:
        with self._lock:
            self._master, self._slave = pty.openpty()
            tty.setraw(self._master)
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            fresh = self.link.with_name(self.link.name + ".new")
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(self.link)

    def unplug(self) -> None:
        with self._lock:
            if self._master >= 0:
                self.link.unlink(missing_ok=True)
                os.close(self._slave)
                os.close(self._master)
                self._master = self._slave = -1

    def say(self, said: bytes) -> int:
        """Write what fits; return how much that was."""
        with self._lock:
            try:
                return os.write(self._master, said)
            except BlockingIOError:
                return 0

    def hear(self, seconds: float) -> bytes:
        master = self._master
        if master < 0 or not select.select([master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(master, 4096)
        except OSError:
            return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


class Answering:
    """A device that answers what it is asked: `answer(heard)` returns bytes, and empty ones to go on listening."""

    def __init__(self, cable: Cable, answer: Callable[[bytes], bytes]) -> None:
        self.cable = cable
        self._answer = answer
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulated device", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        heard = b""
        while not self._is_over.is_set():
            heard += self.cable.hear(0.05)
            if heard and (answer := self._answer(heard)):
                self.cable.say(answer)
                heard = b""

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()


class Turnstile:
    """A control board TPW-321, by its manual: counters, working mode, and whatever a test lets go wrong."""

    def __init__(self) -> None:
        self.entries = self.exits = 0
        self.mode = b"\x30\x31"
        self.refuses = self.is_silent = False
        self.damage: Callable[[bytes], bytes] = lambda answer: answer
        self.asked: list[bytes] = []

    def __call__(self, heard: bytes) -> bytes:
        start = heard.find(b"\x02")
        if start < 0 or len(heard) < start + 4 or len(heard) < start + 4 + heard[start + 2]:
            return b""
        command, content = heard[start + 1], heard[start + 3 : start + 3 + heard[start + 2]]
        if len(content) < heard[start + 2] or (command == 0x14 and len(heard) < start + 6):
            return b""
        self.asked.append(heard)
        if self.is_silent:
            return b""
        if command == 0x28:
            number = self.entries if content == b"\x30" else self.exits
            digits = str(number).encode()
            kind = 0x21 if content == b"\x30" else 0x22
            return self.damage(bytes((2, kind, len(digits))) + digits + b"\x04")
        if self.refuses:
            return b"\x02\xf4\x00\x04"
        if command == 0x14:
            self.mode = content
        return b"\x02\x44\x00\x04"
