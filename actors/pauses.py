"""The pauses of this station's operations: who paused what until when, kept over a restart in a file of the station."""

import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import attrs

from config.sentence import SentenceError
from config.system_words import system_words

logger = logging.getLogger(__name__)

_LARGEST_FILE: Final = 64 * 1024
_CLOCK_MAY_GO_BACK: Final = timedelta(minutes=2)
"""Clocks are corrected by seconds all the time; one that went back further makes every end of a pause a guess."""


class PauseNotKept(SentenceError):  # noqa: N818 - what the reader sees
    """The pause could not be written, so that a restart would forget it; nothing was changed."""


@attrs.frozen
class Pause:
    """An operation that a person has paused, until a person ends it when there is no `until_at`."""

    operation: str
    since_at: datetime
    until_at: datetime | None = None
    by: str = ""
    reason: str = ""

    def is_over(self, now: datetime) -> bool:
        """Tell whether its end has passed, or whether the clock went back so far that the end cannot be believed."""
        if self.until_at is None:
            return False
        return now >= self.until_at or now < self.since_at - _CLOCK_MAY_GO_BACK

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "operation": self.operation,
            "since_at": self.since_at.isoformat(),
            "until_at": None if self.until_at is None else self.until_at.isoformat(),
            "by": self.by,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Return the pause of a record; raises ValueError, KeyError or TypeError for what is none."""
        until = record["until_at"]
        return cls(
            operation=str(record["operation"]),
            since_at=_aware(record["since_at"]),
            until_at=None if until is None else _aware(until),
            by=str(record.get("by", "")),
            reason=str(record.get("reason", "")),
        )


class Pauses:
    """All pauses of this station, by operation; callable from any thread.

    A pause that is over is still `shown` until its operation is back at work (`settle`): nobody is to see the moment
    between as a failure. While the program runs a pause also ends by the monotonic clock, so that a computer whose
    clock is set back does not pause for ever. `path` None: kept in memory only.
    """

    def __init__(
        self,
        path: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pauses: dict[str, Pause] = {}
        self._deadlines: dict[str, float] = {}
        self._ended: set[str] = set()
        for pause in _read(path):
            if not pause.is_over(now()):
                self._put(pause)

    def in_force(self) -> frozenset[str]:
        """Return the operations that must not work now."""
        with self._lock:
            return frozenset(name for name in self._pauses if not self._is_over(name))

    def shown(self) -> dict[str, Pause]:
        """Return the pauses in force, and those whose operations are not back at work yet."""
        with self._lock:
            return dict(self._pauses)

    def begin(self, pause: Pause) -> None:
        """Pause an operation, or change the pause that it has. Raises `PauseNotKept`."""
        with self._writing:
            kept = self._kept()
            self._write({**kept, pause.operation: pause})
            with self._lock:
                self._put(pause)
        event = {"event": "operation.paused", "until": pause.until_at or "resumed by hand"}
        logger.warning("%s is paused", pause.operation, extra=event)

    def end(self, operation: str) -> bool:
        """End a pause; False: there is none. Raises `PauseNotKept`."""
        with self._writing:
            kept = self._kept()
            if kept.pop(operation, None) is None:
                return False
            self._write(kept)
            with self._lock:
                self._ended.add(operation)
        logger.info("%s is resumed by hand", operation, extra={"event": "operation.resumed"})
        return True

    def settle(self, stopped: frozenset[str]) -> None:
        """Forget the pauses that are over, all but those of the operations that are still `stopped`."""
        with self._lock:
            over = [name for name in self._pauses if self._is_over(name) and name not in stopped]
            for name in over:
                del self._pauses[name]
                self._deadlines.pop(name, None)
                self._ended.discard(name)
        for name in over:
            logger.info("the pause of %s is over", name, extra={"event": "operation.pause_over"})

    # -- inside ------------------------------------------------------------------------------------------------------

    def _put(self, pause: Pause) -> None:
        self._pauses[pause.operation] = pause
        self._ended.discard(pause.operation)
        self._deadlines.pop(pause.operation, None)
        if pause.until_at is not None:
            rest = (pause.until_at - self._now()).total_seconds()
            self._deadlines[pause.operation] = self._monotonic() + rest

    def _is_over(self, name: str) -> bool:
        deadline = self._deadlines.get(name)
        return (
            name in self._ended
            or self._pauses[name].is_over(self._now())
            or (deadline is not None and self._monotonic() >= deadline)
        )

    def _kept(self) -> dict[str, Pause]:
        with self._lock:
            return {name: pause for name, pause in self._pauses.items() if not self._is_over(name)}

    def _write(self, pauses: Mapping[str, Pause]) -> None:
        """Replace the file as a whole: a power cut leaves the old pauses or the new ones."""
        if self._path is None:
            return
        text = json.dumps({"version": 1, "pauses": [pause.as_json() for pause in pauses.values()]}, indent=1)
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # for this user alone
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(text.encode())
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise PauseNotKept(
                "the pause can't be written to {path} ({reason}), nothing was changed: free space and try again",
                path=self._path,
                reason=system_words(error),
            ) from error


def _read(path: Path | None) -> list[Pause]:
    """Return the pauses of a file; a file that is damaged pauses nothing: the club's work goes before."""
    if path is None:
        return []
    try:
        with path.open("rb") as file:
            record = json.loads(file.read(_LARGEST_FILE))
        return [Pause.from_json(each) for each in record["pauses"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        event = {"event": "pauses.unreadable", "kind": type(error).__name__}
        logger.warning("the pauses in %s can't be read: nothing is paused", path, extra=event)
        return []


def _aware(text: Any) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant without its zone")
    return at
