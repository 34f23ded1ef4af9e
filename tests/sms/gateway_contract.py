"""What every gateway over HTTP has to do, tried against its vendor's counterpart: derive a class from GatewayContract.

The class says which counterpart and which settings; its tests are inherited. What a vendor does not document (a search,
reports, a credit) its gateway does not have, and the test of it says so instead.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from gateway_server import Fault, Server, Vendor, serving
from kannel_programs import wait_until

from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.roster import gateway_for
from actors.sms.transport import (
    Absent,
    Accepted,
    Blame,
    CanLookUp,
    CanReceive,
    CanReport,
    Fate,
    Found,
    HasCredit,
    Incoming,
    NotKnown,
    NotSent,
    Refused,
    Sighting,
    Sms,
    Unknown,
    Withheld,
)

NUMBER = "+33612345678"
TEXT = "Cours de 18 h annulé : l’eau est à 22 °C, désolés 🏊 & à bientôt"
SECRET = "s3cr3t-of-the-account-0123456789"
LONGEST_REFERENCE = 36
HARD_TEXTS = {
    "emojis": "🏊👩‍🏫🇫🇷" * 40,
    "control characters": "1.\n2.\r\n3.\x0c€ fin",  # those that the alphabet of SMS has; the policy refuses all others
    "2,000 characters": ("Cours annulé à 18 h ! " * 91)[:2000],
}
BEGAN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
UNSURE = [
    Fault.LOST_REPLY,
    Fault.BAD_GATEWAY_AFTER,
    Fault.RESET_IN_BODY,
    Fault.INTERNAL_ERROR,
    Fault.HTML,
    Fault.EMPTY,
    Fault.WRONG_SHAPE,
    Fault.ENDLESS,
]


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = BEGAN

    def __call__(self) -> datetime:
        return self.at


class Marks:
    """Counts the marks, and says yes."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> bool:
        self.count += 1
        return True


def an_sms(reference: str = "club-00000001", **changes: Any) -> Sms:
    return Sms(**{"recipient": NUMBER, "body": TEXT, "reference": reference, **changes})


class GatewayContract(ABC):
    """The contract; `make_vendor` and `settings` are what a gateway's test gives."""

    can: ClassVar[set[type]]
    """What the gateway is documented to do beyond sending."""
    tells_credit_exhausted: ClassVar[bool] = True
    proves_absence: ClassVar[bool] = False
    finds_by_asking: ClassVar[bool] = True
    takes_at_most: ClassVar[int] = 2000
    """Characters that the vendor documents as its longest text."""

    @abstractmethod
    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        """Return the counterpart."""

    @abstractmethod
    def settings(self, url: str, secret: str, **changes: Any) -> Any:
        """Return the gateway's settings for a counterpart at this address."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def vendor(self, tmp_path: Path, clock: Clock) -> Vendor:
        return self.make_vendor(tmp_path / "copies", clock)

    @pytest.fixture
    def server(self, vendor: Vendor) -> Iterator[Server]:
        with serving(vendor) as server:
            yield server

    @pytest.fixture
    def make(self, server: Server, clock: Clock) -> Iterator[Callable[..., HttpGateway[Any]]]:
        made: list[HttpGateway[Any]] = []

        def make(secret: str = SECRET, **changes: Any) -> HttpGateway[Any]:
            settings = self.settings(server.url, secret, **{"timeout": timedelta(seconds=5), **changes})
            gateway = gateway_for(settings)
            gateway.now = clock
            made.append(gateway)
            return gateway

        yield make
        for gateway in made:
            gateway.close()

    @pytest.fixture
    def gateway(self, make: Callable[..., HttpGateway[Any]]) -> HttpGateway[Any]:
        return make()

    def test_it_can_do_what_is_documented_and_nothing_else(self, gateway: HttpGateway[Any]) -> None:
        every: set[type] = {CanLookUp, CanReport, CanReceive, HasCredit}
        assert {each for each in every if isinstance(gateway, each)} == self.can

    def test_what_is_accepted_is_there_once_letter_by_letter(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        marks = Marks()
        answer = gateway.send(an_sms(), marks)
        assert isinstance(answer, Accepted)
        [copy] = vendor.copies()
        assert (copy["to"].lstrip("+"), copy["text"]) == (NUMBER.lstrip("+"), TEXT)
        assert marks.count == 1

    @pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
    def test_a_hard_text_arrives_letter_by_letter(self, gateway: HttpGateway[Any], vendor: Vendor, text: str) -> None:
        answer = gateway.send(an_sms(body=text), Marks())
        if len(text) > self.takes_at_most:
            assert isinstance(answer, Refused)
            assert (answer.blame, answer.is_final, vendor.copies()) == (Blame.MESSAGE, True, [])
        else:
            assert isinstance(answer, Accepted)
            assert [copy["text"] for copy in vendor.copies()] == [text]

    def test_many_go_over_one_connection(self, gateway: HttpGateway[Any], vendor: Vendor, server: Server) -> None:
        for number in range(5):
            assert isinstance(gateway.send(an_sms(f"club-{number}"), Marks()), Accepted)
        assert (len(vendor.copies()), server.connections) == (5, 1)

    def test_a_number_that_the_vendor_refuses_is_the_messages_fault(
        self, gateway: HttpGateway[Any], vendor: Vendor
    ) -> None:
        answer = gateway.send(an_sms(recipient=vendor.REFUSED_NUMBER), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final) == (Blame.MESSAGE, True)
        assert "00000404" not in str(answer.reason)
        assert vendor.copies() == []

    def test_an_error_inside_a_200_is_never_taken_for_success(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        vendor.hides_errors = True
        assert isinstance(gateway.send(an_sms(recipient=vendor.REFUSED_NUMBER), Marks()), Refused | Unknown)
        vendor.has_credit = False
        if self.tells_credit_exhausted:
            assert isinstance(gateway.send(an_sms(), Marks()), Refused | Unknown)
        assert vendor.copies() == []

    def test_half_a_letter_is_the_messages_fault(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        marks = Marks()
        answer = gateway.send(an_sms(body="half of 🏊: \ud83c"), marks)
        assert isinstance(answer, Refused)
        assert (answer.is_final, marks.count, vendor.copies()) == (True, 0, [])

    def test_a_wrong_password_is_told_from_all_else(
        self, make: Callable[..., HttpGateway[Any]], vendor: Vendor
    ) -> None:
        answer = make("wr0ng-of-the-account-0123456789").send(an_sms(), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final) == (Blame.KEY, False)
        assert vendor.copies() == []

    def test_no_credit_is_the_accounts_fault(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        if not self.tells_credit_exhausted:
            return
        vendor.has_credit = False
        answer = gateway.send(an_sms(), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final) == (Blame.ACCOUNT, False)
        assert vendor.copies() == []

    def test_too_many_at_once_comes_back_when_the_gateway_says(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        vendor.faults.append(Fault.BUSY)
        answer = gateway.send(an_sms(), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final, answer.retry_after) == (Blame.LOAD, False, timedelta(seconds=7))
        assert isinstance(gateway.send(an_sms(), Marks()), Accepted)
        assert len(vendor.copies()) == 1

    @pytest.mark.parametrize("fault", UNSURE)
    def test_an_answer_that_says_nothing_sure_is_unknown(
        self, gateway: HttpGateway[Any], vendor: Vendor, fault: Fault
    ) -> None:
        vendor.faults.append(fault)
        answer = gateway.send(an_sms(), Marks())
        assert isinstance(answer, Unknown), answer
        assert isinstance(gateway.send(an_sms("club-next"), Marks()), Accepted), "the next one must not suffer"
        assert len(vendor.copies()) <= 2

    @pytest.mark.parametrize("fault", [Fault.DRIP_HEADERS, Fault.DRIP_BODY])
    def test_a_gateway_that_drips_is_not_waited_for_beyond_the_time_limit(
        self, make: Callable[..., HttpGateway[Any]], vendor: Vendor, fault: Fault
    ) -> None:
        gateway = make(timeout=timedelta(milliseconds=300))
        gateway.open()
        vendor.faults.append(fault)
        assert isinstance(gateway.send(an_sms(), Marks()), Unknown)

    def test_a_redirect_to_another_host_is_named_and_not_followed(
        self, gateway: HttpGateway[Any], vendor: Vendor, tmp_path: Path, clock: Clock
    ) -> None:
        other = self.make_vendor(tmp_path / "other", clock)
        with serving(other) as elsewhere:
            vendor.elsewhere = f"http://localhost:{elsewhere.server_port}/sms"
            vendor.faults.append(Fault.REDIRECT)
            answer = gateway.send(an_sms(), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final) == (Blame.ACCOUNT, False)
        assert "localhost" in str(answer.reason)
        assert other.asked == []

    def test_a_lost_reply_is_found_again_and_never_sent_twice(
        self, gateway: HttpGateway[Any], vendor: Vendor, clock: Clock
    ) -> None:
        sms = an_sms("club-0f8fad5b-d9cb-469f-a165-7086768")
        assert len(sms.reference) == LONGEST_REFERENCE
        vendor.faults.append(Fault.LOST_REPLY)
        assert isinstance(gateway.send(sms, Marks()), Unknown)
        assert len(vendor.copies()) == 1
        if isinstance(gateway, CanLookUp) and self.finds_by_asking:
            clock.at += timedelta(minutes=5)
            assert isinstance(gateway.look_up(Sighting(sms, BEGAN), clock.at), Found)
        assert len(vendor.copies()) == 1

    def test_of_many_uncertain_all_that_can_be_known_is_settled_within_ten_minutes(
        self, gateway: HttpGateway[Any], vendor: Vendor, clock: Clock
    ) -> None:
        if not isinstance(gateway, CanLookUp) or not self.finds_by_asking:
            return
        waiting = [an_sms(f"club-{number}", body=f"Message {number}") for number in range(40)]
        for number, sms in enumerate(waiting):
            vendor.faults.append(Fault.LOST_REPLY if number % 2 else Fault.INTERNAL_ERROR)  # stored, or not
            assert isinstance(gateway.send(sms, Marks()), Unknown)
        for _ in range(10):
            clock.at += timedelta(minutes=1)
            for sms in list(waiting):
                finding = gateway.look_up(Sighting(sms, BEGAN), clock.at)
                if isinstance(finding, Absent):
                    assert isinstance(gateway.send(sms, Marks()), Accepted)
                if not isinstance(finding, NotKnown):
                    waiting.remove(sms)
        settles_all = self.proves_absence or gateway.may_send_when_asked
        assert len(waiting) == (0 if settles_all else 20)
        texts = [copy["text"] for copy in vendor.copies()]
        assert len(set(texts)) == len(texts) == 40 - len(waiting), "one copy each"

    def test_what_never_arrived_is_absent_only_when_that_is_proved(
        self, gateway: HttpGateway[Any], vendor: Vendor, clock: Clock
    ) -> None:
        if not isinstance(gateway, CanLookUp) or gateway.may_send_when_asked:
            return
        assert isinstance(gateway.look_up(Sighting(an_sms(), BEGAN), clock.at), NotKnown), "too early to know"
        clock.at += timedelta(minutes=6)
        finding = gateway.look_up(Sighting(an_sms(), BEGAN), clock.at)
        assert isinstance(finding, Absent if self.proves_absence else NotKnown)
        assert vendor.copies() == []

    def test_where_asking_sends_it_sends_once(self, gateway: HttpGateway[Any], vendor: Vendor, clock: Clock) -> None:
        if not (isinstance(gateway, CanLookUp) and gateway.may_send_when_asked):
            return
        for _ in range(3):
            assert isinstance(gateway.look_up(Sighting(an_sms(), BEGAN), clock.at), Found)
        assert len(vendor.copies()) == 1
        clock.at += timedelta(hours=24)
        assert isinstance(gateway.look_up(Sighting(an_sms(), BEGAN), clock.at), NotKnown)
        assert len(vendor.copies()) == 1

    def test_nothing_is_marked_when_the_gateway_cannot_be_reached(
        self, gateway: HttpGateway[Any], server: Server, vendor: Vendor
    ) -> None:
        gateway.open()
        server.go_away()
        marks = Marks()
        answer = gateway.send(an_sms(), marks)
        assert isinstance(answer, NotSent)
        assert (marks.count, vendor.copies()) == (0, [])

    def test_nothing_leaves_when_the_mark_says_no(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        gateway.open()
        before = len(vendor.asked)
        assert gateway.send(an_sms(), lambda: False) == Withheld()
        assert len(vendor.asked) == before
        assert isinstance(gateway.send(an_sms(), Marks()), Accepted)

    def test_what_the_mark_raises_passes_and_nothing_leaves(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        def mark() -> bool:
            raise ConnectionResetError("the database is away")

        gateway.open()
        before = len(vendor.asked)
        with pytest.raises(ConnectionResetError, match="the database is away"):
            gateway.send(an_sms(), mark)
        assert len(vendor.asked) == before

    def test_reports_tell_what_became_of_it(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        if not isinstance(gateway, CanReport):
            return
        names = []
        for number, state in enumerate((Fate.ON_ITS_WAY, Fate.DELIVERED, Fate.FAILED)):
            answer = gateway.send(an_sms(f"club-{number}"), Marks())
            assert isinstance(answer, Accepted)
            names.append(answer.provider_reference or f"club-{number}")
            self.becomes(vendor, number, state)
        for _ in range(2):
            told = {report.provider_reference or report.reference: report.fate for report in gateway.reports(names)}
            if told:
                assert told == {names[1]: Fate.DELIVERED, names[2]: Fate.FAILED}
                return
        pytest.fail("nothing was reported")

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        """Let the SMS of this place in the log have this fate at the vendor."""
        raise NotImplementedError

    def test_what_members_answer_comes_in(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        if not isinstance(gateway, CanReceive):
            return
        gateway.open()
        self.answers(vendor, "+33611111111", "STOP")
        self.answers(vendor, "+33622222222", "merci")
        taken: list[Incoming] = []

        def both_came() -> bool:
            taken.extend(each for each in gateway.incoming() if each not in taken)
            return len(taken) == 2

        wait_until(both_came, "not everything came in")
        assert sorted((each.sender.lstrip("+"), each.body) for each in taken) == [
            ("33611111111", "STOP"),
            ("33622222222", "merci"),
        ]
        assert len({each.identity for each in taken}) == 2
        again = {each.identity for each in gateway.incoming()}
        assert again <= {each.identity for each in taken}

    def answers(self, vendor: Vendor, sender: str, text: str) -> None:
        """Let a member answer."""
        raise NotImplementedError

    def test_the_credit_is_told(self, gateway: HttpGateway[Any]) -> None:
        if isinstance(gateway, HasCredit):
            assert gateway.credit() == 42.0

    @pytest.mark.parametrize("fault", [None, *UNSURE, Fault.BUSY, Fault.REDIRECT])
    def test_no_log_and_no_sentence_holds_what_is_private(
        self, gateway: HttpGateway[Any], vendor: Vendor, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        if fault is not None:
            vendor.faults.append(fault)
        told = [
            repr(gateway.send(an_sms(), Marks())),
            repr(gateway.send(an_sms(recipient=vendor.REFUSED_NUMBER), Marks())),
        ]
        told += [record.getMessage() for record in caplog.records] + [repr(an_sms()), repr(gateway.settings)]
        for private in (
            NUMBER.lstrip("+"),
            "612345678",
            vendor.REFUSED_NUMBER.lstrip("+"),
            "Cours de",
            "annul",
            SECRET,
        ):
            assert [text for text in told if private in text] == []
