"""The start at login on Windows without the Task Scheduler: a value in the user's Run key. Not tried on Windows.

Source: https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys. Windows starts it once, so it
starts the guard. The Task Manager can switch it off, and notes that under StartupApproved.
"""

import subprocess
from typing import Final

from config.sentence import Sentence
from service.autostart.launch import Launch
from service.autostart.way import AutostartFailed, State, missing_program, refuse_unprintable
from service.autostart.windows_calls import APPROVED_KEY, RUN_KEY, Windows

VALUE: Final = "Heitz Service"
_LONGEST: Final = 260
"""Longer command lines are silently not started."""


class RunKey:
    """The value of this user."""

    name = "run-key"

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def is_usable(self) -> bool:
        """Every Windows has it."""
        return True

    def enable(self, launch: Launch) -> None:
        """Write the value, and take back that a person switched it off in the Task Manager: now they want it."""
        refuse_unprintable(launch.guarded)
        command = subprocess.list2cmdline(launch.guarded)
        if len(command) > _LONGEST or launch.environment:
            raise AutostartFailed(
                "the Run key can't hold this command, or the variables of this terminal: {command}; use --how task",
                command=command,
            )
        self._windows.write_value(RUN_KEY, VALUE, command)
        self._windows.delete_value(APPROVED_KEY, VALUE)

    def disable(self) -> bool:
        """Delete the value; a program that runs goes on."""
        self._windows.delete_value(APPROVED_KEY, VALUE)
        return self._windows.delete_value(RUN_KEY, VALUE)

    def state(self) -> State:
        """Read both values."""
        where = f"HKCU\\{RUN_KEY}"
        command = self._windows.read_value(RUN_KEY, VALUE)
        if not isinstance(command, str):
            return State(self.name, where, is_enabled=False)
        if is_switched_off(self._windows.read_value(APPROVED_KEY, VALUE)):
            problem = Sentence.of(
                "switched off in the Task Manager, under Startup apps: switch it on there, "
                "or `heitz-service autostart enable`"
            )
            return State(self.name, where, is_enabled=False, command=command, problem=problem)
        return State(self.name, where, is_enabled=True, command=command, problem=missing_program(_program(command)))


def is_switched_off(approved: object) -> bool:
    """Tell what the Task Manager noted: twelve bytes, the first even when on (02, 06), odd when off (03, 07)."""
    return isinstance(approved, bytes) and bool(approved) and approved[0] % 2 == 1


def _program(command: str) -> tuple[str, ...]:
    if command.startswith('"'):
        return (command[1:].partition('"')[0],)
    return (command.partition(" ")[0],)
