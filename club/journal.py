"""The station's own journal: what a provider answered, until the database knows it too.

Between a provider's answer and the commit that records it, the database may go away or the program may die; without a
memory of its own the station would have to call the message uncertain. One JSON line per answer, appended and synced
before the database is asked. Replaying a line that the database already knows changes nothing: it names its claim.
"""

import json
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Self, assert_never

import attrs

from club.messages import Expired, Failed, Later, Message, Outcome, Recipient, Sent, Uncertain
from config.sentence import SentenceError

_LOG: Final = logging.getLogger(__name__)
_COMPACT_ABOVE: Final = 1000


@attrs.frozen
class Answer:
    """What became of one claimed message, as plain values that a file can hold."""

    channel: str
    message_id: int
    claim_id: str
    outcome: str
    reference: str | None = None
    error: str | None = None
    delay_ms: int | None = None
    """Milliseconds from when the database records it to the next attempt."""
    recipients: tuple[Recipient, ...] = ()

    @classmethod
    def of(cls, channel: str, message: Message, outcome: Outcome, recipients: Sequence[Recipient] = ()) -> Self:
        """Return the answer that says `outcome` of `message`."""
        reference: str | None = None
        error: str | None = None
        delay_ms: int | None = None
        match outcome:
            case Sent(reference, error):
                code = "sent"
            case Failed(error):
                code = "failed"
            case Later(error, delay):
                # Due again at its end at the latest, so that it is seen to expire.
                delay_ms = int(delay.total_seconds() * 1000)
                if message.remaining_ms is not None:
                    delay_ms = min(delay_ms, message.remaining_ms)
                code, delay_ms = "later", max(0, delay_ms)
            case Uncertain(error, reference):
                code = "uncertain"
            case Expired(error):
                code = "expired"
            case _:
                assert_never(outcome)
        return cls(channel, message.id, message.claim_id, code, reference, error, delay_ms, tuple(recipients))

    @classmethod
    def unbegun(cls, channel: str, message: Message) -> Self:
        """Return the answer that says that `message` may have been marked, but nothing of it has left."""
        return cls(channel, message.id, message.claim_id, "unbegun")

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes an answer the answer to one delivery."""
        return self.channel, self.message_id, self.claim_id


class JournalUnusable(SentenceError):  # noqa: N818  # named by what happened
    """The journal cannot be opened; a station without one would call every interrupted message uncertain."""


class Journal:
    """Answers that the database may not know yet, in the file `path`; shared by the threads of one program.

    The caller holds the station's instance lock: one program writes the file. With `sync` an answer survives a power
    cut, without it only the end of the program. Raises JournalUnusable when the file cannot be opened.
    """

    def __init__(self, path: Path, *, sync: bool = True) -> None:
        self._path = path
        self._sync = sync
        self._lock = threading.Lock()
        self._failing = False
        try:
            content = path.read_bytes() if path.exists() else b""
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise JournalUnusable(
                "the journal {path} cannot be opened ({why}): give this user the right to write there",
                path=str(path),
                why=error.strerror or str(error),
            ) from error
        lines = content.split(b"\n")
        self._pending = {answer.key: answer for answer in map(_parsed, lines) if answer is not None}
        self._lines = len(lines)
        if lines[-1]:  # a crash tore the last line: what follows must not be glued to it
            self._write(b"\n")

    def pending(self, channel: str) -> tuple[Answer, ...]:
        """Return the answers of a channel that are not known to be in the database, oldest first."""
        with self._lock:
            return tuple(answer for answer in self._pending.values() if answer.channel == channel)

    def record(self, answer: Answer) -> None:
        """Remember an answer. A journal that cannot be written is said in the log, once, and stops nothing."""
        line = json.dumps(attrs.asdict(answer), ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._pending[answer.key] = answer
            self._write(line)

    def forget(self, answers: Iterable[Answer]) -> None:
        """Drop answers that the database has; their lines go when there are enough of them."""
        with self._lock:
            for answer in answers:
                self._pending.pop(answer.key, None)
            if self._lines > _COMPACT_ABOVE + 2 * len(self._pending):
                self._compact()

    def close(self) -> None:
        """Close the file, leaving in it only what the database may not know."""
        with self._lock:
            if not self._file.closed:
                self._compact()
                self._file.close()

    def _write(self, line: bytes) -> None:
        try:
            self._file.write(line)
            if self._sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            if not self._failing:
                _LOG.warning(
                    "the journal %s cannot be written: a crash now would leave messages uncertain (%s)",
                    self._path,
                    error,
                    extra={"event": "journal.unwritable"},
                )
            self._failing = True
        else:
            self._lines += 1
            self._failing = False

    def _compact(self) -> None:
        fresh = self._path.with_name(self._path.name + ".new")
        lines = [json.dumps(attrs.asdict(answer), separators=(",", ":")) + "\n" for answer in self._pending.values()]
        try:
            with fresh.open("wb", buffering=0) as file:
                file.write("".join(lines).encode())
                os.fsync(file.fileno())
            self._file.close()  # Windows does not replace an open file
            fresh.replace(self._path)
        except OSError as error:
            _LOG.warning(
                "the journal %s cannot be compacted: %s", self._path, error, extra={"event": "journal.not_compacted"}
            )
        finally:
            if self._file.closed:
                self._file = self._path.open("ab", buffering=0)
        self._lines = len(lines)


def _parsed(line: bytes) -> Answer | None:
    """Return the answer of a line; None for an empty, torn or foreign one."""
    try:
        fields: dict[str, Any] = json.loads(line)
        fields["recipients"] = tuple(Recipient(**each) for each in fields["recipients"])
        return Answer(**fields)
    except (ValueError, TypeError, KeyError):
        return None
