"""The import contracts hold, and they bite: each one broken on purpose in a copy is reported."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("actors", "club", "config", "service", "supervisor")

BREAKS = [
    # the contract's name, the module that breaks it, the line that breaks it
    ("config stands at the bottom and knows nobody", "config/broken.py", "import club"),
    ("supervisor knows nothing of clubs", "supervisor/broken.py", "import club"),
    ("supervisor does not look up", "supervisor/broken.py", "import actors"),
    ("club has no actor", "club/broken.py", "import supervisor"),
    ("club does not look up", "club/broken.py", "import service"),
    ("actors do not know the program", "actors/broken.py", "import service"),
    ("no cycle: service over actors over club and supervisor over config", "config/broken.py", "import service"),
    ("what operations share knows no operation", "actors/board.py", "import actors.email.policy"),
    ("operations know neither each other nor who keeps them", "actors/email/broken.py", "import actors.registry"),
    ("no operation knows another", "actors/sms/broken.py", "import actors.email.policy"),
    ("policies are pure", "actors/email/policy.py", "import actors.email.adapters"),
    ("the rules of SMS are pure", "actors/sms/optout.py", "import club.outbox"),
    (
        "the icon's process knows neither the runtime nor the club nor the settings",
        "actors/tray/child/owner.py",
        "import supervisor",
    ),
    ("the rules of the icon are pure", "actors/tray/policy.py", "import actors.tray.adapters"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> str:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": "."})
    return ended.stdout + ended.stderr


def test_every_contract_is_broken_by_a_test() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts] == [name for name, _, _ in BREAKS]


@pytest.mark.parametrize(("contract", "module", "line"), BREAKS, ids=[name for name, _, _ in BREAKS])
def test_a_broken_contract_is_reported(copy: Path, contract: str, module: str, line: str) -> None:
    broken = copy / module
    broken.parent.mkdir(exist_ok=True)
    (broken.parent / "__init__.py").touch()
    with broken.open("a") as stream:
        stream.write(f"\n{line}\n")
    assert f"{contract} BROKEN" in lint_imports(copy)


def test_the_tree_as_it_stands_keeps_every_contract(copy: Path) -> None:
    assert "0 broken" in lint_imports(copy)
