"""Messages that have left this station before, though the database says that they wait: it was restored."""

import logging
from collections.abc import Sequence
from typing import Final

import attrs

from club.journal import Journal
from club.journal_lines import Answer
from club.messages import Message

_LOG: Final = logging.getLogger(__name__)


def told_apart(journal: Journal | None, channel: str, claimed: Sequence[Message]) -> tuple[list[Message], list[Answer]]:
    """Return those that wait, and the answers under which the others have left, as answers to this claim."""
    known = {} if journal is None else journal.departures(channel, claimed)
    waiting = [message for message in claimed if message.id not in known]
    departed = [
        attrs.evolve(known[message.id], claim_id=message.claim_id) for message in claimed if message.id in known
    ]
    if departed:
        _LOG.warning(
            "%d messages have left this station before: the database forgot it, they are not sent again",
            len(departed),
            extra={"event": "outbox.departed", "channel": channel},
        )
    return waiting, departed
