"""The named pipe that stands for the socket on Windows. Tried under Wine, not on Windows.

Messages of a pipe arrive whole, so a frame is one message. Python's own `Listener(authkey=...)` is not used: one silent
client would block every later one, and its handshake is MD5. The pipe's default access list lets others connect; the
key is what keeps them out.
"""

import sys
from threading import Timer
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

    def set_deadline(self, seconds: float | None) -> None:
        """Set the instant by which every later operation ends."""
        self._deadline = None if seconds is None else monotonic() + seconds

    def send(self, frame: bytes) -> None:
        """Send one message; a reader that does not read is left at the deadline."""
        watchdog = Timer(max(0.0, left), self.close) if (left := self._left()) is not None else None
        if watchdog is not None:
            watchdog.daemon = True
            watchdog.start()
        try:
            self._connection.send_bytes(frame)
        except (OSError, ValueError, AssertionError) as error:  # asserts where it was closed meanwhile
            raise LinkError(f"the frame was not taken: {error}") from error
        finally:
            if watchdog is not None:
                watchdog.cancel()

    def receive(self) -> bytes:
        """Return the next message."""
        try:
            if not self._connection.poll(self._left()):
                raise LinkError("the other side was too slow")
            return bytes(self._connection.recv_bytes(MAX_FRAME_BYTES))
        except (OSError, EOFError, ValueError, RuntimeError) as error:  # RuntimeError: closed meanwhile
            raise LinkError(f"no frame came: {error}") from error

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

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
    if sys.platform != "win32":
        raise OSError(f"{address} is a pipe of Windows")
    import _winapi  # noqa: PLC0415 - Windows alone has it
    from multiprocessing.connection import PipeConnection  # noqa: PLC0415 - 20 ms, wanted on Windows only

    until = monotonic() + seconds
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
            break
    _winapi.SetNamedPipeHandleState(handle, _winapi.PIPE_READMODE_MESSAGE, None, None)
    link = PipeLink(PipeConnection(handle))
    link.set_deadline(seconds)
    return link
