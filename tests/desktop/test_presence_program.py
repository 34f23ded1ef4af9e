"""What the icon's menu asks of the station: a restart that nobody waits for, a window in a process of its own."""

import sys
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from service import presence
from service.presence import StationProgram
from supervisor import ChildSpec, Intensity, SupervisedActor, SupervisorFlags, Tree
from tests.desktop.desktop import wait_until


class SlowToStop(SupervisedActor):
    """Takes its time to stop, as an operation does that sends something."""

    released = Event()

    def on_stop(self) -> None:
        self.released.wait(60)


class SomeStation:
    def __init__(self) -> None:
        self.tree = Tree(
            SupervisorFlags(intensity=Intensity(max_restarts=1, period_seconds=900)),
            (ChildSpec(id="sms", start=SlowToStop, shutdown_seconds=60.0),),
        )
        self.stopped = 0

    def describe(self, language: str) -> dict[str, Any]:
        return {"language": language}

    def ask_to_stop(self) -> None:
        self.stopped += 1


def test_a_restart_is_begun_and_not_waited_for() -> None:
    SlowToStop.released.clear()
    station = SomeStation()
    station.tree.start()
    try:
        began = monotonic()
        StationProgram(station, "ACCUEIL").restart("sms")
        assert monotonic() - began < 30  # it stops for as long as it is not released
        assert station.tree.report("sms").state != "running"
        SlowToStop.released.set()
        wait_until(lambda: station.tree.report("sms").state == "running")
    finally:
        SlowToStop.released.set()
        station.tree.stop(20)


def test_a_restart_of_what_is_not_there_does_nothing() -> None:
    station = SomeStation()
    SlowToStop.released.set()
    station.tree.start()
    try:
        StationProgram(station, "ACCUEIL").restart("nonsense")
    finally:
        station.tree.stop(20)


def test_a_double_click_starts_one_window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/started\n', "utf-8")
    interpreter.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    program = StationProgram(SomeStation(), "ACCUEIL")
    program.open_window()
    program.open_window()
    started = tmp_path / "started"
    wait_until(lambda: started.exists() and started.read_text("utf-8").endswith("\n"))
    assert len(started.read_text("utf-8").splitlines()) == 1
    assert " window --station ACCUEIL" in started.read_text("utf-8")


def test_a_window_that_cannot_be_started_is_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    StationProgram(SomeStation(), "ACCUEIL").open_window()
    assert "the window cannot be started" in caplog.text
    assert presence.NO_ICON.state == "off"


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        (0, False),
        (1, False),  # its own word, or the Task Manager of Windows
        (-9, True),
        (-11, True),
        (-15, False),  # asked to end
        (0xC0000005, True),  # Windows: it read where there was nothing
        (0xC000013A, False),  # Windows: Ctrl-C, or its console was closed
    ],
)
def test_a_window_that_crashed_is_told_from_one_that_was_asked_to_end(code: int, *, is_one: bool) -> None:
    assert presence.is_crash(code) is is_one
