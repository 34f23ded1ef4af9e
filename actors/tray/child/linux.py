"""Which back end of pystray serves a Linux desktop: GTK where Debian's packages are, else X11 alone."""

import os
from typing import Final

from actors.tray.child.owner import MakeStand

CHOICE: Final = "HEITZ_SERVICE_TRAY"
"""An environment variable for the support: `xorg`, `gtk` or `appindicator`."""


def linux_back_end() -> MakeStand:
    """Return what makes the icon; raises what pystray and its libraries raise when nothing can."""
    wanted = os.environ.get(CHOICE, "")
    if wanted != "xorg":
        try:
            from actors.tray.child.gtk import gtk_back_end  # noqa: PLC0415

            return gtk_back_end(wanted)
        except Exception:
            if wanted:
                raise
    os.environ["PYSTRAY_BACKEND"] = "xorg"
    from actors.tray.child.xorg import XorgIcon  # noqa: PLC0415

    return XorgIcon
