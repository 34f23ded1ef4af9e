"""Tests of the frozen program: `make frozen` makes it and runs them; without one none is collected."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.desktop.desktop import Desktop, desktop
from tests.desktop.icon_club import IconClub

FROZEN: Final = os.environ.get("HEITZ_SERVICE_FROZEN", "")
collect_ignore_glob = [] if FROZEN else ["test_*.py"]


class FrozenClub(IconClub):
    """A club whose station is the frozen program, which gets no help from a Python beside it."""

    program = (FROZEN,)

    def __init__(self, folder: Path, desk: Desktop) -> None:
        super().__init__(folder, desk)
        self.environment = {**self.environment, "PYTHONPATH": "", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desktop]:
    with desktop(tmp_path / "desk") as made:
        yield made


@pytest.fixture
def club(tmp_path: Path, desk: Desktop) -> FrozenClub:
    made = FrozenClub(tmp_path / "Forme et Santé", desk)
    made.prepare(language="fr")
    return made
