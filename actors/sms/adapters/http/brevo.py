"""Brevo SMS: https://developers.brevo.com/reference/send-async-transactional-sms, …/get-sms-events, …/get-account."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

import attrs

from actors.http.exchange import NotJsonError, Reply, Request, encoded_json
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.settings import URL, HttpSettings
from actors.sms.adapters.http.verdict import amount, at, instant, name_of
from actors.sms.alphabet import Alphabet, alphabet_of
from actors.sms.transport import (
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

_PAGE: Final = 100
_MOST_PAGES: Final = 50
_ON_ITS_WAY: Final = frozenset({"sent", "accepted", "softBounce", "softBounces"})
_DELIVERED: Final = "delivered"
_FAILED: Final = frozenset({"hardBounce", "hardBounces", "rejected", "blocked", "skip", "skipped", "blacklisted"})
_REPLIED: Final = frozenset({"replied", "replies"})
_UNSUBSCRIBED: Final = frozenset({"unsubscribe", "unsubscribed"})
_ACCOUNT: Final = frozenset(
    {"unauthorized", "permission_denied", "account_under_validation", "reseller_permission_denied"}
)


@attrs.frozen(kw_only=True)
class BrevoSettings(HttpSettings):
    """The table `[sms.gateway]` for Brevo."""

    provider: Literal["brevo"] = setting(help=Sentence.of("Brevo"))
    url: str = setting("https://api.brevo.com/v3", check=URL, help=Sentence.of("where the gateway answers"))
    api_key: Secret = setting(example="keyring:brevo", help=Sentence.of("the key of the account"))
    sender: str = setting(
        check=Matching(r"[A-Za-z0-9]{1,11}|[0-9]{1,15}", Sentence.of("eleven letters and digits, or fifteen digits")),
        example="FormeSante",
        help=Sentence.of("the sender that members read"),
    )


class BrevoGateway(HttpGateway[BrevoSettings]):
    """Tags each SMS with our reference and finds it again in the events; that it has none is never proved."""

    NAME = "Brevo"
    SETTINGS = BrevoSettings

    def request(self, sms: Sms) -> Request:
        """Return the POST /transactionalSMS/send."""
        wanted = {
            "sender": self.settings.sender,
            "recipient": sms.recipient.lstrip("+"),
            "content": sms.body,
            "type": sms.category.value,
            "tag": [sms.reference],
            "unicodeEnabled": alphabet_of(sms.body) is Alphabet.UCS2,
        }
        return self._request("POST", "/transactionalSMS/send", encoded_json(wanted))

    def answer(self, reply: Reply) -> Answer:
        """Read the message's id, or Brevo's error code."""
        said = reply.json_object()
        name = name_of(at(said, "messageId"))
        if name is not None and reply.status < 300:  # noqa: PLR2004 - the classes of RFC 9110
            return Accepted(name)
        code, words = name_of(said.get("code")), said.get("message")
        if code == "not_enough_credits":
            return self.judge.no_credit()
        if code in _ACCOUNT:
            return self.judge.refused(reply, words, Blame.ACCOUNT)
        return self.judge.by_status(reply, words)

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        """Ask for events with our tag since the day it began."""
        began_on = sighting.began_at - timedelta(days=1)  # the days are those of the account's own time zone
        period = {"startDate": f"{began_on:%Y-%m-%d}", "endDate": f"{now:%Y-%m-%d}"}
        events = self._events({"tags": sighting.sms.reference, **period})
        best: Found | None = None
        for event in events:
            fate = _fate(event)
            if fate is not None and (best is None or fate is not Fate.ON_ITS_WAY):
                best = Found(name_of(at(event, "messageId")), fate)
        return best or NotKnown()

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        """Read the events of two days for those asked about; an SMS may have several."""
        wanted = set(asked)
        for event in self._events({"days": "2"}) if wanted else ():
            name, fate = name_of(at(event, "messageId")), _fate(event)
            if name in wanted and fate in (Fate.DELIVERED, Fate.FAILED):
                words = at(event, "reason")
                reason = Sentence.of("the operator says {code}", code=Reply(200).quote(words)) if words else None
                yield DeliveryReport(fate, name, None, instant(at(event, "date")), reason)

    def incoming(self) -> Iterator[Incoming]:
        """Read replies and opt-outs of two days; Brevo keeps them, their identity tells the same from another."""
        for event in self._events({"days": "2"}):
            kind, sender = name_of(at(event, "event")), at(event, "phoneNumber")
            name, date = name_of(at(event, "messageId")), name_of(at(event, "date"))
            body = at(event, "reply") if kind in _REPLIED else "STOP" if kind in _UNSUBSCRIBED else None
            if isinstance(sender, str) and isinstance(body, str):
                identity = f"brevo {name} {kind} {date}" if name and date else None
                yield Incoming(sender, body, instant(date), identity)

    def credit(self) -> float | None:
        """Return the SMS credits of the account's plan."""
        plans = at(self._ask(self._request("GET", "/account")).json_object(), "plan")
        for plan in plans if isinstance(plans, list) else ():
            if at(plan, "type") == "sms":
                return amount(at(plan, "credits"))
        return None

    def _events(self, asked: Mapping[str, str]) -> Iterator[Any]:
        for page in range(_MOST_PAGES):
            query = urlencode({**asked, "limit": _PAGE, "offset": page * _PAGE})
            reply = self._ask(self._request("GET", f"/transactionalSMS/statistics/events?{query}"))
            try:
                events = at(reply.json(), "events") or []
            except NotJsonError:
                raise self._nonsense(reply) from None
            if not isinstance(events, list):
                raise self._nonsense(reply)
            yield from events
            if len(events) < _PAGE:
                return

    def _request(self, method: str, path: str, body: bytes | None = None) -> Request:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "api-key": self.reveal(self.settings.api_key),
        }
        return Request(method, self.base + path, headers, body)


def _fate(event: Any) -> Fate | None:
    kind = name_of(at(event, "event"))
    if kind == _DELIVERED:
        return Fate.DELIVERED
    if kind in _FAILED:
        return Fate.FAILED
    return Fate.ON_ITS_WAY if kind in _ON_ITS_WAY else None
