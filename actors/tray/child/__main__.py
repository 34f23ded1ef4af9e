"""The child's life: an owner thread for the icon, the main thread for windows, and an end with the program."""

import os
import sys
import threading
from typing import Final

from actors.tray.child.link import Link, standard_link
from actors.tray.child.owner import MakeStand, Owner

NO_DISPLAY: Final = 4
FAILED: Final = 5
_GRACE_SECONDS: Final = 1.0


def main() -> int:
    """Show the icon until the program closes the line or the icon fails; return 0, or 4 without a display, 5 failed."""
    link = standard_link()
    try:
        make = back_end()
    except Exception as error:  # noqa: BLE001 - each library has its own way to say that there is no display
        link.say("failed", kind=type(error).__name__, text=str(error)[:300], is_display=True)
        return NO_DISPLAY
    owner = Owner(link, make)
    link.listen(owner.receive, lambda: _leave(owner))
    threading.Thread(target=_own, args=(owner, link), name="tray-owner", daemon=True).start()
    owner.desk.run()
    return 0


def back_end() -> MakeStand:
    """Return the best back end that this computer has; raises what its library raises when there is none."""
    if sys.platform == "win32":
        os.environ["PYSTRAY_BACKEND"] = "win32"
        from actors.tray.child.windows import WindowsIcon  # noqa: PLC0415

        return WindowsIcon
    from actors.tray.child.linux import linux_back_end  # noqa: PLC0415

    return linux_back_end()


def _own(owner: Owner, link: Link) -> None:
    """Run the icon; however it ends, the process ends with it, and the program starts another."""
    code = 0
    try:
        owner.run()
    except BaseException as error:  # noqa: BLE001 - the edge of the owner's thread
        link.say("failed", kind=type(error).__name__, text=str(error)[:300])
        code = FAILED
    os._exit(code)


def _leave(owner: Owner) -> None:
    """End with the program: take the icon away if that works at once, and go in any case."""
    end = threading.Timer(_GRACE_SECONDS, os._exit, [0])
    end.daemon = True
    end.start()
    owner.stop()


if __name__ == "__main__":
    sys.exit(main())
