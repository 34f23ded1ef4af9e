"""OVHcloud, tried against a counterpart that nobody at OVHcloud has seen.

Written from https://eu.api.ovh.com/console/?section=%2Fsms (paths and fields, by way of its published types) and
https://github.com/ovh/python-ovh (the signature). Its clock runs an hour ahead of this computer's.
"""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_contract import SECRET, Clock, GatewayContract, Marks, an_sms
from gateway_server import Asked, Said, Vendor

from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.ovh import OvhSettings
from actors.sms.transport import (
    Accepted,
    Blame,
    CanLookUp,
    CanReceive,
    CanReport,
    Category,
    Fate,
    HasCredit,
    Refused,
    Unavailable,
)
from config.secret import Secret

AHEAD = timedelta(hours=1)
CONSUMER = "consumer-key-0123456789abcdef"
FIELDS = {
    "message", "receivers", "charset", "class", "coding", "priority", "noStopClause", "tag", "sender",
    "senderForResponse", "validityPeriod", "differedPeriod", "receiversDocumentUrl", "receiversSlotId",
}  # fmt: skip
RECEIPTS = {Fate.ON_ITS_WAY: 8, Fate.DELIVERED: 1, Fate.FAILED: 2}


class Ovh(Vendor):
    """The part of /sms that the gateway uses."""

    def __init__(self, log: Path, clock: Clock) -> None:
        super().__init__(log)
        self.clock = clock
        self.outgoing: dict[int, dict[str, Any]] = {}
        self.incoming: dict[int, dict[str, Any]] = {}

    def is_sending(self, asked: Asked) -> bool:
        return asked.path.endswith("/jobs")

    def answer(self, asked: Asked) -> Said:  # noqa: PLR0911 - one for each path
        if asked.path == "/1.0/auth/time":
            return Said(200, self.now())
        refusal = self.refusal_of(asked)
        if refusal is not None:
            return refusal
        match asked.method, asked.path.removeprefix("/1.0/sms/").split("/"):
            case "POST", ["sms-ab1-1", "jobs"]:
                return self.job(asked)
            case "GET", ["sms-ab1-1"]:
                return Said(200, {"name": "sms-ab1-1", "creditsLeft": 42.0, "status": "enable"})
            case "GET", ["sms-ab1-1", "outgoing"]:
                tag = asked.query.get("tag")
                return Said(200, [key for key, sms in self.outgoing.items() if tag in (None, sms["tag"])])
            case "GET", ["sms-ab1-1", "outgoing", key] if int(key) in self.outgoing:
                return Said(200, self.outgoing[int(key)])
            case "GET", ["sms-ab1-1", "incoming"]:
                return Said(200, list(self.incoming))
            case "GET", ["sms-ab1-1", "incoming", key] if int(key) in self.incoming:
                return Said(200, self.incoming[int(key)])
            case "DELETE", ["sms-ab1-1", "incoming", key] if int(key) in self.incoming:
                del self.incoming[int(key)]
                return Said(200, None)
            case _:
                return Said(404, {"class": "Client::NotFound", "message": "The requested object does not exist"})

    def now(self) -> int:
        return int((self.clock.at + AHEAD).timestamp())

    def refusal_of(self, asked: Asked) -> Said | None:
        headers = asked.headers
        if headers.get("x-ovh-application") != "app-key":
            return Said(403, {"message": "This application key is invalid", "errorCode": "INVALID_KEY"})
        if headers.get("x-ovh-consumer") != CONSUMER:
            return Said(403, {"message": "This credential does not exist", "errorCode": "NOT_CREDENTIAL"})
        if abs(int(headers["x-ovh-timestamp"]) - self.now()) > 30:
            return Said(400, {"message": "Query out of time", "errorCode": "QUERY_TIME_OUT"})
        url = f"http://{headers['host']}{asked.target}"
        signed = "+".join((SECRET, CONSUMER, asked.method, url, asked.body.decode(), headers["x-ovh-timestamp"]))
        if headers.get("x-ovh-signature") != "$1$" + hashlib.sha1(signed.encode()).hexdigest():
            return Said(400, {"message": "Invalid signature", "errorCode": "INVALID_SIGNATURE"})
        return None

    def job(self, asked: Asked) -> Said:
        try:
            job = asked.json()
        except json.JSONDecodeError:
            return Said(400, {"class": "Client::BadRequest", "message": "Invalid JSON received"})
        if set(job) - FIELDS or not isinstance(job.get("message"), str) or job.get("class") != "phoneDisplay":
            return Said(400, {"class": "Client::BadRequest", "message": "Invalid parameter received"})
        if ("sender" in job) == job.get("senderForResponse", False):
            return Said(400, {"class": "Client::BadRequest", "message": "either sender or senderForResponse"})
        if not self.has_credit:
            return Said(403, {"class": "Client::Forbidden", "message": "You don't have enough credits"})
        [receiver] = job["receivers"]
        report: dict[str, Any] = {"totalCreditsRemoved": 0, "invalidReceivers": [], "ids": [], "validReceivers": []}
        if receiver == self.REFUSED_NUMBER:
            return Said(200, {**report, "invalidReceivers": [receiver]})
        key = 20_000_000 + len(self.outgoing)
        self.outgoing[key] = {"id": key, "receiver": receiver, "tag": job["tag"][:20], "deliveryReceipt": 0, "ptt": 0}
        self.store(receiver, job["message"], job["tag"], stop=not job["noStopClause"])
        return Said(200, {**report, "totalCreditsRemoved": 1, "ids": [key], "validReceivers": [receiver]})


class TestOvh(GatewayContract):
    can = {CanLookUp, CanReport, CanReceive, HasCredit}  # noqa: RUF012 - ClassVar in the contract
    proves_absence = True

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return Ovh(log, clock)

    def settings(self, url: str, secret: str, **changes: Any) -> OvhSettings:
        return OvhSettings(
            kind="http",
            provider="ovh",
            url=f"{url}/1.0",
            service="sms-ab1-1",
            application_key="app-key",
            application_secret=Secret(secret),
            consumer_key=Secret(CONSUMER if secret == SECRET else "another"),
            **changes,
        )

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        assert isinstance(vendor, Ovh)
        vendor.outgoing[20_000_000 + number] |= {"deliveryReceipt": RECEIPTS[fate], "ptt": 1006}

    def answers(self, vendor: Vendor, sender: str, text: str) -> None:
        assert isinstance(vendor, Ovh)
        key = 500 + len(vendor.incoming)
        vendor.incoming[key] = {
            "id": key, "sender": sender, "message": text, "creationDatetime": "2026-11-24T09:00:00+01:00",
        }  # fmt: skip

    def test_the_stop_mention_is_left_to_ovhcloud_for_marketing(
        self, gateway: HttpGateway[Any], vendor: Vendor
    ) -> None:
        gateway.send(an_sms("club-1", category=Category.MARKETING), Marks())
        gateway.send(an_sms("club-2"), Marks())
        assert [copy["stop"] for copy in vendor.copies()] == [True, False]

    def test_a_clock_that_was_set_meanwhile_is_asked_for_again(
        self, gateway: HttpGateway[Any], clock: Clock, vendor: Vendor
    ) -> None:
        assert isinstance(vendor, Ovh)
        assert isinstance(gateway.send(an_sms("club-1"), Marks()), Accepted)
        vendor.clock = Clock()
        clock.at += timedelta(hours=3)  # ours only
        refused = gateway.send(an_sms("club-2"), Marks())
        assert isinstance(refused, Refused)
        assert (refused.blame, refused.is_final) == (Blame.LOAD, False)
        assert isinstance(gateway.send(an_sms("club-2"), Marks()), Accepted)

    def test_a_clock_that_was_set_meanwhile_keeps_questions_back_once(
        self, gateway: HttpGateway[Any], clock: Clock, vendor: Vendor
    ) -> None:
        """Of a station that has nothing to send: its STOPs and reports must not wait for the next SMS."""
        assert isinstance(vendor, Ovh)
        assert isinstance(gateway, HasCredit)
        assert gateway.credit() == 42
        vendor.clock = Clock()
        clock.at += timedelta(hours=3)  # ours only
        with pytest.raises(Unavailable):
            gateway.credit()
        assert gateway.credit() == 42

    def test_an_sms_taken_from_the_incoming_is_deleted_only_when_the_next_is_asked_for(
        self, gateway: HttpGateway[Any], vendor: Vendor
    ) -> None:
        assert isinstance(vendor, Ovh)
        self.answers(vendor, "+33611111111", "STOP")
        self.answers(vendor, "+33622222222", "STOP")
        coming = gateway.incoming()  # type: ignore[attr-defined]  # of OvhGateway
        next(coming)
        assert len(vendor.incoming) == 2
        next(coming)
        assert len(vendor.incoming) == 1
