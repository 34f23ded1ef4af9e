"""What a panel shows behind the icon: X11 knows no half-transparent window of the common depth, so it is looked at.

Where the panel shows something around the icon, its colour is taken: GTK's panels paint without telling X what lies
behind a window. Where the icon fills the panel, X itself is asked to show the panel through it.
"""

from collections import Counter
from contextlib import suppress
from typing import Any, Final

import Xlib.error
import Xlib.X
from PIL import Image
from pystray import _xorg

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]

_PALE: Final[Colour] = (240, 240, 240)
_DEPTH: Final = 24
_PLAIN_SHARE: Final = 0.5
_GONE: Final = (Xlib.error.BadMatch, Xlib.error.BadDrawable, Xlib.error.BadWindow, Xlib.error.BadValue)


class Background:
    """The panel behind a window, as its pixels were when it was last looked at."""

    def __init__(self, display: Any, window: Any) -> None:
        self._display = display
        self._root = display.screen().root
        self._window = window
        self._image: Image.Image | None = None

    def forget(self) -> None:
        """Look again next time: the window is somewhere else, or the panel has changed."""
        self._image = None

    def of_size(self, width: int, height: int) -> Image.Image:
        """Return a picture of the background that may be drawn on; plain and pale where it cannot be seen."""
        if self._image is None or self._image.size != (width, height):
            self._image = self._around(width, height) or self._through(width, height)
        return self._image.copy()

    def _around(self, width: int, height: int) -> Image.Image | None:
        """Return the colour that most of the panel has next to the icon; None when too little of the panel is there."""
        with suppress(*_GONE):
            panel = self._panel()
            if panel is None:
                return None
            left, top = self._place_of(self._window)
            ring = (
                (left - 1, top - 1, width + 2, 1),
                (left - 1, top + height, width + 2, 1),
                (left - 1, top, 1, height),
                (left + width, top, 1, height),
            )
            seen: Counter[Colour] = Counter()
            for part in ring:
                seen.update(self._pixels(_within(part, panel)))
            if seen:
                colour, count = seen.most_common(1)[0]
                if count >= _PLAIN_SHARE * 2 * (width + height):
                    return Image.new("RGB", (width, height), colour)
        return None

    def _through(self, width: int, height: int) -> Image.Image:
        """Return what X shows where the window is cleared to what lies behind it."""
        try:
            with _xorg.display_manager(self._display):
                self._window.change_attributes(background_pixmap=Xlib.X.ParentRelative)
                self._window.clear_area(0, 0, 0, 0)
            raw = self._window.get_image(0, 0, width, height, Xlib.X.ZPixmap, 0xFFFFFF)
            if raw.depth == _DEPTH:
                return Image.frombytes("RGB", (width, height), raw.data, "raw", "BGRX")
        except (_xorg.XError, *_GONE):
            pass  # another depth than the panel's, or not on the screen: a pale square is better than none
        return Image.new("RGB", (width, height), _PALE)

    def _panel(self) -> Box | None:
        """Return where the outermost window around the icon is; None while it is on the root."""
        window = self._window
        while True:
            parent = window.query_tree().parent
            if not parent or parent.id == self._root.id:
                break
            window = parent
        if window.id == self._window.id:
            return None
        box = window.get_geometry()
        return (*self._place_of(window), box.width, box.height)

    def _place_of(self, window: Any) -> tuple[int, int]:
        found = window.translate_coords(self._root, 0, 0)
        return -found.x, -found.y

    def _pixels(self, box: Box) -> list[Colour]:
        left, top, width, height = box
        if width < 1 or height < 1:
            return []
        raw = self._root.get_image(left, top, width, height, Xlib.X.ZPixmap, 0xFFFFFF)
        if raw.depth != _DEPTH:
            return []
        line = Image.frombytes("RGB", (width, height), raw.data, "raw", "BGRX").tobytes()
        return [(line[at], line[at + 1], line[at + 2]) for at in range(0, len(line), 3)]


def _within(box: Box, panel: Box) -> Box:
    """Return the part of a box that lies in the panel."""
    left, top = max(box[0], panel[0]), max(box[1], panel[1])
    right = min(box[0] + box[2], panel[0] + panel[2])
    bottom = min(box[1] + box[3], panel[1] + panel[3])
    return left, top, right - left, bottom - top
