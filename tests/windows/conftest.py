"""Tests that only Windows can pass: `make test-windows` runs them; on other systems none is collected."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.sample_club import Club

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]


class WindowsClub(Club):
    """Its stations write to a file: under Wine the console's host keeps a pipe open after they have ended."""

    def run(self, station: str = "ACCUEIL") -> "subprocess.Popen[str]":
        """Start a station and return at once."""
        with (self.folder / f"{station}.said").open("ab") as said:
            return self.spawn(
                self._command("run", "--config", str(self.settings), "--station", station, "--headless"),
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """A club in a folder with a space and an accent, as they are on a French PC."""
    folder = tmp_path / "Forme et Santé"
    folder.mkdir()
    club = WindowsClub(folder)
    try:
        club.start_smtp()
        club.write_settings()
        club.make_database()
        yield club
    finally:
        for process in club._processes:
            if process.poll() is None:
                process.kill()
            process.wait(30)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
