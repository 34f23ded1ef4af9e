"""How large the window is drawn: as the desktop is set, as far as the screen has room."""

import os
import shutil
import subprocess
import sys
import tkinter as tk
from contextlib import suppress
from typing import Final

_DPI: Final = 96.0
_LEAST, _MOST = 1.0, 3.0
LEAST_WIDTH, LEAST_HEIGHT = 560, 420
"""The window's least size at 100 %: every tab can be read and every button be reached."""
ROOM: Final = 72  # of the screen's height, for the title bar and a panel
_XRDB_SECONDS: Final = 1.0


def be_aware_of_dpi() -> None:
    """Tell Windows, before any window is made, that this program draws at the screen's own scale. Not tried there."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        with suppress(AttributeError, OSError):
            ctypes.windll.shcore.SetProcessDpiAwareness(2)


def scale_of(root: tk.Tk) -> float:
    """Return the screen's scale, 1.0 at 96 dots per inch, never less: what the desktop is set to, else what X says."""
    dots = _dots_of_the_desktop(root) or float(root.winfo_fpixels("1i"))
    return min(_MOST, max(_LEAST, round(dots / _DPI * 8) / 8))


def most_of(root: tk.Tk) -> float:
    """Return the scale beyond which the window would not have its least size on this screen."""
    return max(_LEAST, min(root.winfo_screenwidth() / LEAST_WIDTH, (root.winfo_screenheight() - ROOM) / LEAST_HEIGHT))


def _dots_of_the_desktop(root: tk.Tk) -> float | None:
    """Return `Xft.dpi`, where desktops of X write their scale; the X server itself goes on saying 96."""
    if root.tk.call("tk", "windowingsystem") != "x11" or shutil.which("xrdb") is None:
        return None
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(
            ["xrdb", "-query"],  # noqa: S607 - wherever the system has it
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_XRDB_SECONDS,
            check=False,
            env=dict(os.environ),
        ).stdout
        for line in said.splitlines():
            name, _, value = line.partition(":")
            if name.strip().casefold() == "xft.dpi":
                return float(value)
    return None
