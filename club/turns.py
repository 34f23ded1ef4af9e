"""Turns: one thread at a time, and none kept waiting for ever by one that does not come back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_HUNG_SECONDS: Final = 60.0
"""Every call has ended by then: whoever still has its turn hangs in a driver, and was abandoned."""


class Turn:
    """One turn after another; the thread that has it may take it again."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.taken_at = 0.0


class Turns:
    """Lets threads take turns. `clock` gives seconds that never go back.

    The turn of a thread that hangs is left behind with it. Should that thread come back after all it goes on beside
    the others: what it then does must be harmless by other means.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = Turn()

    @contextmanager
    def take(self, seconds: float) -> Iterator[None]:
        """Have the turn while the block runs. Raises TimeoutError when another thread keeps it for `seconds`."""
        turn = self._turn
        if not turn.lock.acquire(timeout=seconds):
            if self._turn is turn and self._clock() - turn.taken_at > _HUNG_SECONDS:
                self._turn = Turn()
            raise TimeoutError
        turn.taken_at = self._clock()
        try:
            yield
        finally:
            turn.lock.release()
