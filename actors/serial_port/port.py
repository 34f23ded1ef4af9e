"""An open serial port whose reads end at a time or by an interrupt, and cost little.

On POSIX a read is one `poll` and one `read` of the descriptor, and the kernel may gather bytes before it wakes anybody
(benchmarks/fmi_ports.py has what that saves).
"""

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import Any, Final

from actors.serial_port.opening import LineMode, close_serial, descriptor_of, open_serial, weather

_SLICE_SECONDS: Final = 0.2
"""Ports on the network know no `cancel_read` on Windows: an interrupt is seen after this long at the latest."""
_LARGEST_READ: Final = 4096
_ANY_MODE: Final = LineMode()


class PortLost(Exception):  # noqa: N818 - a cable that was pulled is weather
    """The port went away, or takes nothing any more."""


class Interrupted(Exception):  # noqa: N818 - somebody's wish
    """Another thread ended the waiting."""


class Port:
    """An open port. Everything but `interrupt` belongs to one thread."""

    def __init__(self, opened: Any, is_interrupted: threading.Event, most_per_second: float | None) -> None:
        self._serial = opened
        self._is_interrupted = is_interrupted
        self._weather = weather()
        self._pace = None if most_per_second is None else _Pace(most_per_second)
        self._closing = threading.Lock()
        self._is_open = True
        self._gathers = False
        self._descriptor = descriptor_of(opened)
        if self._descriptor is not None:
            self._wake, self._waker = os.pipe()
            os.set_blocking(self._waker, False)
            self._both, self._wake_alone = select.poll(), select.poll()
            self._both.register(self._descriptor, select.POLLIN)
            self._both.register(self._wake, select.POLLIN)
            self._wake_alone.register(self._wake, select.POLLIN)

    def read(self, until: float, monotonic: Callable[[], float]) -> bytes:
        """Return what has come, at least a byte; nothing when `until` came first. Raises PortLost, Interrupted."""
        is_held = self._hold_back(until, monotonic)
        while True:
            if self._is_interrupted.is_set():
                raise Interrupted
            if is_held:
                return b""
            left = max(until - monotonic(), 0.0)
            try:
                read = self._once(left)
            except self._weather as error:
                raise PortLost(str(error)) from error
            if read:
                if self._pace is not None:
                    self._pace.took(len(read), monotonic())
                return read
            if left <= 0:
                return b""

    def gather(self, least: int) -> bool:
        """Have a waiting read woken by so many bytes at least, or by its end, where the system can; return whether.

        A terminal's `poll` obeys VMIN while VTIME is 0 (Linux, n_tty_poll); sockets and Windows do not know it.
        """
        if self._descriptor is None or not os.isatty(self._descriptor):
            return False
        import termios  # noqa: PLC0415 - not on Windows

        with contextlib.suppress(*self._weather):  # a port that has gone says so when it is read
            attributes = termios.tcgetattr(self._descriptor)
            attributes[6][termios.VMIN], attributes[6][termios.VTIME] = least, 0
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)
        self._gathers = True
        return True

    def write(self, sent: bytes) -> None:
        """Write it all, at once. Raises PortLost: any part of it may have gone."""
        try:
            self._serial.write(sent)
        except self._weather as error:
            raise PortLost(str(error)) from error

    def drop_input(self) -> bytes:
        """Return what has come until now, unread. Raises PortLost."""
        dropped = b""
        try:
            while len(dropped) < _LARGEST_READ and (read := self._once(0.0)):
                dropped += read
        except self._weather as error:
            raise PortLost(str(error)) from error
        return dropped

    def interrupt(self) -> None:
        """End the read that goes on, and every later one, by any thread."""
        self._is_interrupted.set()
        with self._closing:
            if not self._is_open:
                return
            if self._descriptor is not None:
                with contextlib.suppress(BlockingIOError):
                    os.write(self._waker, b".")
                return
        cancel = getattr(self._serial, "cancel_read", None)
        if cancel is not None:
            with contextlib.suppress(Exception):  # the port may be closing at this moment
                cancel()

    def resume(self) -> None:
        """Wait again in reads, after an interrupt."""
        self._is_interrupted.clear()
        if self._descriptor is not None and self._is_open:
            while self._wake_alone.poll(0):
                os.read(self._wake, _LARGEST_READ)

    def close(self) -> None:
        """Let go of the port, whatever state it is in; more than once is nothing."""
        with self._closing:
            if not self._is_open:
                return
            self._is_open = False
            if self._descriptor is not None:
                os.close(self._wake)
                os.close(self._waker)
        close_serial(self._serial)

    def _once(self, seconds: float) -> bytes:
        """Return what comes first within these seconds, or what is there at the end; nothing when it is interrupted."""
        if self._descriptor is None:
            return self._once_by_pyserial(seconds)
        if not self._is_open:
            raise OSError("the port is closed")
        ready = self._both.poll(seconds * 1000)
        if self._is_interrupted.is_set():
            return b""
        if not self._gathers and not any(each == self._descriptor for each, _ in ready):
            return b""  # what is being gathered is read at the end of the time, however little it is
        try:
            read = os.read(self._descriptor, _LARGEST_READ)
        except BlockingIOError:
            return b""
        if not read:
            raise OSError("the port is at its end")
        return read

    def _once_by_pyserial(self, seconds: float) -> bytes:
        waiting = self._serial.in_waiting
        if not waiting and seconds <= 0:
            return b""
        if type(self._serial).__module__ != "serial.rfc2217":  # which would agree with its server on all settings anew
            self._serial.timeout = min(seconds, _SLICE_SECONDS)
        return bytes(self._serial.read(waiting or 1))

    def _hold_back(self, until: float, monotonic: Callable[[], float]) -> bool:
        """Wait while more has come than should; return whether `until` came first."""
        behind = 0.0 if self._pace is None else self._pace.behind(monotonic())
        if behind <= 0:
            return False
        left = max(until - monotonic(), 0.0)
        wait = min(behind, left)
        if self._descriptor is not None:
            self._wake_alone.poll(wait * 1000)
        else:
            self._is_interrupted.wait(wait)
        return behind > left


class _Pace:
    """How many bytes are taken in a second: a device that floods its port must not cost the others their turn."""

    def __init__(self, most_per_second: float) -> None:
        self._rate = most_per_second
        self._debt = 0.0
        self._at = 0.0

    def took(self, count: int, now: float) -> None:
        """Reckon with so many bytes more."""
        self._debt = max(self._debt - (now - self._at) * self._rate, 0.0) + count
        self._at = now

    def behind(self, now: float) -> float:
        """Return for how many seconds nothing more should be taken: a quarter of a second's bytes may come at once."""
        return (self._debt - (now - self._at) * self._rate) / self._rate - 0.25


def open_port(
    text: str,
    mode: LineMode = _ANY_MODE,
    is_interrupted: threading.Event | None = None,
    most_per_second: float | None = None,
) -> Port:
    """Return the port that a text of the settings means, open for us alone. Raises NotOpened.

    `most_per_second`: bytes; what a device sends beyond is left with the system, which drops what it cannot keep.
    """
    return Port(open_serial(text, mode), is_interrupted or threading.Event(), most_per_second)
