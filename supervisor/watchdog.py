"""Finds handlers that make no progress; takes no starved processor and no suspended computer for a hang."""

from collections.abc import Callable
from typing import Final

import attrs

from supervisor.engine import Alarm, Engine
from supervisor.life import Life

_LONGEST_TICK: Final = 1.0
_SHORTEST_TICK: Final = 0.02
_LOOKS_PER_TIMEOUT: Final = 4
_LATENESS_ALLOWED: Final = 1.5


@attrs.define(eq=False)
class _Watch:
    timeout_seconds: float
    on_hung: Callable[[Life], None]
    beats: int = -1
    busy_seconds: float = 0.0
    starved_seconds: float = 0.0


class Watchdog:
    """Looks at the watched incarnations a few times per timeout, at least once a second; with none, not at all.

    Each look credits a busy handler with the time since the last look, but never with much more than was planned
    between two looks: when the watchdog itself comes late, the computer was suspended or starved, and its handlers as
    well. Where the system tells (Linux), the time that a thread waited for a processor is not held against it either.
    """

    def __init__(self, engine: Engine, starved: Callable[[int | None], float]) -> None:
        self._engine = engine
        self._starved = starved  # seconds that a thread, by its native id, waited for a processor so far
        self._watches: dict[Life, _Watch] = {}
        self._alarm: Alarm | None = None
        self._tick = _LONGEST_TICK
        self._looked_at = 0.0

    def watch(self, life: Life, timeout_seconds: float, on_hung: Callable[[Life], None]) -> None:
        """Call `on_hung` once if a handler of this incarnation makes no progress for so long."""
        self._watches[life] = _Watch(timeout_seconds, on_hung)
        tick = max(_SHORTEST_TICK, min(_LONGEST_TICK, timeout_seconds / _LOOKS_PER_TIMEOUT))
        if self._alarm is None or tick < self._tick:
            self._tick = tick
            self._set_alarm()

    def unwatch(self, life: Life) -> None:
        """Look at it no more."""
        if self._watches.pop(life, None) is None or self._watches:
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._tick = _LONGEST_TICK

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._looked_at = self._engine.clock.monotonic()
        self._alarm = self._engine.alarm(self._tick, self._look)

    def _look(self) -> None:
        now = self._engine.clock.monotonic()
        credit = min(now - self._looked_at, self._tick * _LATENESS_ALLOWED)
        hung = [(life, watch) for life, watch in self._watches.items() if self._is_hung(life, watch, now, credit)]
        self._set_alarm()
        for life, watch in hung:
            watch.on_hung(life)

    def _is_hung(self, life: Life, watch: _Watch, now: float, credit: float) -> bool:
        beats = life.beats
        if life.busy_with is None or beats != watch.beats:
            watch.beats = beats
            watch.busy_seconds = 0.0
            watch.starved_seconds = self._starved(life.native_id) if life.busy_with is not None else 0.0
            return False
        watch.busy_seconds += credit
        if watch.busy_seconds < watch.timeout_seconds or now < max(life.extended_until, life.patient_until):
            return False
        starved = self._starved(life.native_id) - watch.starved_seconds
        if starved < watch.timeout_seconds / _LOOKS_PER_TIMEOUT:
            return True  # every thread waits for a processor now and then: that explains nothing
        return watch.busy_seconds - starved >= watch.timeout_seconds
