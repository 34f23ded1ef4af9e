"""The icon of the Windows back end, docked in a real panel by Wine and looked at from outside."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.desktop.desktop import Desktop, is_menu, wait_until
from tests.desktop.sample_status import operation
from tests.desktop.shown_icon import ShownIcon
from tests.wine.wine import Wine

Show = Callable[..., ShownIcon]


@pytest.fixture
def shown(desk: Desktop, wine: Wine) -> Iterator[Show]:
    """Start the Windows icon's process on the desktop; it ends with the test."""
    with ExitStack() as stack:

        def start(picture: str = "active") -> ShownIcon:
            icon = ShownIcon(desk, command=wine.module("actors.tray.child"), **wine.environment)
            stack.callback(icon.close)
            icon.show(picture)
            return icon

        yield start


def test_the_icon_docks_in_a_panel_and_shows_each_state_by_its_picture(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown("active")
    assert icon.wait_for("up")["back_end"] == "win32"
    icon.wait_for("docking", state="docked")
    for state, picture in (("active", "active"), ("attention", "attention"), ("failed", "failed"), ("stopping", "off")):
        icon.show(state)
        icon.wait_until_seen(picture)


def test_a_left_click_opens_the_window(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_until_seen("active")
    desk.click()
    icon.wait_for("chosen", what="open")


def test_a_right_click_shows_the_menu_of_windows_whose_lines_can_be_chosen(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_until_seen("active")
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    # The lines: open, sms, email, restart an operation.
    for _ in range(4):
        desk.xdotool("key", "Down")
    desk.xdotool("key", "Right", "Down", "Return")
    assert icon.wait_for("chosen")["what"].startswith("restart:")
