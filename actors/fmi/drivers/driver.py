"""What a sensor of any kind has seen, and what each kind's driver promises."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from config.sentence import Sentence, SentenceError


@attrs.frozen
class Totals:
    """Cumulative counts as the device shows them: what is missed between two of them is in the second."""

    entries: int
    exits: int
    bits: int
    """After how many bits the device begins at 0 again: 16 or 32, fewer when it counts two pulses for each person; 0
    when it is not known to begin again."""


@attrs.frozen
class Passages:
    """People who passed since the last word: an event that is not heard is lost."""

    entries: int = 0
    exits: int = 0


@attrs.frozen
class Alive:
    """A sign of life without a count."""


@attrs.frozen
class Noise:
    """Bytes that were no frame of this kind, frames that arrived broken, and answers that did not come."""

    skipped: int
    """How many bytes; 0 for an answer that did not come."""
    reason: Sentence


class NotObeyed(SentenceError):  # noqa: N818 - of the device, not of the program
    """The device did not confirm what it was told to do."""


Seen: TypeAlias = Totals | Passages | Alive | Noise


class Driver(Protocol):
    """One sensor on its open port. Everything but `interrupt` belongs to one thread.

    `actors.fmi.drivers.roster.open_driver` makes one from its settings.
    """

    @property
    def silence(self) -> timedelta | None:
        """After how long without Totals, Passages or Alive the sensor is unknown; None for one that may be silent."""

    @property
    def forgets_when_unplugged(self) -> bool:
        """Whether the device begins at 0 once the port was lost, because the port is what powers it."""

    @property
    def words_are_checked(self) -> bool:
        """Whether a damaged frame is told from a right one; else a count that steps back is to be seen twice."""

    def read(self) -> Sequence[Seen]:
        """Return what was seen, soon after it came; nothing, or a sign of life, after 0.2 s without a count.

        Noise and signs of life are told once per call however many there were. Raises
        `actors.serial_port.PortLost` when the port is gone: close the driver then and open another.
        """

    def interrupt(self) -> None:
        """End the read that goes on, and let every later one return at once: called by another thread."""

    def close(self) -> None:
        """Let go of the port, whatever state it is in; more than once is nothing."""


@runtime_checkable
class CanForbid(Protocol):
    """A driver whose device can also close the way in: a turnstile, or a relay beside the counter."""

    @property
    def can_forbid(self) -> bool:
        """Whether the settings name something that closes the way in."""

    def forbid_entries(self, forbidden: bool) -> None:  # noqa: FBT001 - what is set has these two values
        """Close or open the way in; the way out stays as it is. By the thread that reads, after an `interrupt` too.

        Raises PortLost, and NotObeyed when the device does not confirm.
        """
