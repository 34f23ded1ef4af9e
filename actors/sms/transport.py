"""What every way to send an SMS has in common: what it is given, what it answers, what it may be asked later.

A transport is used by one thread. It neither waits nor tries again beyond its own protocol, and never decides what
becomes of a message: it says what happened, in terms of the one question that matters, whether a copy can exist.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum, unique
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from config.sentence import Sentence


@unique
class Category(Enum):
    """What an SMS is for: the law and the operators treat the two differently."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


@attrs.frozen
class Sms:
    """One SMS, ready to leave.

    `recipient` is E.164 with its plus (`+33612345678`); `body` is what the member shall read, character by character.
    `reference` is ours: at most 36 characters of [A-Za-z0-9-], the same at each attempt for the same row, different
    for any other row of any club. `validity` is how long it is still worth delivering, None: as the provider likes.
    """

    recipient: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    reference: str
    category: Category = Category.TRANSACTIONAL
    validity: timedelta | None = None


@unique
class Blame(Enum):
    """Whom a refusal is about."""

    MESSAGE = "message"
    """This text or this number: the next message may fare better."""
    ACCOUNT = "account"
    """The club's account, sender or credit: the next message would fare no better, a person must act."""
    KEY = "key"
    """The club's key, token or password: to go on asking may lock the account."""
    LOAD = "load"
    """Too many at once: the gateway asks to come back later, no message is to blame."""


@attrs.frozen
class Accepted:
    """The provider has it. `provider_reference` is its own name for it, None when it gives none."""

    provider_reference: str | None = None
    parts: int | None = None
    """How many parts the provider says that it counted."""


@attrs.frozen
class Refused:
    """The provider said no: no copy exists. `reason` is its words, translated where we know better, without numbers."""

    reason: Sentence
    is_final: bool
    """True: the same message would be refused again."""
    blame: Blame = Blame.MESSAGE
    retry_after: timedelta | None = None


@attrs.frozen
class NotSent:
    """It did not leave this computer: no copy exists. `needs_a_person` when it will not pass by itself."""

    trouble: Sentence
    needs_a_person: bool = False


@attrs.frozen
class Withheld:
    """The mark said no, or another thread interrupted, before the irrevocable byte: no copy exists."""


@attrs.frozen
class Unknown:
    """The irrevocable byte left and no answer that can be relied upon came back: a copy may exist.

    `provider_reference` helps to find out later, where something of that kind is known all the same.
    """

    reason: Sentence
    provider_reference: str | None = None


Answer: TypeAlias = Accepted | Refused | NotSent | Withheld | Unknown


class Transport(Protocol):
    """A way to send SMS: a gateway over HTTP, a modem, an SMPP connection."""

    def open(self) -> None:
        """Get ready to send; does nothing when it is. Raises Unavailable."""

    def send(self, sms: Sms, mark: Callable[[], bool]) -> Answer:
        """Send one SMS. `mark` is called at once before the irrevocable byte; when it answers False nothing leaves.

        Whatever `mark` raises passes through, and nothing leaves. Raises Unavailable when it broke before the mark.
        """

    def interrupt(self) -> None:
        """End what is being waited for; called from another thread."""

    def close(self) -> None:
        """Let go of connections and ports; may be opened again."""


@runtime_checkable
class CanSendTogether(Protocol):
    """A transport that can have several SMS under way, and knows which of them each answer is to."""

    @property
    def most_together(self) -> int:
        """How many at once at most."""

    @property
    def together_now(self) -> int:
        """How many at once as things are: fewer than `most_together` while the provider finds it too much."""

    def send_together(self, batch: Sequence[Sms], mark: Callable[[], Collection[int]]) -> Iterator[tuple[int, Answer]]:
        """Send SMS, and yield the answer to each with its place in `batch`, each once, as the answers come.

        As Transport.send, but that `mark` answers the places of those that may leave; never yields NotSent.
        """


class Unavailable(Exception):  # noqa: N818 - weather more often than an error
    """The transport cannot send now; `sentence` says why and what to do.

    `refuses_login`: the key, the token or the password, which a person must correct.
    """

    def __init__(self, sentence: Sentence, *, needs_a_person: bool = False, refuses_login: bool = False) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        self.needs_a_person = needs_a_person or refuses_login
        self.refuses_login = refuses_login


@unique
class Fate(Enum):
    """What became of an SMS after the provider took it."""

    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    FAILED = "failed"


@attrs.frozen
class DeliveryReport:
    """What a provider says of an SMS that it took; told by its own reference or by ours, whichever it gives."""

    fate: Fate
    provider_reference: str | None = None
    reference: str | None = None
    at: datetime | None = None
    reason: Sentence | None = None
    """Why it failed, in the operator's words where they say something."""


@attrs.frozen
class Incoming:
    """An SMS that a member sent back, such as STOP. `sender` is a number as the provider writes it."""

    sender: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    at: datetime | None = None
    identity: str | None = None
    """What tells it from any other, so that it is taken once."""


@attrs.frozen
class Found:
    """The provider has had it."""

    provider_reference: str | None = None
    fate: Fate = Fate.ON_ITS_WAY


@attrs.frozen
class Absent:
    """The provider says that it never had it, and had enough time to know."""


@attrs.frozen
class NotKnown:
    """The provider could not say yet: ask again later."""


Finding: TypeAlias = Found | Absent | NotKnown


@attrs.frozen
class Sighting:
    """What is known of an SMS whose answer was lost, for a look-up."""

    sms: Sms
    began_at: datetime
    provider_reference: str | None = None
    is_another_s: Callable[[str], bool] = attrs.field(default=lambda _reference: False, eq=False, repr=False)
    """Whether the provider's name belongs to another SMS of ours: for who can be asked by number and text alone."""


@runtime_checkable
class CanLookUp(Protocol):
    """A transport whose provider can be asked by our reference whether it had an SMS."""

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        """Return whether the provider had it. Raises Unavailable."""


@runtime_checkable
class CanReport(Protocol):
    """A transport that learns what became of what it sent."""

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        """Yield what is newly known; `asked` are provider references that are of interest. Raises Unavailable."""


@runtime_checkable
class CanReceive(Protocol):
    """A transport that also gets what members answer."""

    def incoming(self) -> Iterator[Incoming]:
        """Yield what came in; each is removed at the provider or modem only once the next is asked for."""


@runtime_checkable
class HasCredit(Protocol):
    """A transport whose provider tells how much may still be sent."""

    def credit(self) -> float | None:
        """Return the credit in the provider's unit, None when it does not say. Raises Unavailable."""


@attrs.frozen
class Condition:
    """How a device is: in a sentence, what should be mended, and what its owner has to know before relying on it."""

    described: Sentence
    worries: tuple[Sentence, ...] = ()
    caution: Sentence | None = None


@runtime_checkable
class HasCondition(Protocol):
    """A transport that is a device in the club."""

    def condition(self) -> Condition:
        """Return how the device is. Raises Unavailable."""
