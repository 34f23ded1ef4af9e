"""A simulated GSM modem on a pseudo-terminal, for tests and for clients that nobody here wrote.

It shares no code with the program, not the alphabet either, and gammu is asked whether it is right.
As a program: `modem_simulator.py LINK LOG` puts a modem at the path LINK and writes each SMS that goes on air to LOG.
"""

import json
import os
import pty
import select
import sys
import threading
import tty
from pathlib import Path
from typing import Any

from modem_at import BY_NUMBER, Modem


class SimulatedModem:
    """A modem plugged in at the path `link`; everything that touches `modem` while it runs holds `lock`."""

    def __init__(self, link: Path, log: Path) -> None:
        self.link, self.log = link, log
        log.touch()
        self.modem = Modem(log, self._out)
        self.lock = threading.RLock()
        self.splits = 0
        """Answers are written in pieces of so many bytes, 0: whole."""
        self.cut_after: int | None = None
        """The cable is cut after so many bytes, of both directions together."""
        self.counted = 0
        self.heard = b""
        self._master = -1
        self._slave = -1
        self._wake, self._waker = os.pipe()
        self._is_over = False
        self.plug_in()
        self._thread = threading.Thread(target=self._run, name="simulated modem", daemon=True)
        self._thread.start()

    def air(self) -> list[dict[str, Any]]:
        """Return what went on air."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def plug_in(self) -> None:
        with self.lock:
            self.modem.is_unplugged = False
            self.modem._power_up()
            self._master, self._slave = pty.openpty()
            tty.setraw(self._master)
            tty.setraw(self._slave)
            fresh = self.link.with_name(self.link.name + ".new")
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(self.link)
            os.write(self._waker, b".")

    def unplug(self) -> None:
        with self.lock:
            if self._master >= 0:
                self.link.unlink(missing_ok=True)
                os.close(self._slave)
                os.close(self._master)
                self._master = self._slave = -1
                os.write(self._waker, b".")

    def say(self, text: str) -> None:
        with self.lock:
            self.modem.say(text)

    def close(self) -> None:
        self._is_over = True
        os.write(self._waker, b".")
        self._thread.join()
        self.unplug()
        self.modem.close()
        os.close(self._wake)
        os.close(self._waker)

    def _out(self, data: bytes) -> None:
        pieces = (
            [data[place : place + self.splits] for place in range(0, len(data), self.splits)] if self.splits else [data]
        )
        for piece in pieces:
            if self._master < 0:
                return
            allowed = piece[: self._allowance(len(piece))]
            try:
                while allowed:
                    allowed = allowed[os.write(self._master, allowed) :]
            except OSError:
                return
            if self._is_cut():
                self._cut()

    def _allowance(self, wanted: int) -> int:
        allowed = wanted if self.cut_after is None else min(wanted, max(self.cut_after - self.counted, 0))
        self.counted += allowed
        return allowed

    def _is_cut(self) -> bool:
        return self.cut_after is not None and self.counted >= self.cut_after

    def _cut(self) -> None:
        self.modem.is_unplugged = True

    def _run(self) -> None:
        while not self._is_over:
            master = self._master
            try:
                ready = select.select([self._wake, *([master] if master >= 0 else [])], [], [])[0]
            except (OSError, ValueError):  # unplugged at this moment by a test
                continue
            with self.lock:
                if self._wake in ready:
                    os.read(self._wake, 1000)
                master = self._master  # which may be another by now
                if master < 0 or not select.select([master], [], [], 0)[0]:
                    continue
                try:
                    data = os.read(master, 4096)
                except OSError:  # nobody has the other end open, and we have closed ours
                    data = b""
                allowed = data[: self._allowance(len(data))]
                self.heard += allowed
                self.modem.hear(allowed)
                if self.modem.is_unplugged or self._is_cut():
                    self.unplug()


def main() -> None:
    link, log = map(Path, sys.argv[1:3])
    simulated = SimulatedModem(link, log)
    simulated.modem.by_number = dict(BY_NUMBER)
    print("plugged in", flush=True)  # noqa: T201 - whoever started it waits for the word
    sys.stdin.read()  # until whoever started it goes
    simulated.close()


if __name__ == "__main__":
    main()
