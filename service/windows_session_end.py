"""The end of a Windows session: a hidden window hears it, and the station stops in order. Not tried on Windows.

A program without a console gets no signal when its user logs off; Windows asks its windows (WM_QUERYENDSESSION), tells
them (WM_ENDSESSION) and ends the process when that returns, or after five seconds. So the answer waits for the stop.
Source: https://learn.microsoft.com/windows/win32/shutdown/wm-endsession.
"""

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

QUERY_END: Final = 0x0011
END: Final = 0x0016
_CLOSE: Final = 0x0010
_DESTROY: Final = 0x0002
_LONGEST_STOP_SECONDS: Final = 20.0
_START_SECONDS: Final = 5.0


class SessionEnd:
    """What the hidden window answers: `stop` begins the stop, `stopped` is set when it is done."""

    def __init__(self, stop: Callable[[], None], stopped: threading.Event) -> None:
        self._stop = stop
        self._stopped = stopped

    def answer(self, message: int, is_ending: int) -> int | None:
        """Return the answer to a message, None when it is none of ours. An end that was called off stops nothing."""
        if message == QUERY_END:
            return 1  # no objection; 0 would hinder the user from logging off
        if message == END:
            if is_ending:
                self._stop()
                self._stopped.wait(_LONGEST_STOP_SECONDS)
            return 0
        return None


@contextmanager
def heard(stop: Callable[[], None]) -> Iterator[None]:
    """Listen to the end of the session for the time of the block, whose end says that all has stopped."""
    stopped = threading.Event()
    window = _Window(SessionEnd(stop, stopped))
    thread = threading.Thread(target=window.run, name="session-end", daemon=True)
    if sys.platform == "win32":
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        if thread.is_alive():
            window.close()
            thread.join(_START_SECONDS)


class _Window:
    """A window that is never shown, with its own thread and message loop."""

    def __init__(self, end: SessionEnd) -> None:
        self._end = end
        self._handle: int | None = None
        self._is_up = threading.Event()
        self._procedure: Any = None

    def run(self) -> None:
        """Make the window and answer its messages until it is closed."""
        if sys.platform == "win32":
            user = ctypes.WinDLL("user32", use_last_error=True)
            kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            kernel.GetModuleHandleW.restype = ctypes.c_void_p
            user.DefWindowProcW.restype = ctypes.c_ssize_t
            user.DefWindowProcW.argtypes = (ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t, ctypes.c_ssize_t)
            user.CreateWindowExW.restype = ctypes.c_void_p
            prototype = ctypes.WINFUNCTYPE(
                ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t, ctypes.c_ssize_t
            )

            def procedure(handle: int, message: int, first: int, second: int) -> int:
                if message == _DESTROY:
                    user.PostQuitMessage(0)
                    return 0
                answer = self._end.answer(message, first)
                return int(user.DefWindowProcW(handle, message, first, second)) if answer is None else answer

            self._procedure = prototype(procedure)  # kept: Windows calls it as long as the window lives
            module = ctypes.c_void_p(kernel.GetModuleHandleW(None))
            name = f"heitz-service-{threading.get_native_id()}"
            described = _window_class(self._procedure, module, name)
            if user.RegisterClassW(ctypes.byref(described)):
                # No message-only window: those are not told of the session's end.
                self._handle = user.CreateWindowExW(0, name, name, 0, 0, 0, 0, 0, None, None, module, None)
            self._is_up.set()
            if self._handle:
                message = (ctypes.c_byte * 64)()  # MSG has 48 bytes
                while user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
                    user.DispatchMessageW(ctypes.byref(message))

    def close(self) -> None:
        """End the loop."""
        self._is_up.wait(_START_SECONDS)
        if sys.platform == "win32" and self._handle:
            ctypes.WinDLL("user32").PostMessageW(ctypes.c_void_p(self._handle), _CLOSE, 0, 0)


def _window_class(procedure: Any, module: ctypes.c_void_p, name: str) -> ctypes.Structure:
    """Return a WNDCLASSW of these."""

    class WindowClass(ctypes.Structure):
        _fields_ = (
            ("style", ctypes.c_uint),
            ("procedure", type(procedure)),
            ("class_extra", ctypes.c_int),
            ("window_extra", ctypes.c_int),
            ("module", ctypes.c_void_p),
            ("icon", ctypes.c_void_p),
            ("cursor", ctypes.c_void_p),
            ("background", ctypes.c_void_p),
            ("menu", ctypes.c_wchar_p),
            ("name", ctypes.c_wchar_p),
        )

    return WindowClass(procedure=procedure, module=module.value, name=name)
