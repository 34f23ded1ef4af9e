"""The icon of the Windows back end, docked in a real panel by Wine and looked at from outside."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.desktop.desktop import Desktop, is_menu, wait_until
from tests.desktop.sample_status import operation
from tests.desktop.shown_icon import ShownIcon
from tests.wine.wine import STEADY, Wine, picture_by_wine

Show = Callable[..., ShownIcon]


@pytest.fixture
def shown(desk: Desktop, wine: Wine) -> Iterator[Show]:
    """Start the Windows icon's process on a desktop with a panel; it ends with the test."""
    with ExitStack() as stack:

        def start(picture: str = "active") -> ShownIcon:
            icon = ShownIcon(desk, command=tuple(wine.module("actors.tray.child")), **wine.environment)
            icon.recognise = picture_by_wine
            stack.callback(icon.close)
            icon.show(picture)
            icon.wait_for("docking", state="docked")
            icon.wait_until_seen(picture)
            return icon

        yield start


def of_the_shell(desk: Desktop, wide: int) -> list[object]:
    """Return the visible windows of Wine's shell that are wider than an icon: words under the pointer, a balloon."""
    return desk.visible(lambda window, box: box.width > wide and desk.icon_class in (window.get_wm_class() or ()))


def choose_the_first_line(desk: Desktop) -> None:
    """Click on the menu's first line."""
    (menu, *_) = desk.visible(is_menu)
    place = menu.translate_coords(desk.display.screen().root, 0, 0)
    desk.xdotool("mousemove", str(20 - place.x), str(12 - place.y), "click", "1")


def test_the_icon_docks_in_a_panel_and_shows_each_state_by_its_picture(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    icon = shown("active")
    assert icon.events("up")[0]["back_end"] == "win32"
    for state, picture in (("active", "active"), ("attention", "attention"), ("failed", "failed"), ("stopping", "off")):
        icon.show(state)
        icon.wait_until_seen(picture)


def test_a_left_click_opens_the_window(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    desk.click()
    icon.wait_for("chosen", what="open")


def test_a_right_click_shows_the_menu_of_windows_whose_lines_can_be_chosen(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    choose_the_first_line(desk)
    icon.wait_for("chosen", what="open")


def test_a_pointer_that_moves_over_the_icon_leaves_the_open_menu_alone(desk: Desktop, shown: Show, wine: Wine) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    wine.poke("move")
    icon.show("failed")
    icon.wait_for("drawn", picture="failed")
    choose_the_first_line(desk)
    icon.wait_for("chosen", what="open")


def test_the_words_appear_under_the_pointer_and_go_with_it(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    shown()

    def words() -> bool:
        return bool(of_the_shell(desk, 60))

    assert not words()
    desk.point_at_icon()
    wait_until(words)
    desk.xdotool("mousemove", "5", "5")
    wait_until(lambda: not words())


def test_an_alert_is_the_balloon_of_windows(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    icon.child.tell_alert({"title": "Heitz Service — ACCUEIL", "text": "SMS : é " * 60, "picture": "attention"})
    icon.wait_for("alerted", way="win32")
    wait_until(lambda: bool(of_the_shell(desk, 150)))


def test_a_panel_ended_and_started_five_times_gets_the_icon_back_each_time(desk: Desktop, shown: Show) -> None:
    host = desk.start_host(24, *STEADY)
    icon = shown("attention")
    for _ in range(5):
        icon.wait_until_seen("attention")
        desk.end(host)
        wait_until(lambda: not desk.is_docked())
        host = desk.start_host(24, *STEADY)
    icon.wait_until_seen("attention")
    assert len(icon.events("up")) == 1, "one process did it all"


def test_an_icon_that_the_shell_has_forgotten_comes_back(desk: Desktop, shown: Show, wine: Wine) -> None:
    desk.start_host(24, *STEADY)
    icon = shown("failed")
    wine.poke("forget")
    wait_until(lambda: not desk.is_docked())
    icon.wait_until_docked()
    icon.wait_until_seen("failed")


def test_four_hundred_faces_in_a_row_leave_the_last_one(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    for number in range(400):
        icon.show(("active", "attention", "failed")[number % 3])
    icon.show("failed")
    icon.wait_until_seen("failed")
    assert len(icon.events("drawn")) < 400


@pytest.mark.parametrize("title", ["Piscine \"Été\" \U0001f3ca & 'x' œ € — " * 14, "\0", "\ud800", "", "\n\n"])
def test_awful_titles_end_nothing(desk: Desktop, shown: Show, title: str) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    icon.show("failed", {**operation("sms", "failed", title), "title": title}, station=title)
    icon.wait_until_seen("failed")
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    desk.xdotool("key", "Escape")
    icon.ask()
    icon.wait_for("pong")
    assert icon.events("failed") == []


def test_the_end_of_the_session_asks_for_a_stop_without_a_question(desk: Desktop, shown: Show, wine: Wine) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    wine.poke("end of session")
    icon.wait_for("chosen", what="quit")


def test_the_child_goes_when_the_program_is_gone_and_leaves_no_icon(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, *STEADY)
    icon = shown()
    icon.child.close(60)
    wait_until(lambda: icon.codes == [0])
    wait_until(lambda: not desk.is_docked())
