"""The program starts itself and its parts by one command line; a frozen one has nothing but its own executable."""

import base64
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from sensor_simulators import Answering, Cable, Turnstile

from actors.fmi.drivers.settings import Tpw321Settings
from actors.tray.adapters.child_process import child_command
from config.own_program import PART_WORD, own_command, part_command
from service.autostart.launch import Launch
from service.parts import PARTS, asked_part

ROOT = Path(__file__).resolve().parents[2]
WATCHMAN = "actors.fmi.watchman"


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the program believe that it is frozen, and return its executable."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/heitz-service/heitz-service")
    return sys.executable


def test_a_frozen_program_calls_itself_without_an_interpreter(frozen: str) -> None:
    assert own_command("run", "--station", "ACCUEIL") == (frozen, "run", "--station", "ACCUEIL")
    assert Launch.plain().guarded == (frozen, "autostart", "run")


@pytest.mark.parametrize("module", PARTS)
def test_every_part_of_a_frozen_program_is_served_by_its_entry(frozen: str, module: str) -> None:
    executable, *words = part_command(module)
    assert executable == frozen
    assert asked_part(words) is PARTS[module]


def test_every_part_that_is_started_is_on_the_list(frozen: str) -> None:
    """What no list names would start nothing in a frozen program: each caller of `part_command` is looked at."""
    source = "".join(
        file.read_text("utf-8") for folder in ("actors", "service") for file in (ROOT / folder).rglob("*.py")
    )
    assert source.count("part_command(") == len(PARTS)
    assert all(f'part_command("{module}")' in source for module in PARTS)
    assert "sys.executable" not in source


@pytest.mark.parametrize(
    "words", [["--part"], ["--part", "os"], ["--part", "actors.tray.child", "more"], ["status"], []]
)
def test_nothing_else_is_a_part(words: list[str]) -> None:
    assert asked_part(words) is None


def test_a_part_that_is_not_ours_is_refused_as_any_wrong_option() -> None:
    ended = subprocess.run(
        own_command("--part", "http.server"), capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("heitz-service: ")


@pytest.mark.parametrize("command", [own_command(PART_WORD, WATCHMAN), part_command(WATCHMAN)])
@pytest.mark.parametrize(("word", "left"), [(b"done\n", b"\x32\x31"), (b"", b"\x30\x31")])
def test_the_watchman_opens_the_way_in_when_the_program_dies_and_leaves_it_when_dismissed(
    command: tuple[str, ...], word: bytes, left: bytes, tmp_path: Path
) -> None:
    board = Turnstile()
    board.mode = b"\x32\x31"  # closed
    with Cable(tmp_path / "ttyUSB0") as cable:
        answering = Answering(cable, board)
        try:
            settings = Tpw321Settings(driver="tpw321", port=str(cable.link), may_forbid=True)
            told = base64.b64encode(pickle.dumps(settings)) + b"\n" + word
            ended = subprocess.run(command, input=told, capture_output=True, timeout=90, check=False)
        finally:
            answering.close()
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert board.mode == left


@pytest.mark.parametrize("command", [own_command("--version"), child_command(), part_command(WATCHMAN)])
def test_a_module_of_the_folder_in_which_it_is_started_hurts_no_part(command: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("queue", "email", "logging", "json", "service"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the working folder was taken')\n", "utf-8")
    ended = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert "a module of the working folder" not in ended.stderr
