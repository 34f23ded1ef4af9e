"""Debian's Kannel, a client that nobody here wrote, talks to the same message centre: so that is known to be right."""

from collections.abc import Iterator
from typing import Any

import pytest
from gateway_contract import Marks, an_sms
from kannel_programs import IS_THERE as HAS_KANNEL
from kannel_programs import Kannel, running, wait_until
from smpp_programs import IS_THERE, NEEDS, PASSWORD, MessageCentre, message_centre

from actors.sms.adapters.http.kannel import KannelGateway, KannelSettings
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import Accepted, DeliveryReport, Fate
from config.secret import Secret

pytestmark = [
    pytest.mark.skipif(not HAS_KANNEL, reason="needs the Debian packages kannel and kannel-extras"),
    pytest.mark.skipif(not IS_THERE, reason=NEEDS),
]
SMSC = """
group = smsc
smsc = smpp
smsc-id = NODE
host = 127.0.0.1
port = {port}
smsc-username = club
smsc-password = {password}
system-type = ""
interface-version = 34
transceiver-mode = true
source-addr-ton = 3
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
"""
UDHI = 0x40
LONG = "Le cours de 18 h est annulé: " + "revenez demain! " * 20


@pytest.fixture(scope="module")
def centre() -> Iterator[MessageCentre]:
    with message_centre() as centre:
        yield centre


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory, centre: MessageCentre) -> Iterator[Kannel]:
    smsc = SMSC.format(port=centre.port, password=PASSWORD)
    with running(tmp_path_factory.mktemp("kannel"), "kannel-password", smsc=smsc) as kannel:
        wait_until(lambda: centre.said("bind"), "Kannel does not bind")
        assert centre.said("bind")[0] == {
            "event": "bind",
            "command": "bind_transceiver",
            "status": 0,
            "systemType": "",
        }
        yield kannel


@pytest.fixture
def by_kannel(kannel: Kannel) -> Iterator[KannelGateway]:
    settings = KannelSettings(
        kind="http",
        provider="kannel",
        url=kannel.url,
        user="club",
        password=Secret("kannel-password"),
        sender="38000",
        reports_listen="127.0.0.1:0",
    )
    gateway = KannelGateway(settings)
    yield gateway
    gateway.close()


def arrived(centre: MessageCentre, number: str) -> list[dict[str, Any]]:
    return sorted(
        (copy for copy in centre.copies() if copy["to"] == number.lstrip("+")), key=lambda copy: str(copy["udh"])
    )


@pytest.mark.parametrize(
    ("place", "text", "parts"),
    [(1, "Annulé à 18 h: 10 € [x]", 1), (2, "fenêtre 🏊", 1), (3, LONG, 3), (4, "œuf " * 30, 2)],
)
def test_both_are_understood_alike(
    by_kannel: KannelGateway, centre: MessageCentre, place: int, text: str, parts: int
) -> None:
    theirs, ours = f"+3361000001{place}", f"+3361000002{place}"
    assert by_kannel.send(an_sms(f"club-{place}", recipient=theirs, body=text), Marks()) == Accepted()
    settings = SmppSettings(
        kind="smpp",
        host="127.0.0.1",
        port=centre.port,
        system_id="club",
        password=Secret(PASSWORD),
        sender="38000",
    )
    transport = SmppTransport(settings)
    assert isinstance(transport.send(an_sms(recipient=ours, body=text), Marks()), Accepted)
    transport.close()
    wait_until(lambda: len(arrived(centre, theirs)) == parts, "nothing arrived from Kannel")
    for by_them, by_us in zip(arrived(centre, theirs), arrived(centre, ours), strict=True):
        for what in ("text", "coding", "sourceKind", "from"):
            assert by_them[what] == by_us[what], what
        assert by_them["esmClass"] & UDHI == by_us["esmClass"]  # Kannel says "store and forward" besides
        assert [each[:4] for each in by_them["udh"]] == [each[:4] for each in by_us["udh"]]


def test_a_receipt_of_the_message_centre_is_one_for_kannel_too(by_kannel: KannelGateway, centre: MessageCentre) -> None:
    by_kannel.send(an_sms("club-report", recipient="+33610000031", body="Bonjour"), Marks())
    wait_until(lambda: arrived(centre, "+33610000031"), "nothing arrived")
    [copy] = arrived(centre, "+33610000031")
    centre.order("receipt", id=copy["id"], to="33610000031", stat="DELIVRD")
    told: list[DeliveryReport] = []

    def has_come() -> bool:
        told.extend(by_kannel.reports([]))
        return bool(told)

    wait_until(has_come, "Kannel did not take the receipt")
    assert told == [DeliveryReport(Fate.DELIVERED, None, "club-report")]
