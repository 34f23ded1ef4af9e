"""A process that outlives the program: it opens the way in again when the program dies while it is closed.

`python -m actors.fmi.watchman` reads, from its input, whose way in is closed, and waits. A line more dismisses it; the
end of its input without one is the program's death, by whatever cause: it then opens the port and lets people in.
"""

import base64
import contextlib
import pickle
import subprocess
import sys
import threading
from threading import Event
from time import monotonic
from typing import Final

from actors.fmi.drivers.driver import CanForbid, NotObeyed
from actors.fmi.drivers.roster import open_driver
from actors.fmi.drivers.settings import DriverSettings
from actors.serial_port import NotOpened, PortLost
from config.own_program import part_command

_TRIES_SECONDS: Final = 120.0
_BETWEEN_SECONDS: Final = 0.5
_DISMISSED: Final = b"done\n"


class Watchman:
    """The process, as the actor sees it; one for each sensor whose way in is closed."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def post(self) -> None:
        """Have it watch from now on. Raises OSError when there is no process to be had."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            part_command("actors.fmi.watchman"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what ends the program's group must not end it
        )
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        self._process.stdin.write(base64.b64encode(pickle.dumps(self._settings)) + b"\n")
        self._process.stdin.flush()

    def dismiss(self) -> None:
        """Let it go: the way in is open."""
        self._end(_DISMISSED)

    def alarm(self) -> None:
        """Have it open the way in: the port is let go of, and nobody else will."""
        self._end(b"")

    def _end(self, word: bytes) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError):  # it has ended already
            process.stdin.write(word)
            process.stdin.close()
        # It takes a moment, or minutes, to end: nobody waits for it but this thread, so that it leaves no zombie.
        threading.Thread(target=process.wait, name="watchman", daemon=True).start()


def open_the_way_in(settings: DriverSettings, seconds: float = _TRIES_SECONDS) -> bool:
    """Open the way in as soon as the port can be had; False when that took too long, or somebody else has it.

    A program that was started anew opens it by itself, and has the port for itself: then there is nothing to do.
    """
    until = monotonic() + seconds
    while True:
        try:
            driver = open_driver(settings)
            try:
                if isinstance(driver, CanForbid):
                    driver.forbid_entries(forbidden=False)
                return True
            finally:
                driver.close()
        except (NotOpened, NotObeyed, PortLost):
            if monotonic() > until:
                return False
        Event().wait(_BETWEEN_SECONDS)


def main() -> int:
    """Wait for a word, or for the program's death."""
    settings = pickle.loads(base64.b64decode(sys.stdin.buffer.readline()))  # noqa: S301 - of the program that started us
    if sys.stdin.buffer.readline() == _DISMISSED:
        return 0
    return 0 if open_the_way_in(settings) else 1


if __name__ == "__main__":
    sys.exit(main())
