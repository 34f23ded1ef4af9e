"""Talks with a modem: one command at a time, each with an end in time, whatever else the modem says meanwhile."""

import re
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

from actors.serial_port import Port
from actors.sms.adapters.modem.lines import LineReader
from actors.sms.adapters.modem.pdu import fits

_OVERTIME_SECONDS: Final = 0.5
_DOUBT_SECONDS: Final = 120.0
"""So long an answer that never came may still come, and be taken for that of another command."""
_FINAL: Final = re.compile(r"OK|ERROR|COMMAND NOT SUPPORT|\+CM[ES] ERROR: ?(?P<code>\d+|[A-Za-z].*)")
_SENT: Final = re.compile(r"\+CMGS: ?(?P<mr>\d{1,3})(?:,.*)?")
_STORED: Final = re.compile(r'\+(?:CMTI|CDSI): ?"(?P<memory>\w+)", ?(?P<index>\d+)')
_DIRECT: Final = re.compile(r"\+(?P<kind>CMT|CDS): ?(?:.*,)? ?(?P<octets>\d+)")
_HEX: Final = re.compile(r"(?:[0-9A-F]{2}){8,}", re.IGNORECASE)
_BOOT: Final = frozenset(
    {"RDY", "START", "^SYSSTART", "CALL READY", "SMS READY", "+CPIN: READY", "PB DONE", "+CFUN: 1"}
)
"""What modems of Huawei, Quectel, Simcom, Cinterion and Telit say of themselves when they have started."""
_FULL: Final = ("^SMMEMFULL", "+SMSFULL", "^SMSFULL")


class Silent(Exception):  # noqa: N818 - some modems are
    """The modem did not answer in time."""


class Restarted(Exception):  # noqa: N818 - weather
    """The modem has started anew: nothing that was set holds any more."""


@attrs.frozen
class Patience:
    """How long a modem is waited for, in seconds."""

    command: float = 5.0
    """Until the final result of a command; longer where it asks the network."""
    wake: float = 1.5
    after_result: float = 2.0
    """For the OK after a reference."""
    quiet: float = 0.2
    """After so long without a word nothing more is coming."""


@attrs.frozen
class Reply:
    """What a modem answered: the lines before its final result, which is `OK` or an error."""

    final: str
    lines: tuple[str, ...] = attrs.field(default=(), repr=False)

    @property
    def is_ok(self) -> bool:
        """Whether the command was carried out."""
        return self.final == "OK"

    def after(self, prefix: str) -> str | None:
        """Return what the first line with this prefix says after it."""
        for line in self.lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix).strip()
        return None


@attrs.frozen
class Handed:
    """What came back after Ctrl-Z: the message reference of `+CMGS`, an error, or neither."""

    mr: int | None = None
    seen: int | None = None
    """A reference that came, and may be of this SMS or of an earlier one."""
    error: str | None = None
    is_in_doubt: bool = False
    """Whether the error may be the late answer to something else."""


_PATIENCE: Final = Patience()


class Dialogue:
    """One modem's talk, from when its port was opened until it is lost. Raises PortLost and Interrupted throughout."""

    def __init__(
        self, port: Port, monotonic: Callable[[], float] = time.monotonic, patience: Patience = _PATIENCE
    ) -> None:
        self._port = port
        self._monotonic = monotonic
        self._patience = patience
        self._reader = LineReader()
        self._lines: deque[str] = deque()
        self._awaited: re.Match[str] | None = None
        self._doubt_until = 0.0
        self.missing: set[int] = set()
        """Message references that a late answer would carry."""
        self.late: list[int] = []
        """References that came after all, of SMS whose answer was given up."""
        self.stored: list[tuple[str, int]] = []
        """Memory and place of what has come in."""
        self.direct: list[str] = []
        """PDUs that have come in without being stored."""
        self.is_full = False
        self.is_starting = True
        """While it is, words of a start are no news."""
        self.echoes = True
        """Whether commands are expected to come back."""

    @property
    def is_in_doubt(self) -> bool:
        """Whether an answer that was given up may still come."""
        return self._monotonic() < self._doubt_until

    def echoes_back(self) -> bool:
        """Return whether commands come back although that was switched off. Raises Silent, Restarted."""
        return "AT" in self._asked("AT").lines

    def ask(self, command: str, seconds: float | None = None) -> Reply:
        """Return the answer to one command, without its echo. Raises Silent, Restarted."""
        answer = self._asked(command, seconds)
        return Reply(answer.final, tuple(line for line in answer.lines if line != command))

    def _asked(self, command: str, seconds: float | None = None) -> Reply:
        self._write(command + "\r")
        until = self._monotonic() + (self._patience.command if seconds is None else seconds)
        said: list[str] = []
        while True:
            line = self._line(until, is_asked=command.startswith(("AT+CPIN", "AT+CFUN")))
            if line is None:
                self._doubt()
                raise Silent(command.partition("=")[0])
            if _FINAL.fullmatch(line):
                return Reply(line, tuple(said))
            self._stray(line)
            said.append(line)

    def offer(self, command: str) -> Reply | None:
        """Give a command that takes a text; None once the modem stands at its prompt. Raises Silent, Restarted."""
        self._write(command + "\r")
        until = self._monotonic() + self._patience.command
        while True:
            line = self._line(until, with_prompt=True)
            if line is None:
                self._doubt()
                raise Silent(command.partition("=")[0])
            if line == "":
                return None
            if line == command and not self.echoes:  # ATE0 is forgotten, and with it PDU mode: the PDU would go as text
                raise Restarted
            if _FINAL.fullmatch(line) and line != "OK":
                return Reply(line)
            self._stray(line)

    def hand_over(self, pdu: str, expected: int | None, seconds: float) -> Handed:
        """Write a PDU and Ctrl-Z at the prompt and wait for its result: from here on a copy may exist.

        `expected` is the message reference that it will have, as far as is known. Raises PortLost, Interrupted, and
        Restarted, all of which leave it open whether it went; so does a result that is neither reference nor error.
        """
        was_in_doubt, early = self.is_in_doubt, None
        self._write(pdu + "\x1a")
        until = self._monotonic() + seconds
        while True:
            line = self._line(until)
            if line is None:
                self._doubt()
                if expected is not None:
                    self.missing.add(expected)
                return Handed(seen=early)
            if sent := _SENT.fullmatch(line):
                mr = int(sent["mr"])
                if mr in self.missing and expected not in (None, mr):
                    # The late answer of an earlier SMS, or ours from a modem that did not count that one.
                    self.missing.discard(mr)
                    early = mr
                    continue
                if early is not None:
                    self._came_late(early)
                if was_in_doubt and (expected is None or mr in self.missing):
                    mr = self._latest(mr)
                self.missing.discard(mr)
                self._until_final()
                return Handed(mr)
            if _FINAL.fullmatch(line) and line != "OK":  # an OK alone answers something else
                if was_in_doubt and expected is not None:
                    self.missing.add(expected)
                return Handed(error=line, is_in_doubt=was_in_doubt)

    def cancel(self) -> None:
        """Leave a prompt at which nothing shall be sent (TS 27.005 §3.5.1: ESC); whatever comes of it is dropped."""
        self._write("\x1b\r")
        self._until_quiet()

    def wake(self, tries: int = 3) -> None:
        """Bring modem and program to where a command is awaited. Raises Silent."""
        for attempt in range(tries):
            self.cancel()
            try:
                if self.ask("AT", self._patience.wake).is_ok:
                    self._until_quiet()
                    return
            except Silent:
                if attempt == tries - 1:
                    raise
        raise Silent("AT")

    def shout(self, command: str) -> None:
        """Give a command whose answer nobody waits for, and which ends all others."""
        self._write(f"\x1b\r{command}\r")
        self.forget_doubts()

    def forget_doubts(self) -> None:
        """Expect no more answers that were given up: the modem has started anew."""
        self.missing.clear()
        self._doubt_until = 0.0

    def listen(self, seconds: float = 0.0) -> None:
        """Take what the modem says by itself. Raises Restarted."""
        until = self._monotonic() + seconds
        while (line := self._line(until)) is not None:
            self._stray(line)

    def _write(self, text: str) -> None:
        self._port.write(text.encode("ascii"))

    def _latest(self, mr: int) -> int:
        """Return the reference that is this SMS's: after one that was given up, two may come, the late one first."""
        until = self._monotonic() + self._patience.command
        try:
            while (line := self._line(until)) is not None:
                if sent := _SENT.fullmatch(line):
                    self._came_late(mr)
                    return int(sent["mr"])
        except Restarted:
            self._lines.appendleft("RDY")
        return mr

    def _until_final(self) -> None:
        """Wait for the OK after a reference; that it is missing changes nothing."""
        until = self._monotonic() + self._patience.after_result
        try:
            while (line := self._line(until)) is not None:
                if _FINAL.fullmatch(line):
                    return
        except Restarted:
            self._lines.appendleft("RDY")  # told again, to whoever asks next

    def _until_quiet(self) -> None:
        end = self._monotonic() + self._patience.command
        while self._monotonic() < end:
            line = self._line(self._monotonic() + self._patience.quiet)
            if line is None:
                break
            self._stray(line)
        self._reader.forget()

    def _stray(self, line: str) -> None:
        """Look whether a line that nobody waits for is the late answer of an SMS."""
        if (sent := _SENT.fullmatch(line)) and (self.is_in_doubt or int(sent["mr"]) in self.missing):
            self._came_late(int(sent["mr"]))

    def _came_late(self, mr: int) -> None:
        self.missing.discard(mr)
        self.late.append(mr)
        if not self.missing:
            self._doubt_until = 0.0

    def _doubt(self) -> None:
        self._doubt_until = self._monotonic() + _DOUBT_SECONDS

    def _line(self, until: float, *, is_asked: bool = False, with_prompt: bool = False) -> str | None:
        """Return the next line that the modem does not say by itself, "" for the prompt, None when time is up.

        What is there already is read beyond `until`, but not for ever: a modem may babble.
        """
        while self._monotonic() <= until + _OVERTIME_SECONDS:
            while self._lines:
                line = self._lines.popleft()
                if not self._is_news(line, is_asked=is_asked):
                    return line
            if with_prompt and self._reader.take_prompt():
                return ""
            read = self._port.read(until, self._monotonic)
            if not read:
                return None
            self._lines.extend(self._reader.feed(read))
        return None

    def _is_news(self, line: str, *, is_asked: bool) -> bool:
        """Take a line that the modem says by itself."""
        if self._awaited is not None and _HEX.fullmatch(line) and fits(line, int(self._awaited["octets"])):
            self.direct.append(line)
            self._awaited = None
            return True
        if stored := _STORED.fullmatch(line):
            self.stored.append((stored["memory"], int(stored["index"])))
            return True
        if direct := _DIRECT.fullmatch(line):
            self._awaited = direct
            return True
        if line.startswith(_FULL):
            self.is_full = True
            return True
        if line.upper() in _BOOT and not is_asked:
            if not self.is_starting:
                raise Restarted
            return True
        return False
