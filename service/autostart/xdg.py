"""The start at login of every Linux desktop: an entry in the user's autostart folder.

Source: the Desktop Application Autostart Specification 0.5 and the Desktop Entry Specification (freedesktop.org).
The desktop starts the entry once, so it starts the guard. Its format is also what a desktop's own settings edit.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.sentence import Sentence
from service.autostart.launch import Launch
from service.autostart.way import State, missing_program, refuse_unprintable, remove, split_quoted, write_whole

_FILE: Final = "heitz-service.desktop"
_COMMENT: Final = Sentence.of("The automatic work of the club")
_TO_QUOTE: Final = re.compile(r'(["`$\\])')
_KEY: Final = re.compile(r"([A-Za-z0-9-]+)\s*=\s*(.*)")


class XdgEntry:
    """The entry of this user, in XDG_CONFIG_HOME/autostart."""

    name = "xdg"

    def __init__(self, environment: Mapping[str, str], home: Path) -> None:
        told = environment.get("XDG_CONFIG_HOME", "")
        self._path = (Path(told) if told.startswith("/") else home / ".config") / "autostart" / _FILE

    def is_usable(self) -> bool:
        """Every desktop reads it."""
        return True

    def enable(self, launch: Launch) -> None:
        """Write the entry."""
        write_whole(self._path, entry(launch).encode())

    def disable(self) -> bool:
        """Remove the entry."""
        return remove(self._path)

    def state(self) -> State:
        """Read the entry as the desktop does."""
        try:
            keys = read_keys(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return State(self.name, str(self._path), is_enabled=False)
        except (OSError, UnicodeDecodeError):
            problem = Sentence.of("{path} can't be read: `heitz-service autostart enable` writes it", path=self._path)
            return State(self.name, str(self._path), is_enabled=False, problem=problem)
        command = keys.get("Exec", "")
        if keys.get("Hidden", "").lower() == "true" or keys.get("X-GNOME-Autostart-enabled", "").lower() == "false":
            problem = Sentence.of(
                "switched off in the settings of the desktop: switch it on there, or `heitz-service autostart enable`"
            )
            return State(self.name, str(self._path), is_enabled=False, command=command, problem=problem)
        words = words_of(command)
        program = tuple(word for word in words if not re.match(r"env$|[A-Z_]+=", word))
        return State(self.name, str(self._path), is_enabled=True, command=command, problem=missing_program(program))


def entry(launch: Launch) -> str:
    """Return the text of the entry."""
    words = launch.guarded
    if launch.environment:
        words = ("env", *(f"{name}={value}" for name, value in launch.environment.items()), *words)
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.0",
        "Name=Heitz Service",
        f"Comment={_COMMENT.render('en')}",
        f"Comment[fr]={_COMMENT.render('fr')}",
        f"Exec={command_line(words)}",
        "Terminal=false",
        "StartupNotify=false",
        "X-GNOME-Autostart-enabled=true",
    ]
    return "\n".join(lines) + "\n"


def command_line(words: tuple[str, ...]) -> str:
    """Return the value of `Exec`: each word quoted by the key's own rule, then escaped as any string value is."""
    refuse_unprintable(words)
    quoted = " ".join('"' + _TO_QUOTE.sub(r"\\\1", word).replace("%", "%%") + '"' for word in words)
    return quoted.replace("\\", "\\\\")


def words_of(value: str) -> tuple[str, ...]:
    """Return the words of an `Exec` value: the inverse of `command_line`, lenient with what others wrote."""
    return tuple(word.replace("%%", "%") for word in split_quoted(value.replace("\\\\", "\\")))


def read_keys(text: str) -> dict[str, str]:
    """Return the keys of the entry's own group."""
    keys: dict[str, str] = {}
    group = ""
    for line in text.splitlines():
        if line.startswith("["):
            group = line.strip()
        elif group == "[Desktop Entry]" and (found := _KEY.fullmatch(line.strip())):
            keys.setdefault(found[1], found[2])
    return keys
