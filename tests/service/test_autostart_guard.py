"""The guard starts anew what died, not what was stopped, and ends with its session: with real processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from service.autostart import stopped
from service.autostart.display import Display
from service.autostart.guard import Again, End, Guard, after
from service.paths import Folders

ROOT = Path(__file__).parents[2]
# Notes each start by its process, then ends as the next line of the script says; "wait" lives until it is told.
PROGRAM = """
import os, signal, sys, threading
told = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: told.set())
here = sys.argv[1]
with open(here + "/starts", "a") as starts:
    starts.write(f"{os.getpid()}\\n")
    starts.flush()
    number = sum(1 for _ in open(here + "/starts"))
word = sys.argv[1 + number]
if word == "wait":
    told.wait()
    open(here + "/stopped", "w").close()
    sys.exit(0)
if word == "die":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(int(word))
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    until = monotonic() + 90
    while not is_so():
        assert monotonic() < until, "it did not happen"
        Event().wait(0.02)


class Guarded:
    """A guard in a thread, its waits shortened, over a program that ends as the words say, one word for each start."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        is_over: Callable[[], bool] = lambda: False,
        ask_to_stop: Callable[[], None] | None = None,
    ) -> None:
        self._folder = folder
        command = [sys.executable, "-c", PROGRAM, str(folder), *words]
        self.guard = Guard(command, is_over, wait_factor=0.01, ask_to_stop=ask_to_stop)
        self.code: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.code = self.guard.run()

    def starts(self) -> list[int]:
        file = self._folder / "starts"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def ended(self) -> int | None:
        self._thread.join(90)
        assert not self._thread.is_alive()
        return self.code


@pytest.mark.parametrize(
    ("code", "lived", "deaths", "follows"),
    [
        (0, 5, 1, End(0)),  # a person stopped it
        (5, 5, 1, End(0)),  # stopped, but threads did not obey: stopped all the same
        (3, 1, 1, End(0)),  # it runs already, by somebody else's doing
        (-9, 5, 1, Again(1)),
        (-11, 5, 2, Again(2)),
        (1, 5, 3, Again(4)),
        (4, 5, 4, Again(8)),  # gave up
        (2, 1, 5, Again(16)),  # settings that are not there yet, or not in order
        (-9, 5, 50, Again(60)),
        (-9, 5, 5000, Again(60)),
        (-9, 700, 50, Again(1)),  # it had lived well
    ],
)
def test_what_follows_an_end(code: int, lived: float, deaths: int, follows: End | Again) -> None:
    assert after(code, lived, deaths) == follows


def test_what_dies_is_started_anew_until_it_stops_in_order(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, "die", "1", "4", "2", "die", "0")
    assert guarded.ended() == 0
    assert len(guarded.starts()) == 6
    assert guarded.guard.was_stopped


@pytest.mark.parametrize(("word", "was_stopped"), [("5", True), ("3", False)])
def test_what_was_stopped_or_runs_elsewhere_is_left_alone(tmp_path: Path, word: str, *, was_stopped: bool) -> None:
    guarded = Guarded(tmp_path, word, "wait")
    assert guarded.ended() == 0
    assert len(guarded.starts()) == 1
    assert guarded.guard.was_stopped is was_stopped


def test_the_end_of_the_guard_stops_the_program_in_order(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, "wait", "wait")
    wait_until(lambda: len(guarded.starts()) == 1)
    guarded.guard.tell_to_end()
    assert guarded.ended() == 0
    assert (tmp_path / "stopped").exists()
    assert not guarded.guard.was_stopped  # by the session's end, not by a person
    assert len(guarded.starts()) == 1


def test_where_no_signal_stops_in_order_the_program_is_asked(tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> None:
        (program,) = guarded.starts()
        asked.append(program)
        os.kill(program, signal.SIGTERM)

    guarded = Guarded(tmp_path, "wait", ask_to_stop=ask)
    wait_until(lambda: len(guarded.starts()) == 1)
    guarded.guard.tell_to_end()
    assert guarded.ended() == 0
    assert len(asked) == 1
    assert (tmp_path / "stopped").exists()


def test_a_guard_that_is_told_to_end_between_two_starts_starts_nothing_more(tmp_path: Path) -> None:
    guard = Guard([sys.executable, "-c", PROGRAM, str(tmp_path), "die", "wait"], wait_factor=1000)
    thread = threading.Thread(target=guard.run, daemon=True)
    thread.start()
    wait_until(lambda: (tmp_path / "starts").exists() and bool((tmp_path / "starts").read_text()))
    guard.tell_to_end()
    thread.join(90)
    assert not thread.is_alive()
    assert len((tmp_path / "starts").read_text().splitlines()) == 1


def test_a_program_that_cannot_be_started_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    program = tmp_path / "program"
    guard = Guard([str(program)], wait_factor=0.01)
    thread = threading.Thread(target=guard.run, daemon=True)
    thread.start()
    wait_until(lambda: "can't be started" in caplog.text)
    fresh = tmp_path / "fresh"
    fresh.write_text("#!/bin/sh\nexit 0\n")
    fresh.chmod(0o755)
    fresh.replace(program)
    thread.join(90)
    assert not thread.is_alive()


def test_the_end_of_the_session_stops_the_program_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.autostart.guard._LOOK_SECONDS", 0.05)
    over = Event()
    guarded = Guarded(tmp_path, "wait", is_over=over.is_set)
    wait_until(lambda: len(guarded.starts()) == 1)
    over.set()
    assert guarded.ended() == 0
    assert (tmp_path / "stopped").exists()


# -- the display -------------------------------------------------------------------------------------------------------

LISTENER = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(50)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def display_server(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Start what stands for a display server; a new one takes the socket of the old."""
    path = tmp_path / "wayland-7"
    with ExitStack() as processes:

        def start() -> "subprocess.Popen[str]":
            path.unlink(missing_ok=True)
            process = processes.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", LISTENER, str(path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            processes.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            return process

        yield start


def environment(tmp_path: Path) -> dict[str, str]:
    return {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}


def test_a_display_whose_server_lives_is_there(
    tmp_path: Path, display_server: "Callable[[], subprocess.Popen[str]]"
) -> None:
    display_server()
    display = Display(environment(tmp_path))
    assert [display.is_gone() for _ in range(5)] == [False] * 5


def test_a_display_whose_server_has_ended_is_gone_at_the_second_look(
    tmp_path: Path, display_server: "Callable[[], subprocess.Popen[str]]"
) -> None:
    server = display_server()
    display = Display(environment(tmp_path))
    server.kill()
    server.wait()
    assert [display.is_gone() for _ in range(3)] == [False, True, True]


def test_the_next_sessions_server_at_the_same_place_is_not_taken_for_this_ones(
    tmp_path: Path, display_server: "Callable[[], subprocess.Popen[str]]"
) -> None:
    server = display_server()
    display = Display(environment(tmp_path))
    server.kill()
    server.wait()
    display_server()
    assert [display.is_gone() for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"DISPLAY": "localhost:10.0"},
        {"DISPLAY": ":9999"},
        {"DISPLAY": "nonsense"},
        {"WAYLAND_DISPLAY": "wayland-0"},
    ],
)
def test_a_session_without_a_local_display_is_never_seen_to_end(told: dict[str, str]) -> None:
    display = Display(told)
    assert [display.is_gone() for _ in range(3)] == [False] * 3


def test_a_display_that_is_too_busy_to_answer_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.autostart.display._CONNECT_SECONDS", 0.05)
    with closing(socket.socket(socket.AF_UNIX)) as listener, ExitStack() as clients:
        listener.bind(str(tmp_path / "wayland-7"))
        listener.listen(1)
        display = Display(environment(tmp_path))
        for _ in range(4):  # nobody accepts: the queue is full
            client = clients.enter_context(closing(socket.socket(socket.AF_UNIX)))
            client.setblocking(False)
            client.connect_ex(str(tmp_path / "wayland-7"))
        assert [display.is_gone() for _ in range(3)] == [False] * 3


# -- what a person stopped ---------------------------------------------------------------------------------------------


def test_a_stop_by_a_person_holds_for_this_session_alone(home: Folders) -> None:
    assert not stopped.is_stopped(home, "1-100")
    stopped.mark_stopped(home, "1-100")
    assert stopped.is_stopped(home, "1-100")
    assert not stopped.is_stopped(home, "1-200")  # after the next login
    stopped.forget(home)
    assert not stopped.is_stopped(home, "1-100")


def test_a_session_without_a_name_remembers_nothing(home: Folders) -> None:
    stopped.mark_stopped(home, "")
    assert not stopped.is_stopped(home, "")
    assert not (home.state / "stopped.json").exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 70_000])
def test_a_damaged_mark_stops_nothing(home: Folders, content: bytes) -> None:
    (home.state / "stopped.json").write_bytes(content)
    assert not stopped.is_stopped(home, "1-100")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_command_line_guard_ends_by_a_signal(home: Folders, tmp_path: Path, number: int) -> None:
    guard = subprocess.Popen(
        [sys.executable, "-m", "service", "autostart", "run", "--config", str(tmp_path / "none.toml")],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": ""},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert guard.stderr is not None
        assert "none.toml" in guard.stderr.readline()  # the program has said what is missing, and is tried again
        guard.send_signal(number)
        guard.communicate(timeout=60)
        assert guard.returncode == 0
    finally:
        guard.kill()
        guard.communicate()
