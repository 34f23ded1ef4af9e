"""The icon beside the clock.

What it does: shows by an icon how the station is, says it in words, and offers the few things that staff do: open the
window, restart an operation, pause the alerts, stop. Tells of an operation that begins to fail, and of the end of it.
On which stations: on every one that has a display, unless told `--headless`.
What it touches: the notification area of this user's desktop, through a child process that owns every call of pystray.
What happens when it fails: the child is ended and started anew; no operation notices. `status` says where the icon is.

The child imports this package, so it loads nothing here.
"""

from typing import Final

ID: Final = "tray"
