"""The window and the whole program: a person has an e-mail sent at once, and starts what was stopped."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from window_desk import Screen, Window, wait_until

from service.paths import HOME_VARIABLE, folders
from service.window.asking import Station, start_station
from tests.program.sample_club import Club


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    club = Club(tmp_path)
    try:
        club.start_smtp()
        club.write_settings()
        club.make_database()
        yield club
    finally:
        club.close()


def test_a_person_has_the_program_send_what_waits(display: Screen, club: Club) -> None:
    text = club.settings.read_text("utf-8")
    club.settings.write_text(text.replace('every = "1s"', 'every = "1h"'), "utf-8")
    club.start()
    wait_until(lambda: club.operation("email")["last_run"], "the first run")
    club.write_emails("jeanne@example.org")
    environment = {**os.environ, HOME_VARIABLE: str(club.home), "DISPLAY": display.name}
    with Window(display, environment) as window:
        window.shown()
        wait_until(lambda: display.shows("active", 28), "the operation that works")
        window.press("Down", "Down", "Return", "Tab", "Return")  # backup, SMS, e-mail: run now
        wait_until(lambda: club.copies()["jeanne@example.org"] == 1, "the e-mail")
        assert club.operation("email")["counters"]["sent"] == 1


def test_a_program_that_the_window_starts_comes_back_when_it_dies(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {HOME_VARIABLE: str(club.home), "DISPLAY": "", "WAYLAND_DISPLAY": ""}.items():
        monkeypatch.setenv(name, value)
    start_station(Station(folders(), "ACCUEIL", "fr", str(club.settings)))
    wait_until(lambda: _program(club), "the program")
    first = psutil.Process(_program(club))
    guard = first.parent()
    assert guard is not None
    try:
        assert guard.cmdline()[-6:-3] == ["autostart", "run", "--config"]
        first.send_signal(signal.SIGKILL)
        wait_until(lambda: _program(club) not in {0, first.pid}, "the program's return")
        assert club.command("stop")[0] == 0
        wait_until(lambda: not guard.is_running(), "the guard's end")
    finally:
        for process in (guard, *guard.children()) if guard.is_running() else ():
            process.kill()


def _program(club: Club) -> int:
    """Return the process of the station's program, 0 while none answers."""
    code, out, _ = club.command("status", "--json")
    return int(json.loads(out)["pid"]) if code in (0, 1) and out else 0
