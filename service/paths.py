"""Where the program keeps its own files: locks, keys, logs and journals, for one user and nobody else.

Two folders. The *state* folder outlives the session and never depends on the environment of a login, so that a second
`run` from another terminal finds the first one's lock. The *runtime* folder holds sockets only; its address is written
in the lock. `HEITZ_SERVICE_HOME` puts both under one folder.
"""

import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from config.sentence import SentenceError
from config.system_words import system_words
from service.exit_codes import Exit

HOME_VARIABLE: Final = "HEITZ_SERVICE_HOME"
_NAME: Final = "heitz-service"
_O_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_O_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_O_BINARY: Final = getattr(os, "O_BINARY", 0)


class UnsafePath(SentenceError):  # noqa: N818 - a state of the folder, not a fault of the program
    """A folder or file that somebody else could read or could have put there."""

    exit_code = Exit.USAGE


class StationFiles(NamedTuple):
    """The files of one station. The folders exist; the files need not.

    `journal` is the supervision tree's memory of ends, `answers` the outbox's of what was sent, `pauses` what a person
    has paused; what an operation keeps lies beside them.
    """

    lock: Path
    socket: Path
    log: Path
    journal: Path
    answers: Path
    pauses: Path

    def kept(self, operation: str) -> Path:
        """Return the file of what an operation keeps."""
        return self.answers.with_suffix(f".{operation}")


class Folders(NamedTuple):
    """The program's folders for this user, made private before they are handed out."""

    state: Path
    runtime: Path

    @property
    def key(self) -> Path:
        """The file of the secret that the command line and the running program share."""
        return self.state / "control.key"

    @property
    def instances(self) -> Path:
        """The folder of the locks, one file per station."""
        return self.state / "instances"

    @property
    def logs(self) -> Path:
        """The folder of the logs, some files per station."""
        return self.state / "logs"

    def of_part(self, name: str) -> "Folders":
        """Make and return the folders of a part that is a process of its own: its own locks, sockets, key and logs."""
        part = Folders(self.state / name, self.runtime / name)
        part.make()
        return part

    def make(self) -> None:
        """Make the folders where needed, private to this user. Raises `UnsafePath`."""
        for folder in (self.state, self.runtime, self.instances, self.logs, self.state / "journals"):
            _make_private(folder)

    def of(self, station: str) -> StationFiles:
        """Return the files of a station, whose name is taken without regard to case."""
        name = safe_name(station)
        return StationFiles(
            lock=self.instances / f"{name}.lock",
            socket=self.runtime / f"{name}.sock",
            log=self.logs / f"{name}.log",
            journal=self.state / "journals" / f"{name}.json",
            answers=self.state / "journals" / f"{name}.answers",
            pauses=self.state / "journals" / f"{name}.pauses",
        )


def folders(environment: Mapping[str, str] = os.environ) -> Folders:
    """Make the folders where needed and return them.

    Raises `UnsafePath` when one belongs to somebody else, is a link, or can't be made.
    """
    home = environment.get(HOME_VARIABLE)
    state = Path(home).absolute() if home else _state_folder(environment)
    found = Folders(state, state / "run" if home else _runtime_folder(environment, state))
    found.make()
    return found


def safe_name(station: str) -> str:
    """Return a file name for a station: short, plain ASCII, and different for different stations.

    A name that is altered carries a digest of the original, so that `Accueil 1` and `Accueil/1` stay apart. The
    devices of Windows (`con`, `nul`, ...) are altered too.
    """
    folded = station.casefold()
    plain = re.sub(r"[^a-z0-9-]+", "-", folded)[:32].strip("-") or "station"
    if plain == folded and not re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", plain):
        return plain
    import hashlib  # noqa: PLC0415 - most names need no digest, and it costs 3 ms

    return f"{plain}-{hashlib.sha256(folded.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def open_private(path: Path, flags: int) -> int:
    """Open a file of ours and return its descriptor: no link is followed, no other user may read it.

    Raises `UnsafePath` when the file is a link, not a plain file, or somebody else's; `OSError` as `os.open` does.
    """
    try:
        descriptor = os.open(path, flags | _O_NOFOLLOW | _O_CLOEXEC | _O_BINARY, 0o600)
    except OSError as error:
        if path.is_symlink():
            raise UnsafePath("{path} is a link, not a file of this program: remove it", path=path) from error
        raise
    try:
        _refuse_foreign_file(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _state_folder(environment: Mapping[str, str]) -> Path:
    """Return what platformdirs calls the user's state folder, without the 8 ms that it costs `status` to ask it."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _NAME
    told = environment.get("XDG_STATE_HOME", "")
    return (Path(told) if told.startswith("/") else Path.home() / ".local" / "state") / _NAME


def _runtime_folder(environment: Mapping[str, str], state: Path) -> Path:
    """Sessions without a runtime folder use the state folder: platformdirs would take a shared temporary one."""
    session = environment.get("XDG_RUNTIME_DIR", "")
    if sys.platform != "win32" and session.startswith("/"):
        try:
            _refuse_foreign_folder(Path(session))
        except (OSError, UnsafePath):
            return state / "run"
        return Path(session) / _NAME
    return state / "run"


def _make_private(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
        _refuse_foreign_folder(folder)
        if sys.platform != "win32" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        reason = system_words(error)
        raise UnsafePath(
            "the folder {folder} can't be made or used ({reason}): free it, or set {variable} to another folder",
            folder=folder,
            reason=reason,
            variable=HOME_VARIABLE,
        ) from error


def _refuse_foreign_folder(folder: Path) -> None:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise UnsafePath("{folder} is not a folder of this program: remove it", folder=folder)
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        raise UnsafePath(
            "the folder {folder} belongs to another user: set {variable} to a folder of yours",
            folder=folder,
            variable=HOME_VARIABLE,
        )


def _refuse_foreign_file(descriptor: int, path: Path) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise UnsafePath("{path} is not a plain file: remove it", path=path)
    if sys.platform == "win32":
        return  # the user's own profile is closed to others by its access list; not tried on Windows
    if status.st_uid != os.geteuid() or status.st_nlink != 1:
        raise UnsafePath("{path} belongs to another user: remove it", path=path)
    if status.st_mode & 0o077:
        os.fchmod(descriptor, 0o600)
