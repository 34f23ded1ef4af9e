"""The child's end of the line to the program: a JSON object a line, both ways."""

import json
import sys
import threading
from collections.abc import Callable
from typing import IO, Any, Final

MAX_LINE: Final = 262_144


class Link:
    """Reads what the program tells, in a thread of its own, and says what happened, from any thread."""

    def __init__(self, told: IO[str], said: IO[str]) -> None:
        self._told = told
        self._said = said
        self._lock = threading.Lock()

    def say(self, event: str, **values: Any) -> None:
        """Tell the program; when it has gone there is nobody to tell."""
        line = json.dumps({"event": event, **values}, ensure_ascii=True)
        try:
            with self._lock:
                self._said.write(line + "\n")
                self._said.flush()
        except (OSError, ValueError):
            pass

    def listen(self, receive: Callable[[dict[str, Any]], None], gone: Callable[[], None]) -> None:
        """Hand on what is told until the program has gone, in a new thread."""
        threading.Thread(target=self._listen, args=(receive, gone), name="tray-link", daemon=True).start()

    def _listen(self, receive: Callable[[dict[str, Any]], None], gone: Callable[[], None]) -> None:
        try:
            while line := self._told.readline(MAX_LINE):
                found = json.loads(line)
                if isinstance(found, dict):
                    receive(found)
        except (OSError, ValueError) as error:
            self.say("failed", kind=type(error).__name__, text=str(error))
        finally:
            gone()


def standard_link() -> Link:
    """Return the link over this process's own streams, which nobody else may write to from now on."""
    said = sys.stdout
    sys.stdout = sys.stderr
    return Link(sys.stdin, said)
