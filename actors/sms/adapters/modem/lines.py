"""Cuts what a modem says into whole lines, and tells the prompt from them: pure, of bytes."""

import re
from typing import Final

_ENDS: Final = re.compile(rb"[\r\n]")
_LONGEST_LINE: Final = 4096
"""No line of TS 27.005 has more than about 400 bytes: a longer one is noise, and is cut."""
_PROMPT: Final = ord(">")


class LineReader:
    """What is not ended by a carriage return or line feed is never told: half an answer would read as another one."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, read: bytes) -> list[str]:
        """Return the lines that are whole now, without ends, blanks around them and empty ones."""
        self._rest += read
        *whole, rest = _ENDS.split(self._rest)
        self._rest = bytearray(rest[-_LONGEST_LINE:])
        texts = (line[-_LONGEST_LINE:].decode("ascii", "replace").strip(" \t\x00\x1a\x1b\ufffd") for line in whole)
        return [text for text in texts if text]

    def take_prompt(self) -> bool:
        """Return whether the modem stands at `> `, alone on its line; it is read then."""
        said = self._rest.strip(b" \x00")
        if len(said) != 1 or said[0] != _PROMPT:
            return False
        self._rest.clear()
        return True

    def forget(self) -> None:
        """Drop the beginning of a line."""
        self._rest.clear()
