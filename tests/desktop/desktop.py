"""A desktop of a test's own: an X display, a session bus, a window manager, a tray host; all ended with it."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

import Xlib.display
import Xlib.error
import Xlib.X
from PIL import Image

PATIENCE_SECONDS: Final = 90.0
ICON_CLASS: Final = "heitz-service"
PROGRAMS: Final = ("Xvfb", "trayer", "dbus-daemon", "openbox", "xdotool")

PANEL: Final = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="icon-size" type="uint" value="{icon}"/>
      <property name="size" type="uint" value="{size}"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/>
        <value type="int" value="3"/><value type="int" value="4"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-3" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
    <property name="plugin-4" type="string" value="clock">
      <property name="digital-layout" type="uint" value="3"/>
      <property name="digital-time-format" type="string" value="%H:%M"/>
    </property>
  </property>
</channel>
"""


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for what other processes do; fail when it does not come."""
    until = monotonic() + seconds
    while not is_so():
        assert monotonic() < until, "it did not happen"
        Event().wait(0.02)


def is_menu(_window: Any, box: Any) -> bool:
    """Whether a visible window has the size of the icon's menu."""
    return bool(box.width > 120 and 100 < box.height < 700)


def is_alert(_window: Any, box: Any) -> bool:
    """Whether a visible window has the size of an alert."""
    return bool(150 < box.width < 520 and 40 < box.height < 300)


class Desktop:
    """A running display; `environment` is for the programs that shall show themselves on it."""

    icon_class = ICON_CLASS

    def __init__(self, folder: Path, size: str = "1024x768x24") -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.server, number = self._start_server(size)
        self.environment = self._environment(number)
        self.display = Xlib.display.Display(self.environment["DISPLAY"])
        self._tray = self.display.intern_atom(f"_NET_SYSTEM_TRAY_S{self.display.get_default_screen()}")

    # -- programs ----------------------------------------------------------------------------------------------------

    def start(self, *command: str, **streams: Any) -> "subprocess.Popen[bytes]":
        """Start a program on this display."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": self.environment}
        process = subprocess.Popen(command, start_new_session=True, **{**quiet, **streams})
        self._processes.append(process)
        return process

    def start_bus(self) -> None:
        """Start a session bus, and wait for its address."""
        bus = self.start("dbus-daemon", "--session", "--nofork", "--print-address=1", stdout=subprocess.PIPE)
        assert bus.stdout is not None
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()

    def start_host(self, height: int = 24, *options: str) -> "subprocess.Popen[bytes]":
        """Start trayer, and wait until icons may dock."""
        command = ("trayer", "--edge", "bottom", "--align", "right", "--widthtype", "request", "--height", str(height))
        host = self.start(*command, *options)
        self.wait_for_host()
        return host

    def start_panel(self, size: int = 32, *, dark: bool = False) -> "subprocess.Popen[bytes]":
        """Start an Xfce panel with a clock, and wait until icons may dock."""
        folder = self._folder / "cfg/xfce4/xfconf/xfce-perchannel-xml"
        folder.mkdir(parents=True, exist_ok=True)
        text = PANEL.format(dark=str(dark).lower(), size=size, icon=size - 10)
        (folder / "xfce4-panel.xml").write_text(text, "utf-8")
        panel = self.start("xfce4-panel", "--disable-wm-check")
        self.wait_for_host()
        return panel

    def wait_for_host(self) -> None:
        wait_until(self.has_host)

    def has_host(self) -> bool:
        """Whether somebody owns the notification area."""
        return bool(self.display.get_selection_owner(self._tray))

    def end(self, process: "subprocess.Popen[bytes]", number: int = signal.SIGTERM) -> None:
        """End a program that was started here."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(30)

    # -- looking -----------------------------------------------------------------------------------------------------

    def icon(self) -> Any:
        """Return the icon's window when a host holds it, else None."""
        owner = self.display.get_selection_owner(self._tray)
        if not owner:
            return None
        clients = ~self.display.display.info.resource_id_mask
        for window in self._windows(self.display.screen().root):
            with suppress(Xlib.error.BadWindow):
                if self.icon_class in (window.get_wm_class() or ()):
                    parent = window.query_tree().parent
                    is_viewable = window.get_attributes().map_state == Xlib.X.IsViewable
                    if is_viewable and parent.id & clients == owner.id & clients:
                        return window
        return None

    def is_docked(self) -> bool:
        with suppress(Xlib.error.BadWindow):
            return self.icon() is not None
        return False

    def wait_for_icon(self) -> None:
        wait_until(self.is_docked)

    def picture(self, window: Any = None) -> Image.Image | None:
        """Return what a window shows (the docked icon by default), None while it is not there."""
        window = window or self.icon()
        if window is None:
            return None
        try:
            box = window.get_geometry()
            raw = window.get_image(0, 0, box.width, box.height, Xlib.X.ZPixmap, 0xFFFFFF)
        except (Xlib.error.BadMatch, Xlib.error.BadDrawable, Xlib.error.BadWindow):
            return None
        return Image.frombytes("RGB", (box.width, box.height), raw.data, "raw", "BGRX")

    def screen(self) -> Image.Image:
        """Return the whole screen."""
        found = self.picture(self.display.screen().root)
        assert found is not None
        return found

    def window_of(self, name: str) -> Any:
        """Return the visible window whose class or title has this name, else None."""
        for window in self._windows(self.display.screen().root):
            with suppress(Xlib.error.BadWindow):
                names = (*(window.get_wm_class() or ()), str(window.get_wm_name() or ""))
                if any(name in each for each in names) and window.get_attributes().map_state == Xlib.X.IsViewable:
                    return window
        return None

    def visible(self, is_one: Callable[[Any, Any], bool]) -> list[Any]:
        """Return the visible windows for which `is_one(window, geometry)` holds."""
        found = []
        for window in self._windows(self.display.screen().root):
            with suppress(Xlib.error.BadWindow, Xlib.error.BadDrawable):
                if window.get_attributes().map_state == Xlib.X.IsViewable and is_one(window, window.get_geometry()):
                    found.append(window)
        return found

    def paint(self, colour: int) -> None:
        """Give the desktop a colour."""
        root = self.display.screen().root
        root.change_attributes(background_pixel=colour)
        root.clear_area(0, 0, 0, 0)
        self.display.sync()

    # -- doing -------------------------------------------------------------------------------------------------------

    def click(self, button: int = 1) -> None:
        """Click on the icon."""
        self.point_at_icon()
        self.xdotool("click", str(button))

    def point_at_icon(self) -> None:
        """Put the pointer on the icon."""
        self.wait_for_icon()
        window = self.icon()
        box, place = window.get_geometry(), window.translate_coords(self.display.screen().root, 0, 0)
        x, y = box.width // 2 - place.x, box.height // 2 - place.y
        self.xdotool("mousemove", str(x), str(y))

    def xdotool(self, *words: str) -> None:
        """Move the mouse, press keys."""
        subprocess.run(("xdotool", *words), env=self.environment, check=True, timeout=30)

    # -- the end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End everything, the display last."""
        with suppress(Exception):
            self.display.close()
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _start_server(self, size: str) -> "tuple[subprocess.Popen[bytes], str]":
        reading, writing = os.pipe()
        self.environment = dict(os.environ)
        command = ("Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset")
        server = self.start(*command, pass_fds=[writing])
        os.close(writing)
        number = b""
        while not number.endswith(b"\n"):  # number and newline come apart; closing early ends the server
            part = os.read(reading, 16)
            assert part, "no display could be started"
            number += part
        os.close(reading)
        return server, f":{number.decode().strip()}"

    def _environment(self, display: str) -> dict[str, str]:
        for name in ("run", "cfg", "data"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LC_", "DBUS_", "XDG_", "WAYLAND", "HEITZ"))
        }
        return {
            **kept,
            "DISPLAY": display,
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "XDG_CONFIG_HOME": str(self._folder / "cfg"),
            "XDG_DATA_HOME": str(self._folder / "data"),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "NO_AT_BRIDGE": "1",
            "GTK_A11Y": "none",
        }

    def _windows(self, window: Any) -> Iterator[Any]:
        try:
            children = window.query_tree().children
        except Xlib.error.BadWindow:
            return
        for child in children:
            yield child
            yield from self._windows(child)


@contextmanager
def desktop(folder: Path, *, size: str = "1024x768x24", bus: bool = True, manager: bool = True) -> Iterator[Desktop]:
    """Give a display with a bus and a window manager, without a tray host."""
    made = Desktop(folder, size)
    try:
        if bus:
            made.start_bus()
        if manager:
            made.start("openbox")
        yield made
    finally:
        made.close()
