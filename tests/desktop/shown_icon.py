"""A child as the program starts it, with what it said kept for tests."""

import threading
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageChops

from actors.tray.adapters.child_process import ChildProcess, child_command
from actors.tray.face import face_to_json, words_to_json
from actors.tray.policy import face_of, words_of
from assets.icons import PICTURES, draw
from tests.desktop.desktop import Desktop, wait_until
from tests.desktop.sample_status import operation, status


class ShownIcon:
    """A child on a desktop."""

    def __init__(self, desk: Desktop, command: tuple[str, ...] = (), **environment: str) -> None:
        self.desk = desk
        self.recognise: Callable[[Image.Image | None], str] = which_picture
        self.said: list[dict[str, Any]] = []
        self.codes: list[int] = []
        self._lock = threading.Lock()
        variables = {**desk.environment, "HEITZ_SERVICE_TRAY": "xorg", **environment}
        self.child = ChildProcess(command or child_command(), self._hear, self.codes.append, variables)
        self.child.tell("words", words_to_json(words_of("ACCUEIL", "en", None)))

    def show(self, picture: str = "active", *operations: dict[str, Any], **more: Any) -> None:
        """Have a status shown whose aggregate state is this one."""
        found = status(*(operations or (operation("sms"), operation("email"))), state=picture, **more)
        self.child.tell("face", face_to_json(face_of(found, "en")))

    def events(self, kind: str) -> list[dict[str, Any]]:
        with self._lock:
            return [each for each in self.said if each["event"] == kind]

    def wait_for(self, kind: str, /, **values: Any) -> dict[str, Any]:
        """Wait until it has said this, and return it."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.events(kind) if values.items() <= each.items()]

        def is_said() -> bool:
            if kind == "docking":
                self.ask()  # as the program does all the time
            return bool(found()) or bool(self.codes)

        wait_until(is_said)
        assert found(), (self.said, self.codes)
        return found()[0]

    def ask(self) -> None:
        """Ask for a sign of life, as the program does all the time."""
        self.child.tell("ping", 1)

    def wait_until_docked(self) -> None:
        """Wait until the icon is in the window tree of a host, asking as the program does."""

        def is_docked() -> bool:
            self.ask()
            return self.desk.is_docked()

        wait_until(is_docked)

    def wait_until_seen(self, picture: str) -> None:
        """Wait until the icon on the screen has the content of a picture."""
        wait_until(lambda: self.recognise(self.desk.picture()) == picture)

    def close(self) -> None:
        self.child.close(10)
        wait_until(lambda: bool(self.codes))

    def _hear(self, line: dict[str, Any]) -> None:
        with self._lock:
            self.said.append(line)


def which_picture(image: Image.Image | None, size: int = 0, unlike: float = 1.5) -> str:
    """Return the picture that an icon on the screen comes nearest to; nothing when it is none of them.

    `size` is what it is drawn at, by default as large as its place; up to `unlike` levels a pixel may differ.
    """
    if image is None:
        return ""
    size = size or min(image.size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    corner = image.getpixel((0, 0))
    best, nearest = unlike, ""
    for name in PICTURES:
        for dark in (False, True):
            bar = Image.new("RGB", (size, size), corner)
            icon = draw(name, size, dark)
            bar.paste(icon, (0, 0), icon)
            shown = image.crop((left, top, left + size, top + size))
            histogram = ImageChops.difference(bar, shown).convert("L").histogram()
            apart = sum(level * count for level, count in enumerate(histogram)) / (size * size)
            if apart < best:
                best, nearest = apart, name
    return nearest
