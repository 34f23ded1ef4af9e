"""The program's end of the child: starts it, talks to it without ever waiting for it, ends it."""

import json
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from config.own_program import part_command

_MAX_LINE: Final = 65_536
_MOST_ALERTS: Final = 8
_NO_WINDOW: Final = getattr(subprocess, "CREATE_NO_WINDOW", 0)

Json = dict[str, Any]


def child_command() -> tuple[str, ...]:
    """Return the command line of the child."""
    return part_command("actors.tray.child")


class ChildProcess:
    """One child. `said` gets each of its lines and `ended` its exit code, both in the thread that reads it.

    What is told to it waits in a place for each kind of thing, the newest replacing the one before; a child that
    hangs costs the thread that writes to it, which ends with the child, and nothing grows.
    """

    def __init__(
        self,
        command: Sequence[str],
        said: Callable[[Json], None],
        ended: Callable[[int], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._said = said
        self._ended = ended
        self._newest: dict[str, Any] = {}
        self._alerts: deque[Json] = deque(maxlen=_MOST_ALERTS)
        self._changed = threading.Condition()
        self._is_closing = False
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=None if environment is None else dict(environment),
            creationflags=_NO_WINDOW,
        )
        self._threads = (
            threading.Thread(target=self._read, name="tray-child-says", daemon=True),
            threading.Thread(target=self._write, name="tray-child-told", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The child's process."""
        return self._process.pid

    def tell(self, kind: str, value: Any) -> None:
        """Have the child told something, the newest of its kind only; returns at once."""
        with self._changed:
            self._newest[kind] = value
            self._changed.notify()

    def tell_alert(self, alert: Json) -> None:
        """Have an alert shown; the oldest is dropped when the child takes none."""
        with self._changed:
            self._alerts.append(alert)
            self._changed.notify()

    def kill(self) -> None:
        """End the child at once; it holds nothing that could be lost."""
        with suppress(OSError):
            self._process.kill()
        self._close()

    def close(self, seconds: float) -> None:
        """Let the child end by itself, and end it after so many seconds."""
        self._close()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def _close(self) -> None:
        with self._changed:
            self._is_closing = True
            self._changed.notify()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - it was asked for
        with suppress(OSError, ValueError), stream:
            while line := stream.readline(_MAX_LINE):
                found = json.loads(line)
                if isinstance(found, dict):
                    self._said(found)
        # No more is to come, or it was nonsense: either way this child is of no use any more.
        with suppress(OSError):
            self._process.kill()
        code = self._process.wait()
        self._close()
        self._ended(code)

    def _write(self) -> None:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - it was asked for
        with suppress(OSError, ValueError), stream:
            while (line := self._next()) is not None:
                stream.write(line)
                stream.flush()

    def _next(self) -> bytes | None:
        """Wait for something to tell; None when there is nothing more."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._alerts or self._is_closing)
            if self._is_closing:
                return None
            told: Json = {**self._newest}
            self._newest.clear()
            if self._alerts:
                told["alert"] = self._alerts.popleft()
        return json.dumps(told).encode() + b"\n"
