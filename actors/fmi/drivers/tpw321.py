"""A turnstile's control board TPW-321: asked for its two counters, and told to forbid entries (manual p. 16-21).

[address] 02 COMMAND LENGTH CONTENT 04       no checksum; an address only on RS-485 and where it is set

connect 02 FF 00 04 · read entries 02 28 01 30 04, exits 02 28 01 31 04 · answers 02 21 (22) LENGTH digits 04
working mode 02 14 02 entry exit 04: 30 controlled, 31 free, 32 forbidden · done 02 44 00 04, failed 02 F4 00 04
"""

from collections.abc import Callable
from typing import Final

from actors.fmi.drivers.driver import NotObeyed, Totals
from actors.fmi.drivers.polling import Polling, Unanswered
from actors.fmi.drivers.settings import Tpw321Settings
from actors.serial_port import Port
from config.sentence import Sentence

_START: Final = 0x02
_END: Final = 0x04
_CONNECT: Final = 0xFF
READ: Final = 0x28
_WORKING_MODE: Final = 0x14
ENTRIES: Final = 0x21
_EXITS: Final = 0x22
WHICH_ENTRIES: Final = b"\x30"
_WHICH_EXITS: Final = b"\x31"
_DONE: Final = 0x44
_FAILED: Final = 0xF4
_CONTROLLED: Final = b"\x30"
_FREE: Final = b"\x31"
_FORBIDDEN: Final = b"\x32"
_MOST_DIGITS: Final = 10
_PASS_MEANWHILE: Final = 3
"""So many people may pass between a reading and the next, some milliseconds later."""
_READINGS: Final = 4
_SILENT: Final = Sentence.of("the turnstile does not answer: look at its power, its address and the port's speed")
_BROKEN: Final = Sentence.of("the turnstile's answer came damaged: look at the cable")
_DIFFER: Final = Sentence.of("the turnstile's answers contradict each other: look at the cable")


def frame(command: int, content: bytes = b"", address: int | None = None) -> bytes:
    """Return the bytes of a command."""
    begin = b"" if address is None else bytes((address,))
    return begin + bytes((_START, command, len(content))) + content + bytes((_END,))


def content_of(came: bytes, *commands: int) -> bytes | None:
    """Return command and content of the first whole answer of one of these kinds; None when there is none.

    Counters are digits, 1 to 10 of them; done and failed have no content.
    """
    at = came.find(_START)
    while at >= 0:
        if len(came) > at + 3 and came[at + 1] in commands:
            length = came[at + 2]
            content, end = came[at + 3 : at + 3 + length], came[at + 3 + length : at + 4 + length]
            is_count = came[at + 1] in (ENTRIES, _EXITS)
            is_sound = 0 < length <= _MOST_DIGITS and content.isdigit() if is_count else length == 0
            if is_sound and end == bytes((_END,)):
                return came[at + 1 : at + 2] + content
        at = came.find(_START, at + 1)
    return None


class Tpw321(Polling):
    """The driver of one turnstile."""

    words_are_checked = False

    def __init__(self, port: Port, settings: Tpw321Settings, monotonic: Callable[[], float]) -> None:
        super().__init__(port, settings.every, settings.answer_within, monotonic)
        self._settings = settings
        self._is_connected = False
        self._told: tuple[int, int] | None = None

    @property
    def can_forbid(self) -> bool:
        """Whether the settings let the program set the working mode."""
        return self._settings.may_forbid

    def ask(self) -> Totals | Unanswered:
        """Return what the counters show. A number that changed is believed when the next reading agrees.

        There is no checksum: a damaged digit would count people, and counting back to the right one would count more.
        """
        self._connect()
        before = self._reading()
        if isinstance(before, Unanswered) or before == self._told:
            return self._totals(before)
        for _ in range(_READINGS):
            reading = self._reading()
            if isinstance(reading, Unanswered):
                return self._totals(reading)
            if all(0 <= now - then <= _PASS_MEANWHILE for then, now in zip(before, reading, strict=True)):
                self._told = before
                return self._totals(before)
            before = reading
        return Unanswered(_DIFFER)

    def forbid_entries(self, forbidden: bool) -> None:  # noqa: FBT001 - the Protocol's
        """Set the working mode: the way out keeps its own, and is never forbidden."""
        settings = self._settings
        if not settings.may_forbid:
            raise NotObeyed("the settings do not let the program close this turnstile: write may_forbid")
        self.resume()
        self._connect()
        modes = {"controlled": _CONTROLLED, "free": _FREE}
        ways = _FORBIDDEN if forbidden else modes[settings.way_in], modes[settings.way_out]
        content = b"".join(reversed(ways) if settings.reversed else ways)
        answer = self.exchange(
            frame(_WORKING_MODE, content, settings.address), lambda came: content_of(came, _DONE, _FAILED)
        )
        if answer is None:
            self._is_connected = False
            raise NotObeyed("the turnstile did not confirm: {why}", why=_BROKEN if self.came else _SILENT)
        if answer[0] == _FAILED:
            raise NotObeyed("the turnstile refuses its working mode: look at its board")

    def _connect(self) -> None:
        """Greet the board once, and again after a silence; boards that answer nothing to it work all the same."""
        if not self._is_connected:
            self.exchange(
                frame(_CONNECT, address=self._settings.address), lambda came: content_of(came, _DONE, _FAILED)
            )
            self._is_connected = True

    def _reading(self) -> tuple[int, int] | Unanswered:
        numbers = []
        for which, command in ((WHICH_ENTRIES, ENTRIES), (_WHICH_EXITS, _EXITS)):
            question = frame(READ, which, self._settings.address)
            answer = self.exchange(question, lambda came, wanted=command: content_of(came, wanted))  # type: ignore[misc]
            if answer is None:
                self._is_connected = bool(self.came)
                return Unanswered(_BROKEN if self.came else _SILENT, len(self.came))
            numbers.append(int(answer[1:]))
        return numbers[0], numbers[1]

    def _totals(self, reading: tuple[int, int] | Unanswered) -> Totals | Unanswered:
        if isinstance(reading, Unanswered):
            return reading
        entries, exits = reversed(reading) if self._settings.reversed else reading
        return Totals(entries, exits, bits=0)
