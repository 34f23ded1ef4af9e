"""Bounds how many restarts of one supervisor are under way at once, so that a storm does not become a stampede."""

from collections import deque
from typing import Final

from supervisor.child import Child
from supervisor.engine import Alarm, Engine, Step

HELD_SECONDS: Final = 1.0
"""A start that takes longer is no part of a stampede; it gives its place away, or eight hung ones would stop all."""


class Gate:
    """Lets `places` starts through; the others wait in order."""

    def __init__(self, places: int, engine: Engine) -> None:
        self._places = places
        self._engine = engine
        self._inside: dict[Child, float] = {}
        self._waiting: dict[Child, Step] = {}
        self._alarm: Alarm | None = None

    def enter(self, child: Child, try_again: Step) -> bool:
        """Return True if the child may start now; else `try_again` is called when there is a place."""
        now = self._engine.clock.monotonic()
        self._waiting.pop(child, None)
        self._expire(now)
        if len(self._inside) < self._places:
            self._inside[child] = now
            return True
        self._waiting[child] = try_again
        if self._alarm is None:
            self._alarm = self._engine.alarm(min(self._inside.values()) + HELD_SECONDS - now, self._time_is_up)
        return False

    def leave(self, child: Child) -> None:
        """Free the place of a child that is up, or down, or not to be started."""
        self._waiting.pop(child, None)
        if self._inside.pop(child, None) is not None:
            self._let_in()

    def clear(self) -> None:
        """Nobody starts any more."""
        self._inside.clear()
        self._waiting.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _time_is_up(self) -> None:
        self._alarm = None
        self._expire(self._engine.clock.monotonic())
        self._let_in()

    def _expire(self, now: float) -> None:
        for child in [child for child, since in self._inside.items() if now - since >= HELD_SECONDS]:
            del self._inside[child]

    def _let_in(self) -> None:
        for try_again in deque(self._waiting.values()):
            if len(self._inside) >= self._places:
                break
            try_again()
        if self._waiting and self._inside and self._alarm is None:
            wait = min(self._inside.values()) + HELD_SECONDS - self._engine.clock.monotonic()
            self._alarm = self._engine.alarm(max(0.0, wait), self._time_is_up)
