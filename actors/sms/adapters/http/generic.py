"""A gateway that the settings describe: how it is asked, and where its answer says what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlencode

import attrs

from actors.http.exchange import NotJsonError, Reply, Request, encoded_json
from actors.sms.adapters.http import template
from actors.sms.adapters.http.gateway import HttpGateway, utc_now
from actors.sms.adapters.http.settings import URL, HttpSettings
from actors.sms.adapters.http.verdict import Judge
from actors.sms.transport import (
    Absent,
    Accepted,
    Answer,
    Blame,
    DeliveryReport,
    Fate,
    Finding,
    Found,
    NotKnown,
    Sighting,
    Sms,
)
from config.checks import Between, Judged, NotEmpty
from config.declaration import setting
from config.kinds import Duration
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence

_TEMPLATE = Judged(template.objection_to_template, Sentence.of("with places such as {place}", place="{to}"))
_WHERE = Judged(
    template.objection_to_where, Sentence.of("a path such as messages.0.id, or ~ and a regular expression with a group")
)
_NOT_FOUND = 404
_FIRST_ERROR = 400


@attrs.frozen(kw_only=True)
class GenericReply:
    """The table `[sms.gateway.reply]`: how to read the answer to an SMS."""

    accepted: str = setting(
        check=_WHERE, example="messages.0.id", help=Sentence.of("what must be there when the gateway has taken it")
    )
    id: str | None = setting(
        None, check=_WHERE, example="messages.0.id", help=Sentence.of("where the gateway names it")
    )
    error: str | None = setting(
        None,
        check=_WHERE,
        example="error.message",
        help=Sentence.of("where the gateway says what is wrong; then it is refused"),
    )
    account_error: str | None = setting(
        None,
        check=_WHERE,
        example="~(credit|sender)",
        help=Sentence.of("what is there when a refusal is about the account"),
    )
    key_error: str | None = setting(
        None,
        check=_WHERE,
        example="~(token|password)",
        help=Sentence.of("what is there when the key, the token or the password is refused"),
    )


@attrs.frozen(kw_only=True)
class GenericStatus:
    """The tables `[sms.gateway.status]` and `[sms.gateway.look_up]`: how to ask what became of an SMS."""

    url: str = setting(
        check=(URL, _TEMPLATE),
        example="https://api.example.org/status/{id}",
        help=Sentence.of(
            "the address to ask, with a place {id} (status) or {reference} (look_up)",
            id="{id}",
            reference="{reference}",
        ),
    )
    id: str | None = setting(None, check=_WHERE, example="id", help=Sentence.of("where the gateway names it"))
    state: str = setting(check=_WHERE, example="status", help=Sentence.of("where the gateway says how far it is"))
    delivered: tuple[str, ...] = setting(("delivered",), help=Sentence.of("states of an SMS that arrived"))
    failed: tuple[str, ...] = setting(("failed", "rejected"), help=Sentence.of("states of an SMS that will not arrive"))
    reason: str | None = setting(None, check=_WHERE, example="reason", help=Sentence.of("where it says why not"))
    absent_after: Duration | None = setting(
        None,
        check=Between(timedelta(seconds=1), timedelta(days=1)),
        example=timedelta(minutes=5),
        help=Sentence.of("how long after sending a 404 proves that it never came; by default it proves nothing"),
    )


@attrs.frozen(kw_only=True)
class GenericSettings(HttpSettings):
    """The table `[sms.gateway]` for a gateway that has no file here."""

    provider: Literal["generic"] = setting(help=Sentence.of("a gateway that these keys describe"))
    name: str = setting(check=NotEmpty(), example="MySMS", help=Sentence.of("how people call the gateway"))
    url: str = setting(
        check=(URL, _TEMPLATE),
        example="https://api.example.org/sms?to={to}&text={text}",
        help=Sentence.of("the address that takes an SMS"),
    )
    method: Literal["POST", "GET", "PUT"] = setting("POST", help=Sentence.of("the method of HTTP"))
    headers: Mapping[str, str] = setting(
        attrs.Factory(lambda: MappingProxyType({})),
        example={"Authorization": "Bearer {token}"},
        help=Sentence.of("header fields, with places"),
    )
    json: str | None = setting(
        None,
        check=Judged(template.objection_to_json, Sentence.of("JSON, with places in its texts")),
        example='{"to": "{to}", "text": "{text}", "ref": "{reference}"}',
        help=Sentence.of("what is sent, as JSON"),
    )
    form: Mapping[str, str] | None = setting(
        None, example={"to": "{to}", "text": "{text}"}, help=Sentence.of("what is sent, as a form")
    )
    sender: str = setting("", help=Sentence.of("what stands for {place}", place="{sender}"))
    user: str = setting("", help=Sentence.of("what stands for {place}", place="{user}"))
    password: Secret | None = setting(
        None, example="keyring:gateway", help=Sentence.of("what stands for {place}", place="{password}")
    )
    token: Secret | None = setting(
        None, example="keyring:gateway", help=Sentence.of("what stands for {place}", place="{token}")
    )
    reply: GenericReply = setting(help=Sentence.of("how to read the answer to an SMS"))
    status: GenericStatus | None = setting(None, help=Sentence.of("how to ask what became of an SMS"))
    look_up: GenericStatus | None = setting(
        None, help=Sentence.of("how to ask by our reference for an SMS whose answer was lost")
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.json is not None and self.form is not None:
            raise ValueRefusedError(Sentence.of("either json or form, not both"), key=("form",))
        written = template.places_in(" ".join((self.url, self.json or "", *(self.form or {}).values())))
        for place, others in (("text", {"text"}), ("to", {"to", "to_digits"})):
            if not written & others:
                raise ValueRefusedError(
                    Sentence.of("no place {place} in url, json or form", place="{" + place + "}"), key=("url",)
                )
        for key, entries in (("form", self.form or {}), ("headers", self.headers)):
            for name, text in entries.items():
                objection = template.objection_to_template(text)
                if objection is not None:
                    raise ValueRefusedError(objection, key=(key, name))
        for key, asked, place in (("status", self.status, "id"), ("look_up", self.look_up, "reference")):
            if asked is None:
                continue
            if place not in template.places_in(asked.url):
                raise ValueRefusedError(Sentence.of("no place {place}", place="{" + place + "}"), key=(key, "url"))
            self._refuse_in_clear(f"{key}.url", asked.url)


class GenericGateway(HttpGateway[GenericSettings]):
    """Does what the settings say; looks up and reports only where they say how."""

    NAME = "generic"
    SETTINGS = GenericSettings

    def __init__(self, settings: GenericSettings, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(settings, now)
        self.judge = Judge(settings.name, settings.url)

    def request(self, sms: Sms) -> Request:
        """Return the request that the settings describe."""
        settings, values = self.settings, self._values(sms)
        headers = {name: template.filled(text, values) for name, text in settings.headers.items()}
        body = None
        if settings.json is not None:
            body = encoded_json(template.filled_json(settings.json, values))
            headers.setdefault("Content-Type", "application/json")
        elif settings.form is not None:
            form = {name: template.filled(text, values) for name, text in settings.form.items()}
            body = urlencode(form).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return Request(settings.method, template.filled_url(settings.url, values), headers, body)

    def answer(self, reply: Reply) -> Answer:
        """Read the answer where the settings say: an error before all, then what proves that it was taken."""
        read = self.settings.reply
        error = template.found_in(reply, read.error)
        if error or reply.status >= _FIRST_ERROR:
            if template.found_in(reply, read.key_error):
                return self.judge.refused(reply, error, Blame.KEY)
            if template.found_in(reply, read.account_error):
                return self.judge.refused(reply, error, Blame.ACCOUNT)
            if reply.status >= _FIRST_ERROR:
                return self.judge.by_status(reply, error)
            return self.judge.refused(reply, error, Blame.MESSAGE)
        if not template.found_in(reply, read.accepted):
            raise NotJsonError
        return Accepted(template.found_in(reply, read.id))

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        """Ask by our reference, where the settings say how."""
        asked = self.settings.look_up
        if asked is None:
            return NotKnown()
        reply = self._asked(asked, self._values(sighting.sms))
        if reply.status == _NOT_FOUND:
            is_sure = asked.absent_after is not None and now - sighting.began_at > asked.absent_after
            return Absent() if is_sure else NotKnown()
        state = template.found_in(reply, asked.state)
        if not state:
            return NotKnown()
        return Found(template.found_in(reply, asked.id), _fate(asked, state))

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        """Ask for each SMS by the gateway's name, where the settings say how."""
        status = self.settings.status
        for name in asked if status is not None else ():
            assert status is not None  # noqa: S101 - else there is nothing to go through
            reply = self._asked(status, self._values(None, name))
            state = template.found_in(reply, status.state)
            fate = _fate(status, state) if state else Fate.ON_ITS_WAY
            if fate is not Fate.ON_ITS_WAY:
                words = template.found_in(reply, status.reason) or state
                reason = (
                    Sentence.of("the operator says {code}", code=reply.quote(words)) if fate is Fate.FAILED else None
                )
                yield DeliveryReport(fate, name, None, None, reason)

    def _asked(self, asked: GenericStatus, values: Callable[[str], str]) -> Reply:
        headers = {name: template.filled(text, values) for name, text in self.settings.headers.items()}
        return self._ask(Request("GET", template.filled_url(asked.url, values), headers))

    def _values(self, sms: Sms | None, name: str = "") -> Callable[[str], str]:
        settings = self.settings
        plain: dict[str, Any] = {"sender": settings.sender, "user": settings.user, "id": name}
        if sms is not None:
            plain |= {
                "to": sms.recipient,
                "to_digits": sms.recipient.lstrip("+"),
                "text": sms.body,
                "reference": sms.reference,
                "category": sms.category.value,
                "minutes": "" if sms.validity is None else str(max(1, int(sms.validity / timedelta(minutes=1)))),
            }
        secrets = {"password": settings.password, "token": settings.token}

        def value(place: str) -> str:
            secret = secrets.get(place)
            return str(plain.get(place, "")) if secret is None else self.reveal(secret)

        return value


def _fate(asked: GenericStatus, state: str) -> Fate:
    if state.casefold() in {each.casefold() for each in asked.delivered}:
        return Fate.DELIVERED
    return Fate.FAILED if state.casefold() in {each.casefold() for each in asked.failed} else Fate.ON_ITS_WAY
