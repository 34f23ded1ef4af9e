"""Brings what other threads have to say into Tk's thread, which alone may touch a widget."""

import logging
import os
import sys
import tkinter as tk
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final

logger = logging.getLogger(__name__)

_LOOK_MS: Final = 100  # on Windows, where Tk watches no pipe


class Bell:
    """`ring` takes a function from any thread; it is called in Tk's. Nothing is polled where Tk can watch a pipe."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = Lock()
        self._is_rung = False
        self._reader = self._writer = -1
        if sys.platform == "win32":
            root.after(_LOOK_MS, self._look)
        else:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._writer, False)
            root.tk.createfilehandler(self._reader, tk.READABLE, self._rung)

    def ring(self, call: Callable[[], None]) -> None:
        """Have a function called in Tk's thread; returns at once."""
        with self._lock:
            self._waiting.append(call)
            if self._is_rung:
                return
            self._is_rung = True
        if self._writer >= 0:
            os.write(self._writer, b"!")

    def _rung(self, *_: object) -> None:
        os.read(self._reader, 64)
        self._call()

    def _look(self) -> None:
        self._root.after(_LOOK_MS, self._look)
        self._call()

    def _call(self) -> None:
        with self._lock:
            self._is_rung = False
            calls = list(self._waiting)
            self._waiting.clear()
        for call in calls:
            try:
                call()
            except Exception:  # noqa: BLE001 - as Tk does with every callback: told, and the window goes on
                self._root.report_callback_exception(*sys.exc_info())
