"""Ends the wait of an exchange at its deadline, or when another thread asks.

The timeout of `requests` counts each read anew: a server that drips a byte now and then is waited for without end. So a
thread looks at the clock, and shuts the socket.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from enum import Enum, unique
from time import monotonic
from typing import Any

from config.sentence import Sentence
from config.system_words import system_words


@unique
class Cut(Enum):
    """Why a wait was ended from this side."""

    DEADLINE = "deadline"
    INTERRUPT = "interrupt"


class Unresolved(Exception):  # noqa: N818 - weather more often than an error
    """A host name gave no address; `why` is in the system's words."""

    def __init__(self, why: str | Sentence) -> None:
        super().__init__(str(why))
        self.why = why


class Watch:
    """Watches one exchange at a time; `interrupt` holds for every later one, until `close`."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Condition()
        self._sock: socket.socket | None = None
        self._ends_at: float | None = None
        self._cut: Cut | None = None
        self._is_idle = False
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def cut(self) -> Cut | None:
        """Why this exchange was ended, None when it was not."""
        return self._cut

    @property
    def left_seconds(self) -> float:
        """How long this exchange may still take; never below zero."""
        return max(0.0, (self._ends_at or 0.0) - self._clock())

    def begin(self, seconds: float) -> None:
        """Begin an exchange that may take so long in all."""
        with self._lock:
            self._ends_at = self._clock() + seconds
            if self._cut is Cut.DEADLINE:
                self._cut = None
            self._sock = None
            if self._thread is None:
                self._is_closed = False
                self._thread = threading.Thread(target=self._run, name="sms deadline", daemon=True)
                self._thread.start()
            elif self._is_idle:  # else it wakes by itself, before this exchange can be too late
                self._lock.notify_all()

    def end(self) -> None:
        """End the exchange: nothing is cut any more."""
        with self._lock:
            self._ends_at = self._sock = None

    def take(self, sock: socket.socket) -> None:
        """Make the waits on `sock` those that are ended; at once when it is too late already."""
        with self._lock:
            self._sock = sock
            if self._cut is not None:
                self._shut()

    def interrupt(self) -> None:
        """End this wait and every later one; from any thread."""
        with self._lock:
            self._cut = Cut.INTERRUPT
            self._shut()
            self._lock.notify_all()

    def close(self) -> None:
        """End the watching thread and forget an interrupt; the watch may be used again."""
        with self._lock:
            self._is_closed = True
            self._cut = self._ends_at = self._sock = None
            self._lock.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def resolve(self, host: str, port: int) -> list[Any]:
        """Return what `socket.getaddrinfo` says, or raise Unresolved, at the deadline at the latest.

        The system's resolver cannot be interrupted: a thread given up on ends when the resolver gives up.
        """
        found: list[Any] = []
        failures: list[str | Sentence] = []
        done = threading.Event()

        def ask() -> None:
            try:
                found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except OSError as error:
                failures.append(system_words(error))
            except UnicodeError:  # a host name that no DNS could hold
                failures.append("not a host name")
            done.set()
            with self._lock:
                self._lock.notify_all()

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        with self._lock:
            while not done.is_set() and self._cut is None:
                self._lock.wait(self.left_seconds or 0.01)
        if found and self._cut is None:
            return found
        raise Unresolved(failures[0] if failures else Sentence.of("no answer in time"))

    def _run(self) -> None:
        with self._lock:
            while not self._is_closed and threading.current_thread() is self._thread:
                if self._ends_at is None or self._cut is not None:
                    self._is_idle = True
                    self._lock.wait()
                    self._is_idle = False
                elif self.left_seconds > 0:
                    self._lock.wait(self.left_seconds)
                else:
                    self._cut = Cut.DEADLINE
                    self._shut()
                    self._lock.notify_all()

    def _shut(self) -> None:
        if self._sock is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: it drops the TLS state under the feet of the thread that reads.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
