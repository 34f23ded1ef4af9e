"""A simulated Terabee sensor: it counts who passes, tells it, lives, loses its count without power, and garbles."""

from collections.abc import Iterable
from random import Random

import attrs

from actors.fmi.simulation.day import Passage
from actors.fmi.simulation.frames import Form, count, distances
from actors.fmi.simulation.outlets import Outlet


@attrs.define
class SimulatedSensor:
    """One sensor at its outlet; `entries` and `exits` are what really passed: the truth that a count is judged by.

    `noise` (0 to 1) is the part of its frames that arrive broken.
    """

    name: str
    outlet: Outlet
    form: Form = 15
    noise: float = 0.0
    random: Random = attrs.field(factory=Random)
    entries: int = 0
    exits: int = 0
    _counted_in: int = attrs.field(default=0, init=False)
    _counted_out: int = attrs.field(default=0, init=False)

    def live(self) -> None:
        """Give a sign of life; a count comes only when somebody passes, also where the last one arrived broken."""
        self._send(distances())

    def passes(self, passages: Iterable[Passage]) -> None:
        """Have people pass, each told in a frame of its own."""
        for passage in passages:
            if passage.is_entry:
                self.entries += 1
                self._counted_in += 1
            else:
                self.exits += 1
                self._counted_out += 1
            self._send(count(self._counted_in, self._counted_out, self.form))

    def lose_power(self) -> None:
        """Begin at 0 again, as the device does when it is unplugged."""
        self._counted_in = self._counted_out = 0

    def _send(self, frame: bytes) -> None:
        if self.noise and self.random.random() < self.noise:
            place = self.random.randrange(len(frame))
            damaged = frame[place] ^ self.random.randrange(1, 256)
            frame = frame[:place] + bytes([damaged]) + frame[place + 1 :]
        self.outlet.write(frame)
