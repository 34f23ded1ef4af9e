"""What an operation tells the delivery actor of itself: its channel, its courier, its limits, its words."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

from actors.delivery.courier import Courier
from actors.delivery.pace import Limit
from actors.delivery.tally import Said
from actors.operation import Workplace
from club import Channel, Outbox
from config.sentence import Sentence

MakeCourier: TypeAlias = Callable[[Workplace, Outbox], Courier[Any]]


@attrs.frozen
class Words:
    """The operation's own sentences. `refused_login` is told why and in how many minutes it is tried again."""

    sent: Said
    not_held: Sentence
    """Said to who asks for a run where another station has the lease."""
    opening: Sentence
    """Said while the first run goes on and nothing has left yet: whom it waits for."""
    refused_login: Callable[[Sentence, int], Sentence]
    more: Mapping[str, Said] = MappingProxyType({})
    """How to say what only this operation counts (`Tally.add`), by name, in this order."""


@attrs.frozen
class Trade:
    """One operation, as delivery needs to know it.

    `courier` is called once, on the actor's own thread, when there is a first run. `every` is the time between two
    looks. `longest_wait` is the longest that a row which was tried is ever told to wait. `last_word_seconds` is how
    long the other side may still take to confirm a message when the actor is told to stop.
    """

    id: str
    channel: Channel
    courier: MakeCourier
    words: Words
    every: timedelta
    longest_wait: timedelta
    claim_at_most: int = 500
    per_minute: int | None = None
    per_connection: int | None = None
    limits: tuple[Limit, ...] = ()
    """What the account may send, whichever station did: counted from the database under each new hold."""
    last_word_seconds: float = 15.0
    exchange_seconds: float = 0.0
    """The longest that the other side may take over getting ready, or over one message; else the actor is hung."""
    asking_seconds: float = 0.0
    """What `before_run` may take beside such an exchange."""
