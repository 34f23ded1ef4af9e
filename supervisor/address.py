"""An address that outlives incarnations: where a message goes while its child is up, down or gone."""

import threading
from collections import deque
from datetime import datetime
from typing import Any, Final

import pykka

from supervisor.errors import ChildDown, MailboxFull
from supervisor.inbox import Answer, fail
from supervisor.life import refuse_the_fenced
from supervisor.seams import Envelope
from supervisor.specs import Mailbox, Raise, Reply, Stash

ASK_SECONDS: Final = 30.0


class Slot:
    """Where the messages of one child go; the supervisor attaches and detaches incarnations."""

    def __init__(self, path: str, mailbox: Mailbox) -> None:
        self.path = path
        self.mailbox = mailbox
        self.next_attempt_at: datetime | None = None
        self.dropped = 0
        self._lock = threading.Lock()
        self._ref: pykka.ActorRef[Any] | None = None
        self._stash: deque[Envelope[Any]] = deque()
        self._is_gone = False

    @property
    def ref(self) -> "pykka.ActorRef[Any] | None":
        """The running incarnation."""
        return self._ref

    @property
    def stashed(self) -> int:
        """How many messages wait for the next incarnation."""
        return len(self._stash)

    def send(self, envelope: "Envelope[Any]") -> None:
        """Hand a message to the incarnation, or do what the spec says while there is none; never blocks.

        Raises:
            ChildDown: there is none, and the spec says to raise, or the stash is full of asks' elders.
            MailboxFull: the child's mailbox is full.
            Fenced: the sender was abandoned.

        """
        refuse_the_fenced()
        with self._lock:
            if self._ref is not None and self._deliver(self._ref, envelope):
                return
            policy = self.mailbox.while_down
            if not self._is_gone and isinstance(policy, Stash) and len(self._stash) < policy.limit:
                self._stash.append(envelope)
                return
            if isinstance(policy, Reply) and envelope.reply_to is not None and not self._is_gone:
                envelope.reply_to.set(policy.value)
                return
            self.dropped += 1
            error = ChildDown(self.path, self.next_attempt_at)
        if isinstance(policy, Raise) or self._is_gone or envelope.reply_to is not None:
            raise error

    def _deliver(self, ref: "pykka.ActorRef[Any]", envelope: "Envelope[Any]") -> bool:
        """Return False if the incarnation has just ended; the supervisor will hear of it in a moment."""
        try:
            if not ref.is_alive():
                return False
            ref.actor_inbox.put(envelope)
        except MailboxFull:
            self.dropped += 1
            raise
        except pykka.ActorDeadError:
            return False
        return True

    def attach(self, ref: "pykka.ActorRef[Any]") -> None:
        """Send to this incarnation from now on, first what was stashed."""
        with self._lock:
            while self._stash:
                envelope = self._stash.popleft()
                try:
                    ref.actor_inbox.put(envelope)
                except (pykka.ActorDeadError, MailboxFull):
                    self.dropped += 1
            self._ref = ref
            self.next_attempt_at = None

    def detach(self) -> None:
        """There is no incarnation to send to."""
        with self._lock:
            self._ref = None

    def take_back(self, leftovers: "list[Envelope[Any]]") -> None:
        """Keep or count the tells that an incarnation left unhandled; called in its own last moments."""
        if not leftovers:
            return
        with self._lock:
            policy = self.mailbox.while_down
            room = policy.limit - len(self._stash) if isinstance(policy, Stash) and not self._is_gone else 0
            kept = leftovers[: max(0, room)]
            self._stash.extendleft(reversed(kept))  # they came before what was stashed since
            self.dropped += len(leftovers) - len(kept)

    def close(self) -> None:
        """Refuse all senders from now on: the child is gone. What was stashed is answered or counted."""
        with self._lock:
            self._is_gone = True
            self._ref = None
            stash, self._stash = list(self._stash), deque()
            self.dropped += sum(envelope.reply_to is None for envelope in stash)
        for envelope in stash:
            fail(envelope, ChildDown(self.path))


class ChildRef:
    """The address of a child, valid over its restarts.

    From an abandoned incarnation every method raises `Fenced`.
    """

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def __repr__(self) -> str:
        return f"<ChildRef {self.path}>"

    @property
    def path(self) -> str:
        """The path of the child in its tree."""
        return self._slot.path

    def tell(self, message: Any) -> None:
        """Send a message, expecting no answer.

        Raises:
            ChildDown: it is not running, and its spec neither stashes nor drops.
            MailboxFull: as many messages as its spec allows are waiting.

        """
        self._slot.send(Envelope(message))

    def ask(self, message: Any, *, timeout: float = ASK_SECONDS) -> Any:
        """Send a message and return the answer; raises what the handling of the message raised.

        Raises:
            ChildDown: it is not running, and its spec neither stashes nor replies.
            ActorDeadError: it ended before it answered.
            pykka.Timeout: no answer within `timeout` seconds.

        """
        return self.ask_later(message).get(timeout=timeout)

    def ask_later(self, message: Any) -> Answer:
        """Send a message and return the future of its answer; see `ask`."""
        answer = Answer()
        self._slot.send(Envelope(message, reply_to=answer))
        return answer

    @property
    def actor_ref(self) -> "pykka.ActorRef[Any]":
        """The running incarnation's own pykka ref, for a proxy; it dies with the incarnation.

        Raises:
            ChildDown: it is not running.

        """
        ref = self._slot.ref
        if ref is None:
            raise ChildDown(self.path, self._slot.next_attempt_at)
        return ref
