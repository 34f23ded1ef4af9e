"""The child on a real display with a real tray host: it docks, is clicked, and comes back."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.desktop.desktop import Desktop, is_alert, is_menu, wait_until
from tests.desktop.sample_status import operation
from tests.desktop.shown_icon import ShownIcon, which_picture

Show = Callable[..., ShownIcon]
AWFUL = "Piscine \"Été\" \U0001f3ca\U0001f3fd\u200d\u2640\ufe0f 'x' œ € — " * 14


@pytest.fixture
def shown(desk: Desktop) -> Iterator[Show]:
    """Start children on the desktop; they end with the test."""
    with ExitStack() as stack:

        def start(picture: str = "active", **environment: str) -> ShownIcon:
            icon = ShownIcon(desk, (), **environment)
            stack.callback(icon.close)
            icon.show(picture)
            return icon

        yield start


def test_the_icon_docks_and_shows_each_state_by_its_picture(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown("active")
    icon.wait_for("docking", state="docked")
    for state, picture in (("active", "active"), ("attention", "attention"), ("failed", "failed"), ("stopping", "off")):
        icon.show(state)
        icon.wait_until_seen(picture)


@pytest.mark.parametrize("height", [16, 24, 40, 64])
def test_the_icon_is_drawn_for_the_size_that_the_panel_gives(desk: Desktop, shown: Show, height: int) -> None:
    desk.start_host(height)
    icon = shown("failed")
    icon.wait_until_seen("failed")
    assert min(desk.icon().get_geometry().width, desk.icon().get_geometry().height) >= min(height, 24) - 4


def test_the_panel_is_seen_around_the_icon_and_not_a_square_of_our_own(desk: Desktop, shown: Show) -> None:
    desk.start_host(24, "--transparent", "true", "--alpha", "0", "--tint", "0x2468ac")
    shown("active").wait_until_seen("active")
    image = desk.picture()
    assert image is not None
    corner = image.getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert all(abs(seen - wanted) < 4 for seen, wanted in zip(corner, (0x24, 0x68, 0xAC), strict=True)), corner


def test_a_left_click_opens_the_window(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")
    desk.click()
    icon.wait_for("chosen", what="open")


def test_a_right_click_shows_a_menu_whose_lines_can_be_chosen(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    # The lines: open, sms, email, restart an operation.
    for _ in range(4):
        desk.xdotool("key", "Down")
    desk.xdotool("key", "Right", "Down", "Return")
    assert icon.wait_for("chosen")["what"].startswith("restart:")


def test_quitting_needs_a_confirmation_and_return_leaves_it_active(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")

    def ask_to_quit() -> None:
        desk.click(3)
        wait_until(lambda: bool(desk.visible(is_menu)))
        desk.xdotool("key", "Up", "Up", "Return")
        wait_until(lambda: desk.window_of("Stop Heitz Service?") is not None)

    ask_to_quit()
    desk.xdotool("key", "Return")
    wait_until(lambda: desk.window_of("Stop Heitz Service?") is None)
    assert icon.events("chosen") == []
    ask_to_quit()
    desk.xdotool("key", "Tab", "Return")
    icon.wait_for("chosen", what="quit")


def test_the_words_appear_under_the_pointer_and_go_with_it(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")

    def words() -> bool:
        return bool(desk.visible(lambda window, box: 60 < box.width < 400 and 20 < box.height < 80))

    assert not words()
    desk.point_at_icon()
    wait_until(words)
    desk.xdotool("mousemove", "5", "5")
    wait_until(lambda: not words())


def test_an_alert_without_a_service_is_a_window_above_the_clock(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")
    icon.child.tell_alert({"title": AWFUL[:60], "text": AWFUL[:200], "picture": "attention"})
    icon.wait_for("alerted", way="window")
    wait_until(lambda: bool(desk.visible(is_alert)))


def test_an_alert_goes_to_the_desktops_own_service_where_there_is_one(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    command = (sys.executable, str(Path(__file__).with_name("notification_service.py")))
    service = desk.start(*command, stdout=subprocess.PIPE)
    assert service.stdout is not None
    assert service.stdout.readline() == b"ready\n"
    icon = shown()
    icon.wait_for("docking", state="docked")
    icon.child.tell_alert({"title": "Heitz Service — ACCUEIL", "text": "SMS: <failed> & gone", "picture": "attention"})
    assert json.loads(service.stdout.readline()) == {
        "application": "Heitz Service",
        "title": "Heitz Service — ACCUEIL",
        "text": "SMS: &lt;failed&gt; &amp; gone",
        "has_picture": True,
    }
    icon.wait_for("alerted", way="dbus")
    assert not desk.visible(is_alert)


def test_a_host_that_starts_late_gets_the_icon(desk: Desktop, shown: Show) -> None:
    icon = shown("attention")
    icon.ask()
    icon.wait_for("docking", state="waiting_for_host")
    desk.start_host()
    icon.wait_until_seen("attention")
    icon.wait_for("docking", state="docked")


def test_a_host_ended_and_started_twelve_times_gets_the_icon_back_each_time(desk: Desktop, shown: Show) -> None:
    host = desk.start_host()
    icon = shown()
    for round_ in range(12):
        icon.wait_until_docked()
        desk.end(host, (signal.SIGKILL, signal.SIGTERM)[round_ % 2])
        wait_until(lambda: not desk.is_docked())
        host = desk.start_host()
    icon.wait_until_seen("active")
    assert len(icon.events("up")) == 1, "one process did it all"
    # Its threads: the main one, the link, the owner, who looks again after a move. Tcl has one more after words:
    # a panel that is slow to find its place may come by under the pointer.
    process = Path(f"/proc/{icon.child.pid}")

    def threads() -> int:
        return len(list((process / "task").iterdir())) - ("libtk" in (process / "maps").read_text("utf-8"))

    wait_until(lambda: threads() <= 4)


def test_without_a_host_no_stray_window_stands_on_the_desktop(desk: Desktop, shown: Show) -> None:
    host = desk.start_host()
    icon = shown()
    icon.wait_until_docked()
    desk.end(host)
    icon.ask()
    icon.wait_for("docking", state="waiting_for_host")
    wait_until(lambda: not desk.visible(lambda window, box: "heitz-service" in (window.get_wm_class() or ())))


def test_four_hundred_faces_in_a_row_are_few_redraws_and_the_last_is_right(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")
    for number in range(400):
        icon.show(("active", "attention", "failed")[number % 3])
    icon.show("failed", operation("sms", "failed", "the last one"))
    icon.wait_until_seen("failed")
    assert len(icon.events("drawn")) < 400


@pytest.mark.parametrize("title", [AWFUL, "\0", "\ud800", "", "\n\n\n", "日本語 \U0001f600"])
def test_awful_titles_end_nothing(desk: Desktop, shown: Show, title: str) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")
    icon.show("failed", {**operation("sms", "failed", title), "title": title}, station=title)
    icon.wait_until_seen("failed")
    desk.click(3)
    wait_until(lambda: bool(desk.visible(is_menu)))
    desk.xdotool("key", "Escape")
    icon.ask()
    icon.wait_for("pong")
    assert icon.events("aside") == []


def test_without_any_font_a_right_click_opens_the_window_and_the_icon_stays(
    desk: Desktop, shown: Show, tmp_path: Path
) -> None:
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>", "utf-8")
    desk.start_host()
    icon = shown("active", FONTCONFIG_FILE=str(fonts))
    icon.wait_for("docking", state="docked")
    desk.click(3)
    icon.wait_for("aside", kind="TclError")
    icon.wait_for("chosen", what="open")
    icon.show("failed")
    icon.wait_until_seen("failed")


def test_without_a_display_the_child_says_so_and_ends(desk: Desktop, shown: Show) -> None:
    icon = shown(DISPLAY=":4999")
    failed = icon.wait_for("failed", is_display=True)
    assert "Display" in failed["kind"]
    wait_until(lambda: icon.codes in ([4], [-signal.SIGKILL]))


def test_a_display_that_is_lost_ends_the_child(desk: Desktop, shown: Show) -> None:
    desk.start_host()
    icon = shown()
    icon.wait_for("docking", state="docked")
    desk.end(desk.server, signal.SIGKILL)
    wait_until(lambda: bool(icon.codes))


def test_the_child_goes_when_the_program_is_gone(desk: Desktop) -> None:
    desk.start_host()
    command = [sys.executable, "-m", "actors.tray.child"]
    environment = {**desk.environment, "HEITZ_SERVICE_TRAY": "xorg"}
    child = desk.start(*command, stdin=subprocess.PIPE, env=environment)
    face = {"picture": "active", "tooltip": "", "menu": []}
    assert child.stdin is not None
    child.stdin.write(json.dumps({"face": face}).encode() + b"\n")
    child.stdin.flush()
    desk.wait_for_icon()
    child.stdin.close()
    assert child.wait(60) == 0
    assert not desk.is_docked()


def test_a_picture_that_is_none_of_ours_is_recognised_as_none(desk: Desktop) -> None:
    assert which_picture(desk.screen().crop((0, 0, 24, 24))) == ""
