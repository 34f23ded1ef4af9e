"""The icon by GTK and by AppIndicator, with Debian's own Python and packages; without a session bus by X11 alone."""

import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from assets.icons import PICTURES, draw
from tests.desktop.desktop import Desktop, desktop, wait_until
from tests.desktop.shown_icon import ShownIcon

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = "/usr/bin/python3"
PATH: Final = f"{ROOT}:{sysconfig.get_path('purelib')}"
HEIGHT: Final = 24
Show = Callable[..., ShownIcon]


@cache
def missing() -> str:
    """Return why Debian's Python cannot show the icon by GTK, nothing when it can."""
    if not Path(PYTHON).exists():
        return f"{PYTHON} is missing"
    needs = "import gi; gi.require_version('Gtk', '3.0'); gi.require_version('AyatanaAppIndicator3', '0.1')"
    version = f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}, 'it is another Python'"
    said = subprocess.run(
        (PYTHON, "-c", f"{version}; {needs}; import PIL.Image, jeepney"),
        env={"PYTHONPATH": PATH}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return said.stderr.strip().splitlines()[-1] if said.returncode else ""


@pytest.fixture
def shown() -> Iterator[Show]:
    """Start children in Debian's Python; they end with the test."""
    if missing():
        pytest.skip(f"{missing()} (tools/test-packages)")
    with ExitStack() as stack:

        def start(desk: Desktop, wanted: str = "") -> ShownIcon:
            command = (PYTHON, "-P", "-m", "actors.tray.child")
            icon = ShownIcon(desk, command, HEITZ_SERVICE_TRAY=wanted, PYTHONPATH=PATH)
            stack.callback(icon.close)
            icon.show("active")
            return icon

        yield start


def in_the_corner(desk: Desktop) -> str:
    """Return the picture whose colour the corner of the screen comes nearest to: GTK chooses size and smoothing."""
    screen = desk.screen()
    seen = screen.crop((screen.width - HEIGHT, screen.height - HEIGHT, screen.width, screen.height))
    bar = seen.getpixel((0, 0))
    apart = {}
    for name in PICTURES:
        drawn = Image.new("RGB", seen.size, bar)
        icon = draw(name, HEIGHT)
        drawn.paste(icon, (0, 0), icon)
        pairs = zip(_mean(drawn), _mean(seen), strict=True)
        apart[name] = sum(abs(one - other) for one, other in pairs)
    return min(apart, key=lambda name: apart[name])


def _mean(image: Image.Image) -> tuple[int, ...]:
    found = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(found, tuple)
    return tuple(map(int, found))


def is_where(icon: ShownIcon, state: str) -> bool:
    icon.ask()
    told = icon.events("docking")
    return bool(told) and told[-1]["state"] == state


def test_by_gtk_it_docks_shows_each_state_is_clicked_and_comes_back(desk: Desktop, shown: Show) -> None:
    host = desk.start_host(HEIGHT)
    icon = shown(desk)
    assert icon.wait_for("up")["back_end"] == "gtk"
    wait_until(lambda: is_where(icon, "docked"))
    for picture in ("active", "failed", "attention"):
        icon.show(picture)
        wait_until(lambda: in_the_corner(desk) == picture)  # noqa: B023 - it is waited for here
    screen = desk.screen()
    place = (str(screen.width - HEIGHT // 2), str(screen.height - HEIGHT // 2))
    desk.xdotool("mousemove", *place, "click", "1")
    icon.wait_for("chosen", what="open")
    desk.xdotool("mousemove", "0", "0")
    for number in (9, 15):
        desk.end(host, number)
        wait_until(lambda: is_where(icon, "waiting_for_host"))
        host = desk.start_host(HEIGHT)
        wait_until(lambda: is_where(icon, "docked"))
    assert icon.codes == []


def test_where_the_panel_speaks_status_notifier_it_docks_by_appindicator(desk: Desktop, shown: Show) -> None:
    desk.start_panel()
    wait_until(lambda: _has_watcher(desk))
    icon = shown(desk)
    assert icon.wait_for("up")["back_end"] == "appindicator"
    wait_until(lambda: is_where(icon, "docked"))
    icon.show("failed")
    icon.wait_for("drawn", picture="failed")
    assert icon.codes == []


def test_without_a_session_bus_it_docks_by_x11_alone(tmp_path: Path, shown: Show) -> None:
    with desktop(tmp_path / "desk", bus=False) as bare:
        bare.start_host(HEIGHT)
        icon = shown(bare)
        assert icon.wait_for("up")["back_end"] == "xorg"
        icon.wait_until_docked()
        icon.wait_until_seen("active")
        icon.close()


def _has_watcher(desk: Desktop) -> bool:
    program = "from actors.tray.child.gtk import has_watcher; raise SystemExit(not has_watcher())"
    command = (PYTHON, "-P", "-c", program)
    return subprocess.run(command, env={**desk.environment, "PYTHONPATH": PATH}, check=False).returncode == 0
