"""A display that goes away takes the icon and nothing else; when it is there again, so is the icon."""

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.desktop.desktop import Desktop, wait_until
from tests.desktop.icon_club import IconClub

_FIRST, _LAST = 2000, 60_000
"""Far from the numbers that X servers choose by themselves: another test's must never be taken for this one's."""
_QUIET: Final = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextmanager
def server(name: str) -> Iterator[None]:
    """Run an X server with this very name, and a tray host on it."""
    with ExitStack() as stack:
        command = ("Xvfb", name, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset")
        display = subprocess.Popen(command, **_QUIET)  # type: ignore[call-overload]
        stack.callback(display.wait)
        stack.callback(display.terminate)
        wait_until(lambda: _answers(name) or display.poll() is not None)
        assert display.poll() is None
        host = subprocess.Popen(("trayer",), env={**os.environ, "DISPLAY": name}, **_QUIET)  # type: ignore[call-overload]
        stack.callback(host.wait)
        stack.callback(host.kill)
        yield


def _answers(name: str) -> bool:
    asked = subprocess.run(
        ("xdotool", "getdisplaygeometry"), env={**os.environ, "DISPLAY": name}, check=False, **_QUIET
    )  # type: ignore[call-overload]
    return bool(asked.returncode == 0)


@pytest.fixture
def club(tmp_path: Path, desk: Desktop) -> IconClub:
    made = IconClub(tmp_path / "club", desk)
    made.prepare()
    return made


def test_the_work_goes_on_without_the_display_and_the_icon_comes_back_with_it(club: IconClub) -> None:
    name = f":{random.randint(_FIRST, _LAST)}"
    with server(name):
        program = club.run(DISPLAY=name)
        wait_until(lambda: club.where_is_the_icon() == "docked")
    wait_until(lambda: club.where_is_the_icon() == "no_display")
    assert "the display cannot be used" in club.status()["tray"]["reason"]
    club.write_email("client@example.org")
    wait_until(lambda: club.received() == ["client@example.org"])
    with server(name):
        wait_until(lambda: club.where_is_the_icon() == "docked")
        actors = club.status()["actors"]
        assert [each["path"] for each in actors if each["restarts"] or each["last_failure"]] == []
        club.desk.end(program)
    assert program.returncode == 0
