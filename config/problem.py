"""What is wrong with a settings file: one problem per fault, all of them in one error."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import attrs

from config.sentence import Sentence, SentenceError


@attrs.frozen(kw_only=True)
class Problem:
    """One fault of a settings file, told so that it can be mended.

    `line` counts from 1 and is None when the fault is the file as a whole; `column` is known for faults of syntax only.
    `key` is the dotted path as it would be written in TOML, list places as `[0]`. `value` is what was found, shortened;
    None when there is none, when it is a table or a list, and whenever it could hold a secret.
    """

    file: Path
    sentence: Sentence
    line: int | None = None
    column: int | None = None
    key: str | None = None
    value: str | None = None
    suggestion: Sentence | None = None

    @property
    def place(self) -> str:
        """Where: `file`, `file:line` or `file:line:column`, as editors and compilers write it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def as_sentence(self) -> Sentence:
        """Return everything in one sentence: place, key, value, what is wrong, what to do."""
        what = self.sentence
        if self.suggestion is not None:
            what = Sentence.of("{what}; {remedy}", what=what, remedy=self.suggestion)
        where = self.place
        if self.key is not None:
            where = f"{where}: {self.key}" if self.value is None else f"{where}: {self.key} = {self.value}"
        return Sentence.of("{where}: {what}", where=where, what=what)

    def as_json(self, language: str) -> dict[str, str | int | None]:
        """Return everything as plain values, sentences in `language`, for what programs read."""
        return {
            "file": str(self.file),
            "line": self.line,
            "column": self.column,
            "key": self.key,
            "value": self.value,
            "problem": self.sentence.render(language),
            "suggestion": self.suggestion.render(language) if self.suggestion else None,
        }

    def __str__(self) -> str:
        return str(self.as_sentence())


class SettingsError(SentenceError):
    """A settings file cannot be used: `problems` holds every fault found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(
            first.as_sentence()
            if len(self.problems) == 1
            else Sentence.counted(
                "{n} problem in {file}; the first: {first}",
                "{n} problems in {file}; the first: {first}",
                len(self.problems),
                file=first.file,
                first=first.as_sentence(),
            )
        )


class ValueRefusedError(SentenceError):
    """A value that a setting does not take; raised by the readers of values and by checks.

    `key` is the path from the setting that was being read to the culprit, empty for the value itself. `is_missing`
    tells a required key that is not there from a value that is wrong.
    """

    def __init__(
        self,
        sentence: Sentence,
        *,
        suggestion: Sentence | None = None,
        key: tuple[str | int, ...] = (),
        is_missing: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.suggestion = suggestion
        self.key = key
        self.is_missing = is_missing


def did_you_mean(written: str, known: Iterable[str]) -> Sentence | None:
    """Return the suggestion of the known name nearest to what was written, or None when none is near."""
    by_fold = {name.casefold(): name for name in known}
    nearest = difflib.get_close_matches(written.casefold(), by_fold, n=1, cutoff=0.6)
    return Sentence.of("did you mean {name}?", name=by_fold[nearest[0]]) if nearest else None


def one_of(names: Iterable[str]) -> str:
    """Return the names as a list for a sentence: `a, b, c`."""
    return ", ".join(names)
