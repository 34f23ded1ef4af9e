"""Who this program is among the processes of its station: a name of its own, and those of the runs before it."""

import json
import uuid
from pathlib import Path
from typing import Final

import attrs

_REMEMBERED: Final = 32
"""A station that is restarted again and again within a lease's life still knows all the runs that may hold it."""


@attrs.frozen(slots=True)
class Identity:
    """A station, the version of its program, this process and its dead predecessors on this station.

    The club database knows processes, not stations: a station that restarts must be told from its own past.
    """

    station: str
    version: str
    process: str
    predecessors: tuple[str, ...] = ()


def enlist(station: str, version: str, file: Path) -> Identity:
    """Return the identity of this run, and note it in `file` for the next ones.

    The caller holds the station's instance lock, so that whoever is in the file is dead. A file that is lost, torn or
    can't be written costs nothing but the wait until a lease of the run before has ended.
    """
    predecessors = _read(file)[-_REMEMBERED:]
    process = str(uuid.uuid4())
    fresh = file.with_suffix(".new")
    try:
        fresh.write_text(json.dumps([*predecessors, process]), "utf-8")
        fresh.replace(file)
    except OSError:
        fresh.unlink(missing_ok=True)
    return Identity(station, version, process, tuple(predecessors))


def _read(file: Path) -> list[str]:
    try:
        known = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [str(process) for process in known] if isinstance(known, list) else []
