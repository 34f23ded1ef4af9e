"""SMPP against a real message centre: faults, long texts, reconnection, and the contract of transports."""

import socket
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import trustme
from gateway_contract import TEXT, Marks, an_sms
from kannel_programs import wait_until
from smpp_programs import IS_THERE, LONG, NEEDS, PASSWORD, SHORT_TIMEOUT, Make, MessageCentre, joined, message_centre
from transport_contract import Counterpart, TransportContract

from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.parts import count_parts
from actors.sms.transport import (
    Accepted,
    Blame,
    CanLookUp,
    CanReceive,
    CanReport,
    HasCredit,
    Refused,
    Unavailable,
    Unknown,
)
from config.secret import Secret

pytest_plugins = ["smpp_fixtures"]
pytestmark = pytest.mark.skipif(not IS_THERE, reason=NEEDS)


class Node(Counterpart):
    """The npm server; parts of one SMS are joined, as a telephone does."""

    secret = PASSWORD

    def __init__(self, centre: MessageCentre) -> None:
        self.centre = centre
        self.is_gone = False

    def copies(self) -> list[tuple[str, str]]:
        copies = self.centre.said("copy") if self.is_gone else self.centre.copies()
        return joined(copies)

    def lose_the_next_answer(self) -> None:
        # The first part of two is taken, so that the second's answer is the one that is lost.
        for _ in range(count_parts(TEXT) - 1):
            self.centre.fault("none")
        self.centre.fault("lost_drop")

    def be_busy_once(self) -> None:
        self.centre.fault("status", status=0x58)

    def be_silent(self) -> None:
        self.centre.order("silent", **{"is": True})

    def go_away(self) -> None:
        self.is_gone = True
        self.centre.stop()


class TestContract(TransportContract):
    @pytest.fixture
    def counterpart(self, centre: MessageCentre) -> Node:
        return Node(centre)


def test_it_can_report_receive_and_look_up_and_knows_no_credit(transport: SmppTransport) -> None:
    can = [each for each in (CanLookUp, CanReport, CanReceive, HasCredit) if isinstance(transport, each)]
    assert can == [CanLookUp, CanReport, CanReceive]


def test_many_go_over_one_connection(transport: SmppTransport, centre: MessageCentre) -> None:
    for number in range(50):
        assert isinstance(transport.send(an_sms(f"club-{number}", body="Bonjour"), Marks()), Accepted)
    assert (len(centre.copies()), len(centre.told("session"))) == (50, 1)


@pytest.mark.parametrize(
    ("how", "body", "seen"),
    [
        # long_texts, the text, what each PDU carries besides
        ("udh", LONG, {"esmClass": 64, "sar": [], "isPayload": False}),
        ("sar", LONG, {"esmClass": 0, "isPayload": False}),
        ("payload", LONG, {"esmClass": 0, "sar": [], "isPayload": True}),
        ("udh", "🏊" * 100, {"esmClass": 64, "coding": 8}),
        ("sar", "🏊" * 100, {"esmClass": 0, "coding": 8}),
        ("payload", "🏊" * 100, {"isPayload": True, "coding": 8}),
        ("payload", "10 € [x]", {"isPayload": False, "coding": 0, "udh": []}),
    ],
)
def test_long_texts_arrive_whole(make: Make, centre: MessageCentre, how: str, body: str, seen: dict[str, Any]) -> None:
    answer = make(long_texts=how).send(an_sms(body=body), Marks())
    copies = centre.copies()
    assert isinstance(answer, Accepted)
    assert [text for _, text in joined(copies)] == [body]
    assert {key: copies[-1][key] for key in seen} == seen
    assert answer.parts in (None, len(copies), count_parts(body))
    assert answer.provider_reference == copies[-1]["id"]


@pytest.mark.parametrize(
    ("sender", "kind"),
    [("FormeSante", [5, 0]), ("38000", [3, 0]), ("+33700000000", [1, 1]), ("0700000000", [2, 1]), (None, [0, 0])],
)
def test_the_sender_is_told_by_its_kind(make: Make, centre: MessageCentre, sender: str | None, kind: list[int]) -> None:
    make(sender=sender).send(an_sms(body="Bonjour", validity=timedelta(hours=2)), Marks())
    [copy] = centre.copies()
    assert (copy["from"], copy["sourceKind"]) == ((sender or "").lstrip("+"), kind)
    assert (copy["registered"], copy["validMinutes"]) == (1, 120)


def test_a_message_centre_of_latin_1_gets_latin_1_or_unicode(make: Make, centre: MessageCentre) -> None:
    transport = make(default_alphabet="latin1")
    transport.send(an_sms("club-1", body="d\xe9j\xe0"), Marks())
    transport.send(an_sms("club-2", body="10 €" * 40), Marks())
    codings = [copy["coding"] for copy in centre.copies()]
    assert codings == [0, 8, 8, 8]
    assert joined(centre.copies())[1][1] == "10 €" * 40


@pytest.mark.parametrize("kind", ["lost_drop", "drop", "reset", "garbage", "huge", "half_answer"])
def test_a_broken_line_is_unknown_and_the_next_goes_by_a_new_one(
    transport: SmppTransport, centre: MessageCentre, kind: str
) -> None:
    centre.fault(kind)
    assert isinstance(transport.send(an_sms(body="first"), Marks()), Unknown)
    began = monotonic()
    assert isinstance(transport.send(an_sms("club-2", body="second"), Marks()), Accepted)
    assert monotonic() - began < 30
    assert [copy["text"] for copy in centre.copies()].count("second") == 1


@pytest.mark.parametrize("kind", ["lost", "lost_unstored", "wrong_sequence"])
def test_an_answer_that_does_not_come_is_unknown_and_the_line_is_kept(
    make: Make, centre: MessageCentre, kind: str
) -> None:
    transport = make(timeout=SHORT_TIMEOUT)
    centre.fault(kind)
    assert isinstance(transport.send(an_sms(body="first"), Marks()), Unknown)
    assert isinstance(transport.send(an_sms("club-2", body="second"), Marks()), Accepted)
    assert len(centre.told("session")) == 1


def test_a_part_that_came_too_fast_is_given_again_and_no_other(transport: SmppTransport, centre: MessageCentre) -> None:
    for kind in ({"kind": "none"}, {"kind": "status", "status": 0x58}, {"kind": "status", "status": 0x14}):
        centre.order("fault", **kind)
    answer = transport.send(an_sms(body=LONG), Marks())
    assert isinstance(answer, Accepted)
    assert sorted(copy["udh"][0] for copy in centre.copies()) == sorted({copy["udh"][0] for copy in centre.copies()})
    assert len(centre.copies()) == count_parts(LONG)


def test_a_part_refused_after_another_was_taken_is_unknown(transport: SmppTransport, centre: MessageCentre) -> None:
    centre.fault("none")
    centre.fault("status", status=0x0A)
    assert isinstance(transport.send(an_sms(body=LONG), Marks()), Unknown)


def test_what_is_refused_as_a_whole_has_no_copy(transport: SmppTransport, centre: MessageCentre) -> None:
    centre.fault("status", status=0x0A)
    answer = transport.send(an_sms(body=LONG), Marks())
    assert isinstance(answer, Refused)
    assert (answer.blame, centre.copies()) == (Blame.ACCOUNT, [])
    centre.fault("nack", status=0x02)
    assert isinstance(transport.send(an_sms(body=LONG), Marks()), Refused)
    assert centre.copies() == []


def test_who_was_forgotten_binds_anew(transport: SmppTransport, centre: MessageCentre) -> None:
    centre.fault("status", status=0x04)
    assert isinstance(transport.send(an_sms(), Marks()), Refused)
    assert isinstance(transport.send(an_sms(), Marks()), Accepted)
    assert len(centre.told("bind")) == 2


@pytest.mark.parametrize("order", ["unbind_all", "reset_all"])
def test_a_line_that_ended_meanwhile_costs_no_mark(transport: SmppTransport, centre: MessageCentre, order: str) -> None:
    transport.open()
    centre.order(order)
    wait_until(lambda: centre.said("closed") or order == "unbind_all", "it is still there")
    marks = Marks()
    assert isinstance(transport.send(an_sms(body="first"), marks), Accepted)
    assert (marks.count, len(centre.copies()), len(centre.told("bind"))) == (1, 1, 2)


def test_who_was_not_heard_for_long_is_asked_before_anything_is_marked(centre: MessageCentre) -> None:
    now = [0.0]
    settings = SmppSettings(
        kind="smpp",
        host="127.0.0.1",
        port=centre.port,
        system_id="club",
        password=Secret(PASSWORD),
        timeout=SHORT_TIMEOUT,
    )

    def clock() -> float:
        return monotonic() + now[0]

    transport = SmppTransport(settings, clock)
    transport.open()
    now[0] += 60
    assert isinstance(transport.send(an_sms(body="first"), Marks()), Accepted)
    assert len(centre.told("enquired")) == 1
    now[0] += 60
    centre.order("silent", **{"is": True})
    marks = Marks()
    with pytest.raises(Unavailable):
        transport.send(an_sms(body="second"), marks)
    assert marks.count == 0
    centre.order("silent", **{"is": False})
    assert isinstance(transport.send(an_sms(body="third"), Marks()), Accepted)
    transport.close()


@pytest.mark.parametrize(("status", "needs_a_person"), [(0x0E, True), (0x0D, True), (0x05, False), (0x58, False)])
def test_who_is_not_let_in_is_told_why(
    transport: SmppTransport, centre: MessageCentre, status: int, *, needs_a_person: bool
) -> None:
    centre.order("bind_status", status=status)
    with pytest.raises(Unavailable) as refused:
        transport.open()
    assert refused.value.needs_a_person is needs_a_person
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("password", ["wr0ng", "longer-than-eight"])
def test_a_wrong_password_needs_a_person(make: Make, password: str) -> None:
    marks = Marks()
    with pytest.raises(Unavailable) as refused:
        make(password).send(an_sms(), marks)
    assert (refused.value.needs_a_person, marks.count) == (True, 0)
    assert password not in str(refused.value)


def test_a_message_centre_that_takes_the_line_and_says_nothing_is_not_waited_for_longer_than_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for tls in (False, True):
            settings = SmppSettings(
                kind="smpp",
                host="127.0.0.1",
                port=listener.getsockname()[1],
                system_id="club",
                password=Secret(PASSWORD),
                tls=tls,
                timeout=SHORT_TIMEOUT,
            )
            transport = SmppTransport(settings)
            began = monotonic()
            with pytest.raises(Unavailable):
                transport.open()
            assert monotonic() - began < 30
            transport.close()


@pytest.mark.parametrize(("order", "command"), [("unbind_receivers", "receiver"), ("unbind_senders", "transmitter")])
def test_of_two_lines_the_one_that_ended_is_bound_anew(
    make: Make, centre: MessageCentre, order: str, command: str
) -> None:
    transport = make(bind="transmitter_receiver")
    transport.open()
    centre.order(order)
    assert isinstance(transport.send(an_sms(body="first"), Marks()), Accepted)
    assert isinstance(transport.send(an_sms("club-2", body="second"), Marks()), Accepted)
    binds = [each["command"] for each in centre.told("bind")]
    assert binds == ["bind_transmitter", "bind_receiver", f"bind_{command}"]


def test_a_password_that_was_changed_is_read_anew(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("wr0ng")
    transport = make(f"file:{file}")
    with pytest.raises(Unavailable):
        transport.open()
    file.write_text(PASSWORD)
    assert isinstance(transport.send(an_sms(), Marks()), Accepted)


def test_a_second_answer_and_an_answer_without_a_name_are_harmless(
    transport: SmppTransport, centre: MessageCentre
) -> None:
    centre.fault("twice")
    centre.fault("no_name")
    first, second = (transport.send(an_sms(f"club-{each}", body=each), Marks()) for each in "ab")
    assert isinstance(first, Accepted)
    assert first.provider_reference == centre.copies()[0]["id"]
    assert second == Accepted(None, 1)


def test_closing_says_goodbye(transport: SmppTransport, centre: MessageCentre) -> None:
    transport.open()
    transport.close()
    wait_until(lambda: centre.said("unbound"), "no goodbye")


def test_a_certificate_is_verified_before_the_password_leaves(tmp_path: Path) -> None:
    authority = trustme.CA()
    stranger = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    stranger.cert_pem.write_to_path(tmp_path / "stranger.pem")
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    login: dict[str, Any] = {"kind": "smpp", "system_id": "club", "password": Secret(PASSWORD), "tls": True}
    with message_centre(key=str(tmp_path / "key.pem"), cert=str(tmp_path / "cert.pem")) as centre:
        for host, file in (("127.0.0.1", "ca.pem"), ("localhost", "stranger.pem")):
            wrong = SmppTransport(SmppSettings(host=host, port=centre.port, ca_file=tmp_path / file, **login))
            with pytest.raises(Unavailable) as refused:
                wrong.open()
            assert refused.value.needs_a_person
            wrong.close()
        assert centre.told("bind") == []
        right = SmppTransport(SmppSettings(host="localhost", port=centre.port, ca_file=tmp_path / "ca.pem", **login))
        for number in range(20):
            assert isinstance(right.send(an_sms(f"club-{number}", body=LONG), Marks()), Accepted)
        centre.fault("lost_drop")
        assert isinstance(right.send(an_sms("club-lost", body="lost"), Marks()), Unknown)
        assert isinstance(right.send(an_sms("club-next", body="next"), Marks()), Accepted)
        assert len(joined(centre.copies())) == 22
        right.close()


def test_a_plain_line_to_a_tls_port_and_the_other_way_round_end_in_time(centre: MessageCentre) -> None:
    login: dict[str, Any] = {"kind": "smpp", "system_id": "club", "password": Secret(PASSWORD)}
    plain = SmppTransport(SmppSettings(host="127.0.0.1", port=centre.port, tls=True, timeout=SHORT_TIMEOUT, **login))
    began = monotonic()
    with pytest.raises(Unavailable):
        plain.open()
    assert monotonic() - began < 30
    plain.close()
