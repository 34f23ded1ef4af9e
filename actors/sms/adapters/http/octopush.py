"""Octopush, API v1: https://dev.octopush.com/en/sms-gateway-api-documentation/ (send-sms, return-codes)."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

import attrs

from actors.http.exchange import Reply, Request, encoded_json
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.settings import SENDER, URL, HttpSettings
from actors.sms.adapters.http.verdict import amount, at, name_of
from actors.sms.transport import Accepted, Answer, Blame, Category, Finding, Found, NotKnown, Sighting, Sms
from config.checks import NotEmpty
from config.declaration import setting
from config.secret import Secret
from config.sentence import Sentence

_ALREADY_TAKEN: Final = 120
_NO_CREDIT: Final = frozenset({104, 105})
_WRONG_KEY: Final = 101
_ACCOUNT: Final = frozenset({106, 108, 109, 113, 114})
_REMEMBERED: Final = timedelta(hours=23)
"""Octopush knows a request_id for 24 hours; later it would send a second copy."""


@attrs.frozen(kw_only=True)
class OctopushSettings(HttpSettings):
    """The table `[sms.gateway]` for Octopush."""

    provider: Literal["octopush"] = setting(help=Sentence.of("Octopush"))
    url: str = setting("https://api.octopush.com/v1/public", check=URL, help=Sentence.of("where the gateway answers"))
    login: str = setting(
        check=NotEmpty(), example="club@example.org", help=Sentence.of("the e-mail address of the account (api-login)")
    )
    api_key: Secret = setting(example="keyring:octopush", help=Sentence.of("the key of the account (api-key)"))
    quality: Literal["sms_premium", "sms_low_cost"] = setting(
        "sms_premium", help=Sentence.of("the kind of SMS that is bought")
    )
    sender: str | None = setting(
        None, check=SENDER, example="FormeSante", help=Sentence.of("the sender; by default a number that takes answers")
    )


class OctopushGateway(HttpGateway[OctopushSettings]):
    """Sends with our reference as request_id, which Octopush takes once in 24 hours: asking again is looking up."""

    NAME = "Octopush"
    SETTINGS = OctopushSettings
    may_send_when_asked = True

    def request(self, sms: Sms) -> Request:
        """Return the POST /sms-campaign/send for one recipient."""
        campaign: dict[str, Any] = {
            "text": sms.body,
            "recipients": [{"phone_number": sms.recipient}],
            "type": self.settings.quality,
            "purpose": "alert" if sms.category is Category.TRANSACTIONAL else "wholesale",
            "request_id": sms.reference,
            "auto_optimize_text": False,  # it would change what the member reads
            "with_replies": self.settings.sender is None,
        }
        if self.settings.sender is not None:
            campaign["sender"] = self.settings.sender
        return self._request("POST", "/sms-campaign/send", encoded_json(campaign))

    def answer(self, reply: Reply) -> Answer:
        """Read the ticket of a campaign, or an error; that our request_id is known already is an acceptance."""
        said = reply.json_object()
        ticket = name_of(at(said, "sms_ticket")) or name_of(at(said, "ticket_number"))
        if ticket is not None and reply.status < 300:  # noqa: PLR2004 - the classes of RFC 9110
            parts = at(said, "number_of_sms_needed")
            return Accepted(ticket, parts if isinstance(parts, int) else None)
        words = said.get("message")
        code = _code(said)
        if code == _ALREADY_TAKEN:
            return Accepted()
        if code in _NO_CREDIT:
            return self.judge.no_credit()
        if code == _WRONG_KEY:
            return self.judge.refused(reply, words or code, Blame.KEY)
        if code in _ACCOUNT:
            return self.judge.refused(reply, words or code, Blame.ACCOUNT)
        return self.judge.by_status(reply, words or code)

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        """Send the same request again: Octopush refuses what it has, and else this is the one copy."""
        age = now - sighting.began_at
        if age > _REMEMBERED or (sighting.sms.validity is not None and age > sighting.sms.validity):
            return NotKnown()
        reply = self._ask(self.request(sighting.sms), sighting.sms, also=frozenset({400, 409, 422}))
        answer = self.answer(reply)
        return Found(answer.provider_reference) if isinstance(answer, Accepted) else NotKnown()

    def credit(self) -> float | None:
        """Return how many SMS of this quality may still be sent within France."""
        query = urlencode({"country_codes[]": "FR"})
        said = self._ask(self._request("GET", f"/wallet/check-credits?{query}")).json_object()
        kind = {"sms_premium": "premium_sms", "sms_low_cost": "low_cost_sms"}[self.settings.quality]
        return amount(at(said, "FR", kind))

    def _request(self, method: str, path: str, body: bytes | None = None) -> Request:
        headers = {
            "Content-Type": "application/json",
            "api-login": self.settings.login,
            "api-key": self.reveal(self.settings.api_key),
            "cache-control": "no-cache",
        }
        return Request(method, self.base + path, headers, body)


def _code(said: Any) -> int | None:
    for key in ("code", "error_code"):
        found = name_of(at(said, key))
        if found is not None and found.isascii() and found.isdigit():
            return int(found)
    return None
