"""What every way of starting at login can do, and how it answers."""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import attrs

from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.autostart.launch import Launch


class AutostartFailed(SentenceError):  # noqa: N818 - what the reader sees
    """The start at login could not be set up or taken back; the sentence names the file or the tool."""


@attrs.frozen
class State:
    """How one way stands: whether it is set up, what it starts, and what keeps it from doing so."""

    way: str
    where: str
    is_enabled: bool
    command: str = ""
    problem: Sentence | None = None

    def as_json(self, language: str) -> dict[str, Any]:
        """Return the document of `autostart status --json`."""
        return {
            "way": self.way,
            "where": self.where,
            "enabled": self.is_enabled,
            "command": self.command or None,
            "problem": None if self.problem is None else self.problem.render(language),
        }


class Way(Protocol):
    """One way of starting a program when its user logs in."""

    name: str

    def is_usable(self) -> bool:
        """Tell whether this computer has it."""

    def enable(self, launch: Launch) -> None:
        """Set it up, replacing what was; raises `AutostartFailed`."""

    def disable(self) -> bool:
        """Take it back; False: it was not set up. Raises `AutostartFailed`."""

    def state(self) -> State:
        """Return how it stands; raises nothing."""


def is_well(state: State) -> bool:
    """Tell whether a way of starting at login does what it should."""
    return state.is_enabled and state.problem is None


def said_of(state: State) -> Sentence:
    """Return in one sentence whether the program starts at login."""
    if state.problem is not None:
        return Sentence.of(
            "the program does not start at login as it should ({where}): {problem}",
            where=state.where,
            problem=state.problem,
        )
    if state.is_enabled:
        return Sentence.of("the program starts when this user logs in ({where})", where=state.where)
    return Sentence.of(
        "the program does not start when this user logs in: `heitz-service autostart enable` has it start"
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as a whole, and its folders; raises `AutostartFailed`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise _unwritten(path, error) from error


def remove(path: Path) -> bool:
    """Remove a file; False: there was none. Raises `AutostartFailed`."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unwritten(path, error) from error
    return True


def missing_program(words: tuple[str, ...]) -> Sentence | None:
    """Return what to say when the program that is to be started is no longer where it was."""
    if words and Path(words[0]).exists():
        return None
    return Sentence.of(
        "it starts {program}, which is not there any more: `heitz-service autostart enable` corrects it",
        program=words[0] if words else "-",
    )


def refuse_unprintable(words: tuple[str, ...]) -> None:
    """Raise `AutostartFailed` for a command that the files of a start at login cannot hold."""
    for word in words:
        if not word.isprintable():
            raise AutostartFailed(
                "{word} holds a line end or a control character, which no start at login takes: "
                "give the file or folder a plain name",
                word=repr(word),
            )


def split_quoted(text: str) -> tuple[str, ...]:
    """Return the words of a command line in which double quotes group and a backslash takes the next one as it is."""
    return tuple(
        re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
        for found in re.finditer(r'"((?:\\.|[^"\\])*)"|(\S+)', text)
    )


def _unwritten(path: Path, error: OSError) -> AutostartFailed:
    return AutostartFailed(
        "{path} can't be changed ({reason}): give this user the right, or choose another way with --how",
        path=path,
        reason=system_words(error),
    )
