"""The start at login on macOS: a LaunchAgent, by which launchd starts anew what died. Not tried on macOS.

Source: launchd.plist(5).
"""

import plistlib
from pathlib import Path
from typing import Any, Final

from config.sentence import Sentence
from service.autostart.launch import Launch
from service.autostart.way import State, missing_program, remove, write_whole

LABEL: Final = "fr.heitz.service"


class LaunchAgent:
    """The agent of this user, in ~/Library/LaunchAgents."""

    name = "launch-agent"

    def __init__(self, home: Path) -> None:
        self._path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    def is_usable(self) -> bool:
        """Every macOS has it."""
        return True

    def enable(self, launch: Launch) -> None:
        """Write the agent; launchd reads it at the next login."""
        write_whole(self._path, plistlib.dumps(agent(launch)))

    def disable(self) -> bool:
        """Remove the agent; a program that runs goes on until the session ends."""
        return remove(self._path)

    def state(self) -> State:
        """Read the agent."""
        try:
            found: dict[str, Any] = plistlib.loads(self._path.read_bytes())
            words = tuple(map(str, found["ProgramArguments"]))
        except FileNotFoundError:
            return State(self.name, str(self._path), is_enabled=False)
        except (OSError, ValueError, KeyError, TypeError, plistlib.InvalidFileException):
            problem = Sentence.of("{path} can't be read: `heitz-service autostart enable` writes it", path=self._path)
            return State(self.name, str(self._path), is_enabled=False, problem=problem)
        return State(
            self.name, str(self._path), is_enabled=True, command=" ".join(words), problem=missing_program(words)
        )


def agent(launch: Launch) -> dict[str, Any]:
    """Return the property list.

    It runs the guard: launchd takes any exit but 0 for a death, and a program that runs already ends with 3.
    """
    return {
        "Label": LABEL,
        "ProgramArguments": list(launch.guarded),
        "EnvironmentVariables": dict(launch.environment),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ExitTimeOut": 45,
        "LimitLoadToSessionType": "Aqua",
        "ProcessType": "Interactive",
    }
