"""Asks a device that speaks only when asked: when the next question is due, and what silence means."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import attrs

from actors.fmi.drivers.driver import Noise, Seen, Totals
from actors.fmi.drivers.listening import SLICE_SECONDS
from actors.serial_port import Interrupted, Port
from config.sentence import Sentence

_POLLS_OF_SILENCE: Final = 3


@attrs.frozen
class Unanswered:
    """A question without its answer: why, and how many bytes came instead."""

    reason: Sentence
    skipped: int = 0


class Polling(ABC):
    """A device that is asked every so often, behind the Protocol `Driver`."""

    forgets_when_unplugged = False

    def __init__(
        self,
        port: Port,
        every: timedelta,
        answer_within: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._every = every.total_seconds()
        self._answer_within = answer_within.total_seconds()
        self._monotonic = monotonic
        self._due = monotonic()
        self.came = b""
        """What came after the last question."""

    @property
    def silence(self) -> timedelta:
        """Three questions without an answer."""
        return timedelta(seconds=_POLLS_OF_SILENCE * max(self._every, self._answer_within) + self._answer_within)

    @abstractmethod
    def ask(self) -> Totals | Unanswered:
        """Return what the device's counters show now. Raises PortLost, Interrupted."""

    def read(self) -> Sequence[Seen]:
        """Wait until the next question is due, or 0.2 s; ask it and return the answer."""
        try:
            if not self._is_due():
                return ()
            self._due = self._monotonic() + self._every
            answer = self.ask()
        except Interrupted:
            return ()
        match answer:
            case Totals():
                return (answer,)
            case Unanswered(reason, skipped):
                return (Noise(skipped, reason),)

    def interrupt(self) -> None:
        """End the read that goes on, and every later one."""
        self._port.interrupt()

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()

    def resume(self) -> None:
        """Wait again, whatever was interrupted: an order is to be confirmed at a stop, too."""
        self._port.resume()

    def exchange(self, question: bytes, answer_of: Callable[[bytes], bytes | None]) -> bytes | None:
        """Return the answer in what comes back, as `answer_of` finds it; None when time is over. Raises as `ask`.

        What came before the question answers another: it is dropped.
        """
        self.came = b""
        self._port.drop_input()
        self._port.write(question)
        until = self._monotonic() + self._answer_within
        while read := self._port.read(until, self._monotonic):
            self.came = (self.came + read)[-4096:]
            if (answer := answer_of(self.came)) is not None:
                return answer
            if self._monotonic() >= until:
                break
        return None

    def _is_due(self) -> bool:
        now = self._monotonic()
        until = min(self._due, now + SLICE_SECONDS)
        while until > now:
            self._port.read(until, self._monotonic)  # nobody asked: it is dropped
            now = self._monotonic()
        return now >= self._due
