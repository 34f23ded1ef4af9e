"""The desk of the window's tests: Xvfb with a window manager, a station of the test's own, and the real window."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from datetime import UTC, datetime
from threading import Event, Lock
from time import monotonic
from typing import Any, Self

from PIL import Image, ImageGrab

from assets.icons import draw
from config.sentence import SentenceError
from service.channel.handshake import make_key
from service.channel.requests import Watch, parse
from service.channel.server import ControlServer
from service.instance import Instance, acquire
from service.paths import Folders
from service.watching import Watches

LONG = 90.0
FULL = 255


def wait_until(is_so: Callable[[], Any], what: str = "it") -> Any:
    """Return what `is_so` returns once it is true."""
    until = monotonic() + LONG
    while not (found := is_so()):
        assert monotonic() < until, f"{what} did not happen"
        Event().wait(0.05)
    return found


class Screen:
    """A screen of its own, seen by its pixels and used by xdotool."""

    def __init__(self, name: str) -> None:
        self.name = name

    def do(self, *words: str) -> str:
        """Call xdotool and return what it says; nothing when it fails, since a window may be gone."""
        ended = subprocess.run(
            ["xdotool", *words],
            capture_output=True,
            text=True,
            timeout=LONG,
            check=False,
            env={**os.environ, "DISPLAY": self.name},
        )
        return ended.stdout

    def picture(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.name).convert("RGB")

    def shows(self, state: str, size: int) -> bool:
        """Tell whether the icon of a state, on a white card, is somewhere on the screen: pixel by pixel."""
        return contains(self.picture(), state, size)


def contains(picture: Image.Image, state: str, size: int) -> bool:
    """Look for the icon's whole pixels; its soft edge is blended with whatever lies beneath."""
    icon = draw(state, size)
    width, height = picture.size
    rows = [picture.crop((0, y, width, y + 1)).tobytes() for y in range(height)]
    spans = list(_whole(icon))
    first, wanted = spans[len(spans) // 2][1:]
    for y in range(size // 2, height - size // 2):
        at = rows[y].find(wanted)
        while at >= 0:
            top, left = y - spans[len(spans) // 2][0], at - 3 * first
            if at % 3 == 0 and left >= 0 and top >= 0 and top + size <= height:
                found = (rows[top + row][left + 3 * begin :].startswith(span) for row, begin, span in spans)
                if all(found):
                    return True
            at = rows[y].find(wanted, at + 1)
    return False


def _whole(icon: Image.Image) -> Iterator[tuple[int, int, bytes]]:
    """Give of each row where its whole pixels begin, and their colours; the bodies are convex, so they lie together."""
    alpha = icon.getchannel("A").tobytes()
    for y in range(icon.height):
        whole = [x for x in range(icon.width) if alpha[y * icon.width + x] == FULL]
        if whole and whole[-1] - whole[0] + 1 == len(whole):
            yield y, whole[0], icon.convert("RGB").crop((whole[0], y, whole[-1] + 1, y + 1)).tobytes()


@contextmanager
def screen(size: str = "1024x768", dpi: int = 96) -> Iterator[Screen]:
    """Open a screen with a window manager."""
    read, write = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            f"{size}x24",
            "-dpi",
            str(dpi),
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    number = b""
    while not number.endswith(b"\n"):  # the number and its end are written apart, and a reader that left ends Xvfb
        part = os.read(read, 16)
        assert part, "Xvfb did not start"
        number += part
    name = f":{number.decode().strip()}"
    manager = subprocess.Popen(
        ["openbox", "--sm-disable"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DISPLAY": name},
    )
    try:
        yield Screen(name)
    finally:
        os.close(read)
        for process in (manager, server):
            process.terminate()
            process.wait(LONG)


class Window:
    """`heitz-service window` as a process; what was started is ended."""

    def __init__(self, on: Screen, environment: dict[str, str], *words: str) -> None:
        self.screen = on
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service", "window", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def ids(self) -> list[str]:
        """Return the visible windows of this process."""
        return self.screen.do(
            "search", "--all", "--onlyvisible", "--pid", str(self.pid), "--name", "Heitz Service"
        ).split()

    def is_visible(self) -> bool:
        return bool(self.ids())

    def shown(self) -> Self:
        wait_until(lambda: self.process.poll() is not None or self.is_visible(), "the window")
        assert self.process.poll() is None, self.process.communicate()
        wait_until(self.has_focus, "the keyboard's focus")
        return self

    def hidden(self) -> Self:
        wait_until(lambda: not self.is_visible(), "hiding")
        return self

    def has_focus(self) -> bool:
        return self.screen.do("getactivewindow").strip() in self.ids()

    def press(self, *keys: str) -> None:
        self.screen.do("key", "--delay", "60", *keys)

    def geometry(self) -> tuple[int, int, int, int]:
        """Return left, top, width and height."""
        said = self.screen.do("getwindowgeometry", "--shell", self.ids()[0])
        found = dict(line.split("=") for line in said.split())
        return int(found["X"]), int(found["Y"]), int(found["WIDTH"]), int(found["HEIGHT"])

    def click(self, right: int, bottom: int) -> None:
        """Click so many pixels from the right and the lower edge."""
        _, _, width, height = self.geometry()
        place = (str(width - right), str(height - bottom))
        self.screen.do("mousemove", "--sync", "--window", self.ids()[0], *place, "click", "1")

    def ended(self) -> tuple[int, str]:
        """Wait for the process's own end and return its code and what it said of errors."""
        _, errors = self.process.communicate(timeout=LONG)
        return self.process.returncode, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()


def operation(id_: str, **changes: Any) -> dict[str, Any]:
    """Return an operation as the status has it: active, unless told otherwise."""
    return {
        "id": id_, "title": id_.upper(), "is_exclusive": True, "state": "active", "reason": None,
        "attention": False, "since": "2026-11-24T07:58:04+01:00", "holder": "ACCUEIL", "last_run": None,
        "next_run": None, "counters": {}, "can_pause": True, **changes,
    }  # fmt: skip


STATUS: dict[str, Any] = {
    "version": 1, "program": "0.1.0", "station": "ACCUEIL", "state": "active", "pid": 1, "started_at": None,
    "config": {"file": None, "loaded_at": None, "problem": None},
    "operations": [operation("email"), operation("sms")],
    "actors": [],
}  # fmt: skip


class Station:
    """A station of the test's own: lock, key and channel are real, what it says is the test's."""

    def __init__(self, home: Folders, name: str = "ACCUEIL") -> None:
        self._home = home
        self._name = name
        self._lock = Lock()
        self._watches = Watches(lambda _: self.status, between_looks_seconds=0.05)
        self._server: ControlServer | None = None
        self._instance: Instance | None = None
        self.status = deepcopy(STATUS)
        self.asked: list[dict[str, Any]] = []
        self.language = "fr"
        self.nonsense: dict[str, Any] | None = None
        """What is answered in place of everything, where a test wants it."""

    def start(self) -> None:
        self._instance = acquire(self._name, datetime.now(UTC), self._home)
        address, key = self._instance.holder.address, make_key(self._home)
        self._server = ControlServer(address, key, self._handle, language=lambda: self.language)
        self._server.start()

    def close(self) -> None:
        if self._server is not None and self._instance is not None:
            self._server.close()
            self._instance.release()
            self._server = self._instance = None

    def requests(self, command: str) -> list[dict[str, Any]]:
        with self._lock:
            return [request for request in self.asked if request["command"] == command]

    def _handle(self, request: dict[str, Any], language: str) -> dict[str, Any]:
        with self._lock:
            self.asked.append(dict(request))
        if self.nonsense is not None:
            return self.nonsense
        if request["command"] == "pause":
            return {"operation": request["operation"], "paused_until": None, "reason": "en pause"}
        message = parse(request)
        if isinstance(message, Watch):
            return self._watches.wait(message.seen, language)
        if request["command"] == "run-now":
            return {"outcome": "ok", "seconds": 0.1, "summary": "3 e-mails envoyés", "counters": {}}
        if request["command"] == "restart":
            return {"path": request["actor"], "state": "running", "incarnation": 2}
        if request["command"] == "stop":
            return {"stopping": True, "pid": os.getpid()}
        raise SentenceError("not in this test")
