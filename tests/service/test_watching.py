"""A watch is answered when something changed, after its time, or when a newer one needs its place."""

from threading import Event, Thread
from typing import Any

import pytest

from service.watching import Watches, mark_of

LONG = 90.0


class Station:
    """A status that the test changes."""

    def __init__(self) -> None:
        self.state = "active"
        self.mailbox = 0
        self.looked = Event()

    def describe(self, language: str) -> dict[str, Any]:
        self.looked.set()
        actors = [{"path": "email", "state": "running", "mailbox": self.mailbox}]
        return {"state": self.state, "language": language, "actors": actors}


class Client:
    """A request that waits in a thread of its own."""

    def __init__(self, watches: Watches, seen: str) -> None:
        self.answer: dict[str, Any] | None = None
        self._thread = Thread(target=self._wait, args=(watches, seen), daemon=True)
        self._thread.start()

    def _wait(self, watches: Watches, seen: str) -> None:
        self.answer = watches.wait(seen, "fr")

    def answered(self) -> dict[str, Any]:
        self._thread.join(LONG)
        assert self.answer is not None
        return self.answer


@pytest.fixture
def station() -> Station:
    return Station()


def test_who_has_seen_nothing_is_answered_at_once(station: Station) -> None:
    answer = Watches(station.describe).wait("", "fr")
    assert answer["status"]["language"] == "fr"
    assert answer["seen"] == mark_of(answer["status"])


def test_a_change_answers_who_waits(station: Station) -> None:
    watches = Watches(station.describe, seconds=LONG)
    seen = watches.wait("", "fr")["seen"]
    station.looked.clear()
    client = Client(watches, seen)
    assert station.looked.wait(LONG)
    station.state = "failed"
    answer = client.answered()
    assert answer["status"]["state"] == "failed"
    assert answer["seen"] != seen


def test_time_that_is_over_answers_that_nothing_changed(station: Station) -> None:
    watches = Watches(station.describe, seconds=0)
    seen = watches.wait("", "fr")["seen"]
    assert watches.wait(seen, "fr")["seen"] == seen


def test_messages_that_wait_are_no_change(station: Station) -> None:
    watches = Watches(station.describe, seconds=0)
    seen = watches.wait("", "fr")["seen"]
    station.mailbox = 12
    assert watches.wait(seen, "fr")["seen"] == seen


def test_the_oldest_gives_its_place_to_the_newest(station: Station) -> None:
    watches = Watches(station.describe, seconds=LONG, places=2)
    seen = watches.wait("", "fr")["seen"]
    first = Client(watches, seen)  # as one whose window was killed
    for _ in range(5):
        station.looked.clear()
        Client(watches, seen)
        assert station.looked.wait(LONG)
    assert first.answered()["seen"] == seen
