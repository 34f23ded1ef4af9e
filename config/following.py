"""A settings file followed while the program runs: replaced, half-written, deleted or broken at any moment."""

import hashlib
import os
from pathlib import Path
from typing import Final

import attrs

from config.document import read_bytes
from config.loading import load_bytes
from config.problem import Problem, SettingsError
from config.schema import SettingsSchema
from config.settings import Settings

_SETTLED_POLLS: Final = 3
"""Polls over which a file's stamp must stand still before the file is no longer read: a second change of the same size
within the clock tick of the first leaves the stamp as it was (FAT ticks every two seconds)."""


@attrs.frozen
class Unchanged:
    """Nothing to do: the file says what it said, or its change is not settled yet."""


@attrs.frozen
class Loaded:
    """The file says something new, or is good again after it was bad; `settings` are in force from now on."""

    settings: Settings


@attrs.frozen
class Bad:
    """The file cannot be used; what was in force stays in force. Reported once for each different fault."""

    problems: tuple[Problem, ...]


Poll = Unchanged | Loaded | Bad


@attrs.frozen
class _Seen:
    """What one poll saw: the file's content, or why there is none; equal when both say the same."""

    digest: bytes
    found: bytes | SettingsError = attrs.field(eq=False, repr=False)

    @property
    def has_content(self) -> bool:
        return isinstance(self.found, bytes)


class SettingsFile:
    """Follows one settings file by polls; call `poll` every one to two seconds, always from the same thread.

    A change counts when two polls in a row see the same bytes (or the same reason why there are none): so a file that
    is being written is waited for, and the instant without a file between deleting and renaming is not seen. At one
    poll every two seconds a change is in force within four. A writer that pauses longer than a poll in mid-file can
    be taken at its word; one that replaces the file by renaming, as the Configuration tool does, cannot.
    """

    def __init__(self, path: Path, schema: SettingsSchema) -> None:
        self.path = path.absolute()
        self._schema = schema
        self._settings: Settings | None = None
        self._problems: tuple[Problem, ...] = ()
        self._stamp: object = None
        self._still_polls = 0
        self._pending: _Seen | None = None
        self._acted_on: _Seen | None = None

    @property
    def settings(self) -> Settings | None:
        """The last good settings; None before there were any."""
        return self._settings

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the file now, to be shown until it is mended; empty when nothing is."""
        return self._problems

    def load(self) -> Settings:
        """Read the file at once, as at the start of the program; raises SettingsError."""
        seen = self._read()
        self._pending, self._acted_on = seen, seen
        match self._act_on(seen):
            case Loaded(settings):
                return settings
            case Bad(problems):
                raise SettingsError(problems)

    def poll(self) -> Poll:
        """Look at the file and return what to do about it. Never raises for what a file can be."""
        stamp = _stamp(self.path)
        self._still_polls = self._still_polls + 1 if stamp == self._stamp else 0
        self._stamp = stamp
        if self._still_polls >= _SETTLED_POLLS and self._is_settled:
            return Unchanged()
        seen = self._read()
        is_stable, self._pending = seen == self._pending, seen
        if not is_stable or seen == self._acted_on:
            return Unchanged()
        self._acted_on = seen
        return self._act_on(seen)

    @property
    def _is_settled(self) -> bool:
        # What could not be read is tried at each poll: a right that is given back leaves no stamp on Windows.
        return self._acted_on is not None and self._acted_on.has_content and self._pending == self._acted_on

    def _read(self) -> _Seen:
        try:
            content = read_bytes(self.path)
        except SettingsError as error:
            return _Seen(str(error).encode(), error)
        return _Seen(hashlib.sha256(content).digest(), content)

    def _act_on(self, seen: _Seen) -> Loaded | Bad:
        try:
            if isinstance(seen.found, SettingsError):
                raise seen.found
            self._settings = load_bytes(self.path, seen.found, self._schema)
        except SettingsError as error:
            self._problems = error.problems
            return Bad(error.problems)
        self._problems = ()
        return Loaded(self._settings)


def _stamp(path: Path) -> object:
    """Return what changes whenever the file does, as far as a file system tells; None when it tells nothing."""
    try:
        status = os.stat(path)  # noqa: PTH116 - Path.stat is the same call with a longer way
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)
