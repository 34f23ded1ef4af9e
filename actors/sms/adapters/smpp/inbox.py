"""Holds what the message centre delivers until it was taken, and only then says that it has it."""

import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

import attrs

from actors.sms.adapters.smpp import pdu, statuses
from actors.sms.adapters.smpp.pdu import Delivery, Pdu
from actors.sms.adapters.smpp.receipts import Receipt, is_acknowledgement, is_receipt_by_name, receipt_of
from actors.sms.adapters.smpp.session import Session
from actors.sms.transport import Incoming

_MOST_HELD: Final = 10_000
_RECEIPT_HELD_SECONDS: Final = 10.0
"""Then a receipt is acknowledged untaken: in a long run the message centre would wait for it and deliver no more."""
_REMEMBERED: Final = 1_000


@attrs.define(eq=False)
class Held:
    """A delivery that awaits its answer."""

    session: Session
    delivery: Pdu
    since: float
    is_acknowledged: bool = False

    def release(self) -> None:
        """Tell the message centre, once."""
        if not self.is_acknowledged:
            self.is_acknowledged = True
            self.session.acknowledge(self.delivery)


class Inbox:
    """What was delivered and not taken yet: receipts, and the SMS of members."""

    def __init__(self, read_text: Callable[[Delivery], str], clock: Callable[[], float] = monotonic) -> None:
        self._read_text = read_text
        self._clock = clock
        self._receipts: deque[tuple[Receipt, Held]] = deque()
        self._sms: deque[tuple[Incoming, Held]] = deque()
        self._again: OrderedDict[Incoming, str] = OrderedDict()
        """SMS whose answer may not have arrived, without identity: delivered once more, they are the same."""

    def deliver(self, session: Session, came: Pdu) -> int | None:
        """Take in a deliver_sm or data_sm; return the status to answer with, None where it is held."""
        try:
            delivery = pdu.delivery_of(came)
        except pdu.NonsenseError:
            return statuses.INVALID_LENGTH
        if is_acknowledgement(delivery):
            return statuses.OK
        held = Held(session, came, self._clock())
        receipt = receipt_of(delivery)
        if len(self._receipts if receipt is not None else self._sms) >= _MOST_HELD:
            return statuses.OUR_TROUBLE
        if receipt is not None:
            self._receipts.append((receipt, held))
        elif is_receipt_by_name(delivery):
            return statuses.OK
        else:
            self._sms.append((self._incoming(delivery), held))
        return None

    def receipts(self) -> Iterator[tuple[Receipt, Held]]:
        """Yield the receipts and take them off; whoever takes one releases it."""
        while self._receipts:
            yield self._receipts.popleft()

    def release_old(self) -> None:
        """Acknowledge the receipts that nobody took for too long; they stay here to be taken."""
        now = self._clock()
        for _, held in self._receipts:
            if now - held.since < _RECEIPT_HELD_SECONDS:
                break
            held.release()

    def incoming(self) -> Iterator[Incoming]:
        """Yield the SMS of members; each is acknowledged once the next is asked for."""
        while self._sms:
            sms, held = self._sms[0]
            yield sms
            if self._sms and self._sms[0][1] is held:  # else its connection ended meanwhile
                self._sms.popleft()
            held.release()
            if held.session.is_over:
                self._remember(sms)

    def forget(self, session: Session) -> None:
        """Drop what an ended connection delivered and nobody took: it is delivered again. Receipts are kept."""
        for sms, held in self._sms:
            if held.session is session:
                self._remember(sms)
        self._sms = deque(each for each in self._sms if each[1].session is not session)

    def _incoming(self, delivery: Delivery) -> Incoming:
        sms = Incoming(delivery.source, self._read_text(delivery))
        return attrs.evolve(sms, identity=self._again.pop(sms, None) or f"smpp {uuid.uuid4().hex}")

    def _remember(self, sms: Incoming) -> None:
        self._again[attrs.evolve(sms, identity=None)] = sms.identity or ""
        while len(self._again) > _REMEMBERED:
            self._again.popitem(last=False)
