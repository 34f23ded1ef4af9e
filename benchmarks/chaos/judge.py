"""The judgement: the mail server's log against the rows of the database, and nothing that a station says of itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import attrs

from chaos.counterpart import Acceptance

_ENDS: Final = frozenset({"sent", "failed", "uncertain"})


@attrs.frozen
class FinalRow:
    """A message as it stands in the database when all is over."""

    number: int
    state: str
    token: int
    """The fencing token of its last claim."""
    error: str | None


@attrs.frozen
class Verdict:
    """What became of all messages; each tuple but the last two numbers must be empty."""

    accepted: int
    states: Mapping[str, int]
    doubled: tuple[int, ...]
    """Accepted more than once."""
    lost: tuple[int, ...]
    """Without a row, without an end, `failed` without a reason, or `sent` and never accepted."""
    returned: tuple[int, ...]
    """Accepted, and the row says that they have not left: `failed`, or to be sent."""
    backwards: tuple[str, ...]
    """A message accepted under an older token than one that was accepted before it: two holders."""
    shared: tuple[str, ...]
    """A token under which two stations sent."""
    uncertain: int
    uncertain_arrived: int

    @property
    def is_clean(self) -> bool:
        return not (self.doubled or self.lost or self.returned or self.backwards or self.shared)


def judge(messages: int, acceptances: Sequence[Acceptance], rows: Sequence[FinalRow]) -> Verdict:
    """Judge messages 1 to `messages`; `acceptances` in the order of the log."""
    by_number = {row.number: row for row in rows}
    copies = Counter(each.number for each in acceptances)
    uncertain = {row.number for row in rows if row.state == "uncertain"}
    return Verdict(
        accepted=len(acceptances),
        states=dict(Counter(row.state for row in rows)),
        doubled=tuple(sorted(number for number, count in copies.items() if count > 1)),
        lost=tuple(number for number in range(1, messages + 1) if _is_lost(by_number.get(number), copies)),
        returned=tuple(
            number
            for number in sorted(copies)
            if number not in by_number or by_number[number].state not in ("sent", "uncertain")
        ),
        backwards=_backwards(acceptances, by_number, copies),
        shared=_shared(acceptances, by_number, copies),
        uncertain=len(uncertain),
        uncertain_arrived=len(uncertain & set(copies)),
    )


def _is_lost(row: FinalRow | None, copies: Mapping[int, int]) -> bool:
    if row is None or row.state not in _ENDS:
        return True
    if row.state == "sent":
        return not copies.get(row.number)
    return not row.error


def _tokens(
    acceptances: Sequence[Acceptance], rows: Mapping[int, FinalRow], copies: Mapping[int, int]
) -> list[tuple[Acceptance, int]]:
    """Return what was accepted once with the token of its claim: of a doubled one the row knows the last alone."""
    return [
        (each, rows[each.number].token)
        for each in acceptances
        if copies[each.number] == 1 and each.number in rows and rows[each.number].token > 0
    ]


def _backwards(
    acceptances: Sequence[Acceptance], rows: Mapping[int, FinalRow], copies: Mapping[int, int]
) -> tuple[str, ...]:
    found = []
    for (before, token_before), (after, token_after) in pairwise(_tokens(acceptances, rows, copies)):
        if token_after < token_before:
            found.append(
                f"{after.station} sent {after.number} under {token_after} at {after.at:.3f}, "
                f"after {before.station} sent {before.number} under {token_before} at {before.at:.3f}"
            )
    return tuple(found)


def _shared(
    acceptances: Sequence[Acceptance], rows: Mapping[int, FinalRow], copies: Mapping[int, int]
) -> tuple[str, ...]:
    senders: dict[int, set[str]] = {}
    for acceptance, token in _tokens(acceptances, rows, copies):
        senders.setdefault(token, set()).add(acceptance.station)
    return tuple(f"{token}: {', '.join(sorted(who))}" for token, who in senders.items() if len(who) > 1)
