"""The frozen program does what the other does, and starts its parts by itself: icon, window, guard, watchman."""

import json
import signal
import subprocess
import zipfile
from pathlib import Path

import psutil

from service.autostart.xdg import read_keys, words_of
from tests.desktop.desktop import Desktop, is_menu, wait_until
from tests.desktop.icon_club import a_new_icon_process, icon_process
from tests.desktop.shown_icon import which_picture
from tests.frozen.conftest import FROZEN, FrozenClub


def test_the_icon_docks_opens_the_window_and_comes_back(club: FrozenClub, desk: Desktop) -> None:
    desk.start_host()
    program = club.run()
    wait_until(lambda: which_picture(desk.picture()) == "active")
    wait_until(lambda: club.where_is_the_icon() == "docked")
    icon = icon_process(program)
    assert icon is not None
    assert icon.exe() == FROZEN
    desk.click()
    wait_until(lambda: desk.window_of("Heitz Service") is not None)
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    desk.xdotool("key", "Escape")
    icon.kill()
    a_new_icon_process(program, icon.pid)
    wait_until(desk.is_docked)
    club.write_email("client@example.org")
    wait_until(lambda: club.received() == ["client@example.org"])
    actors = club.status()["actors"]
    assert [each["path"] for each in actors if each["restarts"]] == []
    parts = psutil.Process(program.pid).children(recursive=True)
    desk.end(program)
    assert program.returncode == 0
    wait_until(lambda: not any(part.is_running() for part in parts if "window" not in _words(part)))
    assert desk.window_of("Heitz Service") is not None  # it says that the program has gone


def test_the_commands_speak_french_and_know_their_version(club: FrozenClub) -> None:
    program = club.run("--headless")
    wait_until(lambda: club.status().get("state") == "active")
    code, said, errors = club.command("status")
    assert (code, errors) == (0, "")
    assert "tout va bien" in said
    assert club.command("--version")[1].strip() != "heitz-service 0"
    code, said, errors = club.command("doctor", "--config", str(club.settings), "--station", "ACCUEIL")
    assert (code, errors) == (0, ""), said
    file = club.folder / "support.zip"
    code, _, errors = club.command(
        "doctor", "--config", str(club.settings), "--station", "ACCUEIL", "--bundle", str(file)
    )
    assert (code, errors) == (0, "")
    with zipfile.ZipFile(file) as bundle:
        packages = bundle.read("packages.txt").decode()
    assert "SQLAlchemy==" in packages
    club.desk.end(program)


def test_the_start_at_login_names_the_executable_and_its_guard_works(club: FrozenClub, desk: Desktop) -> None:
    desk.start_host()
    words = ("--config", str(club.settings), "--station", "ACCUEIL")
    code, said, errors = club.command("autostart", "enable", *words)
    assert (code, errors) == (0, ""), said
    entry = Path(desk.environment["XDG_CONFIG_HOME"]) / "autostart/heitz-service.desktop"
    command = words_of(read_keys(entry.read_text("utf-8"))["Exec"])
    assert FROZEN in command
    assert "-m" not in command
    guard = desk.start(*command, env=club.environment)
    wait_until(lambda: club.where_is_the_icon() == "docked")
    first = club.status()["pid"]
    assert psutil.Process(first).exe() == FROZEN
    psutil.Process(first).send_signal(signal.SIGKILL)
    wait_until(lambda: club.status().get("pid", first) != first)
    wait_until(lambda: club.where_is_the_icon() == "docked")
    desk.end(guard)
    assert guard.returncode == 0
    assert json.loads(club.command("autostart", "status", "--json")[1])["problem"] is None


def test_only_its_own_parts_are_served() -> None:
    ended = subprocess.run(
        (FROZEN, "--part", "http.server"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
