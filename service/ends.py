"""The ends of actors kept over restarts of the program, without personal data or secrets in their errors."""

from collections.abc import Callable, Iterable

import attrs

from supervisor import Journal, JournalEntry


class MaskedJournal:
    """A journal whose errors and tracebacks are masked before they are written: what a server says may name people."""

    def __init__(self, journal: Journal, mask: Callable[[str], str]) -> None:
        self._journal = journal
        self._mask = mask

    def record(self, entry: JournalEntry) -> None:
        """Keep an end."""
        failure = entry.failure
        masked = attrs.evolve(failure, error=self._mask(failure.error), traceback=self._mask(failure.traceback))
        self._journal.record(attrs.evolve(entry, failure=masked))

    def load(self) -> Iterable[JournalEntry]:
        """Return the ends kept so far, oldest first."""
        return self._journal.load()
