"""The Windows Python that `tools/windows-python` makes, started from this computer's side."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from PIL import Image
from window_desk import Screen

from tests.desktop.desktop import Desktop
from tests.desktop.shown_icon import which_picture
from tests.program.sample_club import ROOT, Club

FOLDER_VARIABLE: Final = "HEITZ_SERVICE_WINDOWS_PYTHON"
FROZEN_VARIABLE: Final = "HEITZ_SERVICE_FROZEN_WINDOWS"
STEADY: Final = ("--widthtype", "pixel", "--width", "90")
"""Words for the panel: in one that moves as it grows for an icon, Wine now and then draws none."""
_COMMAND_SECONDS: Final = 120.0


def as_windows_sees(path: Path) -> str:
    """Return a path as a Windows program takes it: the disk Z: is the root of this computer."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


def picture_by_wine(image: Image.Image | None) -> str:
    """Return the picture that an icon shows which Wine drew: at 16 pixels, its soft edges blended in Wine's own way.

    An icon of the same picture differs by 12 levels a pixel, and from any other one by more than 45.
    """
    return which_picture(image, 16, 25.0)


def windows_of(desk: Desktop) -> list[str]:
    """Return the status windows on a desktop: their title is no Latin-1, so that only the newer of X's names has it."""
    screen = Screen(desk.environment["DISPLAY"])
    return screen.do("search", "--onlyvisible", "--name", "Heitz Service").split()


class Wine:
    """Starts Windows programs on a display; `end` ends everything of it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.folder = Path(os.environ[FOLDER_VARIABLE]).absolute()
        self.environment = {**environment, "PYTHONPATH": as_windows_sees(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def program(self, file: Path, *words: str) -> list[str]:
        """Return the command line of a Windows program."""
        return [str(self.folder / "wine"), str(file), *words]

    def module(self, *words: str) -> list[str]:
        """Return the command line of a module of the project."""
        return self.program(self.folder / "py/python.exe", "-m", *words)

    def poke(self, how: str) -> None:
        """Do something to the icon of the program, behind its back: see `poke`."""
        command = [str(self.folder / "python"), "-m", "tests.wine.poke", how]
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=_COMMAND_SECONDS,
        )
        assert int(done.stdout) > 0, "there is no icon"

    def end(self) -> None:
        """End all programs of this Wine, and wait until it is gone."""
        subprocess.run([str(self.folder / "end")], env=self.environment, check=False, timeout=_COMMAND_SECONDS)


class WineClub(Club):
    """A club whose stations are Windows programs, and whose mail server is this computer's."""

    def __init__(self, folder: Path, wine: Wine, program: Sequence[str] = ()) -> None:
        super().__init__(folder)
        self.wine = wine
        self._program = list(program) or wine.module("service")

    def words_of_run(self, station: str = "ACCUEIL") -> tuple[str, ...]:
        """Return what a station is started with."""
        return ("run", "--config", as_windows_sees(self.settings), "--station", station)

    def started(self, *words: str) -> "subprocess.Popen[str]":
        """Start the program; nobody reads what it says: its log does."""
        quiet = subprocess.DEVNULL
        return self.spawn([*self._program, *words], stdin=quiet, stdout=quiet, stderr=quiet)

    def command(self, *words: str) -> tuple[int, str, str]:
        """Run a command to its end and return its exit code, output and errors, each less than a pipe holds.

        Wine's own processes may keep the pipes open: what counts is the end of the command.
        """
        with subprocess.Popen(
            [*self._program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(),
            cwd=ROOT,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            code = process.wait(_COMMAND_SECONDS)
            return code, _waiting_in(process.stdout), _waiting_in(process.stderr)

    def log(self, station: str = "accueil") -> str:
        """Return what a station has logged so far."""
        file = self.home / "logs" / f"{station}.log"
        return file.read_text("utf-8") if file.exists() else ""

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in self.wine.environment.items() if not name.startswith(("LC_", "HEITZ"))}
        return {**kept, "HEITZ_SERVICE_HOME": as_windows_sees(self.home)}


def _waiting_in(pipe: IO[bytes]) -> str:
    os.set_blocking(pipe.fileno(), False)
    return (pipe.read() or b"").decode("utf-8", "replace").replace("\r\n", "\n")
