"""Tests that only Windows can pass: `make test-windows` runs them in a Windows Python, on other systems none is collected."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.sample_club import Club

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """A club in a folder with a space and an accent, as they are on a French PC."""
    folder = tmp_path / "Forme et Santé"
    folder.mkdir()
    club = Club(folder)
    try:
        club.start_smtp()
        club.write_settings()
        club.make_database()
        yield club
    finally:
        club.close()
