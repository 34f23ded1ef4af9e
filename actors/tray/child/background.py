"""What a panel shows behind the icon: X11 knows no half-transparent window of the common depth, so it is looked at."""

from typing import Any, Final

import Xlib.error
import Xlib.X
from PIL import Image
from pystray import _xorg

_PALE: Final = (240, 240, 240)
_DEPTH: Final = 24


class Background:
    """The panel behind a window, as its pixels were when it was last looked at."""

    def __init__(self, display: Any, window: Any) -> None:
        self._display = display
        self._window = window
        self._image: Image.Image | None = None

    def forget(self) -> None:
        """Look again next time: the window is somewhere else, or the panel has changed."""
        self._image = None

    def of_size(self, width: int, height: int) -> Image.Image:
        """Return a picture of the background that may be drawn on; plain and pale where it cannot be seen."""
        if self._image is None or self._image.size != (width, height):
            self._image = self._look(width, height)
        return self._image.copy()

    def _look(self, width: int, height: int) -> Image.Image:
        try:
            with _xorg.display_manager(self._display):
                self._window.change_attributes(background_pixmap=Xlib.X.ParentRelative)
                self._window.clear_area(0, 0, 0, 0)
            raw = self._window.get_image(0, 0, width, height, Xlib.X.ZPixmap, 0xFFFFFF)
            if raw.depth == _DEPTH:
                return Image.frombytes("RGB", (width, height), raw.data, "raw", "BGRX")
        except (_xorg.XError, Xlib.error.BadMatch, Xlib.error.BadDrawable, Xlib.error.BadWindow, ValueError):
            # Another depth than the panel's, or not on the screen: a pale square is better than none.
            pass
        return Image.new("RGB", (width, height), _PALE)
