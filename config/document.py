"""From the bytes of a settings file to plain TOML values and their lines, or to why it cannot be read."""

import errno
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from config.positions import Path as KeyPath
from config.positions import lines_of
from config.problem import Problem, SettingsError
from config.sentence import Sentence
from config.syntax import syntax_problem
from config.system_words import system_words

LARGEST_FILE: Final = 256 * 1024
"""Bytes; a club's file has about ten thousand. Larger is refused unread: it is another file than people think."""
DEEPEST: Final = 32
"""Tables within tables; beyond that it is no settings file, and Python's own depth of calls comes near."""

MOST_PARTS: Final = 64
"""Names joined by dots in one key. tomllib's memory grows with their square: a key of a megabyte stops the computer."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_DOTTED: Final = re.compile(
    r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')(?:[ \t]*+\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+'))*+"""
)


@attrs.frozen(kw_only=True)
class Document:
    """A settings file as plain values, with the line of each key."""

    file: Path
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int]


def read_bytes(file: Path) -> bytes:
    """Return the file's content; SettingsError when there is none that could be settings."""
    try:
        mode = file.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # opening a pipe would wait for its writer for ever
            _refuse(file, Sentence.of("this is a device or a pipe, not a file"))
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        sentence, suggestion = _unreadable(file, error)
        raise SettingsError([Problem(file=file, sentence=sentence, suggestion=suggestion)]) from error
    except ValueError as error:  # a NUL in the path
        raise SettingsError([Problem(file=file, sentence=Sentence.of("no file can have this name"))]) from error
    if len(content) > LARGEST_FILE:
        _refuse(
            file,
            Sentence.of("larger than {largest} bytes: this is no settings file", largest=LARGEST_FILE),
            Sentence.of("check which file is meant"),
        )
    return content


def parse(file: Path, content: bytes) -> Document:
    """Return the content as a document; SettingsError with the one problem of syntax that stops the reading."""
    # With a line break at the end tomllib tells an open "..." by its line, rather than by the end of the document.
    text = _decoded(file, content) + "\n"
    if not re.search(r"^[ \t]*[^ \t\r\n#]", text, re.MULTILINE):
        _refuse(
            file,
            Sentence.of("the file is empty"),
            Sentence.of("write one to begin with by: heitz-service config init"),
        )
    _refuse_control_characters(file, text)
    _refuse_long_keys(file, text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([syntax_problem(file, text, str(error))]) from error
    except RecursionError:
        _refuse_depth(file)
    except ValueError as error:  # Python's own limit on the digits of a number
        raise SettingsError([Problem(file=file, sentence=Sentence.of("a number has too many digits"))]) from error
    if _depth(values) > DEEPEST:
        _refuse_depth(file)
    return Document(file=file, values=values, lines=lines_of(text))


def _decoded(file: Path, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4].lstrip(b"\0"):
        _refuse(file, Sentence.of("the file is UTF-16 text"), _SAVE_AS_UTF8)
    if content and not content.strip(b"\0"):
        _refuse(
            file,
            Sentence.of("the file holds nothing but zero bytes, as a power cut leaves it"),
            Sentence.of("put back the last good copy"),
        )
    try:
        return content.decode("utf-8-sig")  # Windows editors begin UTF-8 files with a mark; it harms nothing
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise SettingsError(
            [
                Problem(
                    file=file,
                    line=before.count(b"\n") + 1,
                    column=len(before.rpartition(b"\n")[2].decode("utf-8-sig")) + 1,
                    sentence=Sentence.of(
                        "byte {position} of the file, 0x{byte}, is not UTF-8 text",
                        position=error.start + 1,
                        byte=f"{content[error.start]:02x}",
                    ),
                    suggestion=_SAVE_AS_UTF8,
                )
            ]
        ) from error


_SAVE_AS_UTF8: Final = Sentence.of("save it as UTF-8 in the editor")


def _depth(values: Any) -> int:
    """Return how deep the values nest, counted without recursion: the nesting is what may be too deep for it."""
    deepest, left = 0, [(values, 1)]
    while left:
        value, depth = left.pop()
        deepest = max(deepest, depth)
        if depth > DEEPEST:
            break
        if isinstance(value, dict):
            left.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            left.extend((inner, depth + 1) for inner in value)
    return deepest


def _unreadable(file: Path, error: OSError) -> tuple[Sentence, Sentence]:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Sentence.of("there is no such file"), Sentence.of(
            "write one to begin with by: heitz-service config init"
        )
    # Windows opens no folder and says it has no permission.
    if isinstance(error, IsADirectoryError) or (isinstance(error, PermissionError) and file.is_dir()):
        return Sentence.of("this is a folder, not a file"), Sentence.of("name the settings file within it")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Sentence.of("this user may not read the file"), Sentence.of(
            "give the user who runs the program the right to read it"
        )
    return Sentence.of("the file cannot be read: {reason}", reason=system_words(error)), Sentence.of(
        "check the disk or the network drive"
    )


def _refuse(file: Path, sentence: Sentence, suggestion: Sentence | None = None) -> NoReturn:
    raise SettingsError([Problem(file=file, sentence=sentence, suggestion=suggestion)])


def _refuse_control_characters(file: Path, text: str) -> None:
    """TOML forbids them anywhere; tomllib's own complaint depends on where, and seldom names what nobody sees."""
    found = _CONTROL.search(text)
    if found is not None:
        before = text[: found.start()]
        problem = Problem(
            file=file,
            line=before.count("\n") + 1,
            column=len(before.rpartition("\n")[2]) + 1,
            sentence=Sentence.of("a control character, which no settings file holds"),
            suggestion=Sentence.of("delete what is invisible on this line and type it anew"),
        )
        raise SettingsError([problem])


def _refuse_long_keys(file: Path, text: str) -> None:
    for found in _DOTTED.finditer(text):
        if found[0].count(".") >= MOST_PARTS and re.sub(r"\"[^\"]*\"|'[^']*'", "", found[0]).count(".") >= MOST_PARTS:
            line = text.count("\n", 0, found.start()) + 1
            sentence = Sentence.of("more than {most} names joined by dots", most=MOST_PARTS)
            raise SettingsError([Problem(file=file, line=line, sentence=sentence)])


def _refuse_depth(file: Path) -> NoReturn:
    _refuse(file, Sentence.of("tables or lists are nested deeper than {deepest} levels", deepest=DEEPEST))
