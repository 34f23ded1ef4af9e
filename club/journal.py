"""The station's own journal: what a provider answered, until the database knows it too.

Between a provider's answer and the commit that records it, the database may go away or the program may die; without a
memory of its own the station would have to call the message uncertain. One JSON line per answer, appended and synced
before the database is asked. Replaying a line that the database already knows changes nothing: it names its claim.

It also remembers which messages were marked together (`intend`) and which of them were about to leave (`leave`): after
a kill, those that were marked and never about to leave are known to be here still. That holds only until the computer
stops: a power cut may lose the line that says "left" and not the one that says "marked" (docs/decisions/0092).

The journal goes on remembering what has left when the database knows it, some ten thousand messages back: a database
that is restored from yesterday's backup would send today's messages again. In memory it has only traces of
them, of a fixed size; the file is read where a trace says "perhaps" (docs/decisions/0166).
"""

import errno
import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import attrs

from club.boots import boot_id
from club.journal_lines import Answer, Key, answers_in, intended_in, json_line, line_of, settled_in, traces_of
from club.messages import Message
from club.traces import Traces
from config.sentence import SentenceError
from config.system_words import system_words

_LOG: Final = logging.getLogger(__name__)
_PAGE_LINES: Final = 20_000
_THIS_BOOT: Final = boot_id()


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
                why=system_words(error),
            ) from error
        self._left_before = traces_of(answers_in(older))
        answers = answers_in(content)
        self._left = traces_of(answers)
        settled = settled_in(content)
        intended = {} if boot is None else intended_in(content, boot)
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

    def departures(self, channel: str, messages: Sequence[Message]) -> dict[int, Answer]:
        """Return, by id, the answers under which these very messages have left this station before, if they have."""
        found: dict[int, Answer] = {}
        with self._lock:
            for left, path in ((self._left_before, self._older_path), (self._left, self._path)):
                wanted = {each.id: each for each in messages if left.may_hold(channel, each.id)}
                if wanted:
                    found |= self._departed(channel, wanted, path)
        return found

    def _departed(self, channel: str, wanted: Mapping[int, Message], page: Path) -> dict[int, Answer]:
        found: dict[int, Answer] = {}
        try:
            with page.open("rb") as file:
                for answer in chain.from_iterable(map(answers_in, file)):
                    message = wanted.get(answer.message_id) if answer.channel == channel else None
                    if message is not None and answer.fingerprint == message.fingerprint:
                        found[answer.message_id] = attrs.evolve(answer, recipients=())
        except OSError as error:
            _LOG.warning(
                "the journal %s cannot be read: what has left before is not known (%s)",
                page,
                error,
                extra={"event": "journal.unreadable"},
            )
        return found

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
            if not self._leavable.issuperset(keys) or not self._write(
                b"".join(json_line({"left": key}) for key in keys)
            ):
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
            self._write(self._settled_line() + line_of(answer))

    def forget(self, answers: Iterable[Answer]) -> None:
        """Note, with the next line, that the database has these answers."""
        with self._lock:
            for answer in answers:
                self._intended.discard(answer.key)
                self._leavable.discard(answer.key)
                if self._pending.pop(answer.key, None) is not None:
                    self._settled.append(answer.key)
                if answer.fingerprint is not None:
                    self._left.add(answer.channel, answer.message_id)
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
        return json_line({"settled": settled}) if settled else b""

    def _intention(self, answers: Iterable[Answer]) -> bytes:
        keys = [answer.key for answer in answers]
        return json_line({"boot": self._boot, "intended": keys}) if keys else b""

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
                file.write(self._intention(intended) + b"".join(map(line_of, known)))
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
            self._left_before, self._left = self._left, Traces()
        finally:
            if self._file.closed:
                self._file = self._path.open("ab", buffering=0)
