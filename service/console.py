"""What a command writes to: answers on the output, errors in one sentence, both in the reader's language."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from config.sentence import LANGUAGES, Sentence, SentenceError
from config.system_words import system_words
from service.terminal import Terminal, clean


class OutputLost(SentenceError):  # noqa: N818 - what the reader sees
    """The file or disk that the output goes to takes no more."""


class Console:
    """The two streams of a command, the language it speaks, and what the output can show.

    `asked_language` is what `--lang` said; None lets the settings decide where a command comes to know them.
    """

    def __init__(self, out: TextIO, err: TextIO, asked_language: str | None, environment: Mapping[str, str]) -> None:
        self.out = out
        self.err = err
        self.asked_language = asked_language
        self.language = asked_language or system_language(environment)
        self.environment = environment
        self.terminal = Terminal.of(out, environment)

    def prefer(self, language: str) -> None:
        """Take the language of the settings, unless `--lang` asked for another."""
        if self.asked_language is None and language in LANGUAGES:
            self.language = language

    def text(self, sentence: Sentence) -> str:
        """Return the sentence in the reader's language."""
        return sentence.render(self.language)

    def print(self, text: Sentence | str) -> None:
        """Write a sentence, or a page that was made for this terminal, to the output."""
        self.write(f"{text if isinstance(text, str) else clean(self.text(text))}\n")

    def write(self, text: str) -> None:
        """Write text as it is; raises `OutputLost`, and BrokenPipeError when the reader has left."""
        with self._output():
            self.out.write(text)

    def flush(self) -> None:
        """Write what is left now: at the interpreter's exit an error would be a traceback."""
        with self._output():
            self.out.flush()

    @contextmanager
    def _output(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost("the output can't be written: {reason}", reason=system_words(error)) from error

    def print_json(self, value: Any) -> None:
        """Write a value as JSON, in ASCII where the output takes no more."""
        encoding = (self.out.encoding or "ascii").lower().replace("-", "")
        self.print(json.dumps(value, indent=2, ensure_ascii=not encoding.startswith("utf")))

    def error(self, sentence: Sentence) -> None:
        """Write an error to the error stream, in one sentence."""
        said = " ".join(filter(None, clean(self.text(sentence)).split(" ")))
        self.err.write(f"heitz-service: {said}\n")


def system_language(environment: Mapping[str, str]) -> str:
    """Return the language of the reader's system: French where it says so, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(variable):
            return "fr" if environment[variable].lower().startswith("fr") else "en"
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        french = 0x0C  # the primary language of a LANGID: its ten low bits
        return "fr" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == french else "en"
    return "en"


def standard_console(asked_language: str | None) -> Console:
    """Return the console of this process.

    What a stream can't encode is replaced, and a stream that is closed (`>&-`, pythonw) is a hole: neither fails a
    command.
    """
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for the process
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    return Console(sys.stdout, sys.stderr, asked_language, os.environ)
