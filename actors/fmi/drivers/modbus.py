"""Counters of a module on Modbus RTU, and the coil of a relay beside them.

Frames and CRC are pymodbus's, the port is ours: its serial client wakes every millisecond while it waits, cannot be
interrupted, and opens what it likes (docs/decisions/0115).
"""

from collections.abc import Callable
from typing import Any, Final

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadCoilsResponse, WriteSingleCoilRequest
from pymodbus.pdu.exceptionresponse import ExceptionResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
)

from actors.fmi.drivers.driver import NotObeyed, Totals
from actors.fmi.drivers.polling import Polling, Unanswered
from actors.fmi.drivers.settings import ModbusSettings
from actors.serial_port import Port
from config.sentence import Sentence

_MOST_REGISTERS: Final = 125
_IS_ERROR: Final = 0x80
_EXCEPTION_BYTES: Final = 5
_WRITTEN_BYTES: Final = 8
_COIL_BYTES: Final = 6
_EXCEPTIONS: Final = {
    1: Sentence.of("the module knows no such function: is it input or holding"),
    2: Sentence.of("the module has no such register: look at its manual"),
    3: Sentence.of("the module does not give so many registers at once"),
    4: Sentence.of("the module has a fault"),
    6: Sentence.of("the module is busy"),
}
_SILENT: Final = Sentence.of("the module does not answer: look at its power, its address and the port's speed")
_BROKEN: Final = Sentence.of("the module's answer came damaged: look at the cable, and whether two ask on this bus")


def reading(function: str, start: int, count: int, unit: int) -> ModbusPDU:
    """Return the question for so many registers, of the function `input` or `holding`."""
    request = ReadInputRegistersRequest if function == "input" else ReadHoldingRegistersRequest
    return request(address=start, count=count, dev_id=unit)


class ModbusCodec:
    """Questions as bytes, and the answer in bytes that came: pure. What is damaged, or another's, is no answer."""

    def __init__(self) -> None:
        self._framer = FramerRTU(DecodePDU(is_server=False))

    def question(self, pdu: ModbusPDU) -> bytes:
        """Return the frame of a question."""
        return self._framer.buildFrame(pdu)

    def answer(self, came: bytes, pdu: ModbusPDU, length: int) -> tuple[bytes, ModbusPDU] | None:
        """Return frame and meaning of the answer to this question, of so many bytes unless it is an error."""
        for function, size in ((pdu.function_code, length), (pdu.function_code | _IS_ERROR, _EXCEPTION_BYTES)):
            header = bytes((pdu.dev_id, function))
            at = came.find(header)
            while at >= 0:
                frame = came[at : at + size]
                if len(frame) == size and (meant := self._meaning(frame, pdu.dev_id)) is not None:
                    return frame, meant
                at = came.find(header, at + 1)
        return None

    def _meaning(self, frame: bytes, unit: int) -> ModbusPDU | None:
        if not FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:])):
            return None
        used, pdu = self._framer.handleFrame(frame, unit, 0)
        return pdu if used == len(frame) else None


class Modbus(Polling):
    """The driver of one module."""

    words_are_checked = True

    def __init__(self, port: Port, settings: ModbusSettings, monotonic: Callable[[], float]) -> None:
        super().__init__(port, settings.every, settings.answer_within, monotonic)
        self._settings = settings
        self._codec = ModbusCodec()
        self._echoes = False

    @property
    def can_forbid(self) -> bool:
        """Whether there is a relay."""
        return self._settings.relay_coil is not None

    def ask(self) -> Totals | Unanswered:
        """Return what the counters show: in one question where they are near each other, so both are of one moment."""
        settings = self._settings
        wanted = [register for register in (settings.entries, settings.exits) if register is not None]
        first, last = min(wanted), max(wanted) + settings.words
        groups = (
            [(first, last)] if last - first <= _MOST_REGISTERS else [(each, each + settings.words) for each in wanted]
        )
        registers: dict[int, int] = {}
        for start, stop in groups:
            answer = self._registers(start, stop - start)
            if isinstance(answer, Unanswered):
                return answer
            registers.update(enumerate(answer, start))
        entries, exits = (self._counter(registers, start) for start in (settings.entries, settings.exits))
        return Totals(entries, exits, bits=16 * settings.words - (settings.pulses.bit_length() - 1))

    def forbid_entries(self, forbidden: bool) -> None:  # noqa: FBT001 - the Protocol's
        """Set the relay unless it stands so, and read it back: an echo of what is sent would confirm anything."""
        settings = self._settings
        if settings.relay_coil is None:
            raise NotObeyed("no relay is written in the settings of this module: write relay_coil")
        self.resume()
        unit = settings.relay_unit or settings.unit
        is_on = forbidden == (settings.relay_closes == "on")
        if self._is_coil_on(settings.relay_coil, unit) == is_on:
            return
        self._exchanged(WriteSingleCoilRequest(address=settings.relay_coil, bits=[is_on], dev_id=unit), _WRITTEN_BYTES)
        if self._is_coil_on(settings.relay_coil, unit) != is_on:
            raise NotObeyed("the relay stayed as it was: look at its coil and its wiring")

    def _is_coil_on(self, coil: int, unit: int) -> bool:
        answer = self._exchanged(ReadCoilsRequest(address=coil, count=1, dev_id=unit), _COIL_BYTES)
        if isinstance(answer, ReadCoilsResponse):
            return bool(answer.bits[0])
        raise NotObeyed(
            "the relay did not confirm: {why}", why=answer.reason if isinstance(answer, Unanswered) else _BROKEN
        )

    def _registers(self, start: int, count: int) -> list[int] | Unanswered:
        question = reading(self._settings.function, start, count, self._settings.unit)
        answer = self._exchanged(question, 5 + 2 * count)
        if isinstance(answer, ReadInputRegistersResponse | ReadHoldingRegistersResponse):
            if len(answer.registers) == count:
                return list(answer.registers)
            return Unanswered(_BROKEN, len(self.came))
        return answer if isinstance(answer, Unanswered) else Unanswered(_BROKEN, len(self.came))

    def _exchanged(self, pdu: ModbusPDU, length: int) -> Any:
        """Return pymodbus's answer, or why there is none.

        Where the adapter echoes, the first copy of a written coil is ours: to ask again before the module's own has
        come would have two speak at once. The answer to a reading tells an echo: it never is the question.
        """
        question = self._codec.question(pdu)

        def answer_of(came: bytes) -> bytes | None:
            is_echo = self._echoes and came.startswith(question)
            found = self._codec.answer(came[len(question) :] if is_echo else came, pdu, length)
            return None if found is None else found[0]

        frame = self.exchange(question, answer_of)
        if not isinstance(pdu, WriteSingleCoilRequest):
            self._echoes = self.came.startswith(question)
        if frame is None:
            return Unanswered(_BROKEN if self.came else _SILENT, len(self.came))
        _, answer = self._codec.answer(frame, pdu, length) or (b"", None)
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            return Unanswered(_EXCEPTIONS.get(code) or Sentence.of("the module refuses with error {code}", code=code))
        return answer

    def _counter(self, registers: dict[int, int], start: int | None) -> int:
        if start is None:
            return 0
        words = [registers[start + word] for word in range(self._settings.words)]
        if self._settings.word_order == "low_first":
            words.reverse()
        count = 0
        for word in words:
            count = count << 16 | word
        return count // self._settings.pulses
