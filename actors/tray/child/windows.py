"""The icon on Windows: pystray's own back end, its defects mended.

Mended here (pystray 0.19.5; found under Wine or by reading): the end of a session is refused and never heard; the
answer of the shell is ignored, so that an icon which Explorer did not take at login never comes; words that are too
long raise and stay; the picture is one of 32 pixels made smaller; the old picture is destroyed before the shell has the
new one; an open menu is destroyed when it is refreshed. Not tried on a real Windows: see docs/tray.md.
"""

import ctypes
import os
import tempfile
from collections import deque
from contextlib import suppress
from typing import Any, Final

from pystray import Menu, MenuItem, _win32
from pystray._util import win32

from actors.tray.child.stand import DOCKED, WAITING, Docking, Job, Wishes, item_calls
from actors.tray.face import SESSION_ENDS, Face, Item
from actors.tray.policy import clipped
from assets.icons import draw

_WM_NULL: Final = 0
_WM_QUERYENDSESSION: Final = 0x11
_WM_ENDSESSION: Final = 0x16
_WM_JOBS: Final = 0x8000 + 61  # in WM_APP's range, which nobody else uses for this window
_SM_CXSMICON: Final = 49
_PER_MONITOR_AWARE: Final = 2
_TIP_UNITS: Final = 127
_TEXT_UNITS: Final = 255
_TITLE_UNITS: Final = 63
_SYMBOLS: Final = {"active": "✔", "attention": "▲", "failed": "✖", "paused": "‖", "busy": "▶"}
_OFF_SYMBOL: Final = "○"


class WindowsIcon(_win32.Icon):  # type: ignore[misc]  # pystray has no types
    """A `Stand` on Windows."""

    back_end = "win32"
    _icon_handle: Any

    def __init__(self, wishes: Wishes, face: Face) -> None:
        with suppress(AttributeError, OSError):  # before any window; absent on Windows 7
            ctypes.windll.shcore.SetProcessDpiAwareness(_PER_MONITOR_AWARE)  # type: ignore[attr-defined]
        self._wishes = wishes
        self._face = face
        self._jobs: deque[Job] = deque()
        self._is_docked = False
        self._is_menu_open = False
        super().__init__("heitz-service", draw(face.picture, 32), face.tooltip, _menu_of(face, wishes))
        self._message_handlers[_WM_QUERYENDSESSION] = lambda _w, _l: 1
        self._message_handlers[_WM_ENDSESSION] = self._on_end_session
        self._message_handlers[_WM_JOBS] = self._on_jobs

    # -- Stand -------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve the icon in this thread until it is stopped."""
        self.post(self._appear)
        super().run(setup=lambda _icon: None)

    def post(self, job: Job) -> None:
        """Have a job done in the loop's thread; before there is a window, as soon as there is one."""
        self._jobs.append(job)
        if self._hwnd:
            win32.PostMessage(self._hwnd, _WM_JOBS, 0, 0)

    def show(self, face: Face) -> None:
        """Show what changed; a menu that is open is refreshed when it is closed."""
        before, self._face = self._face, face
        if before.picture != face.picture:
            self.icon = draw(face.picture, 32)
        if before.tooltip != face.tooltip:
            self.title = face.tooltip
        if before.menu != face.menu and not self._is_menu_open:
            self.menu = _menu_of(face, self._wishes)

    def measure(self) -> Docking:
        """Ask the shell whether it has the icon; one that it does not have is offered again.

        It may have lost it unheard: a message of an Explorer that began anew does not reach an elevated process.
        """
        has_it = self._is_docked and self._message(win32.NIM_MODIFY, win32.NIF_TIP, szTip=self.title)
        if not has_it:
            # A busy shell may have taken the icon although it did not answer, and then it takes no second one.
            self._message(win32.NIM_DELETE, 0)
            self._show()
        return Docking(DOCKED, "Explorer") if self._is_docked else Docking(WAITING)

    def notify(self, title: str, text: str) -> bool:
        """Show an alert of the shell's own."""
        self._notify(text, title)
        return self._is_docked

    def stop(self) -> None:
        """End the loop; pystray takes the icon away as it ends."""
        self._stop()

    # -- pystray's own seams -----------------------------------------------------------------------------------------

    def _mark_ready(self) -> None:
        super()._mark_ready()
        if self._jobs:
            win32.PostMessage(self._hwnd, _WM_JOBS, 0, 0)

    def _on_jobs(self, _wparam: int, _lparam: int) -> int:
        with suppress(IndexError):
            while True:
                self._jobs.popleft()()
        return 0

    def _on_end_session(self, is_ending: int, _lparam: int) -> int:
        if is_ending:
            self._wishes.chosen(SESSION_ENDS)
        return 0

    def _on_notify(self, wparam: int, lparam: int) -> None:
        if lparam != win32.WM_RBUTTONUP:  # all that the pointer does is told, also while the menu is open
            super()._on_notify(wparam, lparam)
        elif not self._is_menu_open:
            self._is_menu_open = True
            try:
                super()._on_notify(wparam, lparam)
                win32.PostMessage(self._hwnd, _WM_NULL, 0, 0)  # else the next menu goes at once: see TrackPopupMenu
            finally:
                self._is_menu_open = False
                self.menu = _menu_of(self._face, self._wishes)

    def _on_taskbarcreated(self, wparam: int, lparam: int) -> None:
        self._is_docked = False
        super()._on_taskbarcreated(wparam, lparam)
        self._wishes.docking_changed()

    def _message(self, code: int, flags: int, **values: Any) -> bool:
        for name, units in (("szTip", _TIP_UNITS), ("szInfo", _TEXT_UNITS), ("szInfoTitle", _TITLE_UNITS)):
            if name in values:
                values[name] = clipped(values[name], units)
        data = win32.NOTIFYICONDATAW(
            cbSize=ctypes.sizeof(win32.NOTIFYICONDATAW), hWnd=self._hwnd, uID=1, uFlags=flags, **values
        )
        is_done = bool(win32.Shell_NotifyIcon(code, data))
        if code == win32.NIM_ADD:
            self._is_docked = is_done
        elif code == win32.NIM_DELETE:
            self._is_docked = False
        return is_done

    def _update_icon(self) -> None:
        """Give the shell the new picture before the old one is destroyed."""
        old, self._icon_handle = self._icon_handle, None
        self._assert_icon_handle()
        if self._is_docked:
            self._message(win32.NIM_MODIFY, win32.NIF_ICON, hIcon=self._icon_handle)
        if old:
            win32.DestroyIcon(old)
        self._icon_valid = True

    def _assert_icon_handle(self) -> None:
        """Make the picture at the size that the shell shows at this resolution."""
        if self._icon_handle:
            return
        size = ctypes.windll.user32.GetSystemMetrics(_SM_CXSMICON) or 16  # type: ignore[attr-defined]
        descriptor, path = tempfile.mkstemp(".ico")
        os.close(descriptor)
        try:
            draw(self._face.picture, size).save(path, "ICO", sizes=[(size, size)], bitmap_format="bmp")
            self._icon_handle = win32.LoadImage(None, path, win32.IMAGE_ICON, size, size, win32.LR_LOADFROMFILE)
        finally:
            os.unlink(path)  # noqa: PTH108 - pathlib costs the child 2 MB

    def _appear(self) -> None:
        self.visible = True
        self._wishes.docking_changed()


def _menu_of(face: Face, wishes: Wishes) -> Menu:
    return Menu(*(_entry(item, wishes) for item in face.menu))


def _entry(item: Item, wishes: Wishes) -> Any:
    if not item.text:
        return Menu.SEPARATOR
    symbol = f"{_SYMBOLS.get(item.picture, _OFF_SYMBOL)}  " if item.picture else ""
    # Windows takes & for the mark of a key.
    text = f"{symbol}{item.text}".replace("&", "&&")
    if item.below:
        return MenuItem(text, Menu(*(_entry(each, wishes) for each in item.below)))
    return MenuItem(text, item_calls(wishes, item.does), default=item.is_default, enabled=bool(item.does))
