"""That a person has stopped the program in this session: the repetition of Windows' task must not start it again.

The mark names the session, so that it means nothing at the next login. Where sessions have no name (all but Windows)
nothing starts a guard a second time, and no mark is written.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from service.paths import Folders, UnsafePath

_FILE: Final = "stopped.json"


def is_stopped(home: Folders, session: str) -> bool:
    """Tell whether a person has stopped the program in this session; an unnamed session has no memory."""
    if not session:
        return False
    try:
        return bool(json.loads(_path(home).read_text("utf-8"))["session"] == session)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def mark_stopped(home: Folders, session: str) -> None:
    """Note that a person has stopped the program; what can't be noted costs a start in vain."""
    if session:
        with suppress(OSError, UnsafePath):
            _path(home).write_text(json.dumps({"session": session}), encoding="utf-8")


def forget(home: Folders) -> None:
    """Take the mark away: the program is wanted again."""
    with suppress(OSError):
        _path(home).unlink(missing_ok=True)


def session_name() -> str:
    """Return a name that no other session of this computer ever has; empty where there is none. Not tried on Windows.

    Windows numbers its sessions anew after each boot, so the moment of the logon is part of the name.
    """
    if sys.platform == "win32":
        from service.autostart.windows_session import logon_name  # noqa: PLC0415 - Windows alone has it

        return logon_name()
    return ""


def _path(home: Folders) -> Path:
    return home.state / _FILE
