"""Opens a TCP connection that is bounded in time and can be ended from another thread."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from actors.email.attempt import Stage
from actors.email.trouble import Interrupted, Unreachable
from config.sentence import Sentence
from config.system_words import system_words


class Interrupt:
    """Ends, from any thread and for good, whatever wait a connection is in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: Callable[[], object] | None = None
        self._is_set = False

    @property
    def is_set(self) -> bool:
        """Whether the session was asked to end."""
        return self._is_set

    def set(self) -> None:
        """End the present wait at once, and every later one."""
        with self._lock:
            self._is_set = True
            if self._end is not None:
                self._end()

    def watch(self, end: Callable[[], object] | None) -> None:
        """Make `end` what ends the wait that is about to begin."""
        with self._lock:
            self._end = end
            if self._is_set and end is not None:
                end()

    def watch_socket(self, sock: socket.socket) -> None:
        """Make the waits on `sock` the ones to end."""

        def end() -> None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: it drops the TLS state under the feet of the thread that reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

        self.watch(end)


def dial(host: str, port: int, ends_at: float, clock: Callable[[], float], interrupt: Interrupt) -> socket.socket:
    """Return a connected socket; raise `Unreachable` at `ends_at` (on `clock`) at the latest, or `Interrupted`."""
    addresses = _resolve(host, port, ends_at - clock(), interrupt)
    last: OSError | None = None
    for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        seconds = (ends_at - clock()) / left  # the first of several may be a dead one: leave time for the others
        if interrupt.is_set or seconds <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        interrupt.watch_socket(sock)
        try:
            sock.settimeout(seconds)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            last = error
            interrupt.watch(None)
            sock.close()
        else:
            return sock
    if interrupt.is_set:
        raise Interrupted(Stage.CONNECT)
    sentence = Sentence.of(
        "the mail server {host}:{port} cannot be reached ({why})", host=host, port=port, why=why_of(last)
    )
    raise Unreachable(Stage.CONNECT, sentence) from last


def why_of(error: OSError | None) -> str | Sentence:
    """Return a socket error in the system's words."""
    if error is None or isinstance(error, TimeoutError):
        return Sentence.of("no answer in time")
    if isinstance(error, ssl.SSLError):
        return error.reason or type(error).__name__
    return system_words(error)


def _resolve(host: str, port: int, seconds: float, interrupt: Interrupt) -> list[Any]:
    """Return what `socket.getaddrinfo` says, or raise `Unreachable` when that takes too long.

    The system's resolver cannot be interrupted: a thread given up on ends by itself, when the resolver gives up.
    """
    found: list[Any] = []
    failures: list[OSError] = []
    done = threading.Event()

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failures.append(error)
        except UnicodeError as error:  # a host name that no DNS could hold
            failures.append(OSError(0, str(error)))
        done.set()

    interrupt.watch(done.set)
    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    done.wait(max(0.0, seconds))
    interrupt.watch(None)
    if interrupt.is_set:
        raise Interrupted(Stage.CONNECT)
    if found:
        return list(found)
    why = why_of(failures[0] if failures else None)
    raise Unreachable(
        Stage.CONNECT, Sentence.of("the address of the mail server {host} is not known ({why})", host=host, why=why)
    )
