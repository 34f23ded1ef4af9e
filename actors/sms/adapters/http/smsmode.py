"""smsmode, REST API v1: https://dev.smsmode.com/sms/v1/ (known from public integrations: the page was not at hand)."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote

import attrs

from actors.http.exchange import Reply, Request, encoded_json
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.settings import SENDER, URL, HttpSettings
from actors.sms.adapters.http.verdict import at, instant, name_of
from actors.sms.transport import Accepted, Answer, Blame, DeliveryReport, Fate, Sms
from config.declaration import setting
from config.secret import Secret
from config.sentence import Sentence

_FATES: Final = {
    "DELIVERED": Fate.DELIVERED,
    "UNDELIVERABLE": Fate.FAILED,
    "UNDELIVERED": Fate.FAILED,
}
_NO_CREDIT: Final = ("credit", "balance", "insufficient")


@attrs.frozen(kw_only=True)
class SmsmodeSettings(HttpSettings):
    """The table `[sms.gateway]` for smsmode."""

    provider: Literal["smsmode"] = setting(help=Sentence.of("smsmode"))
    url: str = setting("https://rest.smsmode.com/sms/v1", check=URL, help=Sentence.of("where the gateway answers"))
    api_key: Secret = setting(example="keyring:smsmode", help=Sentence.of("the key of the channel"))
    sender: str | None = setting(
        None, check=SENDER, example="FormeSante", help=Sentence.of("the sender; by default that of the channel")
    )


class SmsmodeGateway(HttpGateway[SmsmodeSettings]):
    """Sends with our reference as refClient, by which smsmode documents no search: what is uncertain stays so."""

    NAME = "smsmode"
    SETTINGS = SmsmodeSettings

    def request(self, sms: Sms) -> Request:
        """Return the POST /messages."""
        message: dict[str, Any] = {
            "recipient": {"to": sms.recipient.lstrip("+")},
            "body": {"text": sms.body},
            "refClient": sms.reference,
        }
        if self.settings.sender is not None:
            message["from"] = self.settings.sender
        return self._request("POST", "/messages", encoded_json(message))

    def answer(self, reply: Reply) -> Answer:
        """Read the message's id and status, or the problem."""
        said = reply.json_object()
        name, status = name_of(at(said, "messageId")), at(said, "status", "value")
        if name is not None and reply.status < 300:  # noqa: PLR2004 - the classes of RFC 9110
            if _FATES.get(str(status)) is Fate.FAILED:
                return self.judge.refused(reply, at(said, "status", "detail") or status, Blame.MESSAGE)
            parts = at(said, "body", "messagePartCount")
            return Accepted(name, parts if isinstance(parts, int) else None)
        words = " ".join(str(said[key]) for key in ("message", "detail", "errorCode") if said.get(key))
        if any(word in words.lower() for word in _NO_CREDIT):
            return self.judge.no_credit()
        return self.judge.by_status(reply, words)

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        """Ask for each message."""
        for name in asked:
            said = self._ask(self._request("GET", f"/messages/{quote(name, safe='')}")).json_object()
            fate = _FATES.get(str(at(said, "status", "value")))
            if fate is not None:
                words = at(said, "status", "detail") or at(said, "status", "value")
                reason = (
                    Sentence.of("the operator says {code}", code=Reply(200).quote(words))
                    if fate is Fate.FAILED
                    else None
                )
                yield DeliveryReport(
                    fate, name, name_of(at(said, "refClient")), instant(at(said, "status", "deliveryDate")), reason
                )

    def _request(self, method: str, path: str, body: bytes | None = None) -> Request:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Api-Key": self.reveal(self.settings.api_key),
        }
        return Request(method, self.base + path, headers, body)
