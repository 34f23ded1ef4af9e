"""Reads a device that speaks by itself: what its decoder makes of the bytes, told soon and cheaply."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, Protocol

import attrs

from actors.fmi.drivers.driver import Alive, Noise, Passages, Seen, Totals
from actors.serial_port import Interrupted, Port
from config.sentence import Sentence

SLICE_SECONDS: Final = 0.2
_UNHEARD: Final = Sentence.of("what arrives is not from such a sensor: is it of this kind, and the port's speed right")
_DAMAGED: Final = Sentence.of("what arrived was damaged: look at the cable, and at what runs beside it")


@attrs.frozen
class Heard:
    """What a decoder found in some bytes."""

    counts: tuple[Totals | Passages, ...] = ()
    signs: int = 0
    """How many frames without a count."""
    skipped: int = 0
    """How many bytes belonged to no frame, or to a broken one."""


class Decoder(Protocol):
    """Cuts what arrives into frames: pure, and however the bytes are cut, the same is found in the end."""

    @property
    def count_length(self) -> int:
        """How many bytes a frame with a count has: fewer need wake nobody."""

    def feed(self, read: bytes) -> Heard:
        """Return what these bytes, after those before, complete."""


class Listening:
    """A device that speaks by itself, behind the Protocol `Driver`."""

    def __init__(
        self,
        port: Port,
        decoder: Decoder,
        traits: "Traits",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._decoder = decoder
        self._monotonic = monotonic
        self._was_heard = False
        self._gathered = 0
        self._is_gathering = False
        self.silence = traits.silence
        self.forgets_when_unplugged = traits.forgets_when_unplugged
        self.words_are_checked = traits.words_are_checked

    def read(self) -> Sequence[Seen]:
        """Return at the first count; signs of life and noise once, at the end of the time."""
        self._gather()
        until = self._monotonic() + SLICE_SECONDS
        counts: tuple[Totals | Passages, ...] = ()
        signs = skipped = 0
        try:
            while not counts and (read := self._port.read(until, self._monotonic)):
                heard = self._decoder.feed(read)
                counts = heard.counts
                signs += heard.signs
                skipped += heard.skipped
                if self._is_gathering or self._monotonic() >= until:
                    break
        except Interrupted:
            pass  # what was heard until now is told all the same
        seen: list[Seen] = list(counts)
        if signs:
            seen.append(Alive())
        self._was_heard = self._was_heard or bool(seen)
        if skipped:
            seen.append(Noise(skipped, _DAMAGED if self._was_heard else _UNHEARD))
        return seen

    def _gather(self) -> None:
        """Let heartbeats wake nobody until as many bytes have come as a count has: that one wakes at once."""
        if self._gathered != self._decoder.count_length:
            self._gathered = self._decoder.count_length
            self._is_gathering = self._gathered > 1 and self._port.gather(self._gathered)

    def interrupt(self) -> None:
        """End the read that goes on, and every later one."""
        self._port.interrupt()

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()


@attrs.frozen
class Traits:
    """What a kind of device is like, as `Driver` tells it."""

    silence: timedelta | None
    forgets_when_unplugged: bool
    words_are_checked: bool
