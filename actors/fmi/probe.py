"""Finds out what is on a port: listens for each driver's frames at each speed, and asks where nothing speaks."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs

from actors.fmi.drivers import tpw321
from actors.fmi.drivers.terabee import TerabeeDecoder
from actors.serial_port import LineMode, Port, open_port
from config.sentence import Sentence

SPEEDS: Final = (115_200, 9600, 19_200, 38_400, 57_600, 4800)
_LISTENING_SECONDS: Final = 1.5
_ANSWER_SECONDS: Final = 0.3
_ENOUGH_HEARTBEATS: Final = 2
_LONGEST_SAMPLE: Final = 48
_PRINTABLE: Final = frozenset(b"\r\n\t" + bytes(range(0x20, 0x7F)))


@attrs.frozen
class Attempt:
    """What was tried at one speed, and what came of it; `driver` is None where nothing was recognised."""

    baud: int
    finding: Sentence
    driver: str | None = None
    settings: tuple[tuple[str, str | int], ...] = ()
    """Further keys of the sensor's table that were found out."""


@attrs.frozen
class Probe:
    """How a port is looked at."""

    port: str
    speeds: Sequence[int] = SPEEDS
    unit: int = 1
    """The address that a Modbus module is asked by."""
    only_listens: bool = False
    """Whether nothing is written: a device that is not a sensor might take a question for an order."""
    monotonic: Callable[[], float] = time.monotonic

    def attempts(self) -> Iterator[Attempt]:
        """Give each attempt as it ends, until a driver is found or nothing is left to try. Raises NotOpened, PortLost.

        What is silent at one speed is so at all: damaged bytes would be heard.
        """
        is_silent = False
        for baud in self.speeds:
            attempt = None if is_silent else self._listened(baud)
            is_silent = attempt is None
            if attempt is None and not self.only_listens:
                attempt = self._asked(baud)
            if attempt is None:
                yield Attempt(baud, _nothing(baud, only_listens=self.only_listens))
                if self.only_listens:
                    return
                continue
            yield attempt
            if attempt.driver is not None:
                return

    def _listened(self, baud: int) -> Attempt | None:
        """Return what a device that speaks by itself says; None for silence."""
        port = open_port(self.port, LineMode(baud), most_per_second=2 * baud / 10)
        try:
            return self._heard(port, baud)
        finally:
            port.close()

    def _heard(self, port: Port, baud: int) -> Attempt | None:
        decoder, came, heartbeats = TerabeeDecoder(), b"", 0
        until = self.monotonic() + _LISTENING_SECONDS
        while self.monotonic() < until and (read := port.read(until, self.monotonic)):
            came = (came + read)[-4096:]
            heard = decoder.feed(read)
            heartbeats += heard.signs
            if heard.counts or heartbeats >= _ENOUGH_HEARTBEATS:
                sentence = Sentence.of("a Terabee people counter speaks at {baud} baud", baud=baud)
                return Attempt(baud, sentence, "terabee")
        if not came:
            return None
        lines = [line for line in came.replace(b"\r", b"\n").split(b"\n")[1:-1] if line.strip()]
        if lines and _PRINTABLE.issuperset(came):
            sample = lines[-1][:_LONGEST_SAMPLE].decode("ascii")
            return Attempt(
                baud, Sentence.of("lines of text come at {baud} baud, such as: {line}", baud=baud, line=sample), "line"
            )
        return Attempt(
            baud,
            Sentence.counted(
                "{n} byte comes at {baud} baud, of no frame that is known: {sample}",
                "{n} bytes come at {baud} baud, of no frame that is known: {sample}",
                n=len(came),
                baud=baud,
                sample=came[:16].hex(" "),
            ),
        )

    def _asked(self, baud: int) -> Attempt | None:
        port = open_port(self.port, LineMode(baud), most_per_second=2 * baud / 10)
        try:
            return self._module(port, baud) or self._turnstile(port, baud)  # a module trips over bytes before its own
        finally:
            port.close()

    def _turnstile(self, port: Port, baud: int) -> Attempt | None:
        for address in (None, 1):
            question = tpw321.frame(tpw321.READ, tpw321.WHICH_ENTRIES, address)
            answer = self._answer(port, question, lambda came: tpw321.content_of(came, tpw321.ENTRIES))
            if answer is not None:
                said = Sentence.of("a turnstile's board TPW-321 answers at {baud} baud", baud=baud)
                return Attempt(baud, said, "tpw321", () if address is None else (("address", address),))
        return None

    def _module(self, port: Port, baud: int) -> Attempt | None:
        from actors.fmi.drivers.modbus import ModbusCodec, reading  # noqa: PLC0415 - pymodbus takes 140 ms

        codec = ModbusCodec()
        for function in ("input", "holding"):
            question = reading(function, 0, 1, self.unit)
            answer = self._answer(
                port,
                codec.question(question),
                lambda came, asked=question: (codec.answer(came, asked, 7) or (None,))[0],  # type: ignore[misc]
            )
            if answer is not None:
                said = Sentence.of(
                    "a module on Modbus RTU answers at {baud} baud, unit {unit}", baud=baud, unit=self.unit
                )
                is_error = len(answer) == 5  # noqa: PLR2004 - an exception: the module is there, the register not
                kind = (("unit", self.unit),) if is_error else (("unit", self.unit), ("function", function))
                return Attempt(baud, said, "modbus", kind)
        return None

    def _answer(self, port: Port, question: bytes, answer_of: Callable[[bytes], bytes | None]) -> bytes | None:
        port.drop_input()
        port.write(question)
        came, until = b"", self.monotonic() + _ANSWER_SECONDS
        while self.monotonic() < until and (read := port.read(until, self.monotonic)):
            came = (came + read)[-4096:]
            if (answer := answer_of(came)) is not None:
                return answer
        return None


def _nothing(baud: int, *, only_listens: bool) -> Sentence:
    if only_listens:
        return Sentence.of("nothing speaks by itself, at any speed")
    return Sentence.of("nothing answers at {baud} baud", baud=baud)
