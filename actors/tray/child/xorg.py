"""The icon on X11 with what pip installs alone: pystray's Xorg back end, its defects mended.

Mended here, each found by running it (pystray 0.19.5): no click ever arrives; a title outside Latin-1 ends the
constructor; the picture is stretched and its transparency black; without a tray host each update logs a traceback, and
the icon does not come back by itself when a host starts late, restarts or ends; an error in the loop is swallowed;
calls from several threads lock each other up. All calls are made in the thread of the loop.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from select import select
from time import monotonic
from typing import Any, Final

import Xlib.error
import Xlib.X
from PIL import Image
from pystray import _xorg

from actors.tray.child.background import Background
from actors.tray.child.stand import DOCKED, WAITING, Docking, Job, Wishes
from actors.tray.face import OPEN, Face
from assets.icons import draw

_LEFT: Final = 1
_RIGHT: Final = 3
_SMALLEST: Final = 8
_ASK_AGAIN_SECONDS: Final = 2.0


class XorgIcon(_xorg.Icon):  # type: ignore[misc]  # pystray has no types
    """A `Stand` on X11."""

    back_end = "xorg"
    _title: str
    _icon_data: Any

    def __init__(self, wishes: Wishes, face: Face) -> None:
        self._wishes = wishes
        self._face = face
        self._jobs: deque[Job] = deque()
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        self._stopping = False
        self._asked = (0, 0.0)
        # The base class asks for a picture; what is shown is drawn at the size that the panel gives.
        super().__init__("heitz-service", draw(face.picture, 24), face.tooltip)
        self._background = Background(self._display, self._window)
        self._watch_for_hosts()

    # -- Stand -------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve the icon in this thread until it is stopped."""
        self._thread = threading.current_thread()
        self.post(self._appear)
        super().run(setup=lambda _icon: None)
        if not self._stopping:
            raise RuntimeError("the icon's window was destroyed")

    def post(self, job: Job) -> None:
        """Have a job done in the loop's thread."""
        self._jobs.append(job)
        with suppress(BlockingIOError):  # as many wake-ups as fit wait already
            os.write(self._wakes, b"\0")

    def show(self, face: Face) -> None:
        """Draw the picture if it is another one, and keep the words for whoever asks."""
        before, self._face = self._face, face
        if before.picture != face.picture:
            self.icon = draw(face.picture, 24)
        if before.tooltip != face.tooltip:
            self.title = face.tooltip

    def measure(self) -> Docking:
        """Look in the window tree whether a tray host holds the icon; ask for it when it does not."""
        host = self._get_systray_manager()
        if host is None:
            return Docking(WAITING)
        if self._is_held_by(host):
            return Docking(DOCKED, self._name_of(host))
        now = monotonic()
        # A host needs a moment to take the icon in; asked again meanwhile, it may let go of it.
        if host.id != self._asked[0] or now - self._asked[1] > _ASK_AGAIN_SECONDS:
            self._asked = (host.id, now)
            self._dock_window()
        return Docking(WAITING)

    def notify(self, _title: str, _text: str) -> bool:
        """X11 itself has no alerts."""
        return False

    def stop(self) -> None:
        """End the loop."""
        self._stopping = True
        self._window.destroy()
        self._display.flush()

    # -- pystray's own seams -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._mark_ready()
        self._mainloop()

    def _mainloop(self) -> None:
        for event in self._events():
            if event.type == Xlib.X.DestroyNotify and event.window == self._window:
                return
            handler = self._message_handlers.get(event.type)
            if handler is not None:
                handler(event)

    def _events(self) -> Iterator[Any]:
        """Yield what X tells, and do the jobs in between; nothing but this waits, nothing else reads the display."""
        while True:
            with suppress(IndexError):
                while True:
                    self._jobs.popleft()()
            while self._display.pending_events():
                yield self._display.next_event()
            if not self._jobs:
                ready, _, _ = select([self._display.fileno(), self._woken], [], [])
                if self._woken in ready:
                    os.read(self._woken, 4096)

    def _get_systray_manager(self) -> Any:
        """Return the tray host's window, None without one.

        Unlike pystray's own this does not grab the whole display: a process that is stopped meanwhile never frees it.
        """
        owner = self._display.get_selection_owner(self._net_system_tray_sx)
        return owner if owner != Xlib.X.NONE else None

    def _create_window(self) -> Any:
        title, self._title = self._title, self._title.encode("latin-1", "replace").decode("latin-1")
        window = super()._create_window()
        self._title = title
        window.change_attributes(
            event_mask=Xlib.X.ExposureMask
            | Xlib.X.StructureNotifyMask
            | Xlib.X.ButtonPressMask
            | Xlib.X.EnterWindowMask
            | Xlib.X.LeaveWindowMask
        )
        self._message_handlers |= {
            Xlib.X.EnterNotify: self._on_enter,
            Xlib.X.LeaveNotify: lambda _event: self._wishes.left(),
            Xlib.X.ReparentNotify: self._on_reparent,
        }
        self._name_window(window)
        return window

    def _update_title(self) -> None:
        self._name_window(self._window)

    def _update_icon(self) -> None:
        self._icon_data = None
        self._draw()
        self._icon_valid = True

    def _show(self) -> None:
        """Nothing to do: `measure` docks, and is asked all the time."""

    def _on_button_press(self, event: Any) -> None:
        self._wishes.left()
        if event.detail == _LEFT:
            self._wishes.chosen(OPEN)
        elif event.detail == _RIGHT:
            self._wishes.menu_wanted(self._face, event.root_x, event.root_y)

    def _on_enter(self, event: Any) -> None:
        self._wishes.hovered(self._face, event.root_x, event.root_y)

    def _on_reparent(self, event: Any) -> None:
        self._background.forget()
        if event.parent.id == self._root.id:
            # A host that ended left the window on the root, where it would stand as a window of its own.
            self._window.unmap()
            self._asked = (0, 0.0)
        self._wishes.docking_changed()

    def _on_destroy_notify(self, _event: Any) -> None:
        """Look for the next tray host: one has ended."""
        self._systray_manager = None
        self._wishes.docking_changed()

    def _on_expose(self, event: Any) -> None:
        if event.window.id == self._window.id and getattr(event, "count", 0) == 0:
            self._icon_data = None
            self._background.forget()
            self._draw()

    def _draw(self) -> None:
        with suppress(Xlib.error.BadDrawable, Xlib.error.BadWindow):
            super()._draw()

    def _assert_icon_data(self, width: int, height: int) -> None:
        """Compose the picture at the size of the window over what the panel shows behind it."""
        if self._icon_data is not None and self._icon_data.size == (width, height):
            return
        behind = self._background.of_size(width, height)
        size = max(_SMALLEST, min(width, height))
        icon = draw(self._face.picture, size, dark=is_dark(behind))
        behind.paste(icon, ((width - size) // 2, (height - size) // 2), icon)
        behind.tostring = behind.tobytes  # type: ignore[attr-defined]  # what python-xlib calls it
        self._icon_data = behind

    # -- inside ------------------------------------------------------------------------------------------------------

    def _appear(self) -> None:
        self.visible = True
        self._wishes.docking_changed()

    def _watch_for_hosts(self) -> None:
        """Be told when a tray host starts: it says so to the root window by a message MANAGER."""
        self._manager = self._display.intern_atom("MANAGER")
        self._root = self._display.screen().root
        self._root.change_attributes(event_mask=Xlib.X.StructureNotifyMask)
        own_messages = self._message_handlers[Xlib.X.ClientMessage]

        def on_message(event: Any) -> None:
            if event.client_type == self._manager:
                self._wishes.docking_changed()
            elif event.window.id == self._window.id:
                own_messages(event)

        self._message_handlers[Xlib.X.ClientMessage] = on_message

    def _name_window(self, window: Any) -> None:
        utf8 = self._display.intern_atom("UTF8_STRING")
        name = self._title.encode("utf-8", "replace")
        window.change_property(self._display.intern_atom("_NET_WM_NAME"), utf8, 8, name)

    def _is_held_by(self, host: Any) -> bool:
        """Whether the icon's window lies in one of the host's client; a window manager may have taken it instead."""
        try:
            parent = self._window.query_tree().parent
            is_viewable = self._window.get_attributes().map_state == Xlib.X.IsViewable
        except (Xlib.error.BadWindow, Xlib.error.BadDrawable):
            return False
        clients = ~self._display.display.info.resource_id_mask
        return is_viewable and parent is not None and parent.id & clients == host.id & clients

    def _name_of(self, host: Any) -> str:
        with suppress(Xlib.error.XError, UnicodeDecodeError):
            found = host.get_wm_class()
            if found:
                return str(found[-1])
        return ""


def is_dark(background: Image.Image) -> bool:
    """Whether a bright icon suits this background."""
    middle = 128
    red, green, blue = background.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue < middle)
