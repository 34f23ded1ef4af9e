"""The commands as their users see them: real processes, exit codes, one sentence per error."""

import json
import os
import pty
import signal
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from config.sentence import SentenceError
from service import command_line
from service.paths import Folders

PROGRAM = Path(__file__).parent / "station_program.py"
ROOT = Path(__file__).parents[2]
COMMANDS = tuple(command_line._MODULES)

Station = Callable[..., "subprocess.Popen[str]"]


def heitz(*words: str, **settings: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "service", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=30,
        check=False,
        **settings,
    )


@pytest.fixture
def station(home: Folders) -> Iterator[Station]:
    """Start station programs, which end with the test."""
    with ExitStack() as processes:

        def start(name: str = "ACCUEIL", state: str = "active") -> "subprocess.Popen[str]":
            process = processes.enter_context(
                subprocess.Popen(
                    [sys.executable, str(PROGRAM), name, state], stdout=subprocess.PIPE, text=True, cwd=ROOT
                )
            )
            processes.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            return process

        yield start


@pytest.mark.parametrize(("state", "code"), [("active", 0), ("attention", 1), ("failed", 1), ("stopping", 1)])
def test_status_shows_the_station_and_its_exit_code_says_whether_all_is_well(
    state: str, code: int, station: Station
) -> None:
    process = station(state=state)
    shown = heitz("status")
    assert (shown.returncode, shown.stderr) == (code, "")
    assert f"process {process.pid}" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_status_json_is_the_document_of_the_contract(station: Station) -> None:
    station()
    shown = heitz("status", "--json", "--station", "accueil")
    document = json.loads(shown.stdout)
    assert (document["version"], document["station"], shown.returncode) == (1, "ACCUEIL", 0)


def test_status_survives_a_terminal_without_unicode_and_a_reader_that_leaves(station: Station) -> None:
    station()
    ascii_only = heitz("status", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert ("+ registry" in ascii_only.stdout, ascii_only.stderr) == (True, "")
    left = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m service status | true"],
        capture_output=True,
        cwd=ROOT,
        check=True,
        timeout=30,
    )
    assert left.stderr == b""


def test_an_output_that_is_closed_or_full_is_no_traceback(station: Station) -> None:
    station()
    words = f"{sys.executable} -m service status"
    closed = subprocess.run(["sh", "-c", f"{words} >&- 2>&-"], cwd=ROOT, check=False, timeout=30)
    full = subprocess.run(
        ["sh", "-c", f"{words} >/dev/full"], stderr=subprocess.PIPE, cwd=ROOT, check=False, timeout=30
    )
    assert closed.returncode == 0
    assert (full.returncode, full.stderr) == (
        1,
        b"heitz-service: the output can't be written: No space left on device\n",
    )


def test_restart_and_run_now_print_their_result(station: Station) -> None:
    station()
    restarted = heitz("restart", "email")
    ran = heitz("run-now", "email", "--dry-run")
    assert (restarted.returncode, restarted.stdout) == (0, "email was restarted: running\n")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "email: ok in 0.2 s, dry\n", "2 e-mails due\n")


def test_a_run_that_failed_and_an_actor_that_is_unknown_exit_with_one(station: Station) -> None:
    station()
    ran = heitz("run-now", "sms", "--json")
    unknown = heitz("restart", "emial")
    assert (ran.returncode, json.loads(ran.stdout)["outcome"], ran.stderr) == (1, "failed", "")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "heitz-service: no actor emial, did you mean email?\n"


def test_progress_is_drawn_on_a_terminal_and_wiped(station: Station) -> None:
    station()
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "run-now", "email"], stdout=subprocess.PIPE, stderr=follower, cwd=ROOT
    )
    os.close(follower)
    out, _ = process.communicate(timeout=30)
    drawn = os.read(leader, 4096).decode()
    os.close(leader)
    assert "████████████░░░░░░░░░░░░  50 % 2 e-mails due" in drawn
    assert drawn.endswith("\r")
    assert out.decode() == "email: ok in 0.2 s, 2 e-mails envoyés\n"


def test_stop_returns_when_the_program_is_gone(station: Station, home: Folders) -> None:
    process = station()
    stopped = heitz("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "the station ACCUEIL has stopped\n")
    assert process.wait(5) == 0
    assert list(home.runtime.iterdir()) == []


@pytest.mark.parametrize("words", [["status"], ["restart", "email"], ["run-now", "email"], ["stop"]])
def test_without_a_program_the_exit_code_is_six_and_one_sentence_says_what_to_do(
    words: list[str], home: Folders
) -> None:
    shown = heitz(*words, "--station", "ACCUEIL")
    assert (shown.returncode, shown.stdout) == (6, "")
    assert shown.stderr == "heitz-service: the station ACCUEIL does not run: `heitz-service run` starts it\n"


def test_a_second_program_is_refused_and_after_a_kill_minus_nine_the_next_one_starts(station: Station) -> None:
    first = station()
    second = subprocess.run(
        [sys.executable, str(PROGRAM), "accueil", "active"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=30,
    )
    assert (second.returncode, f"process {first.pid}" in second.stderr) == (3, True)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert heitz("status").returncode == 6
    third = station()
    assert f"process {third.pid}" in heitz("status").stdout


def test_a_stopped_process_is_told_from_one_that_does_not_run(station: Station) -> None:
    process = station()
    process.send_signal(signal.SIGSTOP)
    try:
        shown = heitz("status")
    finally:
        process.send_signal(signal.SIGCONT)
    assert shown.returncode == 1
    assert "does not answer" in shown.stderr
    assert heitz("status").returncode == 0


def test_of_several_programs_one_is_named(station: Station) -> None:
    station("ACCUEIL")
    station("SERVEUR")
    unnamed = heitz("status")
    chosen = heitz("status", "--station", "SERVEUR")
    assert (unnamed.returncode, "say which one with --station" in unnamed.stderr) == (6, True)
    assert (chosen.returncode, "SERVEUR: all is well" in chosen.stdout) == (0, True)


GROUPED = (
    *(f"config {name}" for name in ("check", "show", "init", "schema")),
    *(f"database {name}" for name in ("init", "upgrade", "check")),
    *(f"email {name}" for name in ("list", "show", "retry", "resolve")),
    *(f"sms {name}" for name in ("list", "show", "retry", "resolve", "count", "test", "opt-out")),
    *(f"sms opt-out {name}" for name in ("list", "add", "remove")),
    *(f"fmi {name}" for name in ("ports", "probe")),
)


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPED])
def test_every_command_has_a_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"heitz-service {command}" in shown.partition("example")[2]
    assert "--lang" in shown
    assert "usage: usage" not in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    "command",
    [
        *("status", "restart", "run-now", "stop", "history", "doctor", "config check", "config show"),
        *(name for name in GROUPED if name.startswith(("database", "email", "sms", "fmi")) and name != "sms opt-out"),
    ],
)
def test_every_command_that_lists_or_shows_speaks_to_programs(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([*command.split(), "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [command for command in COMMANDS if f"\n    {command}" not in shown] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "COMMAND is missing"),
        (["stauts"], "'stauts' is not known here, did you mean status"),
        (["xyz"], "'xyz' is not known here, choose from run, status"),
        (["restart"], "ACTOR is missing"),
        (["status", "--foo"], "the argument --foo is not known here"),
        (["status", "--station"], "the argument --station needs a value"),
        (["status", "--js"], "the argument --js is not known here"),  # no abbreviations: they change meaning later
        (["--lang", "de", "status"], "'de' is not known here"),
        (["demo", "--seconds", "-1"], "is not a value for the argument --seconds"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_sentence(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(words) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "--help` shows how" in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


@pytest.fixture
def replaced_run(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Stand in for the composition root."""
    module = types.ModuleType("service.run")
    monkeypatch.setitem(sys.modules, "service.run", module)
    return module


def test_run_hands_over_what_the_command_line_says(replaced_run: types.ModuleType) -> None:
    seen: list[Any] = []

    def run(options: Any) -> int:
        seen.append(options)
        return 4

    replaced_run.run = run  # type: ignore[attr-defined]
    code = command_line.main(["run", "--config", "a.toml", "--station", "ACCUEIL", "--headless", "--lang", "fr"])
    assert (code, seen) == (4, [(Path("a.toml"), "ACCUEIL", True, False)])


def test_demo_hands_over_how_long_and_in_which_language(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("service.demo")
    monkeypatch.setitem(sys.modules, "service.demo", module)
    seen: list[Any] = []

    def run(options: Any) -> int:
        seen.append(options)
        return 0

    module.run = run  # type: ignore[attr-defined]
    assert command_line.main(["demo", "--seconds", "12.5", "--lang", "fr"]) == 0
    assert seen == [(12.5, "fr", False)]


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--version"]) == 0
    assert capsys.readouterr().out == f"heitz-service {metadata.version('heitz-service')}\n"


def test_ctrl_c_is_told_and_counted_as_shells_do(
    replaced_run: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_options: Any) -> int:
        raise KeyboardInterrupt

    replaced_run.run = interrupt  # type: ignore[attr-defined]
    assert command_line.main(["run"]) == 130
    assert capsys.readouterr().err == "heitz-service: interrupted\n"


def test_an_unforeseen_error_is_one_sentence_and_a_traceback_only_with_debug(
    replaced_run: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_options: Any) -> int:
        raise ZeroDivisionError("by\nzero")

    replaced_run.run = fail  # type: ignore[attr-defined]
    assert command_line.main(["run"]) == 1
    plain = capsys.readouterr().err
    assert command_line.main(["--debug", "run"]) == 1
    assert (plain.count("\n"), "ZeroDivisionError: by zero" in plain, "Traceback" in plain) == (1, True, False)
    assert "Traceback" in capsys.readouterr().err


def test_an_error_s_text_cannot_move_the_cursor(
    replaced_run: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_options: Any) -> int:
        raise SentenceError("the server said {text}", text="550 \x1b[2J\r\nall is well")

    replaced_run.run = fail  # type: ignore[attr-defined]
    assert command_line.main(["run"]) == 1
    assert capsys.readouterr().err == "heitz-service: the server said 550 ?[2J all is well\n"


def test_a_foreseen_error_has_the_exit_code_of_its_class(
    replaced_run: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    class UnfitError(SentenceError):
        exit_code = 2

    def fail(_options: Any) -> int:
        raise UnfitError("the file {path} is a folder: name a file", path="x")

    replaced_run.run = fail  # type: ignore[attr-defined]
    assert command_line.main(["run"]) == 2
    assert capsys.readouterr().err == "heitz-service: the file x is a folder: name a file\n"


def test_a_folder_of_somebody_else_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").symlink_to(tmp_path)
    monkeypatch.setenv("HEITZ_SERVICE_HOME", str(tmp_path / "home"))
    assert command_line.main(["status"]) == 2


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["restart", "email"]])
def test_the_quick_commands_import_nothing_heavy(words: list[str], station: Station) -> None:
    """Times vary with the machine; what is imported does not, and decides them."""
    station()
    script = (
        "import sys; from service.command_line import main; main(sys.argv[1:]);"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=ROOT, check=True, timeout=30
    )
    loaded = set(ended.stderr.split())
    assert "service.channel.client" in loaded
    heavy = {
        *("attr", "attrs", "cattrs", "sqlalchemy", "alembic", "pykka", "psutil", "keyring", "platformdirs", "tomllib"),
        *("multiprocessing", "concurrent", "asyncio", "logging", "subprocess", "dataclasses", "inspect", "tempfile"),
        *("importlib.resources", "importlib.metadata", "email", "ssl", "difflib", "traceback", "secrets", "random"),
        *("config.loading", "config.settings", "club", "supervisor", "actors", "service.channel.server"),
    }
    assert loaded & heavy == set()
    ours = {name for name in loaded if name.startswith("service.")}
    assert len(ours) <= 20
    assert len(loaded) <= 130
