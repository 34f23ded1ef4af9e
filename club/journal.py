"""The station's own journal: what a provider answered, until the database knows it too.

Between a provider's answer and the commit that records it, the database may go away or the program may die; without a
memory of its own the station would have to call the message uncertain. One JSON line per answer, appended and synced
before the database is asked. Replaying a line that the database already knows changes nothing: it names its claim.

It also remembers which messages were marked together (`intend`) and which of them were about to leave (`leave`): after
a kill, those that were marked and never about to leave are known to be here still. That holds only until the computer
stops: a power cut may lose the line that says "left" and not the one that says "marked" (docs/decisions/0092).

The journal goes on remembering what has left when the database knows it, some ten thousand messages back: a database
that is restored from yesterday's backup would send today's messages again.
"""

import errno
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, assert_never

import attrs

from club.boots import boot_id
from club.messages import Expired, Failed, Later, Message, Outcome, Recipient, Sent, Uncertain
from config.sentence import SentenceError

_LOG: Final = logging.getLogger(__name__)
_PAGE_LINES: Final = 20_000
_THIS_BOOT: Final = boot_id()

Key: TypeAlias = tuple[str, int, str]
"""Channel, message and claim: one delivery."""


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
    fingerprint: str | None = None
    """Of the message, where it has left."""

    @classmethod
    def of(cls, channel: str, message: Message, outcome: Outcome, recipients: Sequence[Recipient] = ()) -> Self:
        """Return the answer that says `outcome` of `message`."""
        reference: str | None = None
        error: str | None = None
        fingerprint: str | None = None
        delay_ms: int | None = None
        match outcome:
            case Sent(reference, error):
                code, fingerprint = "sent", message.fingerprint
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
        return cls(
            channel, message.id, message.claim_id, code, reference, error, delay_ms, tuple(recipients), fingerprint
        )

    @classmethod
    def unbegun(cls, channel: str, message: Message) -> Self:
        """Return the answer that says that `message` may have been marked, but nothing of it has left."""
        return cls(channel, message.id, message.claim_id, "unbegun")

    @property
    def key(self) -> Key:
        """What makes an answer the answer to one delivery."""
        return self.channel, self.message_id, self.claim_id


class JournalUnusable(SentenceError):  # noqa: N818  # named by what happened
    """The journal cannot be opened; a station without one would call every interrupted message uncertain."""


class Journal:
    """Answers that the database may not know yet, in the file `path`; shared by the threads of one program.

    The caller holds the station's instance lock: one program writes the file. With `sync` an answer survives a power
    cut, without it only the end of the program. `boot` names this start of the computer, None: nothing does. Raises
    JournalUnusable when the file cannot be opened.
    """

    def __init__(self, path: Path, *, sync: bool = True, boot: str | None = _THIS_BOOT) -> None:
        self._path = path
        self._boot = boot
        self._older_path = path.with_name(path.name + ".1")
        self._fresh_path = path.with_name(path.name + ".new")
        self._sync = sync
        self._lock = threading.Lock()
        self._failing = False
        self._is_torn = False
        self._settled: list[Key] = []
        self._intended: set[Key] = set()
        """Marked, or about to be, together with others, and not known to have left."""
        self._leavable: set[Key] = set()
        """Those of them that this run of the program may still let leave."""
        try:
            if not path.exists() and self._fresh_path.exists():  # a crash between the two steps of turning the page
                self._fresh_path.replace(path)
            older, content = (file.read_bytes() if file.exists() else b"" for file in (self._older_path, path))
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise JournalUnusable(
                "the journal {path} cannot be opened ({why}): give this user the right to write there",
                path=str(path),
                why=error.strerror or str(error),
            ) from error
        self._left_before = _left(_answers(older))
        answers = _answers(content)
        self._left = _left(answers)
        settled = _settled(content)
        intended = {} if boot is None else _intended(content, boot)
        self._pending = {key: answer for key, answer in intended.items() if key not in settled}
        self._pending |= {answer.key: answer for answer in answers if answer.key not in settled}
        self._intended = intended.keys() - {answer.key for answer in answers} - settled
        self._lines = content.count(b"\n")
        if content and not content.endswith(b"\n"):  # a crash tore the last line: the next must not be glued to it
            self._write(b"\n")

    @property
    def path(self) -> Path:
        """The file, in a folder that is closed to other users."""
        return self._path

    def pending(self, channel: str) -> tuple[Answer, ...]:
        """Return the answers of a channel that are not known to be in the database, oldest first.

        What was intended and has not left is among them, as not begun; from now on it can no longer `leave`.
        """
        with self._lock:
            self._leavable = {key for key in self._leavable if key[0] != channel}
            return tuple(answer for answer in self._pending.values() if answer.channel == channel)

    def departure(self, channel: str, message: Message) -> Answer | None:
        """Return the answer under which this very message has left this station before, if it has."""
        with self._lock:
            answer = self._left.get((channel, message.id)) or self._left_before.get((channel, message.id))
        return answer if answer is not None and answer.fingerprint == message.fingerprint else None

    @property
    def tells_kills_apart(self) -> bool:
        """Whether `intend` can be promised on this system: it names each start of the computer."""
        return self._boot is not None

    def intend(self, channel: str, messages: Iterable[Message]) -> bool:
        """Remember messages that are about to be marked together; False: it cannot be promised, mark them one by one.

        Until each of them `leave`s, it counts as not begun, whether the mark was made or not.
        """
        unbegun = [Answer.unbegun(channel, message) for message in messages]
        with self._lock:
            if self._boot is None or not self._write(self._settled_line() + self._intention(unbegun)):
                return False
            for answer in unbegun:
                self._pending[answer.key] = answer
                self._intended.add(answer.key)
                self._leavable.add(answer.key)
            return True

    def leave(self, channel: str, messages: Sequence[Message]) -> bool:
        """Note, at once before the irrevocable bytes, that intended messages may be out from now on.

        False: all of them must stay, for another worker has taken one for not begun, or the lines cannot be written.
        """
        keys = [Answer.unbegun(channel, message).key for message in messages]
        with self._lock:
            if not self._leavable.issuperset(keys) or not self._write(b"".join(_json({"left": key}) for key in keys)):
                return False
            for key in keys:
                self._leavable.discard(key)
                self._intended.discard(key)
                self._pending.pop(key, None)
            return True

    def record(self, answer: Answer) -> None:
        """Remember an answer. A journal that cannot be written is said in the log, once, and stops nothing."""
        with self._lock:
            self._pending[answer.key] = answer
            self._intended.discard(answer.key)
            self._leavable.discard(answer.key)
            self._write(self._settled_line() + _line(answer))

    def forget(self, answers: Iterable[Answer]) -> None:
        """Note, with the next line, that the database has these answers."""
        with self._lock:
            for answer in answers:
                self._intended.discard(answer.key)
                self._leavable.discard(answer.key)
                if self._pending.pop(answer.key, None) is not None:
                    self._settled.append(answer.key)
                self._left.update(_left([answer]))
            if self._lines > _PAGE_LINES + 2 * len(self._pending):
                self._turn_page()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if not self._file.closed:
                self._write(self._settled_line())
                self._file.close()

    def _settled_line(self) -> bytes:
        settled, self._settled = self._settled, []
        return _json({"settled": settled}) if settled else b""

    def _intention(self, answers: Iterable[Answer]) -> bytes:
        keys = [answer.key for answer in answers]
        return _json({"boot": self._boot, "intended": keys}) if keys else b""

    def _write(self, lines: bytes) -> bool:
        """Append lines; whether all of them are in the file."""
        whole = b"\n" + lines if self._is_torn else lines
        try:
            written = self._file.write(whole)
            self._is_torn = written != len(whole)  # the disk is full: the next line must not be glued to this one
            if self._sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._say_unwritable(error)
            return False
        if self._is_torn:
            self._say_unwritable(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            return False
        self._lines += lines.count(b"\n")
        self._failing = False
        return True

    def _say_unwritable(self, error: OSError) -> None:
        if not self._failing:
            _LOG.warning(
                "the journal %s cannot be written: a crash now would leave messages uncertain (%s)",
                self._path,
                error,
                extra={"event": "journal.unwritable"},
            )
        self._failing = True

    def _turn_page(self) -> None:
        """Begin a new file with what is pending; the full one becomes the older one, whose departures still count."""
        self._lines = 0
        try:
            with self._fresh_path.open("wb", buffering=0) as file:
                intended = [answer for key, answer in self._pending.items() if key in self._intended]
                known = [answer for key, answer in self._pending.items() if key not in self._intended]
                file.write(self._intention(intended) + b"".join(map(_line, known)))
                os.fsync(file.fileno())
            self._file.close()  # Windows does not rename an open file
            self._path.replace(self._older_path)
            self._fresh_path.replace(self._path)
        except OSError as error:
            _LOG.warning(
                "the journal %s cannot begin a new page: %s", self._path, error, extra={"event": "journal.not_turned"}
            )
        else:
            self._settled.clear()
            self._left_before, self._left = self._left, {}
        finally:
            if self._file.closed:
                self._file = self._path.open("ab", buffering=0)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _line(answer: Answer) -> bytes:
    return _json(attrs.asdict(answer))


def _objects(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file's lines; empty, torn and foreign lines cost only themselves."""
    for line in content.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _answers(content: bytes) -> list[Answer]:
    answers = []
    for fields in _objects(content):
        try:
            recipients = tuple(Recipient(**each) for each in fields["recipients"])
            answers.append(Answer(**{**fields, "recipients": recipients}))
        except (TypeError, KeyError):
            continue
    return answers


def _intended(content: bytes, boot: str) -> dict[Key, Answer]:
    """Return what was intended since the computer started, and never about to leave, as not begun."""
    intended: dict[Key, Answer] = {}
    for fields in _objects(content):
        match fields:
            case {"boot": its_boot, "intended": list(keys)} if its_boot == boot:
                for key in keys:
                    match key:
                        case [str() as channel, int() as message_id, str() as claim_id]:
                            intended[channel, message_id, claim_id] = Answer(channel, message_id, claim_id, "unbegun")
            case {"left": [str() as channel, int() as message_id, str() as claim_id]}:
                intended.pop((channel, message_id, claim_id), None)
    return intended


def _settled(content: bytes) -> set[tuple[Any, ...]]:
    lists = (fields.get("settled") for fields in _objects(content))
    return {tuple(key) for keys in lists if isinstance(keys, list) for key in keys if isinstance(key, list)}


def _left(answers: Iterable[Answer]) -> dict[tuple[str, int], Answer]:
    """Return the messages that have left, by what a restored row would still bear."""
    return {
        (answer.channel, answer.message_id): attrs.evolve(answer, recipients=())
        for answer in answers
        if answer.fingerprint is not None
    }
