"""The whole program with its icon: docked, told by `status`, killed and hung while the work goes on."""

import signal
from pathlib import Path

import pytest

from tests.desktop.desktop import Desktop, is_menu, wait_until
from tests.desktop.icon_club import IconClub, a_new_icon_process, icon_process
from tests.desktop.shown_icon import which_picture

RAISING = """
import sys
class Icon:
    def __init__(self, *args, **kwargs): raise RuntimeError("pystray raises at every call")
class Menu: pass
class MenuItem: pass
"""


@pytest.fixture
def club(desk: Desktop, tmp_path: Path) -> IconClub:
    club = IconClub(tmp_path / "club", desk)
    club.prepare()
    return club


def test_the_icon_docks_and_status_says_where_it_is(club: IconClub, desk: Desktop) -> None:
    desk.start_host()
    program = club.run()
    wait_until(lambda: which_picture(desk.picture()) == "active")
    wait_until(lambda: club.where_is_the_icon() == "docked")
    tray = club.status()["tray"]
    assert (tray["back_end"], tray["restarts"], tray["reason"]) == ("xorg", 0, None)
    assert "icon beside the clock since" in club.command("status", "--lang", "en")[1]
    desk.end(program)
    assert program.returncode == 0
    wait_until(lambda: not desk.is_docked())


def test_without_a_tray_host_status_says_so_and_a_late_one_gets_the_icon(club: IconClub, desk: Desktop) -> None:
    program = club.run()
    wait_until(lambda: club.where_is_the_icon() == "waiting_for_host")
    assert "no icon: this desktop has no notification area now" in club.command("status", "--lang", "en")[1]
    desk.start_host()
    desk.wait_for_icon()
    wait_until(lambda: club.where_is_the_icon() == "docked")
    desk.end(program)


def test_an_icon_killed_hung_and_killed_again_leaves_the_work_undisturbed(club: IconClub, desk: Desktop) -> None:
    desk.start_host()
    program = club.run()
    desk.wait_for_icon()
    process = icon_process(program)
    assert process is not None
    for round_ in range(9):
        club.write_email(f"client{round_}@example.org")
        process.send_signal(signal.SIGSTOP if round_ == 4 else signal.SIGKILL)
        process = a_new_icon_process(program, process.pid)
        desk.wait_for_icon()
    wait_until(lambda: len(club.received()) == 9)
    assert sorted(club.received()) == [f"client{round_}@example.org" for round_ in range(9)]
    found = club.status()
    for actor in found["actors"]:
        assert (actor["restarts"], actor["last_failure"]) == (0, None), actor
    assert found["tray"]["restarts"] == 9
    desk.end(program)
    assert program.returncode == 0


def test_a_pystray_that_raises_at_every_call_ends_nothing(club: IconClub, desk: Desktop, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty" / "pystray"
    faulty.mkdir(parents=True)
    for name in ("__init__", "_xorg"):
        (faulty / f"{name}.py").write_text(RAISING, "utf-8")
    desk.start_host()
    path = f"{faulty.parent}:{club.environment['PYTHONPATH']}"
    program = club.run(PYTHONPATH=path)
    wait_until(lambda: club.status().get("tray", {}).get("restarts", 0) >= 3)
    tray = club.status()["tray"]
    assert "raises at every call" in tray["reason"]
    club.write_email("client@example.org")
    wait_until(lambda: club.received() == ["client@example.org"])
    desk.end(program)
    assert program.returncode == 0


def test_a_failure_is_shown_by_the_icon_and_quitting_by_the_menu_stops_the_program(
    club: IconClub, desk: Desktop
) -> None:
    desk.start_host()
    program = club.run()
    wait_until(lambda: which_picture(desk.picture()) == "active")
    club.settings.write_text(club.settings.read_text("utf-8") + "\nnonsense = 1\n", "utf-8")
    wait_until(lambda: which_picture(desk.picture()) == "attention")
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    desk.xdotool("key", "Up", "Up", "Return")
    wait_until(lambda: desk.window_of("Stop Heitz Service?") is not None)
    desk.xdotool("key", "Tab", "Return")
    assert program.wait(60) == 0


@pytest.mark.parametrize(
    ("words", "variables", "state", "said"),
    [
        (("--headless",), {}, "off", "no icon: started with --headless"),
        ((), {"DISPLAY": ""}, "no_display", "no icon: this session has no display"),
    ],
)
def test_a_station_without_an_icon_says_why(
    club: IconClub, words: tuple[str, ...], variables: dict[str, str], state: str, said: str
) -> None:
    program = club.run(*words, **variables)
    wait_until(lambda: club.where_is_the_icon() == state)
    assert said in club.command("status", "--lang", "en")[1]
    assert club.status()["state"] == "active"
    assert icon_process(program) is None
    club.desk.end(program)


def test_a_display_that_cannot_be_reached_is_tried_again_and_told(club: IconClub) -> None:
    program = club.run(DISPLAY=":4998")
    wait_until(lambda: club.where_is_the_icon() == "no_display")
    assert "the display cannot be used" in club.status()["tray"]["reason"]
    assert club.status()["state"] == "active"
    club.desk.end(program)
    assert program.returncode == 0


def test_the_icon_is_switched_off_and_on_by_the_settings(club: IconClub, desk: Desktop) -> None:
    desk.start_host()
    program = club.run()
    desk.wait_for_icon()
    club.write_settings(presence="icon = false")
    wait_until(lambda: club.where_is_the_icon() == "off")
    wait_until(lambda: not desk.is_docked())
    club.write_settings()
    desk.wait_for_icon()
    wait_until(lambda: club.where_is_the_icon() == "docked")
    desk.end(program)
