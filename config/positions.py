"""On which line of a TOML document each key stands; tomllib, which parses it, does not tell.

A scanner of documents that tomllib has accepted already: it only has to find where keys, headers and values begin and
end, and never judges. A property test holds its keys against tomllib's, over generated documents.
"""

import bisect
import re
import tomllib
from collections.abc import Mapping
from types import MappingProxyType

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# Longest quotes first; a multi-line string may end in up to two quotes of its own before the closing three.
_SCALAR = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})'''
    r"""|'{3}.*?'{3}(?:'{0,2})"""
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"""|'[^'\n]*'"""
    r"""|\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+"""  # a date and time may be parted by a space
    r"""|[^\s,\]}#]+""",
    re.DOTALL,
)


def lines_of(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, of every key and list place of `text`, which must be valid TOML, not deeply nested.

    A table stands at its header, or where a dotted key or a longer header first names it; a place of a list stands
    where its value begins.
    """
    return MappingProxyType(_Scanner(text.replace("\r\n", "\n")).scan())


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [place for place, character in enumerate(text) if character == "\n"]
        self._lines: dict[Path, int] = {}
        self._table_counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._takes("[["):
                table = self._header(is_list=True)
            elif self._takes("["):
                table = self._header(is_list=False)
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self, *, is_list: bool) -> Path:
        line = self._line()
        *parents, last = self._key()
        path: Path = ()
        for part in parents:
            path = self._entry((*path, part), line)
        path = (*path, last)
        if is_list:
            count = self._table_counts.get(path, 0)
            self._table_counts[path] = count + 1
            self._lines.setdefault(path, line)
            path = (*path, count)
        self._lines[path] = line  # the header itself tells more than an earlier mention
        self._skip(_SPACE)
        self._at += 2 if is_list else 1
        return path

    def _entry(self, path: Path, line: int) -> Path:
        """Note a mention of a table; of a list of tables it means the latest one."""
        self._lines.setdefault(path, line)
        count = self._table_counts.get(path)
        return path if count is None else (*path, count - 1)

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for part in self._key():
            path = (*path, part)
            self._lines.setdefault(path, line)
        self._skip(_SPACE)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._takes("["):
            self._skip(_BLANK)
            place = 0
            while not self._takes("]"):
                self._lines[*path, place] = self._line()
                self._value((*path, place))
                place += 1
                self._separator()
        elif self._takes("{"):
            self._skip(_BLANK)
            while not self._takes("}"):
                self._pair(path)
                self._separator()
        else:
            self._skip(_SCALAR)

    def _separator(self) -> None:
        self._skip(_BLANK)
        self._takes(",")
        self._skip(_BLANK)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while not parts or self._takes("."):
            self._skip(_SPACE)
            written = self._skip(_KEY_PART)
            is_quoted = written[0] in "\"'"
            parts.append(tomllib.loads(f"key = {written}")["key"] if is_quoted else written)
            self._skip(_SPACE)
        return parts

    def _line(self) -> int:
        return bisect.bisect_left(self._ends, self._at) + 1

    def _takes(self, token: str) -> bool:
        if self._text.startswith(token, self._at):
            self._at += len(token)
            return True
        return False

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not TOML at character {self._at}")
        self._at = found.end()
        return found.group()
