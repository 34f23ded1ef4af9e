"""SQLite: one file on one PC, in WAL mode, durable at each commit."""

import os
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from club.dialect.verdict import Verdict
from club.errors import DatabaseAway, DatabaseError, DatabaseUnfit

WRITING: Final = "club_writing"
_WAL_SIZE_LIMIT: Final = 64 * 1024 * 1024
_DRIVE_REMOTE: Final = 4
_MOUNTS: Final = Path("/proc/self/mountinfo")
_SHARES: Final = frozenset(
    {
        *("afs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.gvfsd-fuse", "fuse.sshfs", "ncpfs"),
        *("nfs", "nfs4", "smb3", "smbfs"),
    }
)
"""Linux's names for what another computer keeps."""


def path_of(url: URL) -> Path:
    """Return the absolute path of the database file, or raise DatabaseUnfit when a station cannot work with it."""
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise DatabaseUnfit('the club database must be a file: write database = "sqlite:///club.db" in the settings')
    if _is_remote(name):
        raise DatabaseUnfit(
            "the SQLite database {path} lies on a network share, where SQLite damages itself: "
            "put it on this computer's own disk, or use a database server for several stations",
            path=name,
        )
    return Path(name).absolute()


def open_engine(path: Path, busy_seconds: float, pool_size: int) -> Engine:
    """Return the engine of an existing file; nothing is opened before the first use, and nothing is created."""

    def connect() -> sqlite3.Connection:
        # mode=rw: a mistyped path must not become a new and empty club.
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        # Another program may have written Latin-1 bytes: sqlite3 would raise for the whole result set.
        connection.text_factory = _lenient_text
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=busy_seconds,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "connect", lambda _connection, record: record.info.update(file=_identity(path)))
    event.listen(engine, "checkout", lambda _connection, record, _proxy: _check_same_file(record, path))
    event.listen(engine, "begin", _begin)
    return engine


def judge(error: BaseException, path: Path) -> Verdict | None:
    """Return what an error of sqlite3 means, or None when it is no matter of the database's state."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith("SQLITE_CANTOPEN"):
        return Verdict(_read_only(path) if _is_unwritable(path) else _cannot_open(path))
    for prefix, told in _BY_CODE:
        if name.startswith(prefix):
            return Verdict(told(path), is_retryable=prefix in _RETRYABLE)
    return next((Verdict(told(path)) for part, told in _BY_TEXT if part in str(error)), None)


def _locked(path: Path) -> DatabaseAway:
    return DatabaseAway(
        "the database {path} is locked by another program: if that lasts, end the program that works on it",
        path=str(path),
    )


def _read_only(path: Path) -> DatabaseUnfit:
    return DatabaseUnfit(
        "the database {path} is read-only: give this user the right to write to the file and its folder", path=str(path)
    )


def _of_another_version(path: Path) -> DatabaseUnfit:
    return DatabaseUnfit(
        "the tables of the database {path} are not those of this version: run heitz-service database upgrade",
        path=str(path),
    )


_RETRYABLE: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")
_BY_CODE: Final[tuple[tuple[str, Callable[[Path], DatabaseError]], ...]] = (
    *((code, _locked) for code in _RETRYABLE),
    ("SQLITE_READONLY", _read_only),
    (
        "SQLITE_FULL",
        lambda path: DatabaseAway("the disk of the database {path} is full: free some space", path=str(path)),
    ),
    (
        "SQLITE_IOERR",
        lambda path: DatabaseAway("the disk of the database {path} fails: check the disk", path=str(path)),
    ),
    (
        "SQLITE_NOTADB",
        lambda path: DatabaseUnfit(
            "the file {path} is not a SQLite database: correct the settings, or restore a backup", path=str(path)
        ),
    ),
    (
        "SQLITE_CORRUPT",
        lambda path: DatabaseUnfit("the database {path} is damaged: restore the last backup", path=str(path)),
    ),
    (
        "SQLITE_PERM",
        lambda path: DatabaseUnfit(
            "access to the database {path} is refused: check this user's rights", path=str(path)
        ),
    ),
)
_BY_TEXT: Final[tuple[tuple[str, Callable[[Path], DatabaseError]], ...]] = (
    (
        "no such table",
        lambda path: DatabaseUnfit(
            "the database {path} has no tables of the club: run heitz-service database init", path=str(path)
        ),
    ),
    ("no such column", _of_another_version),
    ("has no column", _of_another_version),
)


def warning_of(version: tuple[int, int, int]) -> str | None:
    """Return the known defect of a SQLite version that endangers a WAL database (sqlite.org, WAL-reset bug), if any."""
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return None if mended or version < (3, 7, 0) else "WAL-reset"


def create_file(path: Path) -> None:
    """Create an empty database file where there is none."""
    try:
        path.touch(exist_ok=True)
    except OSError:
        raise _cannot_open(path) from None


def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL may forget the last commits at a power cut: a message would go out twice
        "foreign_keys=ON",
        f"journal_size_limit={_WAL_SIZE_LIMIT}",
    ):
        cursor.execute(f"PRAGMA {pragma}").fetchall()
    cursor.close()


def _check_same_file(record: ConnectionPoolEntry, path: Path) -> None:
    """Have the pool open the file anew when another was put in its place.

    Outside Windows an open file can be deleted or replaced, by a restored copy for example; its old connections would
    go on with a club that nobody else sees, and find all well in it. SQLite itself leaves the new file's WAL alone.
    """
    if record.info.get("file") != _identity(path):
        raise exc.DisconnectionError(f"{path} is another file now")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns to writing fails at once with SQLITE_BUSY_SNAPSHOT, whatever the timeout.
    writing = connection.get_execution_options().get(WRITING, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _lenient_text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _cannot_open(path: Path) -> DatabaseAway | DatabaseUnfit:
    if path.is_dir():
        return DatabaseUnfit("the database {path} is a folder: name a file in it", path=str(path))
    if not path.parent.is_dir():
        return DatabaseUnfit(
            "the folder of the database {path} does not exist: create it, or correct the settings", path=str(path)
        )
    if not path.exists():
        return DatabaseUnfit(
            # Of a disk that was taken out nobody must make a second, empty club.
            "there is no database {path}: if there was one, look for its disk or its backup; "
            "for a new club run heitz-service database init",
            path=str(path),
        )
    return DatabaseAway(
        "the database {path} cannot be opened: if that lasts, check its disk and this user's rights", path=str(path)
    )


def _is_unwritable(path: Path) -> bool:
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _is_remote(name: str) -> bool:
    if name.startswith(("\\\\", "//")):
        return True
    if sys.platform == "win32":  # not tried on Windows
        import ctypes  # noqa: PLC0415  # windll exists there only

        drive = f"{Path(name).absolute().drive}\\"
        return bool(ctypes.windll.kernel32.GetDriveTypeW(drive) == _DRIVE_REMOTE)
    with suppress(OSError):  # only Linux has it
        return is_on_share(Path(name).absolute(), _MOUNTS.read_text("utf-8", "surrogateescape"))
    return False


def is_on_share(path: Path, mounts: str) -> bool:
    """Tell whether what is mounted where `path` lies is another computer's; `mounts` is as proc(5) has mountinfo."""
    deepest, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4]))
        if path.is_relative_to(point) and len(point.parts) >= deepest:  # the later of two covers the other
            deepest, kind = len(point.parts), after.split(" ")[0]
    return kind in _SHARES
