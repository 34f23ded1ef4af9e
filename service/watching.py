"""Waits, for whoever looks at the station all the time, until its status is another one than they have seen."""

import hashlib
import json
from collections import deque
from collections.abc import Callable
from threading import Event, Lock
from time import monotonic
from typing import Any, Final

Status = dict[str, Any]

_WATCH_SECONDS: Final = 8.0
_BETWEEN_LOOKS_SECONDS: Final = 0.2
_PLACES: Final = 6


class Watches:
    """The requests that wait for a change: bounded in number and in time, each in its connection's own thread.

    A client that was killed cannot say so, and would keep its place until its time is over: when all places are
    taken the oldest request is answered at once, so that a window which is opened anew is never refused.
    """

    def __init__(
        self,
        describe: Callable[[str], Status],
        *,
        seconds: float = _WATCH_SECONDS,
        between_looks_seconds: float = _BETWEEN_LOOKS_SECONDS,
        places: int = _PLACES,
    ) -> None:
        self._describe = describe
        self._seconds = seconds
        self._between = between_looks_seconds
        self._places = places
        self._lock = Lock()
        self._waiting: deque[Event] = deque()

    def wait(self, seen: str, language: str) -> dict[str, Any]:
        """Return `{"seen", "status"}` as soon as the status is not the one that was `seen`.

        When nothing changed in time the answer is the same again: it shows that the program lives. The first request
        names nothing as seen, and is answered at once.
        """
        given_up = self._admit()
        until = monotonic() + self._seconds
        try:
            while True:
                status = self._describe(language)
                mark = mark_of(status)
                if mark != seen or monotonic() >= until or given_up.wait(self._between):
                    return {"seen": mark, "status": status}
        finally:
            with self._lock:
                if given_up in self._waiting:
                    self._waiting.remove(given_up)

    def _admit(self) -> Event:
        given_up = Event()
        with self._lock:
            if len(self._waiting) >= self._places:
                self._waiting.popleft().set()
            self._waiting.append(given_up)
        return given_up


def mark_of(status: Status) -> str:
    """Return what two statuses have in common when a reader sees no difference.

    How many messages lie in a mailbox changes all the time and says nothing by itself: it does not count.
    """
    actors = [{**actor, "mailbox": 0} for actor in status.get("actors", ())]
    text = json.dumps({**status, "actors": actors}, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
