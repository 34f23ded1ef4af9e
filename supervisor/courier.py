"""Hands events to readers on a thread of its own, so that a slow, hanging or raising reader harms nobody."""

import logging
import threading
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import Final, Generic, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")

_WAITING: Final = 10_000
_CLOSE_SECONDS: Final = 2.0


class Courier(Generic[T]):
    """Delivers items to readers in order; the thread starts with the first item.

    When more than 10,000 items wait because a reader hangs, the oldest ones are dropped and counted: memory is bounded.
    """

    def __init__(self, name: str, readers: tuple[Callable[[T], None], ...] = (), waiting: int = _WAITING) -> None:
        self._name = name
        self._readers = readers
        self._items: Queue[T | None] = Queue(waiting)
        self._thread: threading.Thread | None = None
        self._complained: set[Callable[[T], None]] = set()
        self.dropped = 0

    @property
    def has_readers(self) -> bool:
        """Whether anybody is there to deliver to."""
        return bool(self._readers)

    def add(self, reader: Callable[[T], None]) -> None:
        """Deliver to one more reader from now on."""
        self._readers = (*self._readers, reader)

    def remove(self, reader: Callable[[T], None]) -> None:
        """Deliver to this reader no more."""
        self._readers = tuple(each for each in self._readers if each != reader)

    def send(self, item: T) -> None:
        """Have an item delivered; never blocks. Called from one thread."""
        if not self._readers:
            return
        if self._thread is None:
            try:
                thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                thread.start()
            except RuntimeError:  # no thread to be had: the item waits until there is one
                pass
            else:
                self._thread = thread
        self._put(item)

    def close(self) -> None:
        """Deliver what waits and end; a reader that hangs is left behind after two seconds."""
        if self._thread is not None:
            self._put(None)
            if self._thread is not threading.current_thread():
                self._thread.join(_CLOSE_SECONDS)

    def _put(self, item: T | None) -> None:
        while True:
            try:
                self._items.put_nowait(item)
            except Full:
                try:
                    self._items.get_nowait()
                except Empty:
                    continue
                self.dropped += 1
            else:
                return

    def _serve(self) -> None:
        while (item := self._items.get()) is not None:
            for reader in self._readers:
                self._hand(reader, item)

    def _hand(self, reader: Callable[[T], None], item: T) -> None:
        try:
            reader(item)
        except BaseException:  # noqa: BLE001 - the worker edge: foreign code may raise anything
            level = logging.DEBUG if reader in self._complained else logging.WARNING
            self._complained.add(reader)
            _log.log(
                level, "an observer raised; it goes on being told", exc_info=True, extra={"event": "observer.raised"}
            )
