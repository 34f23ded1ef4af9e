"""smsmode, tried against a counterpart that nobody at smsmode has seen.

Written from public integrations of https://rest.smsmode.com/sms/v1 (Symfony's bridge among them); the vendor's own
page, https://dev.smsmode.com/sms/v1/, was not at hand.
"""

import json
from pathlib import Path
from typing import Any

from gateway_contract import SECRET, Clock, GatewayContract
from gateway_server import Asked, Said, Vendor

from actors.sms.adapters.http.smsmode import SmsmodeSettings
from actors.sms.transport import CanReport, Fate
from config.secret import Secret

STATES = {Fate.ON_ITS_WAY: "ENROUTE", Fate.DELIVERED: "DELIVERED", Fate.FAILED: "UNDELIVERABLE"}


class Smsmode(Vendor):
    """The part of the API that the gateway uses."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.messages: dict[str, dict[str, Any]] = {}

    def is_sending(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("x-api-key") != SECRET:
            return Said(401, {"title": "Unauthorized", "message": "Bad API key", "errorCode": "UNAUTHORIZED"})
        if asked.method == "POST" and asked.path == "/sms/v1/messages":
            return self.sent(asked)
        name = asked.path.removeprefix("/sms/v1/messages/")
        if asked.method == "GET" and name in self.messages:
            return Said(200, self.messages[name])
        return Said(404, {"title": "Not Found", "message": "no such message"})

    def sent(self, asked: Asked) -> Said:
        try:
            sms = asked.json()
            number, text, reference = sms["recipient"]["to"], sms["body"]["text"], sms["refClient"]
        except (json.JSONDecodeError, KeyError, TypeError):
            return Said(400, {"title": "Bad Request", "message": "Invalid body", "errorCode": "INVALID_BODY"})
        if not self.has_credit:
            return Said(403, {"title": "Forbidden", "message": "Not enough credits", "errorCode": "NO_CREDIT"})
        if not number.isdigit() or number == self.REFUSED_NUMBER.lstrip("+"):
            return Said(400, {"title": "Bad Request", "message": "Invalid recipient", "detail": f"to: {number}"})
        name = f"5d2a1f{len(self.messages):04}"
        self.messages[name] = {
            "messageId": name,
            "refClient": reference,
            "status": {"value": "ENROUTE", "deliveryDate": "2026-11-24T08:00:00+00:00"},
            "body": {"text": text, "encoding": "UNICODE", "messagePartCount": 2},
            "recipient": {"to": number},
        }
        self.store(number, text, reference)
        return Said(201, self.messages[name])


class TestSmsmode(GatewayContract):
    can = {CanReport}  # noqa: RUF012 - ClassVar in the contract

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return Smsmode(log)

    def settings(self, url: str, secret: str, **changes: Any) -> SmsmodeSettings:
        return SmsmodeSettings(kind="http", provider="smsmode", url=f"{url}/sms/v1", api_key=Secret(secret), **changes)

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        assert isinstance(vendor, Smsmode)
        vendor.messages[f"5d2a1f{number:04}"]["status"] = {"value": STATES[fate]}
