"""Ends of children kept over a restart of the program: a protocol, and a file of JSON lines."""

import json
import logging
import os
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import attrs

from supervisor.reports import Failure
from supervisor.states import EndKind

_log = logging.getLogger(__name__)

_KEPT: Final = 20
_MAX_BYTES: Final = 1_000_000
_TRACEBACK_LENGTH: Final = 4_000


@attrs.frozen(slots=True)
class JournalEntry:
    """One end of the child at `path`."""

    path: str
    failure: Failure


class Journal(Protocol):
    """Where ends are kept."""

    def record(self, entry: JournalEntry) -> None:
        """Keep an end; called in a thread of the tree's own, where it may take its time."""

    def load(self) -> Iterable[JournalEntry]:
        """Return the ends kept so far, oldest first; called once, before the tree starts."""


class FileJournal:
    """A journal in one file: a JSON object a line, appended, at most `max_bytes` long.

    A last line torn by a power cut, or any line that is no entry, is skipped. When the file is full it is written anew
    with the last 20 ends of each child, and replaced at once. A file that cannot be read or written is logged, and the
    program goes on without: a journal must never stop what it reports on.
    """

    def __init__(self, path: Path, max_bytes: int = _MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._is_away = False

    def record(self, entry: JournalEntry) -> None:
        """Append an end."""
        line = json.dumps(_as_json(entry), ensure_ascii=False)
        try:
            with self._path.open("ab+") as file:
                size = file.seek(0, os.SEEK_END)
                if size and not self._ends_whole(file, size):
                    file.write(b"\n")  # a line torn by a power cut must not swallow this one
                file.write(line.encode() + b"\n")
                size = file.tell()
            if size > self._max_bytes:
                self._rewrite()
        except OSError as error:
            if not self._is_away:
                _log.warning("the journal cannot be written: %s", error, extra={"event": "journal.away"})
            self._is_away = True
        else:
            self._is_away = False

    def load(self) -> Iterable[JournalEntry]:
        """Return the last ends of each child, oldest first."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            _log.warning("the journal cannot be read: %s", error, extra={"event": "journal.unreadable"})
            return []
        by_path: dict[str, deque[tuple[int, JournalEntry]]] = defaultdict(lambda: deque(maxlen=_KEPT))
        for number, line in enumerate(lines):
            entry = _from_json(line)
            if entry is not None:
                by_path[entry.path].append((number, entry))
        return [
            entry for _, entry in sorted((each for kept in by_path.values() for each in kept), key=lambda it: it[0])
        ]

    @staticmethod
    def _ends_whole(file: Any, size: int) -> bool:
        file.seek(size - 1)
        return bool(file.read(1) == b"\n")

    def _rewrite(self) -> None:
        """Keep the last ends, fewer of each child while they still fill more than half of the file."""
        entries = list(self.load())
        lines = [json.dumps(_as_json(entry), ensure_ascii=False).encode() + b"\n" for entry in entries]
        while sum(map(len, lines)) > self._max_bytes // 2 and lines:
            del lines[: max(1, len(lines) // 2)]
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _as_json(entry: JournalEntry) -> dict[str, Any]:
    failure = entry.failure
    return {
        "path": entry.path,
        "at": failure.at.isoformat(),
        "kind": str(failure.kind),
        "error": failure.error,
        "traceback": failure.traceback[-_TRACEBACK_LENGTH:],
        "message_kind": failure.message_kind,
        "incarnation": failure.incarnation,
    }


def _from_json(line: bytes) -> JournalEntry | None:
    try:
        found = json.loads(line)
        at = datetime.fromisoformat(found["at"])
        if at.tzinfo is None:
            return None
        return JournalEntry(
            str(found["path"]),
            Failure(
                at,
                EndKind(found["kind"]),
                str(found["error"]),
                str(found["traceback"]),
                None if found["message_kind"] is None else str(found["message_kind"]),
                int(found["incarnation"]),
            ),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
