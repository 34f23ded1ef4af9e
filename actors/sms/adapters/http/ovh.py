"""OVHcloud SMS: https://eu.api.ovh.com/console/?section=%2Fsms and https://github.com/ovh/python-ovh (signature)."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

import attrs

from actors.http.exchange import NotJsonError, Reply, Request, encoded_json
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.settings import SENDER, URL, HttpSettings
from actors.sms.adapters.http.verdict import amount, at, instant, name_of
from actors.sms.transport import (
    Absent,
    Accepted,
    Answer,
    Blame,
    Category,
    DeliveryReport,
    Fate,
    Finding,
    Found,
    Incoming,
    NotKnown,
    Refused,
    Sighting,
    Sms,
    Unavailable,
)
from config.checks import NotEmpty
from config.declaration import setting
from config.secret import Secret
from config.sentence import Sentence

_LISTED_AFTER: Final = timedelta(minutes=3)  # a job takes up to a minute before it is listed
_BAD_REQUEST: Final = 400
_LONGEST_TAG: Final = 20
"""What OVHcloud's older interface allows; of the API no limit is told, and a tag that was cut would not be found."""
_FATES: Final = {"1": Fate.DELIVERED, "2": Fate.FAILED, "16": Fate.FAILED}
"""`deliveryReceipt` of an outgoing SMS; 0, 4 and 8 are stations on the way."""


@attrs.frozen(kw_only=True)
class OvhSettings(HttpSettings):
    """The table `[sms.gateway]` for OVHcloud."""

    provider: Literal["ovh"] = setting(help=Sentence.of("OVHcloud"))
    url: str = setting("https://eu.api.ovh.com/1.0", check=URL, help=Sentence.of("where the gateway answers"))
    service: str = setting(
        check=NotEmpty(), example="sms-ab12345-1", help=Sentence.of("the name of the SMS account, as OVHcloud shows it")
    )
    application_key: str = setting(
        check=NotEmpty(), example="7kbG7Bk7S9Nt7ZSV", help=Sentence.of("the application key, made with the secret")
    )
    application_secret: Secret = setting(
        example="keyring:ovh-secret", help=Sentence.of("the secret that goes with the application key")
    )
    consumer_key: Secret = setting(
        example="keyring:ovh-consumer",
        help=Sentence.of("the consumer key; it must be allowed GET, POST and DELETE below /sms"),
    )
    sender: str | None = setting(
        None,
        check=SENDER,
        example="FormeSante",
        help=Sentence.of("a sender that OVHcloud has validated; by default a number that takes answers"),
    )


class OvhGateway(HttpGateway[OvhSettings]):
    """Signs each request, tags each SMS with our reference, and finds it again by the tag."""

    NAME = "OVHcloud"
    SETTINGS = OvhSettings
    _ahead: int | None = None
    """By how many seconds OVHcloud's clock is ahead of ours, once it is known."""

    def _greet(self) -> None:
        """Learn by how much the clocks differ: a signature is good for some minutes only."""
        if self._ahead is None:
            reply = self._ask(Request("GET", f"{self.base}/auth/time"))
            try:
                self._ahead = int(reply.json()) - int(self.now().timestamp())
            except (NotJsonError, TypeError, ValueError, OverflowError):
                raise self._nonsense(reply) from None

    def request(self, sms: Sms) -> Request:
        """Return the signed POST /sms/{serviceName}/jobs."""
        job: dict[str, Any] = {
            "message": sms.body,
            "receivers": [sms.recipient],
            "charset": "UTF-8",
            "class": "phoneDisplay",
            "priority": "high",
            "noStopClause": sms.category is Category.TRANSACTIONAL,
            "tag": _tag(sms.reference),
        }
        if self.settings.sender is None:
            job["senderForResponse"] = True
        else:
            job["sender"] = self.settings.sender
        if sms.validity is not None:
            job["validityPeriod"] = max(1, int(sms.validity / timedelta(minutes=1)))
        return self._signed("POST", "/jobs", encoded_json(job))

    def answer(self, reply: Reply) -> Answer:
        """Read the report of a job; a number that OVHcloud does not take is told by a 200."""
        if reply.status >= 400:  # noqa: PLR2004 - the classes of RFC 9110
            said = reply.json_object()
            words = said.get("message")
            if "credit" in str(words).lower():
                return self.judge.no_credit()
            if _is_out_of_time(said):
                self._ahead = None  # it is no fault of the SMS
                return self.judge.refused(reply, words, Blame.LOAD)
            if "signature" in str(words).lower():
                return self.judge.refused(reply, words, Blame.KEY)
            return self.judge.by_status(reply, words)
        report = reply.json()
        if at(report, "ids", 0) is not None:
            return Accepted(name_of(at(report, "ids", 0)))
        if at(report, "invalidReceivers", 0) is not None:
            reason = Sentence.of("{gateway} does not take this number", gateway=self.NAME)
            return Refused(reason, is_final=True)
        raise NotJsonError

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        """Ask for outgoing SMS with our tag."""
        reply = self._ask(self._signed("GET", "/outgoing?" + urlencode({"tag": _tag(sighting.sms.reference)})))
        try:
            found = reply.json()
        except NotJsonError:
            raise self._nonsense(reply) from None
        if not isinstance(found, list):
            raise self._nonsense(reply)
        if found:
            return Found(name_of(found[0]))
        return Absent() if now - sighting.began_at > _LISTED_AFTER else NotKnown()

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        """Ask for each outgoing SMS; `ptt` is the operator's reason (GET /sms/ptts)."""
        for reference in asked:
            reply = self._ask(self._signed("GET", f"/outgoing/{quote(reference, safe='')}"))
            said = reply.json_object()
            fate = _FATES.get(name_of(at(said, "deliveryReceipt")) or "")
            if fate is not None:
                reason = (
                    Sentence.of("the operator says {code}", code=name_of(at(said, "ptt")))
                    if fate is Fate.FAILED
                    else None
                )
                yield DeliveryReport(fate, reference, None, instant(at(said, "deliveredAt")), reason)

    def incoming(self) -> Iterator[Incoming]:
        """Take the SMS that came in, each deleted there once the next is asked for."""
        listed = self._ask(self._signed("GET", "/incoming"))
        try:
            ids = listed.json()
        except NotJsonError:
            raise self._nonsense(listed) from None
        for each in ids if isinstance(ids, list) else []:
            path = f"/incoming/{quote(str(each), safe='')}"
            said = self._ask(self._signed("GET", path)).json_object()
            sender, body = at(said, "sender"), at(said, "message")
            if isinstance(sender, str) and isinstance(body, str):
                yield Incoming(sender, body, instant(at(said, "creationDatetime")), f"ovh {each}")
                self._ask(self._signed("DELETE", path))

    def credit(self) -> float | None:
        """Return how many SMS may still be sent within France."""
        return amount(at(self._ask(self._signed("GET", "")).json_object(), "creditsLeft"))

    def _ask(self, request: Request, about: Sms | None = None, also: AbstractSet[int] = frozenset({404})) -> Reply:
        """Return the answer, as any gateway's; one that came out of time has the clocks compared anew."""
        reply = super()._ask(request, about, also | {_BAD_REQUEST})
        if reply.status != _BAD_REQUEST or _BAD_REQUEST in also:
            return reply
        said = reply.json_object()
        if _is_out_of_time(said):
            self._ahead = None
        raise Unavailable(self.judge.by_status(reply, said.get("message")).reason)

    def _signed(self, method: str, path: str, body: bytes = b"") -> Request:
        self._greet()
        url = f"{self.base}/sms/{quote(self.settings.service, safe='')}{path}"
        instant_text = str(int(self.now().timestamp()) + (self._ahead or 0))
        consumer = self.reveal(self.settings.consumer_key)
        secret = self.reveal(self.settings.application_secret)
        signed = f"{secret}+{consumer}+{method}+{url}+{body.decode()}+{instant_text}"
        return Request(
            method,
            url,
            {
                "Content-Type": "application/json",
                "X-Ovh-Application": self.settings.application_key,
                "X-Ovh-Consumer": consumer,
                "X-Ovh-Timestamp": instant_text,
                # SHA-1 is what OVHcloud's protocol prescribes.
                "X-Ovh-Signature": "$1$" + hashlib.sha1(signed.encode()).hexdigest(),  # noqa: S324
            },
            body or None,
        )


def _is_out_of_time(said: Mapping[str, Any]) -> bool:
    """Return whether a request's own time was refused: this computer's clock was set since they were compared."""
    return said.get("errorCode") == "QUERY_TIME_OUT" or "out of time" in str(said.get("message")).lower()


def _tag(reference: str) -> str:
    """Return the reference, or what stands for a long one: the same each time, another for any other."""
    if len(reference) <= _LONGEST_TAG:
        return reference
    return base64.b32encode(hashlib.sha256(reference.encode()).digest())[:_LONGEST_TAG].decode()
