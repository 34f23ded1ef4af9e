"""Twilio: https://www.twilio.com/docs/messaging/api/message-resource, …/docs/api/errors, …/docs/usage/api/balance."""

import base64
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

import attrs

from actors.http.exchange import NotJsonError, Reply, Request
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.settings import SENDER, URL, HttpSettings
from actors.sms.adapters.http.verdict import amount, at, instant, name_of
from actors.sms.transport import (
    Absent,
    Accepted,
    Answer,
    Blame,
    DeliveryReport,
    Fate,
    Finding,
    Found,
    Incoming,
    NotKnown,
    Sighting,
    Sms,
)
from config.checks import Matching
from config.declaration import setting
from config.secret import Secret
from config.sentence import Sentence

_LISTED_AFTER: Final = timedelta(minutes=3)
_SLACK: Final = timedelta(minutes=2)  # between this computer's clock and Twilio's
_PAGE: Final = 100
_ACCOUNT: Final = frozenset(("20003", "20005", "20404", "21606", "21659", "21660", "21408", "30002", "90010"))
"""Credentials, suspension, a sender that is not ours, a country that is not switched on."""
_LOAD: Final = frozenset(("20429", "21611", "30001"))
_FATES: Final = {
    "delivered": Fate.DELIVERED,
    "read": Fate.DELIVERED,
    "failed": Fate.FAILED,
    "undelivered": Fate.FAILED,
    "canceled": Fate.FAILED,
}


@attrs.frozen(kw_only=True)
class TwilioSettings(HttpSettings):
    """The table `[sms.gateway]` for Twilio."""

    provider: Literal["twilio"] = setting(help=Sentence.of("Twilio"))
    url: str = setting("https://api.twilio.com", check=URL, help=Sentence.of("where the gateway answers"))
    account: str = setting(
        check=Matching(r"AC[0-9a-f]{32}", Sentence.of("AC and 32 letters and digits")),
        example="AC" + "0" * 32,
        help=Sentence.of("the account's SID"),
    )
    token: Secret = setting(example="keyring:twilio", help=Sentence.of("the account's auth token"))
    sender: str = setting(
        check=SENDER, example="+33700000000", help=Sentence.of("the number, or the name, that the SMS come from")
    )


class TwilioGateway(HttpGateway[TwilioSettings]):
    """Sends, and finds again by number and text: Twilio takes no reference, and does not sort out copies."""

    NAME = "Twilio"
    SETTINGS = TwilioSettings

    def request(self, sms: Sms) -> Request:
        """Return the POST Messages.json."""
        form = {"To": sms.recipient, "From": self.settings.sender, "Body": sms.body}
        if sms.validity is not None:
            form["ValidityPeriod"] = str(min(36_000, max(1, int(sms.validity.total_seconds()))))
        return self._request("POST", "Messages.json", form)

    def answer(self, reply: Reply) -> Answer:
        """Read the message's SID, or the error code."""
        said = reply.json_object()
        sid, status = name_of(at(said, "sid")), at(said, "status")
        if sid is not None and reply.status < 300:  # noqa: PLR2004 - the classes of RFC 9110
            if _FATES.get(str(status)) is Fate.FAILED:
                return self.judge.refused(reply, at(said, "error_message") or at(said, "error_code"), Blame.MESSAGE)
            parts = name_of(at(said, "num_segments"))
            return Accepted(sid, int(parts) if parts and re.fullmatch("[1-9][0-9]{0,3}", parts) else None)
        code, words = name_of(said.get("code")), said.get("message")
        if code in _LOAD:
            return self.judge.refused(reply, words, Blame.LOAD)
        if code in _ACCOUNT:
            return self.judge.refused(reply, words, Blame.ACCOUNT)
        return self.judge.by_status(reply, words)

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        """List what went to this number, newest first, back to when it began; DateSent would leave out the queued."""
        since = sighting.began_at - _SLACK
        for message in self._listed({"To": sighting.sms.recipient}):
            created = instant(at(message, "date_created"))
            if created is not None and created < since:
                break
            if at(message, "body") != sighting.sms.body or at(message, "direction") == "inbound":
                continue
            sid = name_of(at(message, "sid"))
            if sid is None or not sighting.is_another_s(sid):  # the same words to the same number, twice in minutes
                return Found(sid, _FATES.get(str(at(message, "status")), Fate.ON_ITS_WAY))
        return Absent() if now - sighting.began_at > _LISTED_AFTER else NotKnown()

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        """Ask for each message."""
        for sid in asked:
            said = self._ask(self._request("GET", f"Messages/{quote(sid, safe='')}.json")).json_object()
            fate = _FATES.get(str(at(said, "status")))
            if fate is not None:
                words = at(said, "error_message") or at(said, "error_code") or at(said, "status")
                reason = (
                    Sentence.of("the operator says {code}", code=Reply(200).quote(words))
                    if fate is Fate.FAILED
                    else None
                )
                yield DeliveryReport(fate, sid, None, instant(at(said, "date_updated")), reason)

    def incoming(self) -> Iterator[Incoming]:
        """List what came to our number in two days; Twilio keeps it, the SID tells the same from another."""
        if not self.settings.sender.startswith("+"):
            return  # nobody can answer to a name
        since = self.now() - timedelta(days=2)
        for message in self._listed({"To": self.settings.sender}):
            created = instant(at(message, "date_created"))
            if created is not None and created < since:
                return
            sender, body = at(message, "from"), at(message, "body")
            if at(message, "direction") == "inbound" and isinstance(sender, str) and isinstance(body, str):
                sid = name_of(at(message, "sid"))
                yield Incoming(sender, body, created, None if sid is None else f"twilio {sid}")

    def credit(self) -> float | None:
        """Return the account's balance, in its currency."""
        return amount(at(self._ask(self._request("GET", "Balance.json")).json_object(), "balance"))

    def _listed(self, asked: dict[str, str]) -> Iterator[Any]:
        reply = self._ask(self._request("GET", "Messages.json?" + urlencode({**asked, "PageSize": _PAGE})))
        while True:
            try:
                page = reply.json()
            except NotJsonError:
                raise self._nonsense(reply) from None
            messages, following = at(page, "messages"), at(page, "next_page_uri")
            if not isinstance(messages, list):
                raise self._nonsense(reply)
            yield from messages
            if not isinstance(following, str) or not following.startswith("/") or not messages:
                return
            reply = self._ask(Request("GET", self.base + following, self._headers()))

    def _request(self, method: str, path: str, form: dict[str, str] | None = None) -> Request:
        url = f"{self.base}/2010-04-01/Accounts/{self.settings.account}/{path}"
        headers = self._headers()
        if form is None:
            return Request(method, url, headers)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return Request(method, url, headers, urlencode(form).encode())

    def _headers(self) -> dict[str, str]:
        login = f"{self.settings.account}:{self.reveal(self.settings.token)}"
        return {"Accept": "application/json", "Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
