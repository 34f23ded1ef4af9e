"""The hall: the posts of this station's sensors, and the attendance that was last written, for whoever looks.

It outlives every actor and every change of settings: what a sensor said is not lost because one of them ends.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs

from actors.fmi.counter import Unsaved
from actors.fmi.post import SensorPost
from club.attendance_records import SensorRecord, ZoneRecord

logger = logging.getLogger(__name__)

_VERSION: Final = 1


def _utc() -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class Written:
    """What the database had after the last write: of this station's zones and the sensors of the whole club."""

    zones: tuple[ZoneRecord, ...]
    sensors: tuple[SensorRecord, ...]
    at_monotonic: float


class Hall:
    """The sensors' posts by name, a bell for the writer, and what was last written.

    `file` keeps, over the end of the program, what was counted and no database took: of sensors that tell each
    passage alone at once, of the others while the database is away.
    """

    def __init__(
        self, file: Path, now: Callable[[], datetime] = _utc, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = file
        self.now = now
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._posts: dict[str, SensorPost] = {}
        self._bell = threading.Event()
        self._unsaved = dict(_read(file))
        self._has_kept = bool(self._unsaved)
        self._complains = False
        self.written: Written | None = None

    def post(self, sensor: str) -> SensorPost:
        """Return the post of a sensor; the same one for the same name."""
        with self._lock:
            if sensor not in self._posts:
                self._posts[sensor] = SensorPost(self._unsaved.get(sensor), self._told, self.now, self.monotonic)
            return self._posts[sensor]

    def wait(self, seconds: float) -> None:
        """Wait until something should be written, at most so long."""
        if self._bell.wait(seconds):
            self._bell.clear()

    def ring(self) -> None:
        """End the wait."""
        self._bell.set()

    def keep(self) -> None:
        """Write down what has to outlive the program, durably enough for its end by force; not for a power cut."""
        with self._keeping:
            with self._lock:
                posts = dict(self._posts)
            unsaved = {name: kept for name, kept in self._unsaved.items() if name not in posts}
            unsaved |= {name: kept for name, post in posts.items() if (kept := post.unsaved()) is not None}
            if unsaved or self._has_kept:
                self._write({name: kept.as_json() for name, kept in unsaved.items()})
                self._has_kept = bool(unsaved)

    def keep_less(self) -> None:
        """Note that something was saved: what was kept of it is not needed any more."""
        if self._has_kept:
            self.keep()

    def is_fresh(self, seconds: float) -> bool:
        """Whether what was written last is no older than so many seconds."""
        written = self.written
        return written is not None and self.monotonic() - written.at_monotonic <= seconds

    def _told(self, is_event: bool) -> None:  # noqa: FBT001 - what a post says has these two values
        if is_event:
            self.keep()
        self._bell.set()

    def _write(self, sensors: Mapping[str, object]) -> None:
        text = json.dumps({"version": _VERSION, "sensors": sensors})
        fresh = self._file.with_name(self._file.name + ".new")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
                stream.write(text)
            fresh.replace(self._file)
        except OSError as error:
            if not self._complains:
                logger.warning(
                    "passages cannot be kept in %s (%s): they are lost if the program ends before they are written",
                    self._file,
                    error.strerror or type(error).__name__,
                    extra={"event": "fmi.not_kept"},
                )
            self._complains = True
        else:
            self._complains = False


def _read(file: Path) -> Iterable[tuple[str, Unsaved]]:
    """Return what the file holds; one that is missing is empty, one that is spoilt is said and left aside."""
    try:
        found = json.loads(file.read_text("utf-8"))
        return [(str(name), Unsaved.of(each)) for name, each in found["sensors"].items()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning(
            "what %s kept of passages cannot be read (%s): sensors that count by themselves lose nothing by it",
            file,
            type(error).__name__,
            extra={"event": "fmi.kept_unreadable"},
        )
        return []
