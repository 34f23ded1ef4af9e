"""`doctor --bundle`: one zip file with what the support needs, without secrets and personal data.

Not in it, ever: the club database, the journal of answers, the settings file as it is, the keys.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

from club import DatabaseError, Runs
from config import SecretError, Settings, find_settings_file
from config.sentence import Sentence, SentenceError
from config.showing import effective
from config.system_words import system_words
from service.autostart import states, ways
from service.club_database import database_of
from service.exit_codes import Exit
from service.paths import Folders, UnsafePath, folders, open_private
from service.scrubbing import Scrubber, without_people

_LOG_BYTES: Final = 2 * 1024 * 1024
"""Of each log file: its end, so that the whole goes by e-mail."""
_RUNS: Final = 200
_WHAT: Final = Sentence.of(
    "What the support needs of a station of Heitz Service. Passwords, e-mail addresses, telephone numbers and the "
    "names of users were taken out; the club's name and the stations' are there."
)


class BundleNotWritten(SentenceError):  # noqa: N818 - what the reader sees
    """The zip file could not be written where it was wanted."""

    exit_code = Exit.USAGE


class Examined(Protocol):
    """What an examination has found out on its way."""

    config: Path | None
    environment: Mapping[str, str]
    settings: Settings | None
    status: Mapping[str, Any] | None


def write_bundle(
    path: Path, examined: Examined, findings: Sequence[Mapping[str, Any]], language: str
) -> tuple[str, ...]:
    """Write the zip file, new and for this user alone, and return the names in it. Raises `BundleNotWritten`."""
    scrubber = Scrubber(examined.settings, unread=_unread(examined))
    content = io.BytesIO()
    names = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in _files(examined, findings, scrubber, language):
            bundle.writestr(name, text)
            names.append(name)
    _write(path, content.getvalue())
    return tuple(names)


def _unread(examined: Examined) -> str:
    """Return the text of a settings file that is not in order: what looks like a secret in it is one all the same."""
    if examined.settings is not None:
        return ""
    with suppress(SentenceError, OSError):
        return find_settings_file(examined.config, examined.environment).read_text("utf-8", "replace")
    return ""


def _files(
    examined: Examined, findings: Sequence[Mapping[str, Any]], scrubber: Scrubber, language: str
) -> Iterator[tuple[str, str]]:
    yield "README.txt", _WHAT.render(language) + "\n"
    told = [finding for finding in findings if finding["check"] != "pause"]  # who paused what, and why
    yield "doctor.json", _json(scrubber, {"version": 1, "checks": told})
    yield "doctor.txt", "".join(f"{each['level']:8} {scrubber.text(str(each['text']))}\n" for each in told)
    yield "packages.txt", _packages()
    yield "autostart.json", _json(scrubber, [state.as_json(language) for state in states(ways(examined.environment))])
    if examined.status is not None:
        yield "status.json", _json(scrubber, without_people(examined.status))
    if examined.settings is not None:
        lines = (scrubber.setting(entry.key, entry.value) for entry in effective(examined.settings))
        yield "settings.txt", "\n".join(lines) + "\n"
        with suppress(DatabaseError, SecretError):
            yield "history.json", _json(scrubber, _history(examined.settings))
    with suppress(UnsafePath, OSError):
        yield from _logs(folders(examined.environment), scrubber)


def _logs(home: Folders, scrubber: Scrubber) -> Iterator[tuple[str, str]]:
    for file in sorted(home.logs.glob("*.log*")):
        yield f"logs/{file.name}", scrubber.text(_end_of(file))
    for file in sorted((home.state / "journals").glob("*.json")):
        yield f"journals/{file.name}", scrubber.text(_end_of(file))


def _end_of(file: Path) -> str:
    """Return the end of a file of ours, from a line's beginning on: half a line might be half an address."""
    try:
        descriptor = open_private(file, os.O_RDONLY)
    except (OSError, UnsafePath) as error:
        return f"{type(error).__name__}\n"
    with os.fdopen(descriptor, "rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _LOG_BYTES))
        if size > _LOG_BYTES:
            opened.readline()
        return opened.read(_LOG_BYTES).decode("utf-8", "replace")


def _history(settings: Settings) -> list[dict[str, Any]]:
    database = database_of(settings)
    try:
        return [
            {
                "operation": run.operation,
                "station": run.station,
                "started_at": None if run.started_at is None else run.started_at.isoformat(),
                "outcome": run.outcome,
                "summary": run.summary,
            }
            for run in Runs(database, "", "").history(limit=_RUNS)
        ]
    finally:
        database.dispose()


def _packages() -> str:
    found = sorted({f"{each.metadata['Name']}=={each.version}" for each in metadata.distributions()}, key=str.casefold)
    return "\n".join(found) + "\n"


def _json(scrubber: Scrubber, value: Any) -> str:
    return json.dumps(scrubber.json(value), indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError as error:
        raise BundleNotWritten("{file} is there already: name another file", file=path) from error
    except OSError as error:
        raise BundleNotWritten(
            "{file} can't be written ({reason}): name another file", file=path, reason=system_words(error)
        ) from error
