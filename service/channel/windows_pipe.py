"""The named pipe that stands for the socket on Windows. Tried under Wine, not on Windows.

Messages of a pipe arrive whole, so a frame is one message. Python's own `Listener(authkey=...)` is not used: one silent
client would block every later one, and its handshake is MD5. The pipe's default access list lets others connect; the
key is what keeps them out.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from time import monotonic
from typing import Any, Final

from service.channel.link import MAX_FRAME_BYTES, Link, LinkError

_SECURITY_SQOS_PRESENT: Final = 0x0010_0000
_SECURITY_IDENTIFICATION: Final = 0x0001_0000
"""The server may see who the client is, and nothing more."""


class PipeLink:
    """One connection of a pipe."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._deadline: float | None = None
        self._closing = Lock()

    def set_deadline(self, seconds: float | None) -> None:
        """Set the instant by which every later operation ends."""
        self._deadline = None if seconds is None else monotonic() + seconds

    def send(self, frame: bytes) -> None:
        """Send one message; a reader that does not read is left at the deadline."""
        try:
            with self._closed_at_the_deadline():
                self._connection.send_bytes(frame)
        except (OSError, ValueError, AssertionError) as error:  # asserts where it was closed meanwhile
            raise LinkError(f"the frame was not taken: {error}") from error

    def receive(self) -> bytes:
        """Return the next message.

        An empty one may be gone by the time it is read, which then would wait for the next one without end.
        """
        try:
            if not self._connection.poll(self._left()):
                raise LinkError("the other side was too slow")
            with self._closed_at_the_deadline():
                return bytes(self._connection.recv_bytes(MAX_FRAME_BYTES))
        except (OSError, EOFError, ValueError, RuntimeError) as error:  # RuntimeError: closed meanwhile
            raise LinkError(f"no frame came: {error}") from error

    def close(self) -> None:
        """End the connection; one thread at a time: the second would close what has the same number by then."""
        with self._closing, suppress(OSError):
            self._connection.close()

    @contextmanager
    def _closed_at_the_deadline(self) -> Iterator[None]:
        """Close the connection when the block is not done by the deadline: nothing else ends a wait in it."""
        left = self._left()
        if left is None:
            yield
            return
        watchdog = Timer(left, self.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - monotonic())


class PipeListener:
    """The pipe's name, held as long as this object listens."""

    def __init__(self, address: str) -> None:
        from multiprocessing.connection import Listener  # noqa: PLC0415 - 20 ms, wanted on Windows only

        self._address = address
        self._listener = Listener(address, family="AF_PIPE")
        self._closed = False

    def accept(self) -> Link | None:
        """Wait for a client."""
        try:
            connection = self._listener.accept()
        except EOFError as error:
            raise OSError("the client left before it was accepted") from error
        if self._closed:
            connection.close()
            return None
        return PipeLink(connection)

    def close(self) -> None:
        """Stop listening; a connection to ourselves wakes the thread that waits in `accept`."""
        from multiprocessing.connection import Client  # noqa: PLC0415

        self._closed = True
        try:
            Client(self._address, family="AF_PIPE").close()
        except OSError:
            return
        finally:
            self._listener.close()


def connect_pipe(address: str, seconds: float) -> Link:
    """Connect to a pipe; raises `OSError` when nobody listens, or nobody is taken in within `seconds`.

    Python's own client would wait for twenty, and let a foreign server act in this user's name.
    """
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection  # noqa: PLC0415 - 20 ms, wanted on Windows only

        link = PipeLink(PipeConnection(_opened(address, monotonic() + seconds)))
        link.set_deadline(seconds)
        return link
    raise OSError(f"{address} is a pipe of Windows")


def _opened(address: str, until: float) -> int:
    """Return the handle of the client's end."""
    if sys.platform == "win32":
        import _winapi  # noqa: PLC0415 - Windows alone has it

        access = _winapi.GENERIC_READ | _winapi.GENERIC_WRITE
        flags = _winapi.FILE_FLAG_OVERLAPPED | _SECURITY_SQOS_PRESENT | _SECURITY_IDENTIFICATION
        while True:
            try:
                _winapi.WaitNamedPipe(address, max(1, round((until - monotonic()) * 1000)))
                handle = _winapi.CreateFile(address, access, 0, 0, _winapi.OPEN_EXISTING, flags, 0)
            except OSError as error:  # another client may have taken the place between the two calls
                if error.winerror != _winapi.ERROR_PIPE_BUSY or monotonic() > until:
                    raise
            else:
                _winapi.SetNamedPipeHandleState(handle, _winapi.PIPE_READMODE_MESSAGE, None, None)
                return handle
    raise OSError(f"{address} is a pipe of Windows")
