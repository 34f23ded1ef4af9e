"""Frames over a local connection: a Unix socket, or a named pipe on Windows.

Every operation of a link ends by the link's deadline, however slowly the other side reads or writes.
"""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

MAX_FRAME_BYTES: Final = 1 << 20
_BACKLOG: Final = 128
_LONGEST_SOCKET_PATH: Final = 100  # sun_path holds 108 bytes on Linux and 104 on others, with the closing NUL
_TIMEVAL: Final = struct.Struct("ll")
_LENGTH: Final = struct.Struct(">I")


class LinkError(Exception):
    """The other side left, was too slow, or does not speak the channel's language."""


class Link(Protocol):
    """One connection that carries frames of bytes; `close` may be called from any thread, more than once."""

    def set_deadline(self, seconds: float | None) -> None:
        """Let everything from now on end within `seconds`; None waits for as long as it takes."""

    def send(self, frame: bytes) -> None:
        """Send a frame, or raise `LinkError`."""

    def receive(self) -> bytes:
        """Return the next frame, or raise `LinkError`."""

    def close(self) -> None:
        """End the connection; whoever waits on it gets a `LinkError`."""


class Listener(Protocol):
    """Where connections arrive; `accept` raises `OSError` once it is closed."""

    def accept(self) -> Link | None:
        """Wait for a connection and return it, None for one that was refused."""

    def close(self) -> None:
        """Stop listening at once and give the address back."""


class SocketLink:
    """Frames of a four-byte length (big endian) and that many bytes, on a stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._deadline: float | None = None

    def set_deadline(self, seconds: float | None) -> None:
        """Set the instant by which every later operation ends, however many pieces it takes."""
        self._deadline = None if seconds is None else monotonic() + seconds

    def send(self, frame: bytes) -> None:
        """Send the length and the bytes."""
        if len(frame) > MAX_FRAME_BYTES:
            raise LinkError(f"a frame of {len(frame)} bytes is over the limit of {MAX_FRAME_BYTES}")
        rest = memoryview(_LENGTH.pack(len(frame)) + frame)
        try:
            while rest:
                self._socket.settimeout(self._left())
                rest = rest[self._socket.send(rest) :]
        except OSError as error:
            raise LinkError(f"the frame was not taken: {error}") from error

    def receive(self) -> bytes:
        """Read the length and the bytes; a length over the limit ends it before a byte is stored."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > MAX_FRAME_BYTES:
            raise LinkError(f"a frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
        return self._exactly(length)

    def close(self) -> None:
        """Wake whoever waits and end the connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # close alone does not wake a thread that waits in recv
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        received = bytearray()
        try:
            while len(received) < count:
                self._socket.settimeout(self._left())
                piece = self._socket.recv(min(count - len(received), 1 << 16))
                if not piece:
                    raise LinkError("the other side left")
                received += piece
        except OSError as error:
            raise LinkError(f"no frame came: {error}") from error
        return bytes(received)

    def _left(self) -> float | None:
        """Return what is left of the deadline, which is the frame's: a client that drips bytes can't hold on."""
        if self._deadline is None:
            return None
        left = self._deadline - monotonic()
        if left <= 0:
            raise LinkError("the other side was too slow")
        return left


class SocketListener:
    """A Unix socket of mode 0600 that refuses other users.

    Only the holder of the station's lock may listen: it removes what a crash left at the address.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        Path(address).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _reachable(address) as path:
                self._socket.bind(path)  # in a folder of mode 0700: nobody connects before the next line
            Path(address).chmod(0o600)
            self._identity = Path(address).stat().st_ino
            self._socket.listen(_BACKLOG)
        except BaseException:
            self._socket.close()
            raise

    def accept(self) -> Link | None:
        """Wait for a connection; one of another user is closed."""
        connection, _ = self._socket.accept()
        if peer_uid(connection) not in {None, os.geteuid()}:
            connection.close()
            return None
        return SocketLink(connection)

    def close(self) -> None:
        """Wake the thread that waits in `accept` and remove the socket's file."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        path = Path(self._address)
        with contextlib.suppress(OSError):
            if path.stat().st_ino == self._identity:  # not a successor's
                path.unlink()


def listen(address: str) -> Listener:
    """Listen at a socket's path, or at a pipe's name on Windows; raises `OSError`."""
    if sys.platform == "win32":
        from service.channel.windows_pipe import PipeListener  # noqa: PLC0415

        return PipeListener(address)
    return SocketListener(address)


def connect(address: str, seconds: float) -> Link:
    """Connect and return a link whose deadline is `seconds` from now; raises `OSError` when nobody listens."""
    if sys.platform == "win32":
        from service.channel.windows_pipe import connect_pipe  # noqa: PLC0415

        return connect_pipe(address, seconds)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Not settimeout: a connect that may not block fails at once when the queue is full instead of waiting its turn.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(int(seconds), 0))
        with _reachable(address) as path:
            connection.connect(path)
    except BaseException:
        connection.close()
        raise
    if peer_uid(connection) not in {None, os.geteuid()}:
        connection.close()
        raise PermissionError(f"another user listens at {address}")
    link = SocketLink(connection)
    link.set_deadline(seconds)
    return link


def peer_uid(connection: socket.socket) -> int | None:
    """Return the user at the other end of a Unix socket; None where the system does not tell (the key decides)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return int(uid)


@contextlib.contextmanager
def _reachable(address: str) -> Iterator[str]:
    """Give a path short enough for a socket, by way of the folder's descriptor when the address is too long."""
    if len(os.fsencode(address)) <= _LONGEST_SOCKET_PATH:
        yield address
        return
    path = Path(address)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
