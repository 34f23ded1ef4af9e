"""Whether the desktop session in which the program was started is over: its display server is gone or another one.

A desktop without systemd's session ends without telling anybody: the display server goes, the programs without a window
stay. Its process is looked at, because the next login may get the same display number within a second.
"""

import re
import socket
import struct
from collections.abc import Mapping
from typing import Final

_CONNECT_SECONDS: Final = 2.0
_LOOKS_TO_BELIEVE: Final = 2
_CREDENTIALS: Final = struct.Struct("3i")


class Display:
    """The local display of the session; `is_gone` must say so twice before it is believed.

    A session without a local display (`ssh -X`, Windows, macOS) is never seen to end here.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._path = _socket_path(environment)
        self._server = None if self._path is None else _server_at(self._path)
        self._looks = 0

    def is_gone(self) -> bool:
        """Look, and tell whether the server that was there at the beginning has gone."""
        if self._path is None or self._server is None:
            return False
        try:
            is_there = _server_at(self._path) == self._server
        except TimeoutError:
            return False  # busy
        self._looks = 0 if is_there else self._looks + 1
        return self._looks >= _LOOKS_TO_BELIEVE


def _socket_path(environment: Mapping[str, str]) -> str | None:
    wayland, runtime = environment.get("WAYLAND_DISPLAY"), environment.get("XDG_RUNTIME_DIR")
    if wayland and (wayland.startswith("/") or runtime):
        return wayland if wayland.startswith("/") else f"{runtime}/{wayland}"
    found = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", environment.get("DISPLAY", ""))
    return f"/tmp/.X11-unix/X{found[1]}" if found else None  # noqa: S108 - where X11 has it


def _server_at(path: str) -> int | None:
    """Return the process that listens at a socket, None when nobody does; raises TimeoutError."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_CONNECT_SECONDS)
        try:
            client.connect(path)
            answer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except (TimeoutError, BlockingIOError) as busy:  # its queue of connections is full
            raise TimeoutError from busy
        except OSError:
            return None
    return int(_CREDENTIALS.unpack(answer)[0])
