"""What a login starts, really run: it comes back when it dies, stays away when it was stopped, ends in order."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.program.sample_club import ROOT, Club


@pytest.fixture
def guard(club: Club, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command of the desktop entry that `autostart enable` wrote, as a desktop runs it, after its first start."""
    club.write_emails("a@example.org")
    code, out, errors = club.command(
        "autostart", "enable", "--how", "xdg", "--config", str(club.settings), "--station", "ACCUEIL", "--json"
    )
    assert code == 0, errors
    entry = Path(json.loads(out)["where"])
    with (tmp_path / "guard.log").open("w") as log:
        keys = dict(line.split("=", 1) for line in entry.read_text("utf-8").splitlines() if "=" in line)
        # The string's own escapes first, then the quotes, whose rule is the shell's; then the field codes.
        line = keys["Exec"].replace("\\\\", "\\").replace("%%", "%")
        process = club.spawn(["sh", "-c", f"exec {line}"], stderr=log)
        club.wait_until(lambda: club.command("status", "--station", "ACCUEIL")[0] in (0, 1))
        yield process
        club.command("stop", "--station", "ACCUEIL")  # it outlives its guard, which would start it anew
        process.wait(60)
        assert club.command("autostart", "disable")[0] == 0
        assert not entry.exists()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this test's entries out of the user's own folders."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("DISPLAY", "")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def pid(club: Club) -> int:
    return int(club.status("--station", "ACCUEIL")["pid"])


def is_another(club: Club, before: int) -> bool:
    # Nothing is printed by a command that was talking to the program at the instant of its death.
    _, said, _ = club.command("status", "--json", "--station", "ACCUEIL")
    return bool(said) and json.loads(said)["pid"] != before


def has_sent(club: Club, count: int) -> bool:
    return club.states() == {"sent": count}


def test_a_killed_program_is_back_and_goes_on_with_its_work(club: Club, guard: "subprocess.Popen[str]") -> None:
    club.wait_until(partial(has_sent, club, 1))
    for number in range(3):
        before = pid(club)
        os.kill(before, signal.SIGKILL)
        club.wait_until(partial(is_another, club, before))
        club.write_emails(f"{number}@example.org")
        club.wait_until(partial(has_sent, club, 2 + number))
    assert set(club.copies().values()) == {1}
    assert guard.poll() is None


def test_a_program_that_a_person_stopped_stays_away(club: Club, guard: "subprocess.Popen[str]") -> None:
    assert club.command("stop", "--station", "ACCUEIL")[0] == 0
    guard.wait(60)
    assert guard.returncode == 0
    assert club.command("status", "--station", "ACCUEIL")[0] == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_session_that_ends_stops_the_program_in_order(
    club: Club, guard: "subprocess.Popen[str]", number: int
) -> None:
    guard.send_signal(number)
    guard.wait(60)
    assert guard.returncode == 0
    assert club.rows("SELECT station FROM lease WHERE name = 'email'") == [("",)]  # given back, not left to run out
    assert club.rows("SELECT state FROM station") == [("stopped",)]


def test_the_program_goes_on_when_its_guard_is_killed(club: Club, guard: "subprocess.Popen[str]") -> None:
    before = pid(club)
    guard.kill()
    guard.wait()
    club.write_emails("b@example.org")
    club.wait_until(lambda: club.states() == {"sent": 2})
    assert pid(club) == before
    assert club.command("stop", "--station", "ACCUEIL")[0] == 0


def test_a_display_that_ends_is_a_session_that_ends(
    club: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is missing: apt-get install xvfb")
    read, write = os.pipe()
    server = club.spawn(["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24"], pass_fds=(write,))
    os.close(write)
    with os.fdopen(read, "rb") as numbers, (tmp_path / "guard.log").open("w") as log:
        monkeypatch.setenv("DISPLAY", f":{int(numbers.readline())}")
        guard = club.spawn(
            [
                *(sys.executable, "-m", "service", "autostart", "run", "--headless"),
                *("--config", str(club.settings), "--station", "ACCUEIL"),
            ],
            stderr=log,
        )
        club.wait_until(lambda: club.command("status", "--station", "ACCUEIL")[0] in (0, 1))
        server.kill()
        guard.wait(90)
    assert guard.returncode == 0
    assert club.rows("SELECT state FROM station") == [("stopped",)]


def test_a_second_login_does_not_start_a_second_program(club: Club, guard: "subprocess.Popen[str]") -> None:
    before = pid(club)
    again: Any = subprocess.run(
        [sys.executable, "-m", "service", "autostart", "run", "--config", str(club.settings), "--station", "ACCUEIL"],
        cwd=ROOT,
        env={**os.environ, "HEITZ_SERVICE_HOME": str(club.home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert again.returncode == 0
    assert str(before) in again.stderr
    assert pid(club) == before
    assert guard.poll() is None
