"""Where a simulated sensor shows itself: a pseudo-terminal, or a TCP port that `socket://` opens."""

import contextlib
import os
import socket
from typing import Protocol

from config.sentence import Sentence, SentenceError
from config.system_words import system_words


class NoOutlet(SentenceError):  # noqa: N818 - what the reader sees
    """The simulated sensor cannot be offered there."""


class Outlet(Protocol):
    """The sensor's end of a line; what nobody reads is lost, as it is on a wire."""

    @property
    def port(self) -> str:
        """What to write as `port` in the settings."""

    def write(self, frames: bytes) -> bool:
        """Send, without ever waiting for a reader; False when the line did not take all of it."""

    def close(self) -> None:
        """Pull the plug."""


class Terminal:
    """A pseudo-terminal, which the program opens as it does a serial port (not on Windows)."""

    def __init__(self) -> None:
        """Raise NoOutlet where the system has no pseudo-terminals."""
        try:
            import tty  # noqa: PLC0415 - not on Windows

            self._sensor, self._line = os.openpty()
            tty.setraw(self._line)
        except (ImportError, AttributeError, OSError) as error:
            raise NoOutlet(
                Sentence.of("this computer has no pseudo-terminal ({why}): use --listen", why=type(error).__name__)
            ) from error
        os.set_blocking(self._sensor, False)
        self.port = os.ttyname(self._line)

    def write(self, frames: bytes) -> bool:
        """Send; a line that nobody reads fills up, and the rest is lost."""
        try:
            return os.write(self._sensor, frames) == len(frames)
        except OSError:
            return False

    def close(self) -> None:
        """Pull the plug: readers see the end."""
        for descriptor in (self._line, self._sensor):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Listener:
    """A TCP port on this computer, for one program at a time: everywhere, Windows too."""

    def __init__(self, number: int = 0) -> None:
        """Listen on this TCP port, or on a free one. Raises NoOutlet."""
        self._client: socket.socket | None = None
        self._server = socket.socket()
        try:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._server.bind(("127.0.0.1", number))
            self._server.listen(1)
        except OSError as error:
            self._server.close()
            raise NoOutlet(
                "the TCP port {number} cannot be had ({why}): choose another by --listen",
                number=number,
                why=system_words(error),
            ) from error
        self._server.setblocking(False)
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def write(self, frames: bytes) -> bool:
        """Send to who is connected; nobody: it is lost."""
        if self._client is None:
            with contextlib.suppress(OSError):
                self._client, _ = self._server.accept()
                self._client.setblocking(False)
        if self._client is not None:
            try:
                return self._client.send(frames) == len(frames)
            except BlockingIOError:
                pass
            except OSError:
                self._client.close()
                self._client = None
        return False

    def close(self) -> None:
        """Pull the plug."""
        if self._client is not None:
            self._client.close()
        self._server.close()
