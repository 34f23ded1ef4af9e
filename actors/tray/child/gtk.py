"""The icon by GTK, or by AppIndicator where the desktop speaks StatusNotifier: with Debian's packages, not with pip.

A desktop whose panel takes only StatusNotifier (KDE, GNOME's extension) shows no icon of the X11 kind, and the other
way round; which of both is asked of the session bus.
"""

import os
from contextlib import closing
from typing import Any, Final

from actors.tray.child.owner import MakeStand
from actors.tray.child.stand import DOCKED, WAITING, Docking, Job, Wishes, item_calls
from actors.tray.face import Face, Item
from assets.icons import draw

_WATCHER: Final = "org.kde.StatusNotifierWatcher"
_SIZE: Final = 48  # GTK makes it smaller by itself
_SECONDS: Final = 2.0


def gtk_back_end(wanted: str) -> MakeStand:
    """Return what makes the icon: `appindicator`, `gtk`, or what the desktop speaks when none is wanted.

    Raises ImportError or ValueError when Debian's packages are not there, NoBus without a session bus: pystray's calls
    for notifications end the icon there, and X11 alone needs none.
    """
    is_watched = _is_watched()
    if is_watched is None:
        raise NoBus("no session bus")
    choice = wanted or ("appindicator" if is_watched else "gtk")
    if choice == "appindicator":
        import gi  # noqa: PLC0415

        gi.require_version("AyatanaAppIndicator3", "0.1")
    os.environ["PYSTRAY_BACKEND"] = choice
    from gi.repository import GLib  # noqa: PLC0415
    from pystray import Icon, Menu, MenuItem  # noqa: PLC0415

    def make(wishes: Wishes, face: Face) -> "GtkIcon":
        return GtkIcon(choice, (GLib, Icon, Menu, MenuItem), wishes, face)

    return make


class NoBus(Exception):  # noqa: N818 - a state of the desktop
    """Nobody answers as the session bus."""


def has_watcher() -> bool:
    """Whether the desktop speaks StatusNotifier."""
    return bool(_is_watched())


def _is_watched() -> bool | None:
    """Return whether the bus knows who shows StatusNotifier icons, None when there is no bus."""
    try:
        from jeepney import DBusAddress, new_method_call  # noqa: PLC0415
        from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415

        bus_itself = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        with closing(open_dbus_connection(bus="SESSION")) as bus:
            call = new_method_call(bus_itself, "NameHasOwner", "s", (_WATCHER,))
            return bool(bus.send_and_get_reply(call, timeout=_SECONDS).body[0])
    except (ImportError, OSError, KeyError, ValueError, RuntimeError, EOFError, IndexError):
        return None


class GtkIcon:
    """A `Stand` on GTK's loop."""

    def __init__(self, back_end: str, libraries: tuple[Any, Any, Any, Any], wishes: Wishes, face: Face) -> None:
        self.back_end = back_end
        self._glib, icon, self._menu, self._item = libraries
        self._wishes = wishes
        self._face = face
        self._icon = icon("heitz-service", draw(face.picture, _SIZE), face.tooltip, self._menu_of(face))

    def run(self) -> None:
        """Serve the icon in this thread until it is stopped."""

        def appear() -> None:
            self._icon.visible = True
            self._wishes.docking_changed()

        self.post(appear)
        try:
            self._icon.run(setup=lambda _icon: None)
        except self._glib.GError as error:
            if "Notifications" not in str(error):  # at its end it calls a service that may not be there
                raise RuntimeError(str(error)) from error

    def post(self, job: Job) -> None:
        """Have a job done in GTK's loop."""

        def once() -> bool:
            job()
            return False

        self._glib.idle_add(once)

    def show(self, face: Face) -> None:
        """Show what changed."""
        before, self._face = self._face, face
        if before.picture != face.picture:
            self._icon.icon = draw(face.picture, _SIZE)
        if before.tooltip != face.tooltip:
            self._icon.title = face.tooltip
        if before.menu != face.menu:
            self._icon.menu = self._menu_of(face)

    def measure(self) -> Docking:
        """Ask GTK whether a panel holds the icon, or the bus whether there is who shows it."""
        status_icon = getattr(self._icon, "_status_icon", None)
        is_held = status_icon.is_embedded() if status_icon is not None else has_watcher()
        return Docking(DOCKED if is_held else WAITING)

    def notify(self, _title: str, _text: str) -> bool:
        """Leave it to the session bus: pystray's own call fails unseen where no service answers."""
        return False

    def stop(self) -> None:
        """End the loop."""
        self._icon.stop()

    def _menu_of(self, face: Face) -> Any:
        return self._menu(*(self._entry(item) for item in face.menu))

    def _entry(self, item: Item) -> Any:
        if not item.text:
            return self._menu.SEPARATOR
        if item.below:
            return self._item(item.text, self._menu(*(self._entry(each) for each in item.below)))
        calls = item_calls(self._wishes, item.does)
        return self._item(item.text, calls, default=item.is_default, enabled=bool(item.does))
