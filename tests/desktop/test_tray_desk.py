"""The child's own windows are loaded when somebody wants them, and not by a pointer that passes by."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from actors.tray.child.desk import Desk
from actors.tray.face import Face

FACE = Face("active", "ACCUEIL: all is well")


class Timer:
    """A timer that rings when the test says so."""

    made: ClassVar[list[Any]] = []
    daemon = False

    def __init__(self, _seconds: float, ring: Callable[[], None]) -> None:
        self.ring = ring
        self.made.append(self)

    def start(self) -> None: ...


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Timer]:
    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.setattr(Timer, "made", [])
    return Timer.made


@pytest.fixture
def desk() -> Desk:
    wishes: Any = None  # nobody chooses anything
    return Desk(wishes, lambda error: pytest.fail(str(error)))


def test_a_pointer_that_passes_by_wants_no_windows(desk: Desk, timers: list[Timer]) -> None:
    desk.hover(FACE, 1, 1)
    desk.leave()
    desk.hover(FACE, 1, 1)
    desk.leave()
    for timer in timers:
        timer.ring()
    assert desk._jobs.empty()


def test_a_pointer_that_rests_wants_the_words_once(desk: Desk, timers: list[Timer]) -> None:
    desk.hover(FACE, 1, 1)
    desk.hover(FACE, 2, 2)
    for timer in timers:
        timer.ring()
    assert desk._jobs.get_nowait() is not None
    assert desk._jobs.empty()
