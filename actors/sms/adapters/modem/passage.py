"""One SMS on its way out, part by part: asks the mark once, and writes down what left."""

import contextlib
from collections.abc import Callable
from datetime import datetime

from actors.sms.adapters.modem.ledger import Departure, Ledger
from actors.sms.transport import Answer, NotSent, Refused, Sms, Unknown
from config.sentence import Sentence
from config.system_words import system_words


class Passage:
    """Tells the answer for the whole from what became of the parts."""

    def __init__(self, sms: Sms, parts: int, mark: Callable[[], bool], ledger: Ledger) -> None:
        self.sms = sms
        self._parts = parts
        self._mark = mark
        self._ledger = ledger
        self._departure: Departure | None = None
        self._is_marked = False
        self._left = 0
        self._is_about_to_leave = False
        self.kept: NotSent | None = None
        """Why the part may not leave although the mark said yes."""

    @property
    def has_begun(self) -> bool:
        """Whether a part has left, so that the others should."""
        return self._left > 0

    @property
    def provider_reference(self) -> str | None:
        """The name of the whole, made of what is known by now."""
        return None if self._departure is None else self._departure.provider_reference

    def may_leave(self, expected: int | None, now: datetime) -> bool:
        """Return whether the next part may leave; the mark is asked before the first. What it raises passes through."""
        if not self._is_marked:
            if not self._mark():
                return False
            self._is_marked = True
        try:
            if self._departure is None:
                self._departure = self._ledger.leaves(self.sms.reference, self.sms.recipient, self._parts, now)
            self._ledger.part_leaves(self._departure, expected)
        except OSError as error:
            why = system_words(error)
            self.kept = NotSent(
                Sentence.of("what leaves by the modem cannot be written down ({why})", why=why), needs_a_person=True
            )
            return False
        self._is_about_to_leave = True
        return True

    def part_left(self, mr: int) -> None:
        """Write down the message reference of the part that left."""
        self._left += 1
        self._is_about_to_leave = False
        if self._departure is not None:
            with contextlib.suppress(OSError):  # it left, whether that can be written down or not
                self._ledger.part_left(self._departure, mr)

    def part_stayed(self) -> None:
        """Write down that the part did not leave after all."""
        if self._departure is None or not self._is_about_to_leave:
            return
        self._is_about_to_leave = False
        with contextlib.suppress(OSError):
            self._ledger.part_stayed(self._departure)
        if not self._left:
            self._departure = None

    def ended(self, answer: Answer) -> Answer:
        """Return the answer for the whole, which a part ended: some parts may have left before it."""
        if isinstance(answer, Unknown):
            return Unknown(answer.reason, self.provider_reference)
        if not self._left:
            return answer
        why = answer.reason if isinstance(answer, Refused) else answer.trouble if isinstance(answer, NotSent) else None
        reason = Sentence.counted(
            "{n} part of {parts} left, the next did not: {why}",
            "{n} parts of {parts} left, the next did not: {why}",
            self._left,
            parts=self._parts,
            why=why or Sentence.of("it was interrupted"),
        )
        return Unknown(reason, self.provider_reference)
