"""Octopush, tried against a counterpart that nobody at Octopush has seen.

Written from https://octopush.com/en/sms-gateway-api-documentation/send-sms/ (fields, request_id and its 24 hours),
…/return-codes/ (codes) and https://dev.octopush.com/en/sms-gateway-api-documentation/check-credit.
"""

import json
import re
from pathlib import Path
from typing import Any

from gateway_contract import SECRET, Clock, GatewayContract
from gateway_server import Asked, Said, Vendor

from actors.sms.adapters.http.octopush import OctopushSettings
from actors.sms.transport import CanLookUp, HasCredit
from config.secret import Secret

FIELDS = {
    "text", "recipients", "type", "purpose", "request_id", "auto_optimize_text", "with_replies", "sender", "send_at",
    "simulation_mode",
}  # fmt: skip


class Octopush(Vendor):
    """The part of the API that the gateway uses."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.request_ids: set[str] = set()

    def is_sending(self, asked: Asked) -> bool:
        return asked.path.endswith("/sms-campaign/send")

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("api-key") != SECRET or asked.headers.get("api-login") != "club@example.org":
            return Said(401, {"code": 101, "message": "Incorrect login details."})
        match asked.method, asked.path:
            case "POST", "/v1/public/sms-campaign/send":
                return self.campaign(asked)
            case "GET", "/v1/public/wallet/check-credits" if asked.query == {"country_codes[]": "FR"}:
                return Said(200, {"FR": {"premium_sms": 42, "vocal_sms": 0, "low_cost_sms": 21, "hlr": 87}})
            case _:
                return Said(404, {"message": "Not found"})

    def campaign(self, asked: Asked) -> Said:  # noqa: PLR0911 - one for each code
        try:
            campaign = asked.json()
        except json.JSONDecodeError:
            return Said(400, {"code": 100, "message": "POST request missing."})
        if set(campaign) - FIELDS or campaign["type"] not in ("sms_premium", "sms_low_cost"):
            return Said(400, {"code": 112, "message": "You have not defined the quality of your message."})
        if not re.fullmatch(r"[A-Za-z0-9]{3,11}", campaign.get("sender", "Octopush")):
            return Said(400, {"code": 106, "message": "You have entered the Sender incorrectly."})
        if campaign.get("auto_optimize_text") is not False or not 1 <= len(campaign["text"]) <= 1224:
            return Said(400, {"code": 107, "message": "The text of your message is missing."})
        if campaign["request_id"] in self.request_ids:
            return Said(400, {"code": 120, "message": "A SMS with the same request_id has already been sent."})
        if not self.has_credit:
            return Said(402, {"code": 104, "message": "You have run out of credit."})
        [recipient] = campaign["recipients"]
        if recipient["phone_number"] == self.REFUSED_NUMBER:
            words = f"Your recipient list contains no correct numbers: {self.REFUSED_NUMBER}"
            return Said(400, {"code": 117, "message": words})
        self.request_ids.add(campaign["request_id"])
        self.store(recipient["phone_number"], campaign["text"], campaign["request_id"])
        return Said(
            201,
            {
                "sms_ticket": f"sms_{len(self.request_ids):012}",
                "number_of_contacts": 1,
                "total_cost": 0.06,
                "number_of_sms_needed": 1,
                "residual_credit": 41,
            },
        )


class TestOctopush(GatewayContract):
    can = {CanLookUp, HasCredit}  # noqa: RUF012 - ClassVar in the contract
    takes_at_most = 1224

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return Octopush(log)

    def settings(self, url: str, secret: str, **changes: Any) -> OctopushSettings:
        return OctopushSettings(
            kind="http",
            provider="octopush",
            url=f"{url}/v1/public",
            login="club@example.org",
            api_key=Secret(secret),
            sender="FormeSante",
            **changes,
        )
