"""Another program of the club: writes e-mails with plain SQL, in campaigns spread over the time of a run."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import attrs

from chaos.places import AWAY, Place

_PAUSE_SECONDS: Final = 0.25
_CAMPAIGN_SECONDS: Final = 8.0
"""From one campaign to the next. One e-mail at a time leaves no claim of several groups for a fault to strike, and then
a program without its fence looks as good as one with it."""
_CAMPAIGNS_AT_LEAST: Final = 8
_REFUSED_EACH: Final = 97
"""Of so many messages the mail server turns one down for now, each time: it is tried again, and fails in the end."""
_UNANSWERED_EACH: Final = 211
"""Of so many messages the mail server takes one, and the connection breaks before it says so."""


def recipient(number: int) -> str:
    """Return the address of a message, which tells the mail server what to do with it."""
    if number % _REFUSED_EACH == 0:
        return f"dot-451+{number}@example.org"
    if number % _UNANSWERED_EACH == 0:
        return f"dot-close+{number}@example.org"
    return f"member+{number}@example.org"


def is_unanswered(number: int) -> bool:
    """Whether the mail server itself makes this one uncertain."""
    return recipient(number).startswith("dot-close")


@attrs.define(eq=False)
class Writer:
    """Writes `messages` e-mails over `seconds`, in a thread; when the database is away it writes them afterwards."""

    place: Place
    messages: int
    seconds: float
    clock: Callable[[], float]
    written: int = 0
    is_over: threading.Event = attrs.field(factory=threading.Event)
    _is_stopped: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_stopped.set()
        if self._thread is not None:
            self._thread.join(30)

    def _write_all(self) -> None:
        began_at = self.clock()
        campaign = min(_CAMPAIGN_SECONDS, self.seconds / _CAMPAIGNS_AT_LEAST)
        connection: Any = None
        while self.written < self.messages and not self._is_stopped.is_set():
            elapsed = self.clock() - began_at
            share = (elapsed if elapsed >= self.seconds else elapsed - elapsed % campaign) / self.seconds
            until = min(self.messages, int(share * self.messages) + 1)
            numbers = range(self.written + 1, until + 1)
            try:
                connection = connection or self.place.connect()
                self.place.insert(connection, [(recipient(each), f"chaos:{each}") for each in numbers])
                self.written = until
            except AWAY:  # whether the commit was done is not known: the reference keeps it from being written twice
                with suppress(*AWAY):
                    connection and connection.close()
                connection = None
            self._is_stopped.wait(_PAUSE_SECONDS)
        if connection is not None:
            connection.close()
        self.is_over.set()
