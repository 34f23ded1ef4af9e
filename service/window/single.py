"""One window per station and user: a second one brings the first to the front, and replaces one that hangs."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final

from config.sentence import SentenceError
from service.channel.client import NoAnswer, NotRunning, Refused, ask
from service.channel.handshake import make_key
from service.channel.server import ControlServer
from service.instance import AlreadyRunning, Holder, Instance, acquire, recorded
from service.paths import Folders

_ANSWER_SECONDS: Final = 2.5
_ATTEMPTS: Final = 20
_BETWEEN_ATTEMPTS_SECONDS: Final = 0.1


class WindowHangs(SentenceError):  # noqa: N818 - what the reader sees
    """A window of this station is open, does not answer and cannot be ended."""


def take(station: str, folders: Folders) -> Instance | None:
    """Take the place of this station's window; None when another window has it, and has come to the front.

    Raises `WindowHangs`. `folders` are the windows' own.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return acquire(station, datetime.now(UTC), folders)
        except AlreadyRunning as already:
            holder = already.holder or recorded(folders.of(station).lock)
            if holder is not None and _is_shown(holder, folders):
                return None
            if holder is not None and attempt == 0:  # silent for seconds: it hangs, and its user wants a window
                _end(holder)
            Event().wait(_BETWEEN_ATTEMPTS_SECONDS)
    raise WindowHangs("the window of the station {station} hangs and can't be ended: end its process", station=station)


def answer_for(instance: Instance, folders: Folders, show: Callable[[], bool]) -> ControlServer:
    """Return a server that has `show` called when a second window is started; false answers that it hangs."""

    def handle(_request: dict[str, Any], _language: str) -> dict[str, Any]:
        if not show():
            raise WindowHangs("the window does not answer")
        return {"pid": os.getpid()}

    server = ControlServer(instance.holder.address, make_key(folders), handle, max_connections=4)
    server.start()
    return server


def _is_shown(holder: Holder, folders: Folders) -> bool:
    try:
        ask(holder, {"command": "show"}, folders, seconds=_ANSWER_SECONDS)
    except (NoAnswer, NotRunning, Refused, OSError):
        return False
    return True


def _end(holder: Holder) -> None:
    """End a window that hangs: it holds the lock, so the process of its record is that window and no other."""
    if holder.pid and holder.pid != os.getpid():
        with suppress(OSError):
            os.kill(holder.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
