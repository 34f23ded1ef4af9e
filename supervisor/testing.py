"""For tests of what runs in a tree: a clock that moves when told, and a way to wait for what happens."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from supervisor.clock import Timer
from supervisor.reports import Event

PATIENCE_SECONDS: Final = 10.0


class _FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """A clock with timers, both moved by `advance` only; give it to a `Tree` as its `clock`."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)) -> None:
        self._lock = threading.RLock()
        self._began_at = now
        self._seconds = 0.0
        self._numbers = itertools.count()
        self._heap: list[tuple[float, int, _FakeTimer]] = []

    def monotonic(self) -> float:
        """Return the seconds that were advanced."""
        return self._seconds

    def now(self) -> datetime:
        """Return the instant."""
        return self._began_at + timedelta(seconds=self._seconds)

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call back during the `advance` that reaches `at`."""
        timer = _FakeTimer(callback)
        with self._lock:
            heapq.heappush(self._heap, (at, next(self._numbers), timer))
        return timer

    def close(self) -> None:
        """Forget all timers."""
        with self._lock:
            self._heap.clear()

    def due_in(self) -> float | None:
        """Return the seconds until the next timer; None without one."""
        with self._lock:
            while self._heap and self._heap[0][2].callback is None:
                heapq.heappop(self._heap)
            return max(0.0, self._heap[0][0] - self._seconds) if self._heap else None

    def advance(self, seconds: float) -> None:
        """Move on, ringing each timer at its own time, in order."""
        target = self._seconds + seconds
        while (callback := self._next_until(target)) is not None:
            callback()
        with self._lock:
            self._seconds = max(self._seconds, target)

    def jump(self, seconds: float) -> None:
        """Move on like a computer that slept: every timer that fell due rings only now."""
        with self._lock:
            self._seconds += seconds
        self.advance(0)

    def _next_until(self, target: float) -> Callable[[], None] | None:
        with self._lock:
            while self._heap and self._heap[0][0] <= target:
                at, _, timer = heapq.heappop(self._heap)
                if timer.callback is not None:
                    self._seconds = max(self._seconds, at)
                    callback, timer.callback = timer.callback, None
                    return callback
            return None


class Witness:
    """An observer that remembers all events, and can wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        """Remember an event."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, is_true: Callable[[], bool], timeout: float = PATIENCE_SECONDS) -> None:
        """Return once a condition holds, looked at after each event.

        Raises:
            AssertionError: it did not within `timeout` seconds of real time.

        """
        with self._changed:
            if not self._changed.wait_for(is_true, timeout):
                raise AssertionError(f"it did not happen within {timeout} seconds; the last events: {self.events[-8:]}")
