"""What an answer means by its status alone (RFC 9110 §15), for what a gateway's own file does not know better."""

import math
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import attrs

from actors.http.exchange import Reply
from actors.sms.transport import Blame, Refused, Unknown
from config.sentence import Sentence

_LONGEST_WAIT: Final = timedelta(hours=24)
_SEE_OTHER: Final = 303
_PAYMENT: Final = 402
_TOO_SLOW: Final = frozenset({408, 409, 421, 425})
_UNAUTHORIZED: Final = 401
_CREDENTIALS: Final = frozenset({_UNAUTHORIZED, 403, 407})
_WRONG_PLACE: Final = frozenset({404, 405, 410})
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
_PAGE: Final = re.compile(rb"\s*(?:<!--.{0,1000}?-->\s*)?<(?:!doctype html|html)", re.IGNORECASE | re.DOTALL)
_SENDER: Final = re.compile(r"\b(?:sender|exp[ée]diteur)", re.IGNORECASE)


@attrs.frozen
class Judge:
    """Judges for one gateway; `refusing` are the 5xx that it documents as refusals, without a trace of the message."""

    gateway: str
    url: str = attrs.field(repr=False)
    refusing: AbstractSet[int] = frozenset()

    def on_its_way(self, reply: Reply, now: datetime) -> Refused | Unknown | None:
        """Return the answer for what the HTTP world between may say: redirects, load, broken servers; else None."""
        status = reply.status
        if status in range(300, 400):
            return self._redirected(reply)
        if status == _TOO_MANY or (status == _UNAVAILABLE and self._invites_again(reply)):
            reason = Sentence.of("{gateway} asks to come back later ({status})", gateway=self.gateway, status=status)
            return Refused(reason, is_final=False, blame=Blame.LOAD, retry_after=retry_after(reply, now))
        if status >= 500 or status < 200:  # noqa: PLR2004 - the classes of RFC 9110
            # A proxy's 502 or 504, or a fault after the message was stored: both look the same from here.
            return Unknown(
                Sentence.of(
                    "{gateway} broke on it ({status}) and does not say whether it has it",
                    gateway=self.gateway,
                    status=status,
                )
            )
        return None

    def refused(self, reply: Reply, words: object, blame: Blame) -> Refused:
        """Return a refusal in the provider's words."""
        quote = reply.quote(words) if words not in (None, "") else reply.status
        if blame in (Blame.ACCOUNT, Blame.KEY):
            reason = Sentence.of("{gateway} refuses the club's account: {words}", gateway=self.gateway, words=quote)
            if reply.status == _UNAUTHORIZED:
                blame = Blame.KEY
        elif blame is Blame.LOAD:
            reason = Sentence.of("{gateway} has too much to do: {words}", gateway=self.gateway, words=quote)
        else:
            reason = Sentence.of("{gateway} refuses it: {words}", gateway=self.gateway, words=quote)
        return Refused(reason, is_final=blame is Blame.MESSAGE, blame=blame)

    def no_credit(self) -> Refused:
        """Return the refusal for want of credit."""
        reason = Sentence.of("no credit left at {gateway}: buy some", gateway=self.gateway)
        return Refused(reason, is_final=False, blame=Blame.ACCOUNT)

    def by_status(self, reply: Reply, words: object = None) -> Refused | Unknown:
        """Return what a 4xx means whose words nobody knows; of a 2xx that says nothing readable, that it is unknown."""
        status = reply.status
        if status < 300:  # noqa: PLR2004 - the classes of RFC 9110
            return self.nonsense(reply)
        if status == _PAYMENT:
            return self.no_credit()
        if status in _CREDENTIALS:
            reason = Sentence.of(
                "{gateway} does not accept what it is given to know the club ({words}): check key and password",
                gateway=self.gateway,
                words=reply.quote(words) if words else status,
            )
            return Refused(reason, is_final=False, blame=Blame.KEY)
        if status in _TOO_SLOW:
            return self.refused(reply, words, Blame.LOAD)
        if status in _WRONG_PLACE or _PAGE.match(reply.body):
            return self._elsewhere(reply)
        # A sender that is not accepted would fail every SMS for good, one after the other.
        is_about_sender = _SENDER.search(str(words or "")) is not None
        return self.refused(reply, words, Blame.ACCOUNT if is_about_sender else Blame.MESSAGE)

    def nonsense(self, reply: Reply) -> Unknown:
        """Return that a 2xx came with nothing readable in it: somebody took something, who knows who."""
        if not reply.is_whole:
            return Unknown(Sentence.of("the answer of {gateway} broke off or was too long", gateway=self.gateway))
        if not reply.body:
            return Unknown(Sentence.of("{gateway} answered without a word", gateway=self.gateway))
        return Unknown(
            Sentence.of(
                "{gateway} answered something that it never says ({shape})", gateway=self.gateway, shape=reply.shape()
            )
        )

    def _elsewhere(self, reply: Reply) -> Refused:
        """Return the refusal of somebody who is not the gateway, and so knows nothing of this text and this number."""
        if reply.status in _WRONG_PLACE:
            reason = Sentence.of("{gateway} answers {status}: check url", gateway=self.gateway, status=reply.status)
        else:  # a proxy's, a hotel's
            reason = Sentence.of(
                "{gateway} answers {status} with a page for people: check url and proxy",
                gateway=self.gateway,
                status=reply.status,
            )
        return Refused(reason, is_final=False, blame=Blame.ACCOUNT)

    def _invites_again(self, reply: Reply) -> bool:
        return _UNAVAILABLE in self.refusing or "retry-after" in reply.headers

    def _redirected(self, reply: Reply) -> Refused | Unknown:
        there = _host(self.url, reply.headers.get("location", ""))
        host = reply.quote(there)
        if reply.status == _SEE_OTHER:  # the one that says: done, and the result is over there
            return Unknown(
                Sentence.of("{gateway} answers from another page, on {host}", gateway=self.gateway, host=host)
            )
        if there == _host(self.url):
            reason = Sentence.of("{gateway} has moved on the same host: correct url", gateway=self.gateway)
        else:
            reason = Sentence.of(
                "{gateway} redirects to another host, {host}: nothing was sent there; correct url if that is right",
                gateway=self.gateway,
                host=host,
            )
        return Refused(reason, is_final=False, blame=Blame.ACCOUNT)


def _host(url: str, location: str = "") -> str:
    try:
        return (urlsplit(urljoin(url, location)).hostname or "?")[:80]
    except ValueError:
        return "?"


def retry_after(reply: Reply, now: datetime) -> timedelta | None:
    """Return the wait that an answer asks for (RFC 9110 §10.2.3), a day at most; None when it says nothing readable."""
    text = reply.headers.get("retry-after", "").strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else _until(text, now)
    except (TypeError, ValueError, OverflowError):
        return None
    return timedelta(seconds=min(max(0.0, seconds), _LONGEST_WAIT.total_seconds()))


def _until(text: str, now: datetime) -> float:
    at = parsedate_to_datetime(text)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()


def at(value: Any, *path: str | int) -> Any:
    """Return what a JSON value holds at a path of keys and places; None when it holds nothing there."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def instant(text: object) -> datetime | None:
    """Return the instant of an ISO 8601 or RFC 2822 text, None for anything else; without a zone it is UTC."""
    if not isinstance(text, str):
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):  # 0001-01-01T00:00:00+01:00 is some programs' "never"
            continue
    return None


def name_of(value: object) -> str | None:
    """Return a provider's name for a message, or its word for a state, text or number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value)[:100] or None


def amount(value: object) -> float | None:
    """Return a number that an answer holds; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
