"""Desktops for tests; without the programs that make one the tests skip, and say which are missing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.desktop import PROGRAMS, Desktop, desktop


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desktop]:
    """A display with a session bus and a window manager; the test starts the tray host it wants."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"a desktop needs {', '.join(missing)} (tools/test-packages)")
    with desktop(tmp_path / "desk") as made:
        yield made
