"""Twilio, tried against a counterpart that nobody at Twilio has seen.

Written from https://www.twilio.com/docs/messaging/api/message-resource (fields, list, pages, states),
https://www.twilio.com/docs/api/errors (codes) and https://www.twilio.com/docs/usage/api/balance.
"""

import base64
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from gateway_contract import BEGAN, SECRET, TEXT, Clock, GatewayContract, Marks, an_sms
from gateway_server import Asked, Fault, Said, Vendor

from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.twilio import TwilioSettings
from actors.sms.transport import (
    Absent,
    Accepted,
    CanLookUp,
    CanReceive,
    CanReport,
    Fate,
    Found,
    HasCredit,
    Sighting,
    Unknown,
)
from config.secret import Secret

ACCOUNT = "AC" + "0" * 32
OURS = "+33700000000"
STATES = {Fate.ON_ITS_WAY: "sent", Fate.DELIVERED: "delivered", Fate.FAILED: "undelivered"}


class Twilio(Vendor):
    """The part of the API that the gateway uses; lists in pages of three, newest first."""

    def __init__(self, log: Path, clock: Clock) -> None:
        super().__init__(log)
        self.clock = clock
        self.messages: list[dict[str, Any]] = []

    def is_sending(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Said:
        login = base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            return Said(401, {"code": 20003, "message": "Authenticate", "status": 401})
        prefix = f"/2010-04-01/Accounts/{ACCOUNT}/"
        match asked.method, asked.path.removeprefix(prefix):
            case "POST", "Messages.json":
                return self.sent(asked)
            case "GET", "Messages.json":
                return self.listed(asked, prefix)
            case "GET", "Balance.json":
                return Said(200, {"account_sid": ACCOUNT, "balance": "42.0", "currency": "EUR"})
            case "GET", path:
                for message in self.messages:
                    if path == f"Messages/{message['sid']}.json":
                        return Said(200, message)
        return Said(404, {"code": 20404, "message": "The requested resource was not found", "status": 404})

    def sent(self, asked: Asked) -> Said:
        form = asked.form()
        if not {"To", "Body"} <= set(form) or not {"From", "MessagingServiceSid"} & set(form):
            return Said(400, {"code": 21602, "message": "A text message body must be specified.", "status": 400})
        if not self.has_credit:
            return Said(403, {"code": 20005, "message": "Account is not active", "status": 403})
        if form["To"] == self.REFUSED_NUMBER:
            words = f"The 'To' number {form['To']} is not a valid phone number."
            return Said(400, {"code": 21211, "message": words, "status": 400})
        message = self.add(form["To"], form["From"], form["Body"], "outbound-api")
        self.store(form["To"], form["Body"])
        return Said(201, message)

    def add(self, to: str, sender: str, body: str, direction: str) -> dict[str, Any]:
        self.messages.append({
            "sid": f"SM{len(self.messages):032}", "to": to, "from": sender, "body": body, "direction": direction,
            "status": "queued", "num_segments": "2", "error_code": None, "error_message": None, "date_sent": None,
            "date_created": format_datetime(self.clock.at), "date_updated": format_datetime(self.clock.at),
        })  # fmt: skip
        return self.messages[-1]

    def listed(self, asked: Asked, prefix: str) -> Said:
        found = [message for message in reversed(self.messages) if asked.query.get("To") in (None, message["to"])]
        page = int(asked.query.get("Page", "0"))
        more = (page + 1) * 3 < len(found)
        number = asked.query["To"].replace("+", "%2B")
        following = f"{prefix}Messages.json?To={number}&PageSize=3&Page={page + 1}" if more else None
        return Said(200, {"messages": found[page * 3 : page * 3 + 3], "next_page_uri": following, "page": page})


class TestTwilio(GatewayContract):
    can = {CanLookUp, CanReport, CanReceive, HasCredit}  # noqa: RUF012 - ClassVar in the contract
    proves_absence = True

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return Twilio(log, clock)

    def settings(self, url: str, secret: str, **changes: Any) -> TwilioSettings:
        return TwilioSettings(
            kind="http", provider="twilio", url=url, account=ACCOUNT, token=Secret(secret), sender=OURS, **changes
        )

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        assert isinstance(vendor, Twilio)
        vendor.messages[number] |= {"status": STATES[fate], "error_code": 30003}

    def answers(self, vendor: Vendor, sender: str, text: str) -> None:
        assert isinstance(vendor, Twilio)
        vendor.add(OURS, sender, text, "inbound")

    def test_the_same_words_to_the_same_number_are_told_apart_by_whose_name_is_known(
        self, gateway: HttpGateway[Any], vendor: Vendor, clock: Clock
    ) -> None:
        """Two children, one telephone: the copy of the first must not pass for the second, which never arrived."""
        first = gateway.send(an_sms("club-1"), Marks())
        assert isinstance(first, Accepted)
        vendor.faults.append(Fault.INTERNAL_ERROR)
        assert isinstance(gateway.send(an_sms("club-2"), Marks()), Unknown)
        assert len(vendor.copies()) == 1
        clock.at += timedelta(minutes=5)
        assert isinstance(gateway, CanLookUp)
        second = Sighting(an_sms("club-2"), BEGAN, None, lambda name: name == first.provider_reference)
        assert gateway.look_up(second, clock.at) == Absent()
        assert gateway.look_up(Sighting(an_sms("club-1"), BEGAN), clock.at) == Found(first.provider_reference)

    def test_a_lost_one_is_found_behind_later_ones(
        self, gateway: HttpGateway[Any], vendor: Vendor, clock: Clock
    ) -> None:
        vendor.faults.append(Fault.LOST_REPLY)
        gateway.send(an_sms(), Marks())
        for number in range(5):
            answer = gateway.send(an_sms(f"club-{number}", body=f"Autre message {number}"), Marks())
            assert isinstance(answer, Accepted)
        finding = gateway.look_up(Sighting(an_sms(), BEGAN), clock.at)  # type: ignore[attr-defined]
        assert finding == Found(f"SM{0:032}")
        assert vendor.copies()[0]["text"] == TEXT
