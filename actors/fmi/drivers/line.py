"""A device that writes lines of text: one for each passage, or its totals; the patterns are the installer's."""

import re
from collections.abc import Callable
from typing import Final

from actors.fmi.drivers.driver import Passages, Totals
from actors.fmi.drivers.listening import Heard, Listening, Traits
from actors.fmi.drivers.settings import LineSettings
from actors.serial_port import Port

_ENDS: Final = re.compile(rb"[\r\n]+")
_LONGEST_LINE: Final = 256
_MOST_AT_ONCE: Final = 1000
"""No line tells of more people: it is damaged, or means something else."""
_LARGEST_TOTAL: Final = 1 << 32


class LineDecoder:
    """Whole lines and what they mean; half a line is never read as a whole one.

    With `totals`, what comes before the first end of line is dropped: the port may have been opened in the middle of
    a number. A passage alone is kept, for it would be lost.
    """

    count_length = 1
    """A line may be a letter and its end."""

    def __init__(self, settings: LineSettings) -> None:
        self._entry = _compiled(settings.entry)
        self._exit = _compiled(settings.exit)
        self._totals = _compiled(settings.totals)
        self._alive = _compiled(settings.alive)
        self._bits = settings.bits
        self._rest = bytearray()
        self._is_first = True
        self._is_overlong = False

    def feed(self, read: bytes) -> Heard:
        """Return what these bytes, after those before, complete."""
        self._rest += read
        *lines, rest = _ENDS.split(self._rest)
        counts: list[Totals | Passages] = []
        signs = skipped = 0
        for line in lines:
            is_whole = not self._is_overlong and len(line) <= _LONGEST_LINE
            meant = self._meaning(line, is_first=self._is_first) if is_whole else None
            self._is_first = self._is_first and is_whole and not line
            self._is_overlong = False
            if isinstance(meant, Totals | Passages):
                counts.append(meant)
            elif meant is None:
                skipped += len(line)
            else:
                signs += meant
        if self._is_overlong or len(rest) > _LONGEST_LINE:  # at a wrong speed no line may ever end
            self._is_overlong = True
            skipped += len(rest)
            rest = bytearray()
        self._rest = bytearray(rest)
        return Heard(tuple(counts), signs, skipped)

    def _meaning(self, line: bytes | bytearray, *, is_first: bool) -> Totals | Passages | int | None:
        """Return what a line tells; the number of signs of life when it tells of nobody, None when it is noise."""
        text = line.decode("latin-1").strip(" \t\x00")
        if not text:
            return 0 if not line.strip(b" \t\x00") else None
        if self._totals is not None and not is_first and (found := self._totals.fullmatch(text)):
            return self._totals_of(found)
        for pattern, is_entry in ((self._entry, True), (self._exit, False)):
            if pattern is not None and (found := pattern.fullmatch(text)):
                people = _number(found, "count", 1)
                if people is None or people > _MOST_AT_ONCE:
                    return None
                return Passages(entries=people) if is_entry else Passages(exits=people)
        return 1 if self._alive is not None and self._alive.fullmatch(text) else None

    def _totals_of(self, found: re.Match[str]) -> Totals | None:
        entries, exits = _number(found, "entries", 0), _number(found, "exits", 0)
        largest = 1 << self._bits if self._bits else _LARGEST_TOTAL
        if entries is None or exits is None or max(entries, exits) >= largest:
            return None
        return Totals(entries, exits, self._bits)


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return None if pattern is None else re.compile(pattern)


def _number(found: re.Match[str], group: str, missing: int) -> int | None:
    """Return the whole number of a group; `missing` without such a group, None when it is no number."""
    text = found.groupdict().get(group, "")
    if not text:
        return missing
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else None  # noqa: PLR2004 - 32 bits


def line(port: Port, settings: LineSettings, monotonic: Callable[[], float]) -> Listening:
    """Return the driver of the device on this port."""
    traits = Traits(settings.silence, forgets_when_unplugged=False, words_are_checked=False)
    return Listening(port, LineDecoder(settings), traits, monotonic)
