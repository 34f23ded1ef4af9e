"""The start at login on Windows: the task's document, the command that a login starts, the guard, the ways to stop."""

import json
import os
import signal
import subprocess
import sys
import winreg
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from config import Secret, SecretError
from config.vault import SERVICE, into_keyring
from service.autostart import Launch, ways, windows_calls
from service.autostart.task import ScheduledTask, task_document
from service.autostart.windows_calls import RUN_KEY, ThisWindows
from service.paths import HOME_VARIABLE
from tests.program.sample_club import Club

assert sys.platform == "win32"

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


class Login:
    """`autostart` as a person calls it, and what a login starts."""

    def __init__(self, club: Club) -> None:
        self.club = club

    def autostart(self, *words: str) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in self.club._environment().items() if name != HOME_VARIABLE}
        command = [*self.club._command("autostart"), *words]
        with (self.club.folder / "said").open("ab") as said:  # Wine's own processes may keep a pipe open
            return subprocess.run(command, stdout=said, stderr=said, text=True, env=kept, check=False, timeout=90)

    def log_in(self, command: str) -> "subprocess.Popen[str]":
        """Start a command line as a login does: as it stands, without a console, from a folder of the system."""
        guard = subprocess.Popen(
            command,
            text=True,
            env=self.club._environment(),
            cwd=os.environ["WINDIR"],
            creationflags=subprocess.DETACHED_PROCESS,
        )
        self.club._processes.append(guard)
        return guard


@pytest.fixture
def login(club: Club) -> Iterator[Login]:
    made = Login(club)
    try:
        yield made
    finally:
        made.autostart("disable")


def is_running_again(club: Club, first: int) -> bool:
    code, out, _ = club.command("status", "--json")
    return code in (0, 1) and json.loads(out)["pid"] != first


def test_what_the_run_key_says_starts_a_station_that_comes_back_and_stays_away_when_stopped(
    club: Club, login: Login
) -> None:
    enabled = login.autostart(
        "enable", "--how", "run-key", "--config", str(club.settings), "--station", "ACCUEIL", "--headless"
    )
    assert enabled.returncode == 0
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as opened:
        command = str(winreg.QueryValueEx(opened, "Heitz Service")[0])
    assert "pythonw.exe" in command
    guard = login.log_in(command)
    club.wait_until(lambda: club.command("status")[0] in (0, 1))
    first = int(club.status()["pid"])
    os.kill(first, signal.SIGTERM)  # Windows knows no other than the end by force
    club.wait_until(lambda: is_running_again(club, first))
    assert guard.poll() is None
    assert club.command("stop")[0] == 0
    assert guard.wait(90) == 0
    assert club.command("status")[0] == 6


def test_the_task_is_a_file_in_utf_16_that_another_reader_understands(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wine's scheduler reads the document and keeps what it knows of it, in words of its own."""
    windows = ThisWindows()
    assert windows.has_scheduler()
    program = club.folder / "Heitz & Cie" / "pythonw.exe"
    launch = Launch((str(program), "-m", "service"), ("--config", str(club.settings), "--station", "Accueil n° 1"))
    handed_over: list[bytes] = []
    call = windows_calls._schtasks

    def spied(*words: str) -> "subprocess.CompletedProcess[bytes]":
        if "/XML" in words and words[0] == "/Create":
            handed_over.append(Path(words[words.index("/XML") + 1]).read_bytes())
        return call(*words)

    monkeypatch.setattr(windows_calls, "_schtasks", spied)
    task = ScheduledTask(windows)
    try:
        task.enable(launch)
        kept = ET.parse(Path(os.environ["WINDIR"]) / "System32/Tasks/Heitz Service" / windows.user_name).getroot()
    finally:
        call("/Delete", "/TN", task._task, "/F")
    assert handed_over[0][:2] == b"\xff\xfe"
    assert handed_over[0].decode("utf-16") == task_document(launch, windows.user_id)
    assert kept.findtext(f"{NAMESPACE}RegistrationInfo/{NAMESPACE}Author") == windows.user_id
    expected = {
        "ExecutionTimeLimit": "PT0S",
        "Priority": "5",
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StartWhenAvailable": "true",
    }
    found = {name: kept.findtext(f"{NAMESPACE}Settings/{NAMESPACE}{name}") for name in expected}
    assert found == expected


def test_the_tasks_document_starts_the_station_as_it_stands(club: Club, login: Login) -> None:
    (way, _) = ways(os.environ)
    program = str(Path(sys.executable).with_name("pythonw.exe"))
    options = ("--config", str(club.settings), "--station", "ACCUEIL", "--headless")
    document = task_document(Launch((program, "-P", "-m", "service"), options), ThisWindows().user_id)
    assert way.name == "task"
    root = ET.fromstring(document.encode("utf-16"))
    execution = root.find(f"{NAMESPACE}Actions/{NAMESPACE}Exec")
    assert execution is not None
    words = [execution.findtext(f"{NAMESPACE}{name}") for name in ("Command", "Arguments")]
    guard = login.log_in(" ".join(str(word) for word in words))
    club.wait_until(lambda: club.command("status")[0] in (0, 1))
    assert club.command("stop")[0] == 0
    assert guard.wait(90) == 0


def test_doctor_looks_at_everything_of_a_running_station(club: Club) -> None:
    club.start()
    code, out, errors = club.command("doctor", "--config", str(club.settings), "--station", "ACCUEIL", "--json")
    assert (code in (0, 1), errors) == (True, "")
    found: dict[str, Any] = {each["check"]: each for each in json.loads(out)["checks"]}
    assert {"autostart", "durability", "ports"} <= found.keys()


def test_a_secret_in_the_credential_manager_is_found() -> None:
    import keyring  # noqa: PLC0415 - which vault Windows has is found at the import

    name = f"test-{os.getpid()}"
    with pytest.raises(SecretError, match=name):
        Secret(f"keyring:{name}").reveal()
    into_keyring(name, "sésame œ")
    try:
        assert "WinVault" in type(keyring.get_keyring()).__name__
        assert Secret(f"keyring:{name}").reveal() == "sésame œ"
    finally:
        keyring.delete_password(SERVICE, name)
