"""Takes the pictures of the status window for the docs, from the real program at work.

One part of `make pictures`.

The station is a real one, with a mail server that takes its e-mails and an SMS gateway that is away.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests/desktop_window/lab")]

import window_desk  # noqa: E402

from service.demo.club import make_club, write_emails, write_sms  # noqa: E402
from service.demo.pool import Pool  # noqa: E402
from service.paths import HOME_VARIABLE  # noqa: E402
from tests.program.sample_club import Club  # noqa: E402

FOLDER = ROOT / "docs/pictures"
CARD, LIST = 28, 16
DPI = 96  # of a screen at 100 %
SETTLE_SECONDS = 1.5  # until what was drawn last is on the screen
# The file, the language, dots per inch, the screen, the keys that are pressed.
PICTURES = (
    ("window-fr.png", "fr", 96, "1280x960", ("Down", "Down", "Return")),
    ("window-attendance-fr.png", "fr", 96, "1280x960", ("ctrl+Tab",)),
    ("window-support-fr.png", "fr", 96, "1280x960", ("ctrl+Tab", "ctrl+Tab", "ctrl+Tab")),
    ("window-history-fr.png", "fr", 96, "1280x960", ("ctrl+Tab", "ctrl+Tab")),
    ("window-en-200.png", "en", 192, "1920x1840", ("Down", "Down", "Return")),
    ("window-small-fr.png", "fr", 96, "800x600", ()),
)
_VISITED_SECONDS = 120.0


@contextmanager
def station(folder: Path, language: str) -> Iterator[Club]:
    """Run a station that has sent some e-mails, whose SMS cannot leave, and whose pool has visitors for minutes."""
    club = Club(folder)
    try:
        with Pool() as pool:
            club.start_smtp()
            make_club(folder, club.smtp_port, 1, pool.settings, language)
            write_emails(folder, 0, 14)
            write_sms(folder, 0, 3)
            club.run()
            pool.begin(_VISITED_SECONDS)
            yield club
    finally:
        club.close()


def take(club: Club, file: str, dpi: int, size: str, keys: tuple[str, ...]) -> None:
    """Open the window on a screen of its own, press some keys, and keep what is seen, without the bare screen."""
    with window_desk.screen(size, dpi) as on:
        environment = {**os.environ, HOME_VARIABLE: str(club.home), "DISPLAY": on.name, "TZ": "Europe/Paris"}
        with window_desk.Window(on, environment) as window:
            window.shown()
            window_desk.wait_until(lambda: on.shows("active", round(CARD * dpi / DPI)), "the status")
            on.do("mousemove", "0", "0")
            window.press(*keys)
            if "history" in file:
                window_desk.wait_until(lambda: on.shows("active", LIST), "the runs")
            Event().wait(SETTLE_SECONDS)
            picture = on.picture()
            picture.crop(picture.getbbox()).save(FOLDER / file, optimize=True)


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language in ("fr", "en"):
        with tempfile.TemporaryDirectory() as name, station(Path(name), language) as club:
            Event().wait(8)  # some ticks of the operations
            for file, spoken, dpi, size, keys in PICTURES:
                if spoken == language:
                    take(club, file, dpi, size, keys)
                    sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
