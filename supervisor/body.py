"""What a child is made of: an actor with its thread, or a supervisor with children of its own."""

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Protocol

from supervisor.clock import SystemClock, Timers
from supervisor.engine import Engine
from supervisor.life import End, Life
from supervisor.recorder import Recorder
from supervisor.starvation import seconds_without_processor
from supervisor.watchdog import Watchdog

if TYPE_CHECKING:
    from supervisor.child import Child


class Body(Protocol):
    """Starts and stops a child; a start ends with the parent's `child_up` or `child_down`, a stop with the latter."""

    @property
    def children(self) -> "Mapping[str, Child]":
        """The children it has, by id, in starting order; an actor has none."""

    def start(self) -> None:
        """Begin a new incarnation; the child is not alive now."""

    def stop(self) -> None:
        """Begin an orderly stop; the child is alive, and may be stopping already."""

    def force(self) -> None:
        """Stop it brutally: interrupt now, abandon what does not obey within `interrupt_seconds`."""


class Surroundings:
    """What all supervisors of one tree share."""

    def __init__(self, engine: Engine, timers: Timers, recorder: Recorder, random: Random) -> None:
        self.engine = engine
        self.clock = engine.clock
        self.timers = timers
        self.recorder = recorder
        self.random = random
        # Only the computer's own clock can be compared with how long its threads waited.
        self.watchdog = Watchdog(engine, seconds_without_processor if isinstance(self.clock, SystemClock) else _never)
        self.abandoned: dict[Life, None] = {}
        self.max_abandoned: int | None = None
        self.on_too_many_abandoned: Callable[[], None] = _nothing
        self.on_root_up: Callable[[], None] = _nothing
        self.on_root_end: Callable[[End], None] = _nothing_of_end

    def check_abandoned(self) -> None:
        """See whether so many threads were left behind that the program should start afresh."""
        if self.max_abandoned is not None and len(self.abandoned) > self.max_abandoned:
            self.engine.post(self.on_too_many_abandoned)


def _never(_native_id: int | None) -> float:
    return 0.0


def _nothing() -> None:
    pass


def _nothing_of_end(_end: End) -> None:
    pass
