"""The guard: starts the station's program, starts it anew when it dies, and ends it with the session.

For the desktops that start a program once at login and forget it. It holds nothing and does nothing else, so that it
has no reason to die; when it is ended by force, the program goes on without it.
"""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Final

import attrs

from config.own_program import own_command
from service.exit_codes import Exit
from service.options import GUARDED_VARIABLE

_FIRST_WAIT_SECONDS: Final = 1.0
_LONGEST_WAIT_SECONDS: Final = 60.0
_LIVED_SECONDS: Final = 600.0
"""Who lived so long begins anew with the shortest wait: what killed it is another trouble."""
_LOOK_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 50.0
"""More than the thirty seconds of an orderly stop. What is still there then, the end of the session ends."""
_NO_WINDOW: Final = 0x08000000  # CREATE_NO_WINDOW

_log = logging.getLogger(__name__)


@attrs.frozen
class End:
    """The guard ends with this exit code."""

    code: int


@attrs.frozen
class Again:
    """The program is started again after so many seconds."""

    seconds: float


def after(code: int, lived_seconds: float, deaths: int) -> End | Again:
    """Return what follows the end of a program that lived so long; `deaths` counts this one among those in a row.

    An orderly stop was wanted, also one that left threads behind. A station that runs already is somebody else's. All
    else is tried again: what died, and also settings that are not fit, because the file may lie on a network drive that
    is not there yet, or be corrected in an hour.
    """
    if code in (Exit.OK, Exit.ABANDONED_THREADS):
        return End(Exit.OK)
    if code == Exit.ALREADY_RUNNING:
        return End(Exit.OK)
    if lived_seconds >= _LIVED_SECONDS:
        return Again(_FIRST_WAIT_SECONDS)
    return Again(min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** min(deaths - 1, 16)))


class Guard:
    """Keeps one program running until it stops in order, the guard is told to end, or the session is over.

    `is_session_over` is asked now and then. `ask_to_stop` has the program stop in order where no signal does (Windows).
    `was_stopped` tells after `run` whether the program itself had ended in
    order, so that a person has stopped it.
    """

    def __init__(
        self,
        command: Sequence[str],
        is_session_over: Callable[[], bool] = lambda: False,
        wait_factor: float = 1.0,
        ask_to_stop: Callable[[], None] | None = None,
    ) -> None:
        self._command = list(command)
        self._is_session_over = is_session_over
        self._wait_factor = wait_factor
        self._ask_to_stop = ask_to_stop
        self._told = Event()
        self._changed = Event()
        self.was_stopped = False

    def tell_to_end(self) -> None:
        """Have `run` end the program in order and return; callable from a signal handler or any thread."""
        self._told.set()
        self._changed.set()

    def run(self) -> int:
        """Run the program until there is no more reason to, and return the guard's exit code."""
        deaths = 0
        while not self._told.is_set():
            begun = monotonic()
            code = self._run_once()
            if self._told.is_set():
                return Exit.OK
            lived = monotonic() - begun
            deaths = deaths + 1 if lived < _LIVED_SECONDS else 1
            match after(code, lived, deaths):
                case End(ending):
                    self.was_stopped = code != Exit.ALREADY_RUNNING
                    return ending
                case Again(seconds):
                    event = {"event": "guard.again", "code": code, "seconds": seconds}
                    _log.warning("the program ended with %d and is started again", code, extra=event)
                    self._rest(seconds * self._wait_factor)
        return Exit.OK

    def _run_once(self) -> int:
        self._changed.clear()
        if self._told.is_set():  # told between the look and the clearing
            return Exit.OK
        flags = _NO_WINDOW if sys.platform == "win32" else 0
        environment = {**os.environ, GUARDED_VARIABLE: "1"}
        try:
            process = subprocess.Popen(  # noqa: S603 - our own command
                self._command, stdin=subprocess.DEVNULL, creationflags=flags, env=environment
            )
        except OSError as error:
            _log.error("the program can't be started: %s", error, extra={"event": "guard.cannot_start"})
            return Exit.ATTENTION
        Thread(target=self._see_the_end, args=(process,), name="program-end", daemon=True).start()
        while process.poll() is None:
            if not self._changed.wait(_LOOK_SECONDS) and self._is_session_over():
                _log.info("the session is over: the program stops", extra={"event": "guard.session_over"})
                self._told.set()
            if self._told.is_set():
                return self._stop(process)
        return process.returncode

    def _see_the_end(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        self._changed.set()

    def _stop(self, process: "subprocess.Popen[bytes]") -> int:
        """End the program in order."""
        if self._ask_to_stop is None:
            process.terminate()
        else:
            self._ask_to_stop()
        try:
            return process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return Exit.ABANDONED_THREADS  # not killed: it is finishing, and the system ends it when it must

    def _rest(self, seconds: float) -> None:
        until = monotonic() + seconds
        while not self._told.is_set() and monotonic() < until:
            if not self._told.wait(min(_LOOK_SECONDS, max(0.0, until - monotonic()))) and self._is_session_over():
                self._told.set()


@contextmanager
def ended_by_signals(guard: Guard) -> Iterator[None]:
    """Let the end of the session, Ctrl-C and `kill` end the program in order and then the guard."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: guard.tell_to_end()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_by_the_channel(station: str | None) -> None:
    """Have the program stop in order as `stop` does, where a signal would end it by force (Windows).

    By a process of its own: it is a moment's, and the guard lives as long as the session.
    """
    words = ("stop",) if station is None else ("stop", "--station", station)
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603 - our own command
            own_command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_STOP_SECONDS,
            check=False,
            creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
        )


def working_folder() -> None:
    """Leave the folder in which the login happened to start it: it might be one that is to be unmounted."""
    os.chdir(os.path.expanduser("~"))  # noqa: PTH111 - pathlib would add 5 MB for two calls
