"""The start at login by systemd's manager of the user: it starts anew what died, and stops it with the session.

Sources: systemd.unit(5), systemd.service(5), systemd.special(7). For desktops that reach graphical-session.target
(GNOME, KDE Plasma and others), and for servers without a desktop (`--headless`: default.target).
"""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from config.sentence import Sentence
from config.system_words import system_words
from service.autostart.launch import Launch
from service.autostart.way import (
    AutostartFailed,
    State,
    missing_program,
    refuse_unprintable,
    remove,
    split_quoted,
    write_whole,
)
from service.exit_codes import Exit

UNIT: Final = "heitz-service.service"
_DESKTOP: Final = "graphical-session.target"
_LOGIN: Final = "default.target"
_CALL_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 45
"""More than the thirty seconds that an orderly stop may take."""


class SystemdUnit:
    """The unit of this user, in XDG_CONFIG_HOME/systemd/user, and the link that the manager follows at login."""

    name = "systemd"

    def __init__(
        self, environment: Mapping[str, str], home: Path, call: Callable[..., object] = subprocess.run
    ) -> None:
        told = environment.get("XDG_CONFIG_HOME", "")
        self._folder = (Path(told) if told.startswith("/") else home / ".config") / "systemd" / "user"
        self._path = self._folder / UNIT
        self._runtime = environment.get("XDG_RUNTIME_DIR", "")
        self._call = call

    def is_usable(self) -> bool:
        """Tell whether a manager of this user runs."""
        return bool(self._runtime) and (Path(self._runtime) / "systemd" / "private").exists()

    def enable(self, launch: Launch) -> None:
        """Write the unit and the link; `systemctl enable` does the same, but needs a manager that runs."""
        self._unlink()
        write_whole(self._path, unit(launch).encode())
        link = self._link(_LOGIN if launch.is_headless else _DESKTOP)
        try:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self._path)
        except OSError as error:
            raise AutostartFailed(
                "{path} can't be made ({reason}): give this user the right, or choose another way with --how",
                path=link,
                reason=system_words(error),
            ) from error
        self._reload()

    def disable(self) -> bool:
        """Remove the unit and the link; a program that runs goes on."""
        was_there = self._unlink()
        was_there = remove(self._path) or was_there
        self._reload()
        return was_there

    def state(self) -> State:
        """Read the unit and look for the link."""
        try:
            text = self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return State(self.name, str(self._path), is_enabled=False)
        found = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
        command = found[1] if found else ""
        problem: Sentence | None
        if not any(self._link(target).is_symlink() for target in (_LOGIN, _DESKTOP)):
            problem = Sentence.of(
                "the unit is there and nothing starts it: `heitz-service autostart enable` corrects it"
            )
            return State(self.name, str(self._path), is_enabled=False, command=command, problem=problem)
        problem = missing_program(tuple(word.replace("%%", "%").replace("$$", "$") for word in split_quoted(command)))
        return State(self.name, str(self._path), is_enabled=True, command=command, problem=problem)

    def _link(self, target: str) -> Path:
        return self._folder / f"{target}.wants" / UNIT

    def _unlink(self) -> bool:
        removed = [remove(self._link(target)) for target in (_LOGIN, _DESKTOP)]
        return any(removed)

    def _reload(self) -> None:
        """Have a manager that runs read its units anew; one that does not reads them when it starts."""
        if not self.is_usable():
            return
        command = ["systemctl", "--user", "daemon-reload"]
        with suppress(OSError, subprocess.SubprocessError):
            self._call(command, capture_output=True, check=False, timeout=_CALL_SECONDS, env=os.environ)


def unit(launch: Launch) -> str:
    """Return the text of the unit.

    Exit 3 (it runs already) is not cured by another start, and 5 follows a stop that was wanted. Only the program
    itself is told to stop: it ends its own child processes, in its own order.
    """
    desktop = () if launch.is_headless else (f"PartOf={_DESKTOP}", f"After={_DESKTOP}")
    target = _LOGIN if launch.is_headless else _DESKTOP
    lines = [
        "[Unit]",
        "Description=Heitz Service",
        *desktop,
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=exec",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in launch.environment.items()),
        f"ExecStart={' '.join(_quoted(word, is_command=True) for word in launch.direct)}",
        "Restart=on-failure",
        "RestartSec=5",
        f"RestartPreventExitStatus={Exit.ALREADY_RUNNING:d}",
        f"SuccessExitStatus={Exit.ABANDONED_THREADS:d}",
        "KillMode=mixed",
        f"TimeoutStopSec={_STOP_SECONDS}",
        "",
        "[Install]",
        f"WantedBy={target}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(word: str, *, is_command: bool = False) -> str:
    refuse_unprintable((word,))
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + (escaped.replace("$", "$$") if is_command else escaped) + '"'
