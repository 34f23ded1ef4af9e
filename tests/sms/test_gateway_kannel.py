"""Kannel, tried against a counterpart here, and for real in test_kannel_for_real.py.

Written from https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html (sendsms, delivery reports) and what
Debian's kannel 1.4.5 answers.
"""

import http.client
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from gateway_contract import BEGAN, SECRET, Clock, GatewayContract, Marks, an_sms
from gateway_server import Asked, Said, Vendor
from kannel_programs import free_ports, is_listening, wait_until

from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.kannel import KannelGateway, KannelSettings
from actors.sms.transport import (
    Blame,
    CanLookUp,
    CanReceive,
    CanReport,
    Fate,
    Found,
    Incoming,
    NotKnown,
    Refused,
    Sighting,
)
from config.secret import Secret

KEY = "key-of-what-members-answer"
KINDS = {Fate.ON_ITS_WAY: 8, Fate.DELIVERED: 1, Fate.FAILED: 2}


class Kannel(Vendor):
    """An smsbox: lines of text, and calls to dlr-url."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.has_bearerbox = True
        self.report_addresses: list[str] = []

    def is_sending(self, asked: Asked) -> bool:
        return True

    def answer(self, asked: Asked) -> Said:
        sms = asked.query
        if asked.method != "GET" or asked.path != "/cgi-bin/sendsms":
            return Said(404, "Unknown request.")
        if (sms.get("username"), sms.get("password")) != ("club", SECRET):
            return Said(403, "Authorization failed for sendsms")
        if not sms.get("to") or not sms.get("text"):
            return Said(400, "Missing receiver, rejected")
        if sms["to"] == self.REFUSED_NUMBER:
            return Said(403, "Number(s) has/have been denied by white- and/or black-lists.")
        if not self.has_bearerbox:
            return Said(503, "Temporal failure, try again later.")
        self.store(sms["to"], sms["text"], coding=sms["coding"])
        self.report_addresses.append(sms.get("dlr-url", ""))
        return Said(202, "0: Accepted for delivery")


def call(url: str, seconds: float = 5) -> int:
    """Fetch a page as Kannel does, and return its status."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.netloc, timeout=seconds)
    try:
        connection.request("GET", f"{where.path}?{where.query}")
        return connection.getresponse().status
    finally:
        connection.close()


class TestKannel(GatewayContract):
    can = {CanLookUp, CanReceive, CanReport}  # noqa: RUF012 - ClassVar in the contract
    tells_credit_exhausted = False
    finds_by_asking = False

    @pytest.fixture(autouse=True)
    def calls(self) -> Iterator[list[threading.Thread]]:
        """The calls of Kannel that wait until an SMS is taken."""
        [self.port] = free_ports(1)
        self.waiting: list[threading.Thread] = []
        self.answered: list[int] = []
        yield self.waiting
        for thread in self.waiting:
            thread.join()

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return Kannel(log)

    def answers(self, vendor: Vendor, sender: str, text: str) -> None:
        wait_until(lambda: is_listening(self.port), "nobody listens")
        query = urlencode({"key": KEY, "from": sender, "text": text, "id": f"id-{len(self.waiting)}"})
        url = f"http://127.0.0.1:{self.port}/incoming?{query}"
        thread = threading.Thread(target=lambda: self.answered.append(call(url, 30)))
        self.waiting.append(thread)
        thread.start()

    def settings(self, url: str, secret: str, **changes: Any) -> KannelSettings:
        return KannelSettings(
            kind="http",
            provider="kannel",
            url=f"{url}/cgi-bin/sendsms",
            user="club",
            password=Secret(secret),
            **{"reports_listen": f"127.0.0.1:{self.port}", "incoming_key": Secret(KEY), **changes},
        )

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        assert isinstance(vendor, Kannel)
        address = vendor.report_addresses[number].replace("%d", str(KINDS[fate])).replace("%A", "NACK%2F21")
        assert call(address) == 200

    def test_a_report_of_any_kind_settles_what_was_lost(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        assert isinstance(vendor, Kannel)
        gateway.send(an_sms(), Marks())
        seen = Sighting(an_sms(), BEGAN)
        assert isinstance(gateway, CanLookUp)
        assert gateway.look_up(seen, BEGAN) == NotKnown()
        self.becomes(vendor, 0, Fate.ON_ITS_WAY)
        assert gateway.look_up(seen, BEGAN) == Found(None, Fate.ON_ITS_WAY)
        self.becomes(vendor, 0, Fate.DELIVERED)
        self.becomes(vendor, 0, Fate.ON_ITS_WAY)  # overtaken on its way
        assert gateway.look_up(seen, BEGAN) == Found(None, Fate.DELIVERED)

    def test_only_kannel_can_report(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        assert isinstance(vendor, Kannel)
        gateway.send(an_sms(), Marks())
        address = vendor.report_addresses[0].replace("%d", "1")
        assert call(address.replace("club-00000001", "club-00000002")) == 404
        assert call(f"http://{urlsplit(address).netloc}/anything") == 404
        assert isinstance(gateway, CanReport)
        assert list(gateway.reports([])) == []

    def test_kannel_hears_that_an_sms_was_taken_only_when_the_next_is_asked_for(
        self, gateway: HttpGateway[Any], vendor: Vendor
    ) -> None:
        gateway.open()
        self.answers(vendor, "+33611111111", "STOP")
        assert isinstance(gateway, CanReceive)
        coming: list[Incoming] = []

        def has_come() -> bool:
            coming.extend(itertools.islice(gateway.incoming(), 1))
            return bool(coming)

        wait_until(has_come, "nothing came in")
        assert self.answered == []
        assert [each.body for each in gateway.incoming()] == ["STOP"]
        wait_until(lambda: self.answered, "Kannel was not answered")
        assert self.answered == [200]

    def test_what_was_not_taken_when_the_station_stops_is_left_to_kannel(
        self, gateway: HttpGateway[Any], vendor: Vendor
    ) -> None:
        gateway.open()
        self.answers(vendor, "+33611111111", "STOP")
        assert isinstance(gateway, KannelGateway)
        listener = gateway._listener
        assert listener is not None
        wait_until(lambda: listener._held, "nothing came in")
        gateway.close()
        wait_until(lambda: self.answered, "Kannel was not answered")
        assert self.answered == [503]

    def test_two_sms_that_kannel_does_not_name_are_two(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        """Without `id=%I` in its configuration a STOP must not be taken for the one before the member's START."""
        gateway.open()
        wait_until(lambda: is_listening(self.port), "nobody listens")
        url = f"http://127.0.0.1:{self.port}/incoming?" + urlencode(
            {"key": KEY, "from": "+33611111111", "text": "STOP"}
        )
        assert isinstance(gateway, CanReceive)
        identities: list[str | None] = []
        for number in (1, 2):
            thread = threading.Thread(target=lambda: self.answered.append(call(url, 30)))
            self.waiting.append(thread)
            thread.start()

            def has_come(number: int = number) -> bool:
                identities.extend(each.identity for each in gateway.incoming())
                return len(identities) == number

            wait_until(has_come, "nothing came in")
        assert None not in identities
        assert len(set(identities)) == 2

    def test_without_a_bearerbox_nothing_is_taken(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        assert isinstance(vendor, Kannel)
        vendor.has_bearerbox = False
        answer = gateway.send(an_sms(), Marks())
        assert isinstance(answer, Refused)
        assert (answer.blame, answer.is_final) == (Blame.LOAD, False)

    def test_text_outside_the_gsm_alphabet_goes_as_unicode(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        gateway.send(an_sms("club-1", body="Cours annulé à 18 h, 10 €"), Marks())
        gateway.send(an_sms("club-2", body="fenêtre"), Marks())
        assert [copy["coding"] for copy in vendor.copies()] == ["0", "2"]

    def test_no_report_is_asked_for_where_nobody_listens(
        self, make: Callable[..., HttpGateway[Any]], vendor: Vendor
    ) -> None:
        assert isinstance(vendor, Kannel)
        make(reports_listen=None, incoming_key=None).send(an_sms(), Marks())
        assert vendor.report_addresses == [""]
