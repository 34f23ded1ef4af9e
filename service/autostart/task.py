"""The start at login on Windows: a scheduled task, whose bad defaults are overridden one by one. Not tried on Windows.

Source: the Task Scheduler schema 1.2 (http://schemas.microsoft.com/windows/2004/02/mit/task); the order of elements is
that of the scheduler's own exports. The task starts the guard; the repetition starts within a minute a guard that was
ended by force.
"""

import subprocess
from typing import Final
from xml.etree import ElementTree as ET

from config.sentence import Sentence
from service.autostart.launch import Launch
from service.autostart.way import AutostartFailed, State, missing_program, refuse_unprintable
from service.autostart.windows_calls import Windows

_NAMESPACE: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_REPEAT: Final = "PT1M"
_DELAY: Final = "PT5S"
"""The desktop's taskbar is not there in the first moments of a session."""


class ScheduledTask:
    """The task of this user. Tasks have one name space for the whole computer, so the user's name is in the name."""

    name = "task"

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._task = rf"\Heitz Service\{windows.user_name}"

    def is_usable(self) -> bool:
        """Tell whether the scheduler's tool is there."""
        return self._windows.has_scheduler()

    def enable(self, launch: Launch) -> None:
        """Create the task, or replace it."""
        if launch.environment:
            raise AutostartFailed(
                "{names} is set for this terminal only, and a login on Windows has its own variables: "
                "set it for the user in the system settings, open a new terminal, and unset it here",
                names=", ".join(launch.environment),
            )
        self._windows.create_task(self._task, task_document(launch, self._windows.user_id))

    def disable(self) -> bool:
        """Delete the task; a program that runs goes on."""
        return self._windows.has_scheduler() and self._windows.delete_task(self._task)

    def state(self) -> State:
        """Ask the scheduler."""
        if not self._windows.has_scheduler():
            return State(self.name, self._task, is_enabled=False)
        try:
            document = self._windows.read_task(self._task)
        except AutostartFailed as error:
            return State(self.name, self._task, is_enabled=False, problem=error.sentence)
        if document is None:
            return State(self.name, self._task, is_enabled=False)
        return state_of(self.name, self._task, document)


def state_of(way: str, where: str, document: str) -> State:
    """Return the state that a task's document, as the scheduler shows it, tells."""
    try:
        root = ET.fromstring(document)  # noqa: S314 - the scheduler's own answer
    except ET.ParseError:
        problem = Sentence.of("the task can't be read: `heitz-service autostart enable` writes it")
        return State(way, where, is_enabled=False, problem=problem)
    command = root.findtext(f".//{{{_NAMESPACE}}}Command") or ""
    arguments = root.findtext(f".//{{{_NAMESPACE}}}Arguments") or ""
    whole = f"{command} {arguments}".strip()
    switches = (root.findtext(f"{{{_NAMESPACE}}}Settings/{{{_NAMESPACE}}}Enabled") or "true").strip().lower()
    if switches == "false":
        problem = Sentence.of(
            "the task is switched off in the Task Scheduler: `heitz-service autostart enable` corrects it"
        )
        return State(way, where, is_enabled=False, command=whole, problem=problem)
    return State(way, where, is_enabled=True, command=whole, problem=missing_program((command.strip('"'),)))


def task_document(launch: Launch, user_id: str) -> str:
    r"""Return the task as XML for `schtasks /Create /XML`; `user_id` is `DOMAIN\name` or a SID."""
    refuse_unprintable(launch.guarded)
    task = ET.Element("Task", {"version": "1.2", "xmlns": _NAMESPACE})
    registration = _into(task, "RegistrationInfo")
    _into(registration, "Author", user_id)
    _into(registration, "Description", "Heitz Service")
    trigger = _into(_into(task, "Triggers"), "LogonTrigger")
    repetition = _into(trigger, "Repetition")  # without a Duration it never ends; with one of a day it ends after a day
    _into(repetition, "Interval", _REPEAT)
    _into(repetition, "StopAtDurationEnd", "false")
    _into(trigger, "Enabled", "true")
    _into(trigger, "UserId", user_id)  # a trigger for all users needs an administrator
    _into(trigger, "Delay", _DELAY)
    principal = _into(_into(task, "Principals"), "Principal", id="Author")
    _into(principal, "UserId", user_id)
    _into(principal, "LogonType", "InteractiveToken")  # else it runs where no icon can be shown
    _into(principal, "RunLevel", "LeastPrivilege")
    _settings(task)
    actions = _into(task, "Actions", Context="Author")
    program, *words = launch.guarded
    execution = _into(actions, "Exec")
    _into(execution, "Command", f'"{program}"')
    _into(execution, "Arguments", subprocess.list2cmdline(words))
    ET.indent(task)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(task, encoding="unicode") + "\n"


def _settings(task: ET.Element) -> None:
    settings = _into(task, "Settings")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),  # the repetition does nothing while it runs
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("AllowHardTerminate", "true"),
        ("StartWhenAvailable", "true"),
        ("RunOnlyIfNetworkAvailable", "false"),
    ):
        _into(settings, name, value)
    idle = _into(settings, "IdleSettings")
    _into(idle, "StopOnIdleEnd", "false")
    _into(idle, "RestartOnIdle", "false")
    for name, value in (
        ("AllowStartOnDemand", "true"),
        ("Enabled", "true"),
        ("Hidden", "false"),
        ("RunOnlyIfIdle", "false"),
        ("WakeToRun", "false"),
        ("ExecutionTimeLimit", "PT0S"),  # by default a task is ended after three days
        ("Priority", "5"),  # by default 7: below everything that a person uses
    ):
        _into(settings, name, value)


def _into(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    element.text = text
    return element
