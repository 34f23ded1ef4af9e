"""A window that the icon opened and that was killed comes back by itself; one that was hidden or ended does not."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from window_desk import Screen, Station, wait_until

from service import presence
from service.paths import Folders


def _is_window(process: psutil.Process) -> bool:
    try:
        return "window" in process.cmdline()
    except psutil.Error:  # it has ended: a zombie has no words any more
        return False


class NoStation:
    """What the icon's program asks of a station; opening a window asks nothing."""

    tree: Any = None

    def describe(self, language: str) -> dict[str, Any]:
        raise AssertionError(language)

    def ask_to_stop(self) -> None:
        raise AssertionError


@pytest.fixture
def windows(home: Folders, display: Screen, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the processes of windows that this test's process started; they are ended with it."""
    monkeypatch.setenv("DISPLAY", display.name)
    monkeypatch.chdir(Path(__file__).resolve().parents[2])

    def found() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if _is_window(child)]

    yield found
    for child in found():
        child.terminate()


def test_a_window_that_was_killed_comes_back(
    station: Station, display: Screen, windows: Callable[[], list[psutil.Process]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_SHORT_LIFE_SECONDS", 0.1)
    program = presence.StationProgram(NoStation(), "ACCUEIL")
    program.open_window()
    wait_until(lambda: display.shows("active", 48), "the window")
    (first,) = windows()
    first.send_signal(signal.SIGKILL)
    wait_until(lambda: any(window.pid != first.pid for window in windows()), "the next window")
    wait_until(lambda: display.shows("active", 48), "the window")


def test_a_window_that_was_asked_to_end_stays_away(
    station: Station, display: Screen, windows: Callable[[], list[psutil.Process]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_SHORT_LIFE_SECONDS", 0.1)
    program = presence.StationProgram(NoStation(), "ACCUEIL")
    program.open_window()
    wait_until(lambda: display.shows("active", 48), "the window")
    (first,) = windows()
    first.terminate()
    wait_until(lambda: all(thread.name != "window" for thread in threading.enumerate()), "the end")
    assert windows() == []
