"""A disk that fills up: nothing is sent that can't be marked, nothing is lost, and work goes on when there is room."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.sample_club import Club


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB; only root can make one."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system needs root and mount(8)")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this computer does not let root mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def club(small_disk: Path, tmp_path: Path) -> Iterator[Club]:
    """A club on the small disk; the program's own files are elsewhere."""
    club = Club(small_disk)
    club.home = tmp_path / "home"
    club.smtp_log = tmp_path / "smtp.log"
    try:
        club.start_smtp()
        club.write_settings()
        club.make_database()
        yield club
    finally:
        club.close()


def fill(folder: Path) -> Path:
    """Write until nothing more goes in, and return the file to remove."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    return ballast


def test_a_full_disk_delays_and_loses_nothing(club: Club) -> None:
    club.write_emails(*(f"m{number}@example.org" for number in range(20)))
    ballast = fill(club.folder)
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "waiting")
    club.wait_until(lambda: club.status()["state"] == "attention")
    ballast.unlink()
    club.wait_until(lambda: club.states().get("sent") == 20)
    assert set(club.copies().values()) == {1}
    club.wait_until(lambda: club.status()["state"] == "active")


def test_a_program_whose_own_folder_is_on_a_full_disk_says_so_and_does_not_start(club: Club) -> None:
    club.home = club.folder / "home"
    club.command("status")  # makes the folders
    fill(club.folder)
    code, _, errors = club.command("run", "--config", str(club.settings), "--station", "ACCUEIL")
    assert code == 2
    assert "make room" in errors
    assert errors.count("\n") == 1
