"""One bound connection: numbers what is asked, matches answers however late, serves what the other side asks."""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

import attrs

from actors.sms.adapters.smpp import pdu, statuses
from actors.sms.adapters.smpp.ledger import Part
from actors.sms.adapters.smpp.link import Broken, Link
from actors.sms.adapters.smpp.pdu import Command, Pdu
from actors.sms.transport import Unavailable
from config.sentence import Sentence

_LAST_SEQUENCE: Final = 0x7FFFFFFF
_ANSWER_SECONDS: Final = 5.0
"""How long writing an answer to what the message centre asks may take."""
_FLOOD_SECONDS: Final = 2.0
"""How long what has come already is served after the time is over, from a message centre that never pauses."""
_OPEN_QUESTIONS: Final = 10_000
_UNBIND_SECONDS: Final = 1.0
_SERVED: Final = frozenset({Command.DELIVER_SM, Command.DATA_SM})


@attrs.define(eq=False)
class Asked:
    """A request of ours, and its answer once it came; `part` is what it submitted, if anything."""

    sequence: int
    part: Part | None = None
    answer: Pdu | None = None


class Session:
    """A connection that was let in. Its owner says what becomes of deliveries and of answers to what was submitted."""

    def __init__(
        self,
        link: Link,
        deliver: Callable[["Session", Pdu], int | None],
        answered: Callable[[Asked], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`deliver` returns the status to answer with, None when it answers by `acknowledge` later."""
        self._link = link
        self._deliver = deliver
        self._answered = answered
        self._clock = clock
        self._sequence = 0
        self._open: dict[int, Asked] = {}
        self.is_over = False

    @property
    def heard_at(self) -> float:
        """When something came last, by the clock."""
        return self._link.heard_at

    def bind(self, command: str, until: float, **login: Any) -> None:
        """Be let in. Raises Unavailable when nobody is, Broken."""
        asked = self.ask(pdu.encoded(command, 0, **login), until)
        self.wait([asked], until)
        if asked.answer is None:
            raise Broken(Sentence.of("the message centre did not answer in time"))
        if asked.answer.status != statuses.OK:
            why, needs_a_person = statuses.bind_refused(asked.answer.status)
            refuses_login = statuses.is_about_login(asked.answer.status)
            raise Unavailable(why, needs_a_person=needs_a_person, refuses_login=refuses_login)

    def ask(self, raw: bytes, until: float, part: Part | None = None) -> Asked:
        """Send a request; its answer is matched whenever it comes. Raises Broken: whether it left is not known."""
        [asked] = self.ask_all([raw], until, [part])
        return asked

    def ask_all(self, raws: Sequence[bytes], until: float, parts: Sequence[Part | None]) -> list[Asked]:
        """Send requests at once, in one go. Raises Broken: which of them left is not known."""
        asked = []
        written = bytearray()
        for raw, part in zip(raws, parts, strict=True):
            self._sequence = 1 if self._sequence >= _LAST_SEQUENCE else self._sequence + 1
            asked.append(Asked(self._sequence, part))
            self._open[self._sequence] = asked[-1]
            written += pdu.numbered(raw, self._sequence)
        while len(self._open) > _OPEN_QUESTIONS:
            del self._open[next(iter(self._open))]
        self._write(bytes(written), until)
        return asked

    def answered(self, asked: Sequence[Asked], until: float) -> Iterator[Asked]:
        """Serve the connection and yield each of these once it is answered; ends early when it got too late.

        Raises Broken, after what had come before.
        """
        waiting = list(asked)
        while True:
            yield from (each for each in waiting if each.answer is not None)
            waiting = [each for each in waiting if each.answer is None]
            if not waiting or self._clock() > until + _FLOOD_SECONDS or not self.serve_one(until):
                return

    def wait(self, asked: Sequence[Asked], until: float) -> bool:
        """Serve the connection until all of these are answered; False when it got too late. Raises Broken."""
        return sum(1 for _ in self.answered(asked, until)) == len(asked)

    def serve(self, until: float) -> None:
        """Serve what has come, and what comes before `until`. Raises Broken."""
        while self.serve_one(until) and self._clock() < until + _FLOOD_SECONDS:
            pass

    def enquire(self, until: float) -> None:
        """Get a sign of life (enquire_link). Raises Broken, also when none came in time."""
        if not self.wait([self.ask(pdu.encoded("enquire_link", 0), until)], until):
            self.is_over = True
            raise Broken(Sentence.of("the message centre did not answer in time"))

    def acknowledge(self, delivery: Pdu, status: int = statuses.OK) -> None:
        """Answer a delivery that was held; does nothing when the connection is over, for it is delivered again then."""
        if not self.is_over:
            try:
                self._write(pdu.response(delivery, status), self._clock() + _ANSWER_SECONDS)
            except Broken:
                self.is_over = True

    def close(self) -> None:
        """Say goodbye, wait a moment for the answer, and hang up."""
        if not self.is_over:
            try:
                until = self._clock() + _UNBIND_SECONDS
                self.wait([self.ask(pdu.encoded("unbind", 0), until)], until)
            except Broken:
                pass
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection at once."""
        self.is_over = True
        self._link.close()

    def _write(self, raw: bytes, until: float) -> None:
        try:
            self._link.write(raw, until)
        except Broken:
            self.is_over = True
            raise

    def serve_one(self, until: float) -> bool:
        """Serve one PDU; False when none came in time. Raises Broken."""
        try:
            came = self._link.read(until)
        except Broken:
            self.is_over = True
            raise
        if came is None:
            return False
        if came.is_response:
            self._match(came)
        elif came.command in _SERVED:
            status = self._deliver(self, came)
            if status is not None:
                self._write(pdu.response(came, status), self._clock() + _ANSWER_SECONDS)
        elif came.command == Command.ENQUIRE_LINK:
            self._write(pdu.response(came), self._clock() + _ANSWER_SECONDS)
        elif came.command == Command.UNBIND:
            self._write(pdu.response(came), self._clock() + _ANSWER_SECONDS)
            self.is_over = True
            raise Broken(Sentence.of("the message centre ended the connection"))
        elif came.command not in (Command.ALERT_NOTIFICATION, Command.OUTBIND):  # which take no answer
            self._write(pdu.nack(came.sequence, statuses.INVALID_COMMAND), self._clock() + _ANSWER_SECONDS)
        return True

    def _match(self, came: Pdu) -> None:
        asked = self._open.pop(came.sequence, None)
        if asked is None:  # answered already: a second answer changes nothing
            return
        asked.answer = came
        self._answered(asked)
