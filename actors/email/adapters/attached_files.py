"""Reads attachments out of the one folder that the settings allow, and nothing else whatever a row says.

Tried on Linux, where each part of a path is opened relative to the folder before it and a link anywhere in it is
refused. Windows has no such opening: there the path is resolved first and compared, and the file that was opened is
looked at again; that part was never tried on Windows.
"""

import errno
import os
import re
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from actors.email.adapters.message import Unsendable
from config.sentence import Sentence, SentenceError
from config.system_words import system_words

_CHUNK: Final = 1024 * 1024
_LONGEST: Final = 400
_SHOWN: Final = 60  # characters of a path that a reason repeats
# learn.microsoft.com, "Naming Files, Paths, and Namespaces": reserved in every folder, also with an extension.
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\..*)?", re.IGNORECASE
)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_WEATHER: Final = frozenset(
    {
        *(errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ENFILE, errno.EMFILE, errno.ENOMEM, errno.ETIMEDOUT),
        *(
            getattr(errno, name)
            for name in ("ESTALE", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH")
            if hasattr(errno, name)
        ),
    }
)
_IN_USE_ON_WINDOWS: Final = (32, 33)  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_HAS_OPENAT: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


class NotYet(SentenceError):  # noqa: N818 - a state of the file, read in except clauses
    """The folder is away, or somebody is still writing the file: the row is not to blame, and waits."""


def read_file(folder: Path | None, written: str, limit: int) -> bytes:
    """Return the content of a file of the folder, by its path from there, with slashes of either kind.

    Raises Unsendable: no folder allowed, a path that leads out or is none, a link, something that is no file, missing,
    larger than `limit` bytes. Raises NotYet: the folder cannot be opened, or the file is empty, in use, or changed
    while it was read. Named alike on all systems, so that a standby of another one sends the same.
    """
    if folder is None:
        raise Unsendable("its attachment is a path, and the settings allow no attachments_folder")
    parts = _parts(written)
    try:
        descriptor = _opened(folder, parts) if _HAS_OPENAT else _opened_by_path(folder, parts)
    except FileNotFoundError as error:
        raise Unsendable("its attachment {path} is not there", path=_shown(written)) from error
    except OSError as error:
        raise _trouble(error, written) from error
    try:
        return _content(descriptor, written, limit)
    finally:
        os.close(descriptor)


def _parts(written: str) -> tuple[str, ...]:
    parts = tuple(re.split(r"[/\\]", written))
    is_usual = 0 < len(written) <= _LONGEST and all(
        part and part not in (".", "..") and part.rstrip(". ") == part and not _FORBIDDEN.search(part) for part in parts
    )
    if not is_usual or any(_RESERVED.fullmatch(part) for part in parts):
        raise Unsendable(
            "its attachment {path} is no path inside the attachments_folder: write it from there, without drive, .. "
            "and names that Windows keeps for itself",
            path=_shown(written),
        )
    return parts


def _opened(folder: Path, parts: tuple[str, ...]) -> int:
    """Open part by part, each relative to the folder before it: what is moved meanwhile leads nowhere else."""
    with ExitStack() as stack:
        # The folder itself may be a link: the settings say so, not the row.
        try:
            at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _folder_away(error) from error
        stack.callback(os.close, at)
        for part in parts[:-1]:
            at = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            stack.callback(os.close, at)
        # Not blocking: opening a pipe waits for whoever writes into it.
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)


def _opened_by_path(folder: Path, parts: tuple[str, ...]) -> int:
    """Open by the whole path, where nothing better is to be had, and see that it is the file that was meant."""
    try:
        root = folder.resolve(strict=True)
    except OSError as error:
        raise _folder_away(error) from error
    wanted = root.joinpath(*parts)
    if wanted.resolve(strict=True) != wanted and os.path.normcase(wanted.resolve()) != os.path.normcase(wanted):
        raise OSError(0, "a link leads elsewhere")
    if not stat.S_ISREG(wanted.lstat().st_mode):
        raise OSError(0, "it is no file")
    descriptor = os.open(wanted, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0))
    if not os.path.samestat(os.fstat(descriptor), wanted.resolve(strict=True).stat()):
        os.close(descriptor)
        raise OSError(0, "it was exchanged while it was opened")
    return descriptor


def _content(descriptor: int, written: str, limit: int) -> bytes:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise Unsendable("its attachment {path} is no file", path=_shown(written))
    if before.st_size > limit:
        raise Unsendable(
            "its attachment {path} has {size} bytes, more than max_message_size ({limit})",
            path=_shown(written),
            size=before.st_size,
            limit=limit,
        )
    content = bytearray()
    try:
        while len(content) <= before.st_size and (chunk := os.read(descriptor, _CHUNK)):
            content += chunk
        after = os.fstat(descriptor)
    except OSError as error:
        raise _trouble(error, written) from error
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not is_same or len(content) != before.st_size:
        raise NotYet("its attachment {path} was changed while it was read", path=_shown(written))
    if not content:  # made, and not written yet: nobody is sent an invoice of nothing
        raise NotYet("its attachment {path} is empty", path=_shown(written))
    return bytes(content)


def _folder_away(error: OSError) -> NotYet:
    return NotYet("the attachments_folder cannot be opened ({why})", why=system_words(error))


def _trouble(error: OSError, written: str) -> NotYet | Unsendable:
    is_weather = error.errno in _WEATHER or getattr(error, "winerror", None) in _IN_USE_ON_WINDOWS
    said = Sentence.of("its attachment {path} cannot be opened ({why})", path=_shown(written), why=system_words(error))
    return NotYet(said) if is_weather else Unsendable(said)


def _shown(written: str) -> str:
    """Return the path's last part alone: the others may name people."""
    last = re.split(r"[/\\]", written)[-1]
    name = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in last)
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"
