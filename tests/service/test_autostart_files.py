"""The files of a start at login say what was asked for, in each system's own rules, and are read back."""

import json
import plistlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from service.autostart import AutostartFailed, Launch, NoSuchWay, disable, enable, find_state, launch_of, ways
from service.autostart.launch import _program as program_of_launch
from service.autostart.launch_agent import LaunchAgent, agent
from service.autostart.run_key import VALUE, RunKey, is_switched_off
from service.autostart.systemd import SystemdUnit, unit
from service.autostart.task import ScheduledTask, state_of, task_document
from service.autostart.windows_calls import APPROVED_KEY, RUN_KEY
from service.autostart.xdg import XdgEntry, command_line, entry, read_keys, words_of

NASTY = 'C:\\Bases "Forme" & $anté/100 % `é`;\'.toml'
LAUNCH = Launch(("/opt/heitz service/bin/heitz-service",), ("--config", NASTY, "--station", "ACCUEIL 1"))
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


# -- what is started -------------------------------------------------------------------------------------------------


def test_the_launch_is_this_installation_with_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    launch = launch_of({}, config=Path("a.toml"), station="ACCUEIL", headless=True)
    assert Path(launch.program[0]).is_absolute()
    assert Path(launch.program[0]).exists()
    assert launch.direct[len(launch.program) :] == (
        "run", "--config", str(tmp_path / "a.toml"), "--station", "ACCUEIL", "--headless",
    )  # fmt: skip
    assert launch.guarded[len(launch.program) :][:2] == ("autostart", "run")


@pytest.mark.parametrize("names", [("python.exe", "pythonw.exe"), ("heitz-service.exe", "heitz-servicew.exe")])
def test_on_windows_the_launch_is_the_program_that_opens_no_console(
    names: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console, windowless = (tmp_path / name for name in names)
    monkeypatch.setattr(sys, "executable", str(console))
    monkeypatch.setattr(sys, "frozen", "python" not in names[0], raising=False)
    assert program_of_launch("win32")[0] == str(console)
    windowless.touch()
    assert program_of_launch("win32")[0] == str(windowless)


def test_what_only_this_terminal_knows_goes_with_the_launch() -> None:
    environment = {"HEITZ_SERVICE_CONFIG": "/club/a.toml", "HEITZ_SERVICE_HOME": "/club/home"}
    launch = launch_of(environment, config=None, station=None, headless=False)
    assert launch.options == ("--config", "/club/a.toml")
    assert launch.environment == {"HEITZ_SERVICE_HOME": "/club/home"}
    assert launch_of({}, config=None, station=None, headless=False).options == ()


# -- the desktop entry -------------------------------------------------------------------------------------------------


def test_the_desktop_entry_passes_the_validator_of_freedesktop(tmp_path: Path) -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is missing: apt-get install desktop-file-utils")
    file = tmp_path / "heitz-service.desktop"
    file.write_text(entry(Launch(LAUNCH.program, LAUNCH.options, {"HEITZ_SERVICE_HOME": "/a b"})), "utf-8")
    checked = subprocess.run(["desktop-file-validate", str(file)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("word", [NASTY, "", "a b", "\\", '"', "`id`", "$HOME", "$(id)", "%f", "a\\\\b\\", "é…", "'"])
def test_a_word_of_the_entry_reaches_the_program_as_it_is(word: str) -> None:
    value = command_line(("printf", "%s", word))
    # The string's own escapes first, then the quotes, whose rule is the shell's; then the field codes.
    quoted = value.replace("\\\\", "\\").replace("%%", "%")
    heard = subprocess.run(["sh", "-c", quoted], capture_output=True, check=True).stdout.decode()
    assert heard == word
    assert words_of(value) == ("printf", "%s", word)


def test_glib_starts_what_the_entry_says(tmp_path: Path) -> None:
    if shutil.which("gio") is None:
        pytest.skip("gio is missing: apt-get install libglib2.0-bin")
    heard = tmp_path / "heard"
    program = tmp_path / "heitz service"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"json.dump([os.environ['HEITZ_SERVICE_HOME'], *sys.argv[1:]], open({str(heard) + '.new'!r}, 'w'))\n"
        f"os.replace({str(heard) + '.new'!r}, {str(heard)!r})\n"
    )
    program.chmod(0o755)
    file = tmp_path / "heitz-service.desktop"
    file.write_text(entry(Launch((str(program),), ("--config", NASTY), {"HEITZ_SERVICE_HOME": "/a b"})), "utf-8")
    subprocess.run(["gio", "launch", str(file)], check=True, capture_output=True, timeout=60)
    until = monotonic() + 90
    while not heard.exists():
        assert monotonic() < until, "it was not started"
        Event().wait(0.05)
    assert json.loads(heard.read_text()) == ["/a b", "autostart", "run", "--config", NASTY]


def test_the_entry_is_written_read_and_removed(tmp_path: Path) -> None:
    way = XdgEntry({}, tmp_path)
    assert not way.state().is_enabled
    assert way.disable() is False
    program = tmp_path / "heitz-service"
    program.touch()
    way.enable(Launch((str(program),), (), {"HEITZ_SERVICE_HOME": "/a"}))
    state = way.state()
    assert (state.is_enabled, state.problem) == (True, None)
    assert state.where == str(tmp_path / ".config/autostart/heitz-service.desktop")
    assert [path.name for path in (tmp_path / ".config/autostart").iterdir()] == ["heitz-service.desktop"]
    assert way.disable() is True
    assert not way.state().is_enabled


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_an_entry_that_a_person_switched_off_in_the_desktops_settings_is_told(tmp_path: Path, line: str) -> None:
    way = XdgEntry({"XDG_CONFIG_HOME": str(tmp_path)}, Path("/nowhere"))
    way.enable(LAUNCH)
    file = tmp_path / "autostart/heitz-service.desktop"
    file.write_text(re.sub(r"X-GNOME-Autostart-enabled=true", line, file.read_text("utf-8")), "utf-8")
    state = way.state()
    assert not state.is_enabled
    assert "settings of the desktop" in str(state.problem)


def test_an_entry_whose_program_has_gone_is_a_problem(tmp_path: Path) -> None:
    way = XdgEntry({}, tmp_path)
    way.enable(LAUNCH)
    assert "/opt/heitz service/bin/heitz-service" in str(way.state().problem)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[Desktop Entry]\nExec\n", b"\n" * 10000])
def test_an_entry_that_is_nonsense_is_told_and_not_believed(tmp_path: Path, content: bytes) -> None:
    way = XdgEntry({}, tmp_path)
    way.enable(LAUNCH)
    (tmp_path / ".config/autostart/heitz-service.desktop").write_bytes(content)
    assert way.state().problem is not None


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("a file in the way")
    with pytest.raises(AutostartFailed, match="can't be changed"):
        XdgEntry({}, tmp_path).enable(LAUNCH)


def test_a_path_with_a_line_end_cannot_forge_keys() -> None:
    launch = Launch(("/bin/x\nHidden=true",))
    for write in (entry, unit):
        with pytest.raises(AutostartFailed, match="line end"):
            write(launch)
    with pytest.raises(AutostartFailed, match="line end"):
        task_document(launch, "CLUB\\marie")
    assert read_keys("[Other]\nExec=a\n[Desktop Entry]\nExec=b\nExec=c")["Exec"] == "b"


# -- systemd -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_headless", [False, True])
def test_the_unit_passes_systemds_own_check(tmp_path: Path, *, is_headless: bool) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    program = tmp_path / "heitz service"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    options = ("--config", NASTY, *(["--headless"] if is_headless else []))
    file = tmp_path / "heitz-service.service"
    file.write_text(unit(Launch((str(program),), options, {"HEITZ_SERVICE_HOME": "/a b%c"})), "utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    told = [line for line in checked.stderr.splitlines() if "heitz" in line]
    assert (checked.returncode, told) == (0, [])


def test_the_unit_starts_anew_what_died_and_nothing_else() -> None:
    text = unit(LAUNCH)
    assert "Restart=on-failure" in text
    assert "RestartPreventExitStatus=3" in text
    assert "SuccessExitStatus=5" in text
    assert "StartLimitIntervalSec=0" in text
    assert "PartOf=graphical-session.target" in text
    assert "graphical" not in unit(Launch(LAUNCH.program, ("--headless",)))


@pytest.mark.parametrize(("options", "target"), [((), "graphical-session"), (("--headless",), "default")])
def test_the_unit_is_linked_where_a_login_looks(tmp_path: Path, options: tuple[str, ...], target: str) -> None:
    way = SystemdUnit({}, tmp_path)
    program = tmp_path / "x"
    program.touch()
    way.enable(Launch((str(program),)))
    way.enable(Launch((str(program),), options))  # a second time, another target
    folder = tmp_path / ".config/systemd/user"
    assert [link.parent.name for link in folder.glob("*.wants/*")] == [f"{target}.target.wants"]
    assert (folder / f"{target}.target.wants/heitz-service.service").read_text() == unit(
        Launch((str(program),), options)
    )
    assert (way.state().is_enabled, way.state().problem) == (True, None)
    assert (way.disable(), way.disable()) == (True, False)
    assert not list(folder.glob("*.wants/*"))


def test_a_unit_without_its_link_is_told(tmp_path: Path) -> None:
    way = SystemdUnit({}, tmp_path)
    way.enable(LAUNCH)
    next((tmp_path / ".config/systemd/user").glob("*.wants/*")).unlink()
    assert not way.state().is_enabled
    assert "nothing starts it" in str(way.state().problem)


# -- macOS -------------------------------------------------------------------------------------------------------------


def test_the_agent_is_a_property_list_that_starts_anew_what_died(tmp_path: Path) -> None:
    way = LaunchAgent(tmp_path)
    way.enable(LAUNCH)
    written = plistlib.loads((tmp_path / "Library/LaunchAgents/fr.heitz.service.plist").read_bytes())
    assert written == agent(LAUNCH)
    assert written["ProgramArguments"] == list(LAUNCH.guarded)
    assert written["KeepAlive"] == {"SuccessfulExit": False}
    assert way.state().is_enabled
    assert way.disable() is True
    (tmp_path / "Library/LaunchAgents/fr.heitz.service.plist").write_bytes(b"nonsense")
    assert way.state().problem is not None


# -- Windows -----------------------------------------------------------------------------------------------------------


class Registry:
    """Stands for Windows: a registry in memory and a scheduler that keeps documents."""

    def __init__(self, *, scheduler: bool = True) -> None:
        self.user_name = "marie"
        self.user_id = "CLUB\\marie"
        self.values: dict[tuple[str, str], object] = {}
        self.tasks: dict[str, str] = {}
        self._scheduler = scheduler

    def read_value(self, key: str, name: str) -> object | None:
        return self.values.get((key, name))

    def write_value(self, key: str, name: str, text: str) -> None:
        self.values[key, name] = text

    def delete_value(self, key: str, name: str) -> bool:
        return self.values.pop((key, name), None) is not None

    def has_scheduler(self) -> bool:
        return self._scheduler

    def create_task(self, name: str, document: str) -> None:
        self.tasks[name] = document

    def delete_task(self, name: str) -> bool:
        return self.tasks.pop(name, None) is not None

    def read_task(self, name: str) -> str | None:
        document = self.tasks.get(name)
        return None if document is None else document[document.index("<Task") :]


def found(document: str, path: str) -> str | None:
    root = ET.fromstring(document[document.index("<Task") :])
    return root.findtext("/".join(f"{NAMESPACE}{part}" for part in path.split("/")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Triggers/LogonTrigger/UserId", "CLUB\\marie"),  # for all users it would need an administrator
        ("Triggers/LogonTrigger/Repetition/Interval", "PT1M"),
        ("Triggers/LogonTrigger/Repetition/Duration", None),  # one of a day ends after a day
        ("Principals/Principal/LogonType", "InteractiveToken"),  # else no icon
        ("Principals/Principal/RunLevel", "LeastPrivilege"),
        ("Settings/ExecutionTimeLimit", "PT0S"),  # by default three days
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/StopIfGoingOnBatteries", "false"),
        ("Settings/StartWhenAvailable", "true"),
        ("Settings/Priority", "5"),  # by default below normal
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Actions/Exec/Command", '"/opt/heitz service/bin/heitz-service"'),
    ],
)
def test_the_task_overrides_every_bad_default_of_the_scheduler(path: str, value: str | None) -> None:
    assert found(task_document(LAUNCH, "CLUB\\marie"), path) == value


def test_the_tasks_elements_are_in_the_schedulers_own_order() -> None:
    document = task_document(LAUNCH, "CLUB\\marie")
    root = ET.fromstring(document[document.index("<Task") :])
    assert root.get("version") == "1.2"
    names = [child.tag.removeprefix(NAMESPACE) for child in root]
    assert names == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    trigger = root.find(f"{NAMESPACE}Triggers/{NAMESPACE}LogonTrigger")
    assert trigger is not None
    assert [child.tag.removeprefix(NAMESPACE) for child in trigger] == ["Repetition", "Enabled", "UserId", "Delay"]


def test_the_tasks_words_are_quoted_by_windows_rules() -> None:
    arguments = found(task_document(LAUNCH, "CLUB\\marie"), "Actions/Exec/Arguments")
    assert arguments is not None
    assert arguments.startswith('autostart run --config "C:\\Bases \\"Forme\\" & $anté/100 % ')
    assert arguments.endswith('--station "ACCUEIL 1"')


def test_a_task_is_created_read_and_deleted(tmp_path: Path) -> None:
    windows = Registry()
    way = ScheduledTask(windows)
    program = tmp_path / "pythonw.exe"
    program.touch()
    way.enable(Launch((str(program),)))
    assert list(windows.tasks) == ["\\Heitz Service\\marie"]
    assert (way.state().is_enabled, way.state().problem) == (True, None)
    assert (way.disable(), way.disable()) == (True, False)


def test_a_task_that_was_switched_off_or_is_unreadable_is_told() -> None:
    document = task_document(LAUNCH, "CLUB\\marie")
    switched_off = document[document.index("<Task") :].replace(
        "<AllowStartOnDemand>true</AllowStartOnDemand>\n    <Enabled>true", "<Enabled>false"
    )
    assert "switched off" in str(state_of("task", "x", switched_off).problem)
    assert "can't be read" in str(state_of("task", "x", "<Task").problem)


def test_a_variable_of_this_terminal_is_not_promised_to_a_login_on_windows() -> None:
    launch = Launch(("x",), (), {"HEITZ_SERVICE_HOME": "C:\\x"})
    for way in (ScheduledTask(Registry()), RunKey(Registry())):
        with pytest.raises(AutostartFailed, match=r"HEITZ_SERVICE_HOME|variables of this terminal"):
            way.enable(launch)


@pytest.mark.parametrize(
    ("approved", "is_off"),
    [
        (None, False),
        (b"\x02" + b"\x00" * 11, False),
        (b"\x06" + b"\x00" * 11, False),
        (b"\x03" + b"\x00" * 11, True),
        (b"\x07" + b"\x00" * 11, True),
        (b"", False),
        ("03", False),
    ],
)
def test_what_the_task_manager_noted_is_understood(approved: object, *, is_off: bool) -> None:
    assert is_switched_off(approved) is is_off


def test_the_run_key_is_switched_on_again_by_enabling(tmp_path: Path) -> None:
    windows = Registry()
    way = RunKey(windows)
    program = tmp_path / "python w.exe"
    program.touch()
    windows.values[APPROVED_KEY, VALUE] = b"\x03" + b"\x00" * 11
    windows.values[RUN_KEY, VALUE] = f'"{program}" -m service autostart run'
    assert "Task Manager" in str(way.state().problem)
    way.enable(Launch((str(program), "-m", "service")))
    assert windows.values == {(RUN_KEY, VALUE): f'"{program}" -m service autostart run'}
    assert (way.state().is_enabled, way.state().problem) == (True, None)
    assert (way.disable(), way.disable()) == (True, False)


def test_a_command_that_the_run_key_would_silently_not_start_is_refused() -> None:
    with pytest.raises(AutostartFailed, match="--how task"):
        RunKey(Registry()).enable(Launch(("x" * 300,)))


def test_enabling_one_way_takes_the_others_back() -> None:
    windows = Registry()
    choices = (ScheduledTask(windows), RunKey(windows))
    enable(choices, Launch(("x",)), "run-key")
    assert (len(windows.tasks), len(windows.values)) == (0, 1)
    enable(choices, Launch(("x",)))
    assert (len(windows.tasks), len(windows.values)) == (1, 0)
    assert find_state(choices).way == "task"
    assert disable(choices) == ("task",)


def test_without_a_scheduler_the_run_key_is_taken() -> None:
    windows = Registry(scheduler=False)
    choices = (ScheduledTask(windows), RunKey(windows))
    assert enable(choices, Launch(("x",))).way == "run-key"
    assert disable(choices) == ("run-key",)


# -- which way ---------------------------------------------------------------------------------------------------------


def test_each_system_has_its_ways_and_the_default_is_first(tmp_path: Path) -> None:
    names = {system: [way.name for way in ways({}, system, tmp_path)] for system in ("linux", "darwin", "win32")}
    assert names == {"linux": ["xdg", "systemd"], "darwin": ["launch-agent"], "win32": ["task", "run-key"]}


def test_a_station_without_a_desktop_is_started_by_the_users_manager(tmp_path: Path) -> None:
    choices = ways({}, "linux", tmp_path)
    assert enable(choices, Launch(("/bin/sh",), ("--headless",))).way == "systemd"
    assert enable(choices, Launch(("/bin/sh",))).way == "xdg"
    assert [state.is_enabled for state in (way.state() for way in choices)] == [True, False]


def test_a_way_of_another_system_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(NoSuchWay, match="xdg, systemd"):
        enable(ways({}, "linux", tmp_path), LAUNCH, "task")
