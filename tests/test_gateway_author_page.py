"""The page "add an SMS gateway" is right: followed word by word in a copy of the program, it gives one that works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs/how-to/add-a-gateway.md"
BLOCK: Final = re.compile(r"^\*\*`([^`\n]+)`\*\*\n\n```(python|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
pytestmark = pytest.mark.timeout(180)  # mypy on a machine that has other things to do
COPIED: Final = ("actors", "assets", "config", "tests/sms")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, folder / name)
    for file, kind, text in BLOCK.findall(PAGE.read_text("utf-8")):
        follow(folder / file, kind, text)
    return folder


def follow(file: Path, kind: str, text: str) -> None:
    """Write the file, or apply the edit, of a block."""
    if kind == "python":
        assert not file.exists(), f"{file.name} is there already"
        file.write_text(text, encoding="utf-8")
        return
    before, after = ("".join(line[1:] for line in text.splitlines(keepends=True) if line[0] in (" ", m)) for m in "-+")
    written = file.read_text("utf-8")
    assert written.count(before) == 1, f"{file.name} has {written.count(before)} times:\n{before}"
    file.write_text(written.replace(before, after), encoding="utf-8")


def run(copy: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    command = (str(Path(sys.executable).parent / words[0]), *words[1:])
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=150)


def test_every_block_of_the_page_says_where_it_belongs() -> None:
    page = PAGE.read_text("utf-8")
    assert len(BLOCK.findall(page)) == len(re.findall(r"^```(?:python|diff)$", page, re.MULTILINE)) == 4


def test_the_new_gateway_keeps_the_whole_contract(copy: Path) -> None:
    ran = run(copy, "pytest", "-q", "-p", "no:cacheprovider", "tests/sms/test_gateway_bip.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"[3-9]\d passed", ran.stdout)


def test_what_the_page_writes_is_as_clean_as_the_rest(copy: Path) -> None:
    files = ("actors/sms/adapters/http/bip.py", "actors/sms/adapters/http/roster.py", "tests/sms/test_gateway_bip.py")
    for tool in (("ruff", "check", "--no-cache"), ("ruff", "format", "--diff", "--no-cache"), ("mypy",)):
        ran = run(copy, *tool, *files)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_settings_file_may_name_the_new_gateway(copy: Path) -> None:
    program = (
        "from config.variants import chosen; from typing import get_args;"
        "from actors.sms.adapters.http.roster import HttpGatewaySettings;"
        "print(chosen(get_args(HttpGatewaySettings), {'kind': 'http', 'provider': 'bip'}).__name__)"
    )
    ran = run(copy, "python", "-c", program)
    assert ran.stdout == "BipSettings\n", ran.stderr
