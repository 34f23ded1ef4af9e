"""Windows programs on a desktop of this computer, looked at from outside: `make test-windows` runs these tests.

Without the Windows Python that it makes none of them is collected.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.desktop.desktop import Desktop, desktop
from tests.wine.wine import FOLDER_VARIABLE, FROZEN_VARIABLE, Wine, WineClub

collect_ignore_glob = [] if os.environ.get(FOLDER_VARIABLE) else ["test_*.py"]
if not os.environ.get(FROZEN_VARIABLE):
    collect_ignore_glob.append("test_frozen_*.py")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desktop]:
    """A display with a window manager; the test starts the tray host it wants."""
    with desktop(tmp_path / "desk", bus=False) as made:
        made.icon_class = "explorer.exe"  # which holds every icon under Wine
        yield made


@pytest.fixture
def wine(desk: Desktop) -> Iterator[Wine]:
    """Wine on that display, ended with it: one that goes on would keep its windows on a display that is gone."""
    opened = Wine(desk.environment)
    opened.end()
    try:
        yield opened
    finally:
        opened.end()


@pytest.fixture
def club(tmp_path: Path, wine: Wine) -> Iterator[WineClub]:
    """A club in a folder with a space and an accent, as on a French PC, whose stations are Windows programs."""
    yield from made_club(tmp_path, wine)


@pytest.fixture
def frozen_club(tmp_path: Path, wine: Wine) -> Iterator[WineClub]:
    """The same with the frozen program, which gets no help from a Python beside it."""
    wine.environment.pop("PYTHONPATH")
    file = Path(os.environ[FROZEN_VARIABLE]).absolute() / "heitz-service.exe"
    yield from made_club(tmp_path, wine, wine.program(file))


def made_club(folder: Path, wine: Wine, program: Sequence[str] = ()) -> Iterator[WineClub]:
    """Give a club with its files and its mail server, and end all of it."""
    place = folder / "Forme et Santé"
    place.mkdir()
    made = WineClub(place, wine, program)
    try:
        made.start_smtp()
        made.write_settings()
        made.make_database()
        yield made
    finally:
        wine.end()
        made.close()
