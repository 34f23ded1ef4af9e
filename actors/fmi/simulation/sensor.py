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
    told: tuple[int, int] = attrs.field(default=(0, 0), init=False)
    """Of those who passed, how many whole frames have told of; who passed since the last is lost with the power."""
    _shows: tuple[int, int] = attrs.field(default=(0, 0), init=False)
    _last_told: tuple[int, int] = attrs.field(default=(0, 0), init=False)

    def live(self) -> None:
        """Give a sign of life; a count comes only when somebody passes, also where the last one arrived broken."""
        self._send(distances())

    def passes(self, passages: Iterable[Passage]) -> None:
        """Have people pass, each told in a frame of its own."""
        for passage in passages:
            shown_in, shown_out = self._shows
            if passage.is_entry:
                self.entries += 1
                shown_in += 1
            else:
                self.exits += 1
                shown_out += 1
            self._shows = shown_in, shown_out
            if self._send(count(shown_in, shown_out, self.form)):
                self._note_told()

    def show(self) -> None:
        """Tell the count though nobody passes, as a device does that was commanded to begin at 0; never broken."""
        if self.outlet.write(count(*self._shows, self.form)):
            self._note_told()

    def lose_power(self) -> None:
        """Begin at 0 again, as the device does when it is unplugged."""
        self.stand_at(0, 0)

    def stand_at(self, entries: int, exits: int) -> None:
        """Show these counts from now on: a device that has counted long is near its end."""
        self._shows = self._last_told = entries, exits

    def _note_told(self) -> None:
        now, before = self._shows, self._last_told
        self.told = self.told[0] + now[0] - before[0], self.told[1] + now[1] - before[1]
        self._last_told = now

    def _send(self, frame: bytes) -> bool:
        """Write a frame; False when it left broken, or the line took no more: nobody can know of it."""
        is_whole = not self.noise or self.random.random() >= self.noise
        if not is_whole:
            place = self.random.randrange(len(frame))
            damaged = frame[place] ^ self.random.randrange(1, 256)
            frame = frame[:place] + bytes([damaged]) + frame[place + 1 :]
        return self.outlet.write(frame) and is_whole
