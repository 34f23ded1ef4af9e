"""Time as the runtime takes it: a clock to read and timers that call back, both injected."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol, runtime_checkable

_log = logging.getLogger(__name__)


@runtime_checkable
class Clock(Protocol):
    """Where the time comes from."""

    def monotonic(self) -> float:
        """Return seconds that never go back; for durations."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC; for reports."""


class Timer(Protocol):
    """A call that will be made once."""

    def cancel(self) -> None:
        """Make sure that the call is not made, if it was not yet."""


@runtime_checkable
class Timers(Protocol):
    """Who calls back at a time of the clock."""

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once the clock's monotonic time is `at`, in a thread of the timers; it must be short."""

    def close(self) -> None:
        """Forget all timers and end the thread."""


class SystemClock:
    """The computer's own clock."""

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class _Entry:
    """One pending call; without a callback it was cancelled or made."""

    __slots__ = ("at", "callback", "number", "owner")

    def __init__(self, owner: "ThreadTimers", at: float, number: int, callback: Callable[[], None]) -> None:
        self.owner = owner
        self.at = at
        self.number = number
        self.callback: Callable[[], None] | None = callback

    def __lt__(self, other: "_Entry") -> bool:
        return (self.at, self.number) < (other.at, other.number)

    def cancel(self) -> None:
        if self.callback is not None:
            self.callback = None
            self.owner.forget_one()


class ThreadTimers:
    """Timers served by one daemon thread, started with the first timer; it sleeps until the next one is due."""

    _COMPACT_FROM: Final = 256  # a storm of cancelled start timeouts must not fill the memory

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._heap: list[_Entry] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at `at`; after `close` the call is never made."""
        entry = _Entry(self, at, next(self._numbers), callback)
        with self._changed:
            if self._closed:
                return entry
            heapq.heappush(self._heap, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="supervisor-timers", daemon=True)
                self._thread.start()
            elif self._heap[0] is entry:
                self._changed.notify()
        return entry

    def forget_one(self) -> None:
        """Count a cancelled timer, and throw the cancelled ones out when they are the greater part."""
        with self._changed:
            self._cancelled += 1
            if self._cancelled > self._COMPACT_FROM and self._cancelled * 2 > len(self._heap):
                self._heap = [entry for entry in self._heap if entry.callback is not None]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def close(self) -> None:
        """End the thread; pending timers are dropped."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _serve(self) -> None:
        while (entry := self._next_due()) is not None:
            callback, entry.callback = entry.callback, None
            if callback is None:
                continue
            try:
                callback()
            except Exception:  # noqa: BLE001 - the worker edge: one bad callback must not stop all other timers
                _log.critical("a timer's callback raised", exc_info=True, extra={"event": "timer.raised"})

    def _next_due(self) -> _Entry | None:
        with self._changed:
            while not self._closed:
                if not self._heap:
                    self._changed.wait()
                elif (wait := self._heap[0].at - self._clock.monotonic()) > 0:
                    self._changed.wait(min(wait, threading.TIMEOUT_MAX))
                else:
                    entry = heapq.heappop(self._heap)
                    if entry.callback is not None:
                        return entry
                    self._cancelled = max(0, self._cancelled - 1)
            return None
