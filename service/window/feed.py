"""Follows the station's status over the control channel, in a thread of its own, and tells what it learns."""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any, Final

import attrs

from config.sentence import SentenceError
from service.channel.client import ask, find
from service.paths import Folders

logger = logging.getLogger(__name__)

_ANSWER_SECONDS: Final = 13.0
"""A watch is answered within 8 s though nothing changes; a program that is silent for longer hangs."""
_BETWEEN_CHANGES_SECONDS: Final = 0.25
_BETWEEN_TRIES_SECONDS: Final = 1.0


class Unreadable(SentenceError):  # noqa: N818 - what the reader sees
    """The program answered something that is no status."""


@attrs.frozen
class Seen:
    """A new status, and the language that its sentences are in."""

    status: dict[str, Any]
    language: str


@attrs.frozen
class Lost:
    """The program gives no status: it does not run, hangs, or is not ours; `error` says which."""

    error: SentenceError


News = Seen | Lost


class Feed:
    """Tells of the station, from `start` on, and of nothing while it rests.

    `station` None follows the one that runs here, and stays with it. `tell` is called in the feed's thread.
    """

    def __init__(
        self, folders: Folders, station: str | None, asked_language: str | None, tell: Callable[[News], None]
    ) -> None:
        self._folders = folders
        self._station = station
        self._language = asked_language
        self._tell = tell
        self._wanted = Event()
        self._lock = Lock()
        self._round = 0

    def start(self) -> None:
        """Begin to follow; the first status comes as soon as the program gives it."""
        Thread(target=self._follow, name="feed", daemon=True).start()
        self.resume()

    def resume(self) -> None:
        """Follow again, beginning with the whole status."""
        with self._lock:
            self._round += 1
        self._wanted.set()

    def rest(self) -> None:
        """Ask nothing until `resume`: nobody looks."""
        self._wanted.clear()

    def _follow(self) -> None:
        pause = Event()  # never set
        seen, seen_in, lost = "", 0, ""
        while True:
            self._wanted.wait()
            with self._lock:
                if seen_in != self._round:
                    seen, seen_in, lost = "", self._round, ""
            try:
                seen, news = self._ask(seen)
                self._tell(news)
                lost = ""
                pause.wait(_BETWEEN_CHANGES_SECONDS)
            except SentenceError as error:
                seen = ""
                if lost != str(error):  # an outage is told once
                    lost = str(error)
                    logger.info("the station gives no status: %s", error, extra={"event": "window.lost"})
                    self._tell(Lost(error))
                pause.wait(_BETWEEN_TRIES_SECONDS)

    def _ask(self, seen: str) -> tuple[str, Seen]:
        """Return the mark of the next status, and the status."""
        holder = find(self._station, self._folders)
        request: dict[str, Any] = {"command": "watch", "seen": seen, "language": self._language}
        reply = ask(holder, request, self._folders, seconds=_ANSWER_SECONDS)
        self._station = holder.station  # from now on this one, whatever else is started here
        try:
            return str(reply.answer["seen"]), Seen(dict(reply.answer["status"]), reply.language)
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable(
                "the answer of the program can't be read: it is of another version than this window, start both again"
            ) from error
