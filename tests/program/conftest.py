"""A club for each test of the whole program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.sample_club import Club


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """A club whose database and mail server are well; what was started for it ends with the test."""
    club = Club(tmp_path)
    try:
        club.start_smtp()
        club.write_settings()
        club.make_database()
        yield club
    finally:
        club.close()
