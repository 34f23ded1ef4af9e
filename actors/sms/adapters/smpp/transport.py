"""Sends SMS by SMPP: one bound connection, or one for each direction, served whenever it is used.

Nothing runs behind its user's back: a station that sends nothing polls `reports` or `incoming` at each tick, which asks
for a sign of life, takes what was delivered, and binds anew where the message centre has hung up meanwhile.
"""

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Final

import attrs

from actors.http.watch import Cut
from actors.sms.adapters.smpp import pdu, statuses
from actors.sms.adapters.smpp.inbox import Held, Inbox
from actors.sms.adapters.smpp.ledger import Ledger, Part, Submission
from actors.sms.adapters.smpp.lines import Lines, told
from actors.sms.adapters.smpp.link import Broken
from actors.sms.adapters.smpp.naming import name_in_answer, name_in_receipt
from actors.sms.adapters.smpp.receipts import fate_of
from actors.sms.adapters.smpp.session import Asked, Session
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.statuses import Meaning
from actors.sms.adapters.smpp.submission import (
    count_submissions,
    own_reference,
    read_text,
    source_kind,
    submissions,
)
from actors.sms.parts import TextRefusedError
from actors.sms.transport import (
    Accepted,
    Answer,
    DeliveryReport,
    Finding,
    Found,
    Incoming,
    NotKnown,
    Refused,
    Sighting,
    Sms,
    Unavailable,
    Unknown,
    Withheld,
)
from config.sentence import Sentence

_BREATH: Final = 0.2
"""How long a part that came too fast waits for its next try, while the SMS has begun to leave."""
_RETRIED: Final = frozenset({Meaning.THROTTLED, Meaning.FULL})


@attrs.frozen
class _Flight:
    """An SMS and the bytes of its parts."""

    submission: Submission
    raw: Sequence[bytes] = attrs.field(repr=False)

    @property
    def first(self) -> Part:
        return self.submission.parts[0]


class SmppTransport:
    """A Transport that can send together, report, receive and look up; see `actors.sms.transport`."""

    may_send_when_asked = False

    def __init__(self, settings: SmppSettings, clock: Callable[[], float] = monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._inbox = Inbox(lambda delivery: read_text(delivery, settings), clock)
        self._ledger = Ledger()
        self._lines = Lines(settings, self._inbox, self._answered, clock)
        self._news: deque[tuple[DeliveryReport | None, Held | None]] = deque()
        self._concatenation = random.randrange(0x10000)
        self._room = settings.sms_under_way
        """How many SMS at once: half as many after one was too much, one more after each time that all were taken."""

    @property
    def most_together(self) -> int:
        """How many SMS may be under way, by the settings."""
        return self.settings.sms_under_way

    @property
    def together_now(self) -> int:
        """How many the message centre seems to take at once."""
        return self._room

    def open(self) -> None:
        """Be bound; does nothing when it is. Raises Unavailable."""
        self._lines.bind()

    def send(self, sms: Sms, mark: Callable[[], bool]) -> Answer:
        """Send one SMS, in as many parts as it takes; see Transport."""
        [(_, answer)] = self.send_together([sms], lambda: (0,) if mark() else ())
        return answer

    def send_together(self, batch: Sequence[Sms], mark: Callable[[], Collection[int]]) -> Iterator[tuple[int, Answer]]:
        """Send several; see CanSendTogether. The first parts of all leave in one write, the rest SMS by SMS."""
        flights: dict[int, _Flight] = {}
        for place, sms in enumerate(batch):
            made = self._made(sms)
            if isinstance(made, Refused):
                yield place, made
            else:
                flights[place] = made
        if not flights:
            return
        session = self._lines.answering()
        leaving = set(mark())
        if self._lines.watch.cut is Cut.INTERRUPT:
            leaving.clear()
        for place in leaving:
            self._ledger.forget(batch[place].reference)
        under_way = {place: flight for place, flight in flights.items() if place in leaving}
        yield from self._submit(session, under_way)
        self._learn(under_way)
        for place in flights.keys() - leaving:
            yield place, Withheld()

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:  # noqa: ARG002 - the protocol's
        """Return what late answers and receipts say, else what query_sm does where that is allowed. Unavailable."""
        sms = sighting.sms
        if not self._lines.was_just_polled:
            self._lines.poll()
        self._take_receipts()
        try:
            count = count_submissions(sms, self.settings)
        except TextRefusedError:
            return NotKnown()
        own = [own_reference(sms.reference, number) for number in range(count)]
        found = self._ledger.finding(sms.reference, sms.recipient, own)
        if isinstance(found, NotKnown) and self.settings.query and sighting.provider_reference and count == 1:
            return self._query(sighting.provider_reference)
        return found

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:  # noqa: ARG002 - receipts come by themselves
        """Yield what is newly known; a receipt is acknowledged once the next is asked for. Raises Unavailable."""
        self._lines.poll()
        self._take_receipts()
        while self._news:
            report, held = self._news[0]
            if report is not None:
                yield report
            self._news.popleft()
            if held is not None:
                held.release()

    def incoming(self) -> Iterator[Incoming]:
        """Yield what members sent; each is acknowledged once the next is asked for. Raises Unavailable."""
        self._lines.poll()
        yield from self._inbox.incoming()

    def interrupt(self) -> None:
        """End what is being waited for, and every later wait until the transport is closed."""
        self._lines.watch.interrupt()

    def close(self) -> None:
        """Unbind and hang up."""
        self._lines.close()

    @property
    def _seconds(self) -> float:
        return self.settings.timeout.total_seconds()

    def _made(self, sms: Sms) -> _Flight | Refused:
        self._concatenation = self._concatenation + 1 & 0xFFFF
        try:
            raw = submissions(sms, self.settings, self._concatenation)
        except TextRefusedError as error:
            return Refused(error.sentence, is_final=True)
        except pdu.NonsenseError:
            return Refused(Sentence.of("this number or text does not fit into SMPP"), is_final=True)
        parts = [Part(own_reference(sms.reference, number)) for number in range(len(raw))]
        return _Flight(Submission(sms.reference, sms.recipient, parts), raw)

    def _submit(self, session: Session, flights: Mapping[int, _Flight]) -> Iterator[tuple[int, Answer]]:
        """Submit SMS and yield what came of each: first parts before others, for what they are refused for all are."""
        until = self._clock() + self._seconds
        waiting = dict(flights)
        places = {flight.first: place for place, flight in flights.items()}
        why = Sentence.of("the message centre did not answer in time")
        try:
            for first in self._ask(session, [(each.first, each.raw[0]) for each in flights.values()], until):
                place = places[first]
                if len(waiting[place].raw) == 1 or not first.is_taken:
                    yield place, self._answer(waiting.pop(place).submission, why)
            for place in [place for place, flight in waiting.items() if flight.first.is_taken]:
                so_far = self._submit_rest(session, waiting[place], until)
                yield place, self._answer(waiting.pop(place).submission, so_far)
        except Broken as broken:
            why = broken.why
        for place, flight in waiting.items():
            yield place, self._answer(flight.submission, why)

    def _submit_rest(self, session: Session, flight: _Flight, until: float) -> Sentence:
        """Submit the parts behind the first, as many at once as allowed.

        Return why there is not an answer to each; it says nothing when there is. Raises Broken.
        """
        waiting = list(zip(flight.submission.parts, flight.raw, strict=True))[1:]
        while waiting:
            now, waiting = waiting[: self.settings.window], waiting[self.settings.window :]
            if sum(1 for _ in self._ask(session, now, until)) < len(now):
                return Sentence.of("the message centre did not answer in time")
            again = [each for each in now if _comes_too_fast(each[0])]
            if again:
                if self._clock() + _BREATH > until:
                    break
                session.serve(self._clock() + _BREATH)
            waiting = again + waiting
        return Sentence.of("the message centre took a part of it and refused another")

    def _ask(self, session: Session, parts: Sequence[tuple[Part, bytes]], until: float) -> Iterator[Part]:
        """Submit parts at once, and yield each that is answered in time. Raises Broken."""
        for part, _ in parts:
            part.was_submitted, part.status = True, None
        asked = session.ask_all([raw for _, raw in parts], until, [part for part, _ in parts])
        for each in session.answered(asked, until):
            if each.part is not None:
                yield each.part

    def _learn(self, flights: Mapping[int, _Flight]) -> None:
        """Be slower after one that came too fast, or faster; hang up where we are not known any more."""
        parts = [part for flight in flights.values() for part in flight.submission.parts]
        if any(part.status == statuses.NOT_BOUND for part in parts):
            self._lines.let_go()
        if any(_comes_too_fast(part) for part in parts):
            self._room = max(1, self._room // 2)
        elif parts and all(part.is_taken for part in parts):
            self._room = min(self.settings.sms_under_way, self._room + 1)

    def _answer(self, submission: Submission, why: Sentence) -> Answer:
        parts = submission.parts
        first = parts[0]
        if submission.are_all_taken:
            if len(parts) > 1:
                self._ledger.keep(submission)
            return Accepted(submission.name, len(parts) if self.settings.long_texts != "payload" else None)
        if first.status is not None and not first.is_taken and not any(part.was_submitted for part in parts[1:]):
            said = statuses.verdict(first.status)
            if isinstance(said, Refused):
                return said
            why = said.reason
        submission.is_uncertain = True
        self._ledger.keep(submission)
        return Unknown(why, first.name)

    def _answered(self, asked: Asked) -> None:
        """Take note of an answer; one that comes after its SMS was given up on is news."""
        part, answer = asked.part, asked.answer
        if part is None or answer is None:
            return
        is_submit = answer.command == pdu.Command.SUBMIT_SM | pdu.RESPONSE
        part.status = answer.status if is_submit or answer.status else statuses.UNKNOWN_ERROR
        if is_submit and answer.status == statuses.OK:
            part.is_taken, part.name = True, name_in_answer(answer.name, self.settings.receipt_id)
        if part.kept_in is not None:
            report = self._ledger.answered(part.kept_in, part)
            if report is not None:
                self._news.append((report, None))

    def _take_receipts(self) -> None:
        for receipt, held in self._inbox.receipts():
            self._news.append((self._ledger.take(receipt, name_in_receipt(receipt, self.settings.receipt_id)), held))

    def _query(self, name: str) -> Finding:
        ton, npi = source_kind(self.settings)
        try:
            question = pdu.encoded(
                "query_sm",
                0,
                message_id=name,
                source_addr_ton=ton,
                source_addr_npi=npi,
                source_addr=(self.settings.sender or "").lstrip("+"),
            )
        except pdu.NonsenseError:
            return NotKnown()
        session = self._lines.answering()
        until = self._clock() + self._seconds
        try:
            asked = session.ask(question, until)
            session.wait([asked], until)
        except Broken as broken:
            raise Unavailable(told(self.settings, broken.why)) from None
        if asked.answer is None or asked.answer.status != statuses.OK:
            return NotKnown()  # it keeps no record for ever: that it knows nothing proves nothing
        try:
            return Found(name, fate_of(pdu.query_answer_of(asked.answer).state))
        except pdu.NonsenseError:
            return NotKnown()


def _comes_too_fast(part: Part) -> bool:
    return part.status is not None and not part.is_taken and statuses.meaning_of(part.status) in _RETRIED
