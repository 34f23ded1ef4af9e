"""What staff see of the program: whether there can be an icon, and what its menu asks of the station."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Final, Protocol

from actors.tray.presence import Whereabouts
from config.own_program import own_command
from config.sentence import Sentence
from supervisor import StartFailed, Tree, UnknownChild

logger = logging.getLogger(__name__)

NO_ICON: Final = Whereabouts("off", Sentence.of("started without one"))
SWITCHED_OFF: Final = Whereabouts("off", Sentence.of("switched off in the settings file: [presence] icon = false"))
_HEADLESS: Final = Whereabouts("off", Sentence.of("started with --headless"))
_NO_DISPLAY: Final = Whereabouts("no_display", Sentence.of("this session has no display"))
_NOT_HERE: Final = Whereabouts("off", Sentence.of("this version shows none on this system"))
_BETWEEN_WINDOWS_SECONDS: Final = 0.5
_SHORT_LIFE_SECONDS: Final = 3.0
_ASKED_TO_END: Final = frozenset({signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGTERM)})
_FIRST_NT_ERROR: Final = 0xC000_0000
_NT_CONTROL_C_EXIT: Final = 0xC000_013A
_DETACHED: Final = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


def why_no_icon(environment: Mapping[str, str], platform: str, *, is_headless: bool) -> Whereabouts | None:
    """Return why there can be no icon, None when there can."""
    if is_headless:
        return _HEADLESS
    if platform == "win32":
        return None
    if platform != "linux":
        return _NOT_HERE
    return None if environment.get("DISPLAY") else _NO_DISPLAY


class ShownStation(Protocol):
    """The station, as far as the icon is concerned."""

    tree: Tree

    def describe(self, language: str) -> dict[str, Any]:
        """Return the status."""

    def ask_to_stop(self) -> None:
        """Begin to stop."""


class StationProgram:
    """What the icon may ask of the station; nothing here waits."""

    def __init__(self, station: ShownStation, name: str) -> None:
        self._station = station
        self._name = name
        self._window_at = -_BETWEEN_WINDOWS_SECONDS

    def describe(self, language: str) -> dict[str, Any]:
        """Return the status."""
        return self._station.describe(language)

    def open_window(self) -> None:
        """Start the status window's process, which raises the window that is open already.

        A second click of a double click is the same wish.
        """
        now = monotonic()
        if now - self._window_at < _BETWEEN_WINDOWS_SECONDS:
            return
        self._window_at = now
        self._start_window()

    def _start_window(self) -> None:
        try:
            window = subprocess.Popen(  # noqa: S603 - our own command line
                own_command("window", "--station", self._name),  # this user may run several
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=sys.platform != "win32",
                creationflags=_DETACHED,
            )
        except OSError as error:
            logger.warning("the window cannot be started: %s", error, extra={"event": "window.no_process"})
            return
        see_off = partial(_see_off, window, monotonic(), self._start_window)
        threading.Thread(target=see_off, name="window", daemon=True).start()

    def restart(self, operation: str) -> None:
        """Begin to restart an operation; how it goes is seen in the status."""
        logger.info("restart %s by the icon's menu", operation, extra={"event": "tray.restart", "operation": operation})
        with suppress(TimeoutError, StartFailed, UnknownChild):
            self._station.tree.restart_child(operation, timeout=0)

    def ask_to_stop(self) -> None:
        """Begin to stop the program."""
        self._station.ask_to_stop()


def _see_off(window: "subprocess.Popen[bytes]", opened_at: float, open_again: Callable[[], None]) -> None:
    """Wait for a window's end, and open it again when it was killed or crashed while somebody had it open.

    One that lived only for moments stays away until the next click: it would come and go for ever.
    """
    code = window.wait()
    if code:
        logger.warning("the window ended with code %d", code, extra={"event": "window.failed", "code": code})
    if is_crash(code) and monotonic() - opened_at > _SHORT_LIFE_SECONDS:
        open_again()


def is_crash(code: int) -> bool:
    """Tell whether a window with this exit code was killed or crashed: by a signal, or by an error of Windows' own.

    What the Task Manager of Windows ends has the code of an ordinary failure, and is not told apart from it.
    """
    if code < 0:
        return -code not in _ASKED_TO_END
    return code >= _FIRST_NT_ERROR and code != _NT_CONTROL_C_EXIT
