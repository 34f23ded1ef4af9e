"""Windows programs on a desktop of this computer, looked at from outside: `make test-windows` runs these tests.

Without the Windows Python that it makes none of them is collected.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.desktop import Desktop, desktop
from tests.wine.wine import FOLDER_VARIABLE, Wine

collect_ignore_glob = [] if os.environ.get(FOLDER_VARIABLE) else ["test_*.py"]


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
