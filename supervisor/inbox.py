"""The mailbox of a supervised actor: a lane for the stop message, a bound, and an end after which nothing gets lost."""

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from pykka import ActorDeadError, ThreadingFuture

from supervisor.errors import MailboxFull, WaitsForItself
from supervisor.life import Life, current_life, refuse_the_fenced
from supervisor.seams import Envelope, StopMessage
from supervisor.states import EndKind

if TYPE_CHECKING:
    from pykka._types import OptExcInfo


class Answer(ThreadingFuture[Any]):
    """The future of an ask: the first result stays, later ones are dropped without a word.

    An ask that was failed because its actor was abandoned must not trip the actor when it wakes and answers; and an
    actor that waits for its own answer is told so instead of waiting for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: Life | None = None

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the answer; see `pykka.Future.get`.

        Raises:
            WaitsForItself: called by the very actor that was asked, before it answered.

        """
        asked = self.asked
        if asked is not None and self._result is None and asked is current_life():
            raise WaitsForItself(asked.path)
        return super().get(timeout=timeout)

    def set(self, value: Any | None = None) -> None:
        """Answer, if nobody did."""
        with self._condition:
            if self._result is None and self._get_hook is None:
                super().set(value)

    def set_exception(self, exc_info: "OptExcInfo | None" = None) -> None:
        """Answer with an exception, if nobody answered."""
        with self._condition:
            if self._result is None and self._get_hook is None:
                super().set_exception(exc_info)


def fail(envelope: "Envelope[Any]", error: BaseException) -> None:
    """Answer an ask with an error; a stop request is answered as obeyed, as pykka does."""
    if envelope.reply_to is None:
        return
    if isinstance(envelope.message, StopMessage):
        envelope.reply_to.set(None)
    else:
        envelope.reply_to.set_exception((type(error), error, None))


class Inbox:
    """A pykka inbox in which a stop overtakes the mail, and which can be closed.

    Once closed, an ask is answered with `ActorDeadError` and a tell raises it: pykka's own inbox takes both in silence
    when the actor dies between `is_alive()` and `put()`, and the asker waits for ever.
    """

    def __init__(self) -> None:
        self.life: Life | None = None
        self.stopped_by: EndKind = EndKind.OUTSIDE_STOP
        self._ready = threading.Condition(threading.Lock())
        self._stops: deque[Envelope[Any]] = deque()
        self._mail: deque[Envelope[Any]] = deque()
        self._handled: Envelope[Any] | None = None
        self._is_closed = False

    def put(self, envelope: "Envelope[Any]", /) -> None:
        """Take a message from any thread; never blocks.

        Raises:
            ActorDeadError: the actor ended and the message was a tell.
            MailboxFull: as many messages as its spec allows are waiting.
            Fenced: the sender is an abandoned incarnation.

        """
        refuse_the_fenced()
        life = self.life
        reply_to = envelope.reply_to
        if isinstance(reply_to, Answer):
            reply_to.asked = life
        with self._ready:
            if self._is_closed:
                error: Exception = ActorDeadError(f"{life.path if life else 'the actor'} has ended")
            elif isinstance(envelope.message, StopMessage):
                if not self._stops:
                    own = life is not None and life is current_life()
                    self.stopped_by = EndKind.NORMAL if own else EndKind.OUTSIDE_STOP
                lane = self._mail if life is not None and life.drain else self._stops
                lane.append(envelope)
                self._ready.notify()
                return
            elif life is not None and life.mailbox_limit is not None and len(self._mail) >= life.mailbox_limit:
                error = MailboxFull(life.path, life.mailbox_limit)
            else:
                self._mail.append(envelope)
                self._ready.notify()
                return
        if reply_to is None:
            raise error
        fail(envelope, error)

    def get(self) -> "Envelope[Any]":
        """Wait for the next message and return it: a stop first."""
        with self._ready:
            while True:
                if self._stops:
                    self._handled = self._stops.popleft()
                    return self._handled
                if self._mail:
                    self._handled = self._mail.popleft()
                    return self._handled
                self._handled = None
                self._ready.wait()

    def empty(self) -> bool:
        """Return whether no message waits."""
        return not (self._stops or self._mail)

    def qsize(self) -> int:
        """Return how many messages wait, stops not counted."""
        return len(self._mail)

    def close(self) -> "list[Envelope[Any]]":
        """Take no more; answer the asks that wait or are being handled, and return the tells that nobody handled."""
        with self._ready:
            self._is_closed = True
            waiting = [*self._stops, *self._mail]
            self._stops.clear()
            self._mail.clear()
            handled, self._handled = self._handled, None
        path = self.life.path if self.life else "the actor"
        error = ActorDeadError(f"{path} ended before it answered")
        if handled is not None:
            fail(handled, error)
        for envelope in waiting:
            fail(envelope, error)
        return [each for each in waiting if each.reply_to is None and not isinstance(each.message, StopMessage)]
