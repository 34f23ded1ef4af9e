"""A private screen with a window manager, a station that answers, and windows that are ended whatever happens."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from window_desk import Screen, Station, Window, screen

from service.paths import HOME_VARIABLE, Folders, folders

_NEEDED = ("Xvfb", "openbox", "xdotool")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if importlib.util.find_spec("_tkinter") is None:
        missing.append("tkinter")
    if not missing:
        return
    mark = pytest.mark.skip(reason=f"{', '.join(missing)} missing: tools/test-packages installs them")
    for item in items:
        if "display" in getattr(item, "fixturenames", ()):
            item.add_marker(mark)


@pytest.fixture(scope="session")
def display() -> Iterator[Screen]:
    with screen() as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "h"))
    return folders()


@pytest.fixture
def station(home: Folders) -> Iterator[Station]:
    opened = Station(home)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def open_window(home: Folders, display: Screen) -> Iterator[Callable[..., Window]]:
    """Start `heitz-service window` on a screen; every window is ended at the test's end."""
    with ExitStack() as stack:

        def start(*words: str, on: Screen = display, **environment: str) -> Window:
            variables = {**os.environ, "LANG": "C.UTF-8", "DISPLAY": on.name, **environment}
            return stack.enter_context(Window(on, variables, *words))

        yield start
