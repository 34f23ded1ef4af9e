"""Who this run of the program is, and which earlier runs on this station are certainly over."""

import json
import os
from pathlib import Path
from typing import Final
from uuid import uuid4

import attrs

_REMEMBERED: Final = 20


@attrs.frozen
class Identity:
    """A run of the program: its own uuid, and those of the runs before it in the same folder."""

    process: str
    predecessors: tuple[str, ...]


def take_identity(folder: Path) -> Identity:
    """Return a new identity and remember it in `folder`, durably, before anything is done under it.

    The caller holds the station's instance lock: that is what makes its predecessors dead. They are told by uuid, not
    by the station's name, because two computers restored from one image bear the same name. A spoilt file means no
    predecessors: the station waits for their leases to run out. Raises OSError when the folder cannot be written.
    """
    file = folder / "processes.json"
    predecessors = _read(file)
    process = str(uuid4())
    fresh = file.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as stream:
        json.dump([process, *predecessors][:_REMEMBERED], stream)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    return Identity(process, predecessors)


def _read(file: Path) -> tuple[str, ...]:
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
