"""The Windows Python that `tools/windows-python` makes, started from this computer's side."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.program.sample_club import ROOT, Club

FOLDER_VARIABLE: Final = "HEITZ_SERVICE_WINDOWS_PYTHON"
_COMMAND_SECONDS: Final = 120.0


def as_windows_sees(path: Path) -> str:
    """Return a path as a Windows program takes it: the disk Z: is the root of this computer."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


class Wine:
    """Starts Windows programs on a display; `end` ends everything of it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.folder = Path(os.environ[FOLDER_VARIABLE]).absolute()
        self.environment = {**environment, "PYTHONPATH": as_windows_sees(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def module(self, *words: str) -> list[str]:
        """Return the command line of a module of the project."""
        return [str(self.folder / "wine"), str(self.folder / "py/python.exe"), "-m", *words]

    def end(self) -> None:
        """End all programs of this Wine, and wait until it is gone."""
        subprocess.run([str(self.folder / "end")], env=self.environment, check=False, timeout=_COMMAND_SECONDS)


class WineClub(Club):
    """A club whose stations are Windows programs, and whose mail server is this computer's."""

    def __init__(self, folder: Path, wine: Wine) -> None:
        super().__init__(folder)
        self.wine = wine

    def run_with_an_icon(self, station: str = "ACCUEIL") -> "subprocess.Popen[str]":
        """Start a station and return at once."""
        words = ("run", "--config", as_windows_sees(self.settings), "--station", station)
        return self.started("service", *words)

    def started(self, *words: str, **streams: Any) -> "subprocess.Popen[str]":
        """Start a module of the program; nobody reads what it says: its log does."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return self.spawn(self.wine.module(*words), **{**quiet, **streams})

    def command(self, *words: str) -> tuple[int, str, str]:
        """Run a command to its end and return its exit code, output and errors."""
        ended = subprocess.run(
            [str(self.wine.folder / "python"), "-m", "service", *words],
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=ROOT,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        return ended.returncode, ended.stdout, ended.stderr

    def log(self, station: str = "accueil") -> str:
        """Return what a station has logged so far."""
        file = self.home / "logs" / f"{station}.log"
        return file.read_text("utf-8") if file.exists() else ""

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in self.wine.environment.items() if not name.startswith(("LC_", "HEITZ"))}
        return {**kept, "HEITZ_SERVICE_HOME": as_windows_sees(self.home)}
