"""The page "add an operation" is right: followed word by word in a copy of the program, it gives one that works."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic
from typing import Any, Final

import attrs
import pytest
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs/how-to/add-an-operation.md"
BLOCK: Final = re.compile(r"^\*\*`([^`\n]+)`\*\*\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED: Final = ("actors", "assets", "club", "config", "service", "supervisor", "tools")
PATIENCE_SECONDS: Final = 90.0


@attrs.frozen
class Block:
    """One block of the page under the name of the file that it is about."""

    file: str
    kind: str
    text: str


class Copy:
    """A copy of the program in which the page was followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blocks = [Block(*match.groups()) for match in BLOCK.finditer(PAGE.read_text("utf-8"))]
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "tests").mkdir()
        shutil.copy(ROOT / "tests/test_architecture.py", folder / "tests")
        shutil.copy(ROOT / "pyproject.toml", folder)
        for block in self.blocks:
            self._follow(block)

    @property
    def written(self) -> list[str]:
        """The Python files that the page has its reader write or edit."""
        return sorted({block.file for block in self.blocks if block.file.endswith(".py")})

    def block(self, kind: str) -> Block:
        [found] = [block for block in self.blocks if block.kind == kind]
        return found

    def run(self, *words: str, timeout: float = 150) -> "subprocess.CompletedProcess[str]":
        """Run a command in the copy, to its end."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def tool(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a tool of the environment in the copy."""
        return self.run(str(Path(sys.executable).parent / name), *words)

    def program(self, *words: str) -> list[str]:
        """Return the command line of the copy's own heitz-service."""
        return [sys.executable, "-m", "service", *words]

    @property
    def environment(self) -> dict[str, str]:
        """What commands see: the copy's modules first, and a home of their own."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "HEITZ", "COV_"))
        }
        home = str(self.folder / "home")
        return {**kept, "HEITZ_SERVICE_HOME": home, "PYTHONPATH": str(self.folder), "PYTHONIOENCODING": "utf-8"}

    def _follow(self, block: Block) -> None:
        file = self.folder / block.file
        match block.kind:
            case "python" | "toml":
                assert not file.exists(), f"{block.file} is written twice"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")
            case "diff":
                before, after = (_side(block.text, mark) for mark in "-+")
                text = file.read_text(encoding="utf-8")
                assert text.count(before) == 1, f"{block.file} has {text.count(before)} times:\n{before}"
                file.write_text(text.replace(before, after), encoding="utf-8")
            case "po":
                pass  # filled in when the catalogue was made, as the page says
            case _:
                pytest.fail(f"the page has a block that nobody knows how to follow: {block.kind} for {block.file}")


def _side(diff: str, mark: str) -> str:
    return "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in (" ", mark))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("program"))


@pytest.fixture
def web_page() -> Iterator[str]:
    """The web server that the page starts by hand; gives what to write instead of its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_room_has_the_six_files_and_the_page_says_where_each_block_belongs(copy: Copy) -> None:
    room = [Path(name).name for name in copy.written if name.startswith("actors/web_server/")]
    assert room == ["__init__.py", "actor.py", "adapters.py", "operation.py", "policy.py", "settings.py"]
    fences = re.findall(r"^```(?:python|diff|toml|po)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(fences) == len(copy.blocks)


def test_what_the_page_writes_is_as_clean_as_the_rest(copy: Copy) -> None:
    for check in (
        copy.tool("ruff", "check", "--no-cache", *copy.written),
        copy.tool("ruff", "format", "--no-cache", "--diff", *copy.written),
        copy.tool("mypy", *copy.written),
        copy.tool("lint-imports", "--no-cache"),
    ):
        assert check.returncode == 0, check.stdout + check.stderr


def test_the_operations_own_test_and_the_new_contracts_test_pass(copy: Copy) -> None:
    own = copy.tool("pytest", "-q", "-p", "no:cacheprovider", "tests/web_server")
    assert own.returncode == 0, own.stdout + own.stderr
    contracts = copy.tool(
        "pytest", "-q", "-p", "no:cacheprovider", "tests/test_architecture.py", "-k", "every_contract or no_operation"
    )
    assert contracts.returncode == 0, contracts.stdout + contracts.stderr
    assert "2 passed" in contracts.stdout


def test_the_settings_of_the_operation_are_told_and_checked(copy: Copy) -> None:
    right = copy.run(*copy.program("config", "check", "heitz-service.toml"))
    assert right.returncode == 0, right.stderr
    assert "the page that must answer" in copy.run(*copy.program("--lang", "en", "config", "schema")).stdout
    wrong = copy.folder / "wrong.toml"
    wrong.write_text(copy.block("toml").text.replace("http://", "htp://"), encoding="utf-8")
    refused = copy.run(*copy.program("config", "check", str(wrong)))
    assert refused.returncode == 2
    assert "web_server.url" in refused.stderr


def test_the_station_runs_the_operation_and_says_so_in_french(copy: Copy, web_page: str) -> None:
    make_french(copy)
    settings = copy.folder / "heitz-service.toml"
    settings.write_text(copy.block("toml").text.replace("127.0.0.1:8080", web_page), encoding="utf-8")
    made = copy.run(*copy.program("database", "init", "--config", str(settings)))
    assert made.returncode == 0, made.stderr
    run = copy.program("run", "--config", str(settings), "--station", "SERVEUR", "--headless")
    station = subprocess.Popen(run, cwd=copy.folder, env=copy.environment, stderr=subprocess.PIPE, text=True)
    try:
        status = status_with_web_server(copy, station)
        [actor] = [actor for actor in status["actors"] if actor["path"] == "web_server"]
        assert (actor["state"], actor["restarts"]) == ("running", 0)
        ran = copy.run(*copy.program("--lang", "fr", "run-now", "web_server", "--json"))
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout)["summary"] == "le serveur Web répond"
        assert copy.run(*copy.program("stop")).returncode == 0
        _, errors = station.communicate(timeout=PATIENCE_SECONDS)
        assert station.returncode == 0, errors
    finally:
        if station.poll() is None:
            station.kill()
        station.communicate()


def make_french(copy: Copy) -> None:
    """Do what the page says of the French: make the catalogue, fill the sentences in, make it again."""
    page = read_po(io.StringIO(copy.block("po").text), locale="fr")
    sentences = {str(message.id): str(message.string) for message in page if message.id}
    tool = (sys.executable, "tools/catalogue.py")
    first = copy.run(*tool).stdout.splitlines()
    assert {sentence for sentence in sentences if f"no French: {sentence}" not in first} == set()
    file = copy.folder / copy.block("po").file
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale="fr")
    for sentence, french in sentences.items():
        message = catalogue.get(sentence)
        assert message is not None
        message.string = french
    with file.open("wb") as stream:
        write_po(stream, catalogue)
    second = copy.run(*tool).stdout.splitlines()
    of_the_room = {
        str(message.id) for message in catalogue if any("web_server" in path for path, _ in message.locations)
    }
    assert {sentence for sentence in of_the_room if f"no French: {sentence}" in second} == set()


def status_with_web_server(copy: Copy, station: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return the status as soon as the operation has spoken; it must be active."""
    until = monotonic() + PATIENCE_SECONDS
    while monotonic() < until and station.poll() is None:
        answer = copy.run(*copy.program("status", "--json"))
        if answer.stdout:  # empty while the station does not answer yet
            status: dict[str, Any] = json.loads(answer.stdout)
            [operation] = [each for each in status["operations"] if each["id"] == "web_server"]
            if operation["last_run"] is not None:
                assert (operation["state"], operation["reason"]) == ("active", None)
                return status
        threading.Event().wait(0.05)
    station.kill()
    raise AssertionError(f"the operation did not speak: {station.communicate()}")
