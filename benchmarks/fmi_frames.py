"""Counts what each driver believes of random bytes and of damaged frames, and how many frames it reads in a second.

`said` frames follow each other as on a wire; `--damaged` of them (3 in 100) lose, gain or change bytes. `false` is what
was told and never said: lines have no check, and are left to what counting finds plausible. `lost` is what arrived
whole and was not told; speeds are per second of the processor. A driver that asks gets its answers, or the random
bytes, from memory, through the whole driver. Seeds are fixed.
"""

import argparse
import random
import struct
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import attrs
from pymodbus.framer import FramerRTU

from actors.fmi.drivers.driver import Passages, Totals
from actors.fmi.drivers.line import LineDecoder
from actors.fmi.drivers.listening import Decoder
from actors.fmi.drivers.modbus import Modbus
from actors.fmi.drivers.polling import Polling
from actors.fmi.drivers.settings import LineSettings, ModbusSettings, Tpw321Settings
from actors.fmi.drivers.terabee import TerabeeDecoder
from actors.fmi.drivers.tpw321 import Tpw321
from actors.serial_port import Port

CHUNK = 4096
PATTERN = r"(?P<entries>[0-9]+),(?P<exits>[0-9]+)"


@attrs.define
class Wire:
    """What stands in for the port of a driver that asks: `answer` gives what comes back, to be read once."""

    answer: Callable[[bytes], bytes]
    _waiting: bytes = b""

    def drop_input(self) -> bytes:
        return b""

    def write(self, sent: bytes) -> None:
        self._waiting = self.answer(sent)

    def read(self, _until: float, _monotonic: object) -> bytes:
        came, self._waiting = self._waiting, b""
        return came


@attrs.define
class Clock:
    """It goes on by a second at each look, so that a driver always asks."""

    at: float = 0.0

    def __call__(self) -> float:
        self.at += 1.0
        return self.at


def damaged(frame: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(frame))
    match rng.randrange(3):
        case 0:
            return frame[:place] + frame[place + 1 :]
        case 1:
            return frame[:place] + rng.randbytes(1) + frame[place:]
        case _:
            return frame[:place] + bytes((frame[place] ^ rng.randrange(1, 256),)) + frame[place + 1 :]


def speaking(decoder: Decoder, frame_of: Callable[[int], bytes], options: argparse.Namespace) -> tuple[int, int, float]:
    """Return the false ones, the lost ones, and frames in a second."""
    rng, said, whole, stream = random.Random(5), set(), [], bytearray(b"\n")
    for number in range(options.frames):
        frame = frame_of(number)
        said.add((number % 65_536, number // 2 % 65_536))
        if rng.random() < options.damaged:
            frame = damaged(frame, rng)
        else:
            whole.append((number % 65_536, number // 2 % 65_536))
        stream += frame
    told: list[tuple[int, int]] = []
    began = time.process_time()
    for start in range(0, len(stream), CHUNK):
        told += [(each.entries, each.exits) for each in decoder.feed(bytes(stream[start : start + CHUNK])).counts]
    seconds = time.process_time() - began
    # Numbers come again after 65,536: a pair alone says enough of what was never said.
    return sum(each not in said for each in told), max(len(whole) - len(told), 0), options.frames / seconds


def noise_believed(decoder: Decoder, count: int) -> int:
    rng = random.Random(7)
    return sum(len(decoder.feed(rng.randbytes(CHUNK)).counts) for _ in range(count // CHUNK))


def asking(driver_on: Callable[[Wire], Polling], reply: Callable[[bytes, int], bytes], options: Any) -> tuple[int, ...]:
    rng, said, at = random.Random(5), set(), 0

    def answer(question: bytes) -> bytes:
        whole = reply(question, at)
        return damaged(whole, rng) if rng.random() < options.damaged else whole

    driver, false, none = driver_on(Wire(answer)), 0, 0
    began = time.process_time()
    polls = options.frames // 10
    for poll in range(polls):
        at = poll // 2  # nobody passes between two polls of two
        said.add((at % 65_536, at // 2 % 65_536))
        told = [each for each in driver.read() if isinstance(each, Totals)]
        false += sum((each.entries, each.exits) not in said for each in told)
        none += not told
    return false, none, int(polls / (time.process_time() - began))


def modbus_reply(_question: bytes, at: int) -> bytes:
    body = b"\x01\x04" + struct.pack(">BII", 8, at % 65_536, at // 2 % 65_536)
    return body + FramerRTU.compute_CRC(body).to_bytes(2)


def tpw321_reply(question: bytes, at: int) -> bytes:
    if question[1] != 0x28:
        return b"\x02\x44\x00\x04"
    is_entries = question[3] == 0x30
    digits = str(at % 65_536 if is_entries else at // 2 % 65_536).encode()
    return bytes((2, 0x21 if is_entries else 0x22, len(digits))) + digits + b"\x04"


def modbus_on(wire: Wire) -> Polling:
    settings = ModbusSettings(driver="modbus", port="COM3", entries=0, exits=2, every=timedelta(milliseconds=100))
    return Modbus(cast("Port", wire), settings, Clock())


def tpw321_on(wire: Wire) -> Polling:
    settings = Tpw321Settings(driver="tpw321", port="COM3", every=timedelta(milliseconds=100))
    return Tpw321(cast("Port", wire), settings, Clock())


def asked_noise(driver_on: Callable[[Wire], Polling], count: int) -> int:
    rng = random.Random(7)
    sent = 0

    def answer(_question: bytes) -> bytes:
        nonlocal sent
        sent += CHUNK
        return rng.randbytes(CHUNK)

    driver, told = driver_on(Wire(answer)), 0
    while sent < count:
        told += sum(isinstance(each, Totals | Passages) for each in driver.read())
    return told


def rows(options: argparse.Namespace) -> Iterator[tuple[str, int, int, int, float]]:
    from sensor_simulators import count_long, count_short, heartbeat  # noqa: PLC0415 - beside the tests

    beat = heartbeat()
    ways: list[tuple[str, Callable[[], Decoder], Callable[[int], bytes]]] = [
        ("terabee, 15 bytes", TerabeeDecoder, lambda at: beat + count_long(at % 65_536, at // 2 % 65_536)),
        ("terabee, 11 bytes", TerabeeDecoder, lambda at: beat + count_short(at % 65_536, at // 2 % 65_536)),
        (
            "line, totals",
            lambda: LineDecoder(LineSettings(driver="line", port="COM3", totals=PATTERN)),
            lambda at: f"{at % 65_536},{at // 2 % 65_536}\n".encode(),
        ),
    ]
    for name, decoder, frame_of in ways:
        yield name, noise_believed(decoder(), options.bytes), *speaking(decoder(), frame_of, options)
    for name, driver_on, reply in (("modbus", modbus_on, modbus_reply), ("tpw321", tpw321_on, tpw321_reply)):
        false, none, speed = asking(driver_on, reply, options)
        yield name, asked_noise(driver_on, options.bytes), false, none, speed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", type=int, default=10_000_000)
    parser.add_argument("--frames", type=int, default=300_000)
    parser.add_argument("--damaged", type=float, default=0.03)
    options = parser.parse_args()
    print(f"{options.bytes:,} random bytes; {options.frames:,} frames (polls: a tenth), {options.damaged:.0%} damaged")
    print("driver              believed of noise   false   lost, or polls in vain   frames or polls/s")
    for name, noise, false, lost, speed in rows(options):
        print(f"{name:19} {noise:17} {false:7} {lost:24} {speed:19,.0f}")


if __name__ == "__main__":
    main()
