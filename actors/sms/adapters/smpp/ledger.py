"""What is known of SMS whose fate hangs on several facts: uncertain ones, and those of several parts.

An SMS of one part that was accepted needs no memory: its receipt names it. Memory is bounded; what falls out of it, or
is lost with the process, is found again by our reference in the receipts (`Receipt.own_reference`), or stays uncertain.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeVar

import attrs

from actors.sms.adapters.smpp.receipts import Receipt
from actors.sms.adapters.smpp.statuses import Meaning, meaning_of
from actors.sms.transport import Absent, DeliveryReport, Fate, Finding, Found, NotKnown
from config.sentence import Sentence

_REMEMBERED: Final = 10_000
_COMPARED_DIGITS: Final = 9
"""Of a telephone number: receipts may write it with or without country code."""

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


@attrs.define(eq=False)
class Part:
    """One submit_sm and what became of it; `status` is None while it has no answer."""

    own_reference: int
    name: str | None = None
    fate: Fate = Fate.ON_ITS_WAY
    status: int | None = None
    was_submitted: bool = False
    is_taken: bool = False
    kept_in: "Submission | None" = None
    """The SMS that it is of, once that is remembered."""

    @property
    def was_refused(self) -> bool:
        """Whether it is certain that no copy of it exists."""
        if not self.was_submitted:
            return True
        return not self.is_taken and self.status is not None and meaning_of(self.status) is not Meaning.UNKNOWN


@attrs.define(eq=False)
class Submission:
    """An SMS that was submitted; `told` is what was reported of it last."""

    reference: str
    number: str = attrs.field(repr=False)
    parts: Sequence[Part]
    is_uncertain: bool = False
    told: Fate | None = None

    @property
    def are_all_taken(self) -> bool:
        """Whether the message centre has the whole SMS."""
        return all(part.is_taken for part in self.parts)

    @property
    def is_none_taken(self) -> bool:
        """Whether it refused each part that it was given, so that no copy exists."""
        return all(part.was_refused for part in self.parts)

    @property
    def fate(self) -> Fate:
        """Delivered once each part is; failed with the first that does."""
        fates = {part.fate for part in self.parts}
        if Fate.FAILED in fates:
            return Fate.FAILED
        return Fate.DELIVERED if fates == {Fate.DELIVERED} else Fate.ON_ITS_WAY

    @property
    def name(self) -> str | None:
        """What the message centre calls its last part."""
        return self.parts[-1].name


def tail_of(number: str) -> str:
    """Return the digits of a number that all ways of writing it share."""
    return "".join(filter(str.isdigit, number))[-_COMPARED_DIGITS:]


class Ledger:
    """Keeps submissions by the keys that answers and receipts have, and says what is newly known."""

    def __init__(self) -> None:
        self._by_reference: OrderedDict[str, Submission] = OrderedDict()
        self._by_name: OrderedDict[str, tuple[Submission, Part]] = OrderedDict()
        self._by_own: OrderedDict[tuple[str, int], tuple[Submission, Part]] = OrderedDict()
        self._seen: OrderedDict[tuple[str, int], tuple[str | None, Fate]] = OrderedDict()
        """Receipts by number and our reference: for what was sent before the process began."""
        self._unclaimed: OrderedDict[str, Fate] = OrderedDict()
        """Receipts that came before the answer that names their SMS."""

    def keep(self, submission: Submission) -> None:
        """Remember an SMS that is uncertain, or has several parts."""
        _put(self._by_reference, submission.reference, submission)
        for part in submission.parts:
            part.kept_in = submission
            _put(self._by_own, (tail_of(submission.number), part.own_reference), (submission, part))
            self._name(submission, part)

    def forget(self, reference: str) -> None:
        """Forget an earlier attempt, for a new one begins: what became of that says nothing of this."""
        former = self._by_reference.pop(reference, None)
        for part in () if former is None else former.parts:
            part.kept_in = None

    def answered(self, submission: Submission, part: Part) -> DeliveryReport | None:
        """Take note of an answer that came too late; return what it settles."""
        self._name(submission, part)
        return self._news(submission, None)

    def take(self, receipt: Receipt, name: str | None) -> DeliveryReport | None:
        """Take note of a receipt, whose message `name` is as answers write it; return what is newly known."""
        own = None if receipt.own_reference is None else (tail_of(receipt.number), receipt.own_reference)
        if own is not None:
            _put(self._seen, own, (name, _later(self._seen.get(own, (None, Fate.ON_ITS_WAY))[1], receipt.fate)))
        found = self._by_name.get(name or "") or (None if own is None else self._by_own.get(own))
        if found is None:
            if name is None or receipt.fate is Fate.ON_ITS_WAY:
                return None
            _put(self._unclaimed, name, receipt.fate)
            return DeliveryReport(receipt.fate, name, None, None, receipt.reason)
        submission, part = found
        part.is_taken, part.name = True, part.name or name
        part.fate = _later(part.fate, receipt.fate)
        return self._news(submission, receipt.reason)

    def finding(self, reference: str, number: str, own_references: Sequence[int]) -> Finding:
        """Return what is known of an SMS; Absent only where the message centre refused all of it in the end."""
        known = self._by_reference.get(reference)
        if known is not None and known.is_none_taken:
            return Absent()
        if known is not None and known.are_all_taken:
            return Found(known.name, known.fate)
        seen = [self._seen.get((tail_of(number), own)) for own in own_references]
        parts = [
            Part(own, each[0], each[1], is_taken=True)
            for own, each in zip(own_references, seen, strict=True)
            if each is not None
        ]
        if len(parts) < len(own_references):
            return NotKnown()
        rebuilt = Submission(reference, number, parts)
        return Found(rebuilt.name, rebuilt.fate)

    def _name(self, submission: Submission, part: Part) -> None:
        if part.name is None:
            return
        _put(self._by_name, part.name, (submission, part))
        if part.name in self._unclaimed:
            part.fate = _later(part.fate, self._unclaimed.pop(part.name))

    def _news(self, submission: Submission, reason: Sentence | None) -> DeliveryReport | None:
        fate = submission.fate
        if fate is Fate.ON_ITS_WAY and not (submission.is_uncertain and submission.are_all_taken):
            return None
        if submission.told in (fate, Fate.DELIVERED, Fate.FAILED):
            return None
        submission.told = fate
        return DeliveryReport(
            fate, submission.name, submission.reference, None, reason if fate is Fate.FAILED else None
        )


def _later(known: Fate, told: Fate) -> Fate:
    """Return the fate after one more receipt: "on its way" may overtake or be repeated, and takes nothing back."""
    return told if known is Fate.ON_ITS_WAY else known


def _put(where: OrderedDict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    where[key] = value
    where.move_to_end(key)
    while len(where) > _REMEMBERED:
        where.popitem(last=False)
