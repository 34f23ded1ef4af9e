"""What an operation brings to have its messages delivered: how they are made ready, how one leaves, what it says."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeAlias, TypeVar

import attrs

from actors.delivery.tally import Tally
from club import Message, Outcome, Recipient
from config.sentence import Sentence, SentenceError

P = TypeVar("P")
"""A parcel: a message made ready, in whatever form the courier gives it."""


class TransportAway(SentenceError):  # noqa: N818 - weather, not a fault of the program
    """The other side cannot be reached, or turns down the club itself: no row is to blame, all stay due.

    `needs_a_person`: it will not pass by itself. `pause`: how long it is to be left alone.
    """

    def __init__(self, why: Sentence, *, needs_a_person: bool = False, pause: timedelta = timedelta(0)) -> None:
        super().__init__(why)
        self.needs_a_person = needs_a_person
        self.pause = pause


class LoginRefused(TransportAway):
    """The other side refuses the user, the password, the key or the PIN: trying on may lock the account or the card."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(why, needs_a_person=True)


@attrs.frozen
class Settled:
    """What became of a message, for good or for now; `recipients` tells several apart."""

    outcome: Outcome
    recipients: tuple[Recipient, ...] = ()


@attrs.frozen
class PutOff:
    """Not before `at`: nothing was tried, no attempt is counted, the row waits with its reason."""

    at: datetime
    reason: Sentence


@attrs.frozen
class Untouched:
    """Nothing of it has left, and nothing is said against it: it is as due as it was."""


@attrs.frozen
class Result:
    """What came of sending one message.

    `against_club` is what the other side said against the club's account rather than against this message: once may be
    this message's fault all the same, twice in a row is the club's, and ends the run; with `refuses_login` as a refused
    login does. `pause` is how long to wait before the next message, as a gateway's Retry-After says.
    """

    became: Settled | Untouched
    against_club: Sentence | None = None
    pause: timedelta = timedelta(0)
    refuses_login: bool = False


Ready: TypeAlias = P | Settled | PutOff


class Courier(ABC, Generic[P]):
    """What makes messages ready and gives them to a provider; used by one thread, except `interrupt`.

    Life: at each run `open`, `before_run`, messages, `after_run` when it ended in order, `rest` in any case; `close`
    when the station has no longer anything to do with it. What is not abstract is a hook, and does nothing here.
    """

    @abstractmethod
    def prepare(self, message: Message) -> Ready[P]:
        """Return the message ready to leave, or at once what becomes of it; only asked of rows without a `problem`.

        Nothing has left before or in here. It may be asked again for the same row, in a later claim.
        """

    @abstractmethod
    def identity(self, message: Message) -> str | None:
        """Return the reference that the message bears when it leaves, the same at each attempt; None: it bears none."""

    @abstractmethod
    def send(self, parcel: P, mark: Callable[[], bool]) -> Result:
        """Give one message to the provider.

        `mark` is called at most once, as the last thing before the byte that cannot be taken back. When it answers
        False nothing may leave, and the result is `Untouched`; what it raises passes through, and nothing may leave.
        Raises TransportAway when nothing of the message has left. A message that may have left without a reliable
        answer is `Settled(Uncertain(…))`, and so is one that was interrupted there.
        """

    most_together = 1
    """How many messages it can have under way at once, as far as it knows before it sees them."""

    def together(self, parcels: Sequence[P]) -> int:  # noqa: ARG002 - a hook
        """Return how many of these, from the first on, may be under way at once now: one at least."""
        return 1

    def send_together(self, parcels: Sequence[P], mark: Callable[[], Collection[int]]) -> Iterator[tuple[int, Result]]:
        """Give as many messages to the provider at once as `together` said; yield what comes of each as it comes.

        As `send`, but that `mark` answers the places, among `parcels`, of those that may leave, and that each place is
        yielded once with its result. Raises TransportAway only where nothing of what is not yielded yet has left.
        """
        yield 0, self.send(parcels[0], lambda: bool(mark()))

    @abstractmethod
    def interrupt(self) -> None:
        """End what is being waited for, for good; called from another thread, in any state, and never waits."""

    def may_leave(self, parcel: P) -> bool:  # noqa: ARG002 - a hook
        """Return whether the message may leave at this very instant; asked before the mark and after it."""
        return True

    def open(self) -> None:
        """Get ready for a run; does nothing when it is. Raises TransportAway."""

    def expect(self, batch: Sequence[Message]) -> None:
        """Learn what one claim took, before its first message is prepared: what is asked of a database is asked once.

        It may hold messages with a `problem`, which are never prepared.
        """

    def remark(self) -> Sentence | None:
        """Return what people should know though all is well, such as until when nothing may leave."""
        return None

    def opens_at(self) -> datetime | None:
        """Return the next instant at which something may leave that may not now: the next run comes then at the latest.

        None: there is none. `remark` is what people are told of it.
        """
        return None

    def be_quick(self) -> None:
        """Forget pauses that the courier has set itself: a person wants it tried at once."""

    def before_run(self, tally: Tally) -> None:
        """Do what comes before sending, also when nothing may be sent: ask for reports, take what came in.

        Raises TransportAway when it is no use to go on to send.
        """

    def after_run(self, tally: Tally) -> None:
        """Do what comes after a run that ended in order. Raises TransportAway."""

    def rest(self) -> None:
        """Let go of what need not be kept until the next run; after each run, however it ended."""

    def close(self) -> None:
        """Let go of everything; `open` may come again."""
