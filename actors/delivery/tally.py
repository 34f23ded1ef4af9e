"""What a run did, counted in messages and said in the operation's own words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias, assert_never

import attrs

from club import Expired, Failed, Later, Outcome, Sent, Uncertain
from config.sentence import Sentence

Said: TypeAlias = Callable[[int], Sentence]
"""Says a count, as `lambda n: Sentence.counted("{n} e-mail sent", "{n} e-mails sent", n)`."""


@attrs.define
class Tally:
    """Counts of one run. `more` holds what only one operation counts, such as delivery reports, by name."""

    sent: int = 0
    later: int = 0
    put_off: int = 0
    failed: int = 0
    expired: int = 0
    uncertain: int = 0
    more: dict[str, int] = attrs.field(factory=dict)

    def count(self, outcome: Outcome) -> None:
        """Add one outcome."""
        match outcome:
            case Sent():
                self.sent += 1
            case Later():
                self.later += 1
            case Uncertain():
                self.uncertain += 1
            case Expired():
                self.expired += 1
            case Failed():
                self.failed += 1
            case _:
                assert_never(outcome)

    def add(self, name: str, count: int = 1) -> None:
        """Add to what only this operation counts."""
        self.more[name] = self.more.get(name, 0) + count

    def as_counters(self) -> dict[str, int]:
        """Return the counts by name, those that are nothing left out."""
        counts = {field.name: getattr(self, field.name) for field in attrs.fields(Tally) if field.name != "more"}
        return {name: count for name, count in {**counts, **self.more}.items() if count}

    def as_sentence(self, sent: Said, more: Mapping[str, Said] = MappingProxyType({})) -> Sentence:
        """Return what was done, for people, in the operation's words (`sent`, `more`); what has none stays out.

        Nothing to say: "nothing was due".
        """
        said: dict[str, Said] = {"sent": sent, **_SHARED, **more}
        counters = self.as_counters()
        parts = [say(counters[name]) for name, say in said.items() if name in counters]
        return Sentence.joined(", ", parts) if parts else Sentence.of("nothing was due")


def _later(n: int) -> Sentence:
    return Sentence.counted("{n} to try again", "{n} to try again", n)


def _put_off(n: int) -> Sentence:
    return Sentence.counted("{n} waits for its hour", "{n} wait for their hour", n)


def _failed(n: int) -> Sentence:
    return Sentence.counted("{n} failed", "{n} failed", n)


def _expired(n: int) -> Sentence:
    return Sentence.counted("{n} expired", "{n} expired", n)


def _uncertain(n: int) -> Sentence:
    return Sentence.counted("{n} uncertain", "{n} uncertain", n)


_SHARED: Mapping[str, Said] = MappingProxyType(
    {"later": _later, "put_off": _put_off, "failed": _failed, "expired": _expired, "uncertain": _uncertain}
)
