"""A serial port by any URL of pyserial, opened for us alone, whose reads end at a time or by an interrupt."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Final

from actors.sms.transport import Unavailable
from config.sentence import Sentence

_SLICE_SECONDS: Final = 0.2
"""Ports on the network know no `cancel_read`: an interrupt is seen after this long at the latest."""
_WRITE_SECONDS: Final = 5.0


class PortLost(Exception):  # noqa: N818 - a cable that was pulled is weather
    """The port went away, or takes nothing any more."""


class Interrupted(Exception):  # noqa: N818 - somebody's wish
    """Another thread ended the waiting."""


class Port:
    """An open port. Everything but `interrupt` belongs to one thread."""

    def __init__(self, url: str, baud: int, is_interrupted: threading.Event) -> None:
        """Raise Unavailable, with what to do."""
        import serial  # noqa: PLC0415 - a station without a modem need not load it

        # pyserial 3.5 lets these through besides its own: termios.error when a port vanishes, OSError from sockets.
        self._weather: tuple[type[BaseException], ...] = (OSError, TypeError, *_termios_error())
        self._is_interrupted = is_interrupted
        try:
            self._serial: Any = serial.serial_for_url(
                url, baudrate=baud, timeout=_SLICE_SECONDS, write_timeout=_WRITE_SECONDS, do_not_open=True
            )
            self._serial.exclusive = True
            self._serial.open()
        except ValueError as error:
            raise Unavailable(
                Sentence.of("the port {port} cannot be understood ({why}): correct it", port=url, why=error),
                needs_a_person=True,
            ) from None
        except self._weather as error:
            raise Unavailable(_why_not_opened(url, error)) from None

    def read(self, until: float, monotonic: Callable[[], float]) -> bytes:
        """Return what has come, at least a byte; nothing when `until` came first. Raises PortLost, Interrupted."""
        while True:
            if self._is_interrupted.is_set():
                raise Interrupted
            left = until - monotonic()
            try:
                waiting = self._serial.in_waiting
                if not waiting and left <= 0:
                    return b""
                self._serial.timeout = min(max(left, 0.0), _SLICE_SECONDS)
                read = bytes(self._serial.read(waiting or 1))
            except self._weather as error:
                raise PortLost(str(error)) from error
            if read:
                return read

    def write(self, text: str) -> None:
        """Write it all. Raises PortLost: any part of it may have gone."""
        try:
            self._serial.write(text.encode("ascii"))
        except self._weather as error:
            raise PortLost(str(error)) from error

    def interrupt(self) -> None:
        """End the read that goes on; the event has been set before."""
        cancel = getattr(self._serial, "cancel_read", None)
        if cancel is not None:
            with contextlib.suppress(Exception):  # the port may be closing at this moment
                cancel()

    def close(self) -> None:
        """Let go of the port, whatever state it is in."""
        with contextlib.suppress(*self._weather):
            self._serial.close()


def _termios_error() -> tuple[type[BaseException], ...]:
    try:
        import termios  # noqa: PLC0415 - not on Windows
    except ImportError:
        return ()
    return (termios.error,)


def _why_not_opened(url: str, error: BaseException) -> Sentence:
    words = str(error).lower()
    if isinstance(error, FileNotFoundError) or "no such file" in words or "filenotfound" in words:
        return Sentence.of("no modem is plugged in at {port}", port=url)
    if "permission" in words and "access is denied" not in words:
        return Sentence.of("this user may not use the port {port}: add them to the group dialout", port=url)
    if "exclusively lock" in words or "busy" in words or "access is denied" in words:
        return Sentence.of("another program uses the port {port}: stop it", port=url)
    return Sentence.of("the port {port} cannot be opened", port=url)
