"""Begins a window anew that hangs or fails at every turn: a person should not have to end it."""

import logging
import os
import subprocess
import sys
import tkinter as tk
from collections import deque
from collections.abc import MutableMapping, Sequence
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final

import attrs

logger = logging.getLogger(__name__)

_BEAT_MS: Final = 2000
_LATE_TIMES: Final = 2  # a computer that slept is late once
_FAILURES: Final = 20
_WITHIN_SECONDS: Final = 60.0
_REVIVALS_VARIABLE: Final = "HEITZ_SERVICE_WINDOW_REVIVALS"
_MOST_REVIVALS: Final = 3
_LIVED_SECONDS: Final = 300.0


@attrs.frozen
class Patience:
    """How long Tk's thread may be silent, and how often the vigil looks."""

    silent_seconds: float = 12.0
    look_seconds: float = 4.0


USUAL: Final = Patience()


class Vigil:
    """Watches over Tk's thread: its beat, and the errors of its callbacks, of which one alone ends nothing.

    `command` begins the window anew. One that lived for some minutes is begun anew as often as needed; one that fails
    from its start three times, and then ends with an error, so that whoever started it knows.
    """

    def __init__(
        self,
        root: tk.Tk,
        command: Sequence[str],
        environment: MutableMapping[str, str] = os.environ,
        patience: Patience = USUAL,
    ) -> None:
        self._root = root
        self._command = list(command)
        self._patience = patience
        self._environment = environment
        self._began = self._beaten = monotonic()
        self._failures: deque[float] = deque(maxlen=_FAILURES)
        root.report_callback_exception = self._failed

    def start(self) -> None:
        """Begin to watch."""
        self._beat()
        Thread(target=self._watch, name="vigil", daemon=True).start()

    def _beat(self) -> None:
        self._beaten = monotonic()
        self._root.after(_BEAT_MS, self._beat)

    def _watch(self) -> None:
        late, pause = 0, Event()
        while late < _LATE_TIMES:
            pause.wait(self._patience.look_seconds)
            late = late + 1 if monotonic() - self._beaten > self._patience.silent_seconds else 0
        logger.error("the window hangs: it is begun anew", extra={"event": "window.hung"})
        self._begin_anew()

    def _failed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Note an error of a callback; Tk has gone on already."""
        logger.error(
            "the window failed at one thing and goes on",
            exc_info=(kind, error, trace),
            extra={"event": "window.failed"},
        )
        self._failures.append(monotonic())
        if len(self._failures) == _FAILURES and self._failures[-1] - self._failures[0] < _WITHIN_SECONDS:
            logger.error("the window fails all the time: it is begun anew", extra={"event": "window.unfit"})
            self._begin_anew()

    def _begin_anew(self) -> None:
        lived = monotonic() - self._began > _LIVED_SECONDS
        revivals = 0 if lived else int(self._environment.get(_REVIVALS_VARIABLE, "0"))
        if revivals >= _MOST_REVIVALS:
            logger.error("the window was begun anew in vain: it ends", extra={"event": "window.given_up"})
            os._exit(1)  # from any thread, with Tk's hanging
        self._environment[_REVIVALS_VARIABLE] = str(revivals + 1)
        if sys.platform == "win32":  # its execv puts no quotes around a path with a space
            subprocess.Popen(self._command)  # noqa: S603 - our own command line; it waits for the lock of this one
            os._exit(0)
        os.execv(self._command[0], self._command)  # noqa: S606 - our own command line; the lock goes with the old program
