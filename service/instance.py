"""One running program per station and user: the lock, and who holds it.

The lock is the operating system's, so a crash, a kill -9 or a power cut frees it and a file left behind means nothing.
What the file says (the process, since when, where it listens) is read by the command line to find the program.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple, Self

from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.exit_codes import Exit
from service.paths import Folders, UnsafePath, open_private
from service.words import parsed

_ATTEMPTS: Final = 5  # a client that asks whether the lock is held touches it for some microseconds
_BETWEEN_ATTEMPTS_SECONDS: Final = 0.02
_RECORD_BYTES: Final = 8192
_REMEMBERED: Final = 20  # a lease outlives its holder by half a minute; nobody restarts oftener in that time


class Holder(NamedTuple):
    """Who runs a station: written in the lock's file by the process that holds the lock.

    `process` names this run of the program for ever, unlike the pid: leases and runs in the database carry it.
    `predecessors` are the names of earlier runs on this station, newest first. Their lock was free, so they are dead.
    """

    station: str
    pid: int
    started_at: str
    address: str
    process: str = ""
    predecessors: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the holder that a record names, None for a record that is empty, cut or foreign."""
        try:
            record = json.loads(text)
            return cls(
                station=str(record["station"]),
                pid=int(record["pid"]),
                started_at=str(record["started_at"]),
                address=str(record["address"]),
                process=str(record.get("process", "")),
                predecessors=tuple(map(str, record.get("predecessors", ()))),
            )
        except (ValueError, TypeError, KeyError):
            return None


def _by_the_readers_clock(started_at: str) -> str:
    at = parsed(started_at, datetime.now().astimezone())
    return f"{at:%Y-%m-%d %H:%M:%S}" if at is not None else started_at


class AlreadyRunning(SentenceError):  # noqa: N818 - the usual name of this refusal
    """Another process runs this station for this user; `holder` is None when it can't be read."""

    exit_code = Exit.ALREADY_RUNNING

    def __init__(self, station: str, holder: Holder | None) -> None:
        self.holder = holder
        if holder is None:
            super().__init__(
                Sentence.of("the station {station} already runs in another process: stop it first", station=station)
            )
        else:
            super().__init__(
                Sentence.of(
                    "the station {station} already runs in process {pid} since {started_at}: "
                    "`heitz-service stop` ends it, `heitz-service status` shows it",
                    station=holder.station,
                    pid=holder.pid,
                    started_at=_by_the_readers_clock(holder.started_at),
                )
            )


class Instance:
    """The lock of a station, held until `release` or the end of the process."""

    def __init__(self, holder: Holder, lock: "_FileLock | _MutexLock") -> None:
        self.holder = holder
        self._lock = lock

    def release(self) -> None:
        """Free the station; a second call does nothing."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def acquire(station: str, started_at: datetime, folders: Folders) -> Instance:
    """Take the station for this process, or raise `AlreadyRunning` with whoever has it."""
    path = folders.of(station).lock
    for attempt in range(_ATTEMPTS):
        if attempt:
            Event().wait(_BETWEEN_ATTEMPTS_SECONDS)
        lock = _taken(path)
        if lock is not None:
            holder = Holder(
                station=station,
                pid=os.getpid(),
                started_at=started_at.isoformat(timespec="seconds"),
                address=control_address(station, folders),
                process=_new_name(),
                predecessors=_predecessors(recorded(path)),
            )
            lock.write(json.dumps(holder._asdict()))
            return Instance(holder, lock)
    raise AlreadyRunning(station, recorded(path))


def _taken(path: Path) -> "_FileLock | _MutexLock | None":
    try:
        return _take(path)
    except OSError as error:
        raise UnsafePath(
            "the lock {path} can't be written ({reason}): free space, or give this user the right",
            path=path,
            reason=system_words(error),
        ) from error


def control_address(station: str, folders: Folders) -> str:
    """Return where the program of this station listens: a socket's path, or a pipe's name on Windows."""
    files = folders.of(station)
    if sys.platform == "win32":
        import hashlib  # noqa: PLC0415

        user = hashlib.sha256(str(folders.state).casefold().encode()).hexdigest()[:12]
        return rf"\\.\pipe\heitz-service-{user}-{files.socket.stem}"
    return str(files.socket)


def recorded(lock: Path) -> Holder | None:
    """Return the last holder that a lock's file names, whether it still runs or not."""
    try:
        descriptor = open_private(lock, os.O_RDONLY)
    except (OSError, UnsafePath):
        return None
    with os.fdopen(descriptor, "rb") as file:
        return Holder.parse(file.read(_RECORD_BYTES).decode("utf-8", "replace"))


def is_held(lock: Path) -> bool:
    """Tell whether a process holds the lock now."""
    if not lock.exists():
        return False
    try:
        taken = _take(lock)
    except (OSError, UnsafePath):
        return False  # what can't be opened was not locked by this user's program
    if taken is None:
        return True
    taken.release()
    return False


def running(folders: Folders) -> Iterator[Holder]:
    """Give whoever runs a station for this user now, by station."""
    for lock in sorted(folders.instances.glob("*.lock")):
        holder = recorded(lock)
        if holder is not None and is_held(lock):
            yield holder


def _new_name() -> str:
    from uuid import uuid4  # noqa: PLC0415 - for the program; the quick commands only read

    return str(uuid4())


def _predecessors(last: Holder | None) -> tuple[str, ...]:
    if last is None or not last.process:
        return ()
    return (last.process, *last.predecessors)[:_REMEMBERED]


class _FileLock:
    """flock on the file itself. The file is never removed: a second one of the same name would be a second lock."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        record = text.encode()
        try:
            os.pwrite(self._descriptor, record, 0)
            os.ftruncate(self._descriptor, len(record))
        except OSError:
            # A full disk: the lock holds all the same, and the command line knows where a station listens.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _MutexLock:
    """A named mutex, and the record in a file beside it. Tried under Wine."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path

    def write(self, text: str) -> None:
        # In place: Windows does not let a file be replaced while a client reads it.
        try:
            with os.fdopen(open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
                file.write(text.encode())
        except OSError:
            # As on Linux: the lock holds all the same, and the command line knows where a station listens.
            with contextlib.suppress(OSError):
                self._path.write_bytes(b"")

    def release(self) -> None:
        if sys.platform == "win32" and self._handle:
            import ctypes  # noqa: PLC0415

            ctypes.WinDLL("kernel32").CloseHandle(ctypes.c_void_p(self._handle))
            self._handle = 0


def _take(path: Path) -> _FileLock | _MutexLock | None:
    """Take the lock of a file at once, or return None when somebody has it."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415
        import hashlib  # noqa: PLC0415

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateMutexW.restype = ctypes.c_void_p
        # Global: the same user may be logged in twice, at the PC and from afar, and the station is one.
        name = hashlib.sha256(str(path).casefold().encode()).hexdigest()[:24]
        handle = kernel.CreateMutexW(None, False, f"Global\\heitz-service-{name}")
        already_exists = 183
        if not handle or ctypes.get_last_error() == already_exists:
            if handle:
                kernel.CloseHandle(ctypes.c_void_p(handle))
            return None
        return _MutexLock(handle, path)
    import fcntl  # noqa: PLC0415

    descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return _FileLock(descriptor)
