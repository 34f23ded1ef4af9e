"""The program's log: one rotating file per station, bounded, and the terminal; personal data and secrets hidden.

A line is an instant, a level, the module, one sentence, and after `|` the event's key and values, for programs:

    2026-11-24T10:11:30.412+01:00 WARNING actors.email: the server does not answer | event=email.away host=smtp

Masking is the last step of formatting, so that it also covers tracebacks and whatever a foreign library says.
"""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, TextIO

from config.masking import mask
from service.paths import open_private

FILE_BYTES: Final = 4 * 1024 * 1024
OLD_FILES: Final = 4
_ORDINARY: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CHATTY: Final = ("alembic", "asyncio", "mail.log", "mail.error", "sqlalchemy", "urllib3", "PIL")
_LONGEST_VALUE: Final = 500
_LINE_ENDS: Final = str.maketrans({"\r": "\\r", "\n": "\\n", "\x1b": "\\x1b", "\x00": "\\x00"})

_log = logging.getLogger(__name__)


@contextmanager
def logging_to(path: Path, stream: TextIO | None, *, debug: bool = False) -> Iterator[None]:
    """Send every log record to the file at `path`, and to `stream` in short, for the time of the block.

    Errors that no thread caught are logged, too.
    """
    handlers: list[logging.Handler] = [_PrivateRotatingFile(path)]
    handlers[0].setFormatter(_FileFormatter())
    if stream is not None:  # pythonw on Windows has none
        handlers.append(logging.StreamHandler(stream))
        handlers[1].setFormatter(_TerminalFormatter())
    root = logging.getLogger()
    before = (root.level, sys.excepthook, threading.excepthook, logging.raiseExceptions)
    levels = {name: logging.getLogger(name).level for name in _CHATTY}
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in handlers:
        root.addHandler(handler)
    logging.raiseExceptions = False  # a full disk must not fill the terminal
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    try:
        yield
    finally:
        logging.captureWarnings(False)
        level, sys.excepthook, threading.excepthook, logging.raiseExceptions = before
        root.setLevel(level)
        for name, old in levels.items():
            logging.getLogger(name).setLevel(old)
        for handler in handlers:
            root.removeHandler(handler)
            with suppress(OSError):  # on a full disk the last flush fails
                handler.close()


class _FileFormatter(logging.Formatter):
    """A whole record on one line, its traceback indented beneath."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        sentence = record.getMessage().translate(_LINE_ENDS)
        lines = [f"{at} {record.levelname} {record.name}: {sentence}{_values(record)}"]
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        elif record.exc_text:
            lines += record.exc_text.splitlines()
        if record.stack_info:
            lines += record.stack_info.splitlines()
        # Indented: a line of a traceback can't pass for a record of its own.
        return mask("\n    ".join(lines).replace("\x1b", "\\x1b").replace("\x00", "\\x00"))


class _TerminalFormatter(logging.Formatter):
    """The time and the sentence; the file has the rest."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        level = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        error = ""
        if record.exc_info and record.exc_info[0]:
            error = f" ({record.exc_info[0].__name__}: {record.exc_info[1]})"
        return mask(f"{at:%H:%M:%S} {level}{record.getMessage()}{error}".translate(_LINE_ENDS))


class _PrivateRotatingFile(RotatingFileHandler):
    """A rotating file that only its user may read, and that never ends the program."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="backslashreplace")

    def _open(self) -> TextIOWrapper:
        descriptor = open_private(Path(self.baseFilename), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)  # noqa: PTH123 - a descriptor, not a path

    def doRollover(self) -> None:  # noqa: N802 - logging's own name
        """Rotate; where Windows forbids it because somebody reads the file, begin the same file anew."""
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:
                self.stream = self._open()
            with suppress(OSError):
                self.stream.truncate(0)


def _values(record: logging.LogRecord) -> str:
    extra = {key: value for key, value in vars(record).items() if key not in _ORDINARY}
    if not extra:
        return ""
    event = extra.pop("event", None)
    pairs = ([f"event={event}"] if event else []) + [f"{key}={_short(value)}" for key, value in sorted(extra.items())]
    return " | " + " ".join(pairs)


def _short(value: Any) -> str:
    text = str(value).translate(_LINE_ENDS)
    if len(text) > _LONGEST_VALUE:
        text = text[:_LONGEST_VALUE] + "..."
    return f'"{text}"' if " " in text or not text else text


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    _log.critical(
        "the program ends by an error that nothing caught",
        exc_info=(kind, error, traceback),
        extra={"event": "program.uncaught"},
    )


def _log_uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_type is SystemExit or hook.exc_value is None:
        return
    _log.critical(
        "a thread ended by an error that nothing caught",
        exc_info=(hook.exc_type, hook.exc_value, hook.exc_traceback),
        extra={"event": "thread.uncaught", "of": hook.thread.name if hook.thread else ""},
    )
