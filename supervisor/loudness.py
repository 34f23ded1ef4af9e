"""How loud the log speaks of a child's failures: quiet at first, loud when it repeats, bounded in a storm. Pure."""

import logging
from typing import Final

LOUD_FROM: Final = 3
PER_MINUTE: Final = 6


class Loudness:
    """Decides for one child. The first failures are warnings of one line; from the third in a row they are errors.

    At most six lines in any minute; the next line says how many were left out.
    """

    __slots__ = ("_lines", "_minute_began", "left_out")

    def __init__(self) -> None:
        self._minute_began: float | None = None
        self._lines = 0
        self.left_out = 0

    def level(self, now: float, in_a_row: int) -> int | None:
        """Return the level for the failure at monotonic `now`, the n-th in a row from 1; None: say nothing."""
        if self._minute_began is None or now - self._minute_began >= 60:  # noqa: PLR2004 - a minute
            self._minute_began, self._lines = now, 0
        if self._lines >= PER_MINUTE:
            self.left_out += 1
            return None
        self._lines += 1
        return logging.ERROR if in_a_row >= LOUD_FROM else logging.WARNING

    def take_left_out(self) -> int:
        """Return how many failures were not told of, and begin to count anew."""
        count, self.left_out = self.left_out, 0
        return count
