"""Notes when each copy of a message is stored by a counterpart, whatever counterpart it is."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class CopiesSeen:
    """Looks at what a counterpart has stored, some hundred times a second, while the block runs.

    `stored` returns the recipients of all copies so far, in order.
    """

    def __init__(self, stored: Callable[[], list[str]]) -> None:
        self._stored = stored
        self._seen: list[tuple[str, float]] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="copies seen", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def count(self, recipient: str) -> int:
        return sum(1 for each, _ in self._seen if each == recipient)

    def first(self, recipient: str) -> float | None:
        """Return the instant of somebody's first copy, None without one."""
        return next((at for each, at in self._seen if each == recipient), None)

    def between(self, one: str, another: str) -> float:
        """Return the seconds between two first copies; not a number where one is missing."""
        begun, ended = self.first(one), self.first(another)
        return float("nan") if begun is None or ended is None else ended - begun

    def wait_for(self, recipient: str, seconds: float) -> bool:
        """Return whether somebody has a copy within so many seconds from now."""
        until = time.perf_counter() + seconds
        while self.first(recipient) is None and time.perf_counter() < until:
            self._is_over.wait(0.01)
        return self.first(recipient) is not None

    def _look(self) -> None:
        while True:
            is_last = self._is_over.wait(0.003)
            stored = self._stored()
            now = time.perf_counter()
            self._seen += [(each, now) for each in stored[len(self._seen) :]]
            if is_last:
                return
