"""Where no window can be shown, one sentence says why; and another user's window commands nothing."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from window_desk import Screen, Station, Window

from service.instance import control_address
from service.paths import HOME_VARIABLE, Folders

Open = Callable[..., Window]
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["", ":9999", "nonsense"])
def test_no_screen_is_said_in_one_sentence(station: Station, open_window: Open, display: Screen, name: str) -> None:
    code, errors = open_window(DISPLAY=name).ended()
    assert code == 1
    assert "there is no screen" in errors
    assert errors.count("\n") == 1


def test_no_fonts_is_said_in_one_sentence(station: Station, open_window: Open, display: Screen, tmp_path: Path) -> None:
    (tmp_path / "none.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>', "utf-8")
    code, errors = open_window(FONTCONFIG_FILE=str(tmp_path / "none.conf")).ended()
    assert code == 1
    assert "no fonts" in errors
    assert errors.count("\n") == 1


def test_no_tkinter_is_said_in_one_sentence(
    station: Station, open_window: Open, display: Screen, tmp_path: Path
) -> None:
    (tmp_path / "tkinter").mkdir()
    text = "raise ModuleNotFoundError(\"No module named '_tkinter'\", name='_tkinter')\n"
    (tmp_path / "tkinter" / "__init__.py").write_text(text, "utf-8")
    code, errors = open_window(PYTHONPATH=f"{tmp_path}").ended()
    assert code == 1
    assert "python3-tk" in errors


@pytest.fixture
def as_nobody() -> Callable[..., subprocess.CompletedProcess[str]]:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root may become another user")

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        line = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *words]
        return subprocess.run(
            line, capture_output=True, text=True, check=False, timeout=90, cwd="/", env={**os.environ, **environment}
        )

    return run


def test_another_user_has_no_window_of_this_station(
    station: Station, home: Folders, as_nobody: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    readable = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "-c", "import attrs"],
        capture_output=True, check=False)  # fmt: skip
    if readable.returncode != 0:
        pytest.skip("another user cannot read this Python")
    said = as_nobody(
        sys.executable, "-m", "service", "window", **{HOME_VARIABLE: str(home.state), "PYTHONPATH": str(ROOT)}
    )
    assert said.returncode != 0
    assert station.asked == []


def test_another_user_cannot_command_the_program(
    station: Station, home: Folders, as_nobody: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    address = control_address("ACCUEIL", home)
    for folder in (home.runtime, home.state, tmp_path, *list(tmp_path.parents)[:-2]):
        folder.chmod(0o755)  # worse than it ever is: the socket alone has to refuse
    script = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    said = as_nobody("/usr/bin/env", "python3", "-c", script, address)
    assert "PermissionError" in said.stderr
    with socket.socket(socket.AF_UNIX) as own:  # while this user's own connection is taken
        own.connect(address)
    assert station.asked == []
