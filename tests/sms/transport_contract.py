"""What any transport of SMS has to do, whatever its protocol: derive a class from TransportContract.

The class says which counterpart; gateways over HTTP have more in common, and a contract of their own (GatewayContract).
"""

import logging
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import pytest
from gateway_contract import HARD_TEXTS, NUMBER, TEXT, Marks, an_sms

from actors.sms.transport import (
    Accepted,
    Blame,
    NotSent,
    Refused,
    Transport,
    Unavailable,
    Unknown,
    Withheld,
)


class Counterpart(ABC):
    """What a transport is tried against. `secret` is what it lets the transport in for."""

    REFUSED_NUMBER = "+33600000404"
    secret: str

    @abstractmethod
    def copies(self) -> list[tuple[str, str]]:
        """Return number and text of each SMS that a telephone would get."""

    @abstractmethod
    def lose_the_next_answer(self) -> None:
        """Store the next SMS, and break the line instead of answering."""

    @abstractmethod
    def be_busy_once(self) -> None:
        """Refuse the next SMS as one too many."""

    @abstractmethod
    def be_silent(self) -> None:
        """Answer nothing any more, and hang up on nobody."""

    @abstractmethod
    def go_away(self) -> None:
        """Be gone, and let nobody in."""


class TransportContract:
    """The contract; fixtures `transport` and `counterpart` are what a transport's test gives."""

    def test_what_is_accepted_is_there_once_letter_by_letter(
        self, transport: Transport, counterpart: Counterpart
    ) -> None:
        marks = Marks()
        assert isinstance(transport.send(an_sms(), marks), Accepted)
        [(number, text)] = counterpart.copies()
        assert (number.lstrip("+"), text) == (NUMBER.lstrip("+"), TEXT)
        assert marks.count == 1

    @pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
    def test_a_hard_text_arrives_letter_by_letter(
        self, transport: Transport, counterpart: Counterpart, text: str
    ) -> None:
        assert isinstance(transport.send(an_sms(body=text), Marks()), Accepted)
        assert [text for _, text in counterpart.copies()] == [text]

    def test_a_refused_number_is_the_messages_fault(self, transport: Transport, counterpart: Counterpart) -> None:
        answer = transport.send(an_sms(recipient=counterpart.REFUSED_NUMBER), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final) == (Blame.MESSAGE, True)
        assert counterpart.copies() == []

    def test_half_a_letter_is_the_messages_fault(self, transport: Transport, counterpart: Counterpart) -> None:
        marks = Marks()
        answer = transport.send(an_sms(body="half of 🏊: \ud83c"), marks)
        assert isinstance(answer, Refused)
        assert (answer.is_final, marks.count, counterpart.copies()) == (True, 0, [])

    def test_too_many_at_once_is_nobodys_fault(self, transport: Transport, counterpart: Counterpart) -> None:
        counterpart.be_busy_once()
        answer = transport.send(an_sms(), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final, answer.retry_after is None) == (Blame.LOAD, False, False)
        assert isinstance(transport.send(an_sms(), Marks()), Accepted)
        assert len(counterpart.copies()) == 1

    def test_a_lost_answer_is_unknown_and_the_next_one_does_not_suffer(
        self, transport: Transport, counterpart: Counterpart
    ) -> None:
        counterpart.lose_the_next_answer()
        assert isinstance(transport.send(an_sms(), Marks()), Unknown)
        assert isinstance(transport.send(an_sms("club-next", body="next"), Marks()), Accepted)
        assert [text for _, text in counterpart.copies()] == [TEXT, "next"]

    def test_nothing_leaves_when_the_mark_says_no(self, transport: Transport, counterpart: Counterpart) -> None:
        assert transport.send(an_sms(), lambda: False) == Withheld()
        assert counterpart.copies() == []
        assert isinstance(transport.send(an_sms(), Marks()), Accepted)

    def test_what_the_mark_raises_passes_and_nothing_leaves(
        self, transport: Transport, counterpart: Counterpart
    ) -> None:
        def mark() -> bool:
            raise ConnectionResetError("the database is away")

        with pytest.raises(ConnectionResetError, match="the database is away"):
            transport.send(an_sms(), mark)
        assert counterpart.copies() == []

    def test_nothing_is_marked_when_nobody_is_there(self, transport: Transport, counterpart: Counterpart) -> None:
        transport.open()
        counterpart.go_away()
        marks = Marks()
        with suppress(Unavailable):
            assert isinstance(transport.send(an_sms(), marks), NotSent)
        assert (marks.count, counterpart.copies()) == (0, [])

    def test_an_interrupt_ends_the_wait_for_an_answer(self, transport: Transport, counterpart: Counterpart) -> None:
        transport.open()
        given: list[Any] = []
        marked = threading.Event()

        def mark() -> bool:
            counterpart.be_silent()
            marked.set()
            return True

        thread = threading.Thread(target=lambda: given.append(transport.send(an_sms(), mark)))
        thread.start()
        assert marked.wait(20)
        transport.interrupt()
        thread.join(5)
        assert not thread.is_alive()
        assert isinstance(given[0], Unknown | Withheld)

    def test_an_interrupt_during_the_mark_keeps_it_back(self, transport: Transport, counterpart: Counterpart) -> None:
        def mark() -> bool:
            transport.interrupt()
            return True

        assert transport.send(an_sms(), mark) == Withheld()
        transport.close()
        assert isinstance(transport.send(an_sms(), Marks()), Accepted), "closed, it may be opened again"
        assert len(counterpart.copies()) == 1

    @pytest.mark.parametrize("fault", ["", "lose_the_next_answer", "be_busy_once"])
    def test_no_log_and_no_sentence_holds_what_is_private(
        self, transport: Transport, counterpart: Counterpart, fault: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        if fault:
            getattr(counterpart, fault)()
        told = [
            repr(transport.send(an_sms(), Marks())),
            repr(transport.send(an_sms(recipient=counterpart.REFUSED_NUMBER), Marks())),
            repr(vars(transport)),
        ]
        told += [record.getMessage() for record in caplog.records]
        hexed = TEXT[:5].encode("utf-16-be").hex()
        for private in ("612345678", "00000404", "Cours de", "annul", counterpart.secret, hexed):
            assert [text for text in told if private in text] == []
