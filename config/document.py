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

LARGEST_FILE: Final = 256 * 1024
"""Bytes; a club's file has about ten thousand. Larger is refused unread: it is another file than people think."""
DEEPEST: Final = 32
"""Tables within tables; beyond that it is no settings file, and Python's own depth of calls comes near."""

MOST_PARTS: Final = 64
"""Names joined by dots in one key. tomllib's memory grows with their square: a key of a megabyte stops the computer."""

_DOTTED: Final = re.compile(
    r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')(?:[ \t]*+\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+'))*+"""
)
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_ADVICE: Final = (
    # What tomllib says, and what to say instead; its text is pinned by tests. (1) what is wrong, (2) what to do
    (
        re.compile(r"Unescaped|Invalid hex|not a Unicode scalar"),
        Sentence.of('a backslash within "..." begins a special character'),
        Sentence.of(r"write paths in single quotes, 'C:\Heitz', or with double backslashes, \"C:\\Heitz\""),
    ),
    (
        re.compile(r"Cannot overwrite a value|Duplicate inline table key|Cannot redefine namespace"),
        Sentence.of("this key has been given before"),
        Sentence.of("keep one of the two"),
    ),
    (
        re.compile(r"Cannot declare .* twice"),
        Sentence.of("this table has been given before"),
        Sentence.of("bring the keys of both under one header"),
    ),
    (
        re.compile(r"Cannot mutate immutable namespace"),
        Sentence.of("nothing can be added to a list or a table that was written on one line"),
        Sentence.of("write it as a table of its own, with a header"),
    ),
    (
        re.compile(r"Unterminated string|Illegal character '\\n'|Expected .'"),
        Sentence.of("text that begins with a quote is not closed on its line"),
        Sentence.of("add the closing quote"),
    ),
    (
        re.compile(r"Unclosed array|Unclosed inline table"),
        Sentence.of("a list or table is not closed, or lacks a comma between two entries"),
        Sentence.of("look for the missing comma or bracket, here or just before"),
    ),
    (
        re.compile(r"Invalid value"),
        Sentence.of("not a value"),
        Sentence.of("put text in quotes; write true and false in small letters"),
    ),
    (
        re.compile(r"Expected '=' after a key"),
        Sentence.of("a key without its value"),
        Sentence.of('write it as in key = "value"'),
    ),
    (
        re.compile(r"Invalid statement|Invalid initial character"),
        Sentence.of("neither a key nor a table's header"),
        Sentence.of("put keys that have spaces or accents in quotes; begin comments with #"),
    ),
    (
        re.compile(r"Expected newline or end of document"),
        Sentence.of("something follows the value on its line"),
        Sentence.of("begin a new line for each key"),
    ),
    (
        re.compile(r"end of a table declaration|end of an array declaration"),
        Sentence.of("the table's header is not closed"),
        Sentence.of("write it as in [club] or [[stations.ACCUEIL.sensors]]"),
    ),
    (
        re.compile(r"[Ii](?:nvalid|llegal) character"),
        Sentence.of("a control character, which no settings file holds"),
        Sentence.of("delete what is invisible on this line and type it anew"),
    ),
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
    text = _decoded(file, content)
    if not re.search(r"^[ \t]*[^ \t\r\n#]", text, re.MULTILINE):
        _refuse(
            file,
            Sentence.of("the file is empty"),
            Sentence.of("write one to begin with by: heitz-service config init"),
        )
    _refuse_long_keys(file, text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_syntax(file, text, str(error))]) from error
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


def _syntax(file: Path, text: str, told: str) -> Problem:
    place = _PLACE.search(told)
    line, column = (int(place[1]), int(place[2])) if place and place[1] else (None, None)
    if line is None:
        line = len(text.rstrip("\r\n").split("\n"))
    complaint = _PLACE.sub("", told)
    for pattern, sentence, suggestion in _ADVICE:
        if pattern.search(complaint):
            return Problem(file=file, line=line, column=column, sentence=sentence, suggestion=suggestion)
    return Problem(
        file=file, line=line, column=column, sentence=Sentence.of("not TOML: {complaint}", complaint=complaint)
    )


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
    return Sentence.of("the file cannot be read: {reason}", reason=error.strerror or error), Sentence.of(
        "check the disk or the network drive"
    )


def _refuse(file: Path, sentence: Sentence, suggestion: Sentence | None = None) -> NoReturn:
    raise SettingsError([Problem(file=file, sentence=sentence, suggestion=suggestion)])


def _refuse_long_keys(file: Path, text: str) -> None:
    for found in _DOTTED.finditer(text):
        if found[0].count(".") >= MOST_PARTS and re.sub(r"\"[^\"]*\"|'[^']*'", "", found[0]).count(".") >= MOST_PARTS:
            line = text.count("\n", 0, found.start()) + 1
            sentence = Sentence.of("more than {most} names joined by dots", most=MOST_PARTS)
            raise SettingsError([Problem(file=file, line=line, sentence=sentence)])


def _refuse_depth(file: Path) -> NoReturn:
    _refuse(file, Sentence.of("tables or lists are nested deeper than {deepest} levels", deepest=DEEPEST))
