"""Brevo, tried against a counterpart that nobody at Brevo has seen.

Written from https://developers.brevo.com/docs/transactional-sms-endpoints, …/reference/get-sms-events and the types of
https://github.com/getbrevo/brevo-php; plans from …/reference/get-account.
"""

import json
from pathlib import Path
from typing import Any

from gateway_contract import SECRET, Clock, GatewayContract, Marks, an_sms
from gateway_server import Asked, Said, Vendor

from actors.sms.adapters.http.brevo import BrevoSettings
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.transport import CanLookUp, CanReceive, CanReport, Fate, HasCredit
from config.secret import Secret

EVENTS = {Fate.ON_ITS_WAY: "accepted", Fate.DELIVERED: "delivered", Fate.FAILED: "hardBounce"}
FIRST = 1511882900176220


class Brevo(Vendor):
    """The part of the API that the gateway uses; events in pages, newest first."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.events: list[dict[str, Any]] = []
        self.names = 0

    def is_sending(self, asked: Asked) -> bool:
        return asked.path.endswith("/transactionalSMS/send")

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("api-key") != SECRET:
            return Said(401, {"code": "unauthorized", "message": "Key not found"})
        match asked.method, asked.path:
            case "POST", "/v3/transactionalSMS/send":
                return self.sent(asked)
            case "GET", "/v3/transactionalSMS/statistics/events":
                return self.listed(asked)
            case "GET", "/v3/account":
                plan = [{"type": "free", "credits": 300}, {"type": "sms", "creditsType": "sendLimit", "credits": 42}]
                return Said(200, {"email": "club@example.org", "plan": plan})
            case _:
                return Said(404, {"code": "document_not_found", "message": "no such path"})

    def sent(self, asked: Asked) -> Said:
        try:
            sms = asked.json()
        except json.JSONDecodeError:
            return Said(400, {"code": "bad_request", "message": "Input must be a valid JSON object"})
        known = {"sender", "recipient", "content", "type", "tag", "webUrl", "unicodeEnabled", "organisationPrefix"}
        if set(sms) - known or not {"sender", "recipient"} <= set(sms) or len(sms["sender"]) > 11:
            return Said(400, {"code": "invalid_parameter", "message": "Invalid parameter"})
        if sms["type"] not in ("transactional", "marketing") or not isinstance(sms["tag"], list):
            return Said(400, {"code": "invalid_parameter", "message": "Invalid type or tag"})
        if not self.has_credit:
            return Said(402, {"code": "not_enough_credits", "message": "Not enough credits"})
        if sms["recipient"] == self.REFUSED_NUMBER.lstrip("+"):
            return Said(400, {"code": "invalid_parameter", "message": f"Invalid phone number {sms['recipient']}"})
        name = str(FIRST + self.names)
        self.names += 1
        self.store(sms["recipient"], sms["content"], sms["tag"][0], is_unicode=sms["unicodeEnabled"])
        self.happened(name, "sent", sms["tag"][0])
        return Said(201, {"messageId": int(name)})

    def happened(self, name: str, event: str, tag: str = "", **more: str) -> None:
        number = more.pop("phoneNumber", "33612345678")
        self.events.insert(0, {
            "phoneNumber": number, "date": f"2026-11-24T08:00:{len(self.events):02}.000Z", "messageId": name,
            "event": event, "tag": tag, **more,
        })  # fmt: skip

    def listed(self, asked: Asked) -> Said:
        limit, offset = int(asked.query["limit"]), int(asked.query["offset"])
        if limit > 100 or ("startDate" in asked.query) != ("endDate" in asked.query):
            return Said(400, {"code": "out_of_range", "message": "limit or dates"})
        found = [event for event in self.events if asked.query.get("tags") in (None, event["tag"])]
        page = found[offset : offset + limit]
        return Said(200, {"events": page} if page else {})


class TestBrevo(GatewayContract):
    can = {CanLookUp, CanReport, CanReceive, HasCredit}  # noqa: RUF012 - ClassVar in the contract

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return Brevo(log)

    def settings(self, url: str, secret: str, **changes: Any) -> BrevoSettings:
        return BrevoSettings(
            kind="http", provider="brevo", url=f"{url}/v3", api_key=Secret(secret), sender="FormeSante", **changes
        )

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        assert isinstance(vendor, Brevo)
        vendor.happened(str(FIRST + number), EVENTS[fate], reason="absent subscriber")

    def answers(self, vendor: Vendor, sender: str, text: str) -> None:
        assert isinstance(vendor, Brevo)
        vendor.happened("1", "replied", phoneNumber=sender.lstrip("+"), reply=text)

    def test_unicode_is_asked_for_only_where_the_text_needs_it(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        gateway.send(an_sms("club-1", body="Cours annulé à 18 h"), Marks())
        gateway.send(an_sms("club-2", body="Cours annulé dès ce soir, fenêtre fermée"), Marks())
        assert [copy["is_unicode"] for copy in vendor.copies()] == [False, True]

    def test_reports_read_every_page(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        assert isinstance(vendor, Brevo)
        vendor.happened("7", "delivered")
        for _ in range(250):
            vendor.happened("8", "sent")
        assert [report.fate for report in gateway.reports(["7"])] == [Fate.DELIVERED]  # type: ignore[attr-defined]

    def test_an_opt_out_comes_in_as_stop(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        assert isinstance(vendor, Brevo)
        vendor.happened("9", "unsubscribe", phoneNumber="33655555555")
        [taken] = gateway.incoming()  # type: ignore[attr-defined]  # of BrevoGateway
        assert (taken.sender, taken.body) == ("33655555555", "STOP")
