"""Kannel, a gateway of the club's own: https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlencode

import attrs

from actors.http.exchange import NotJsonError, Reply, Request
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.kannel_reports import ReportListener
from actors.sms.adapters.http.settings import SENDER, URL, HttpSettings
from actors.sms.alphabet import Alphabet, alphabet_of
from actors.sms.transport import (
    Accepted,
    Answer,
    Blame,
    DeliveryReport,
    Finding,
    Incoming,
    NotKnown,
    Sighting,
    Sms,
    Unavailable,
)
from config.checks import Matching, NotEmpty
from config.declaration import setting
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence
from config.system_words import system_words

_TAKEN: Final = ("0: ", "3: ")  # accepted for delivery; queued, for the connection to the operator is away
_FORBIDDEN: Final = 403
_UNAVAILABLE: Final = 503
_UCS2: Final = "2"  # with coding=0 Kannel makes a question mark of a letter that GSM 03.38 lacks
_ALL_REPORTS: Final = "31"  # delivered, failed, queued, taken by the operator, refused by it


@attrs.frozen(kw_only=True)
class KannelSettings(HttpSettings):
    """The table `[sms.gateway]` for Kannel."""

    provider: Literal["kannel"] = setting(help=Sentence.of("Kannel, in the club's own network"))
    url: str = setting(
        "http://127.0.0.1:13013/cgi-bin/sendsms", check=URL, help=Sentence.of("where Kannel's smsbox takes SMS")
    )
    user: str = setting(check=NotEmpty(), example="club", help=Sentence.of("the username of a sendsms-user"))
    password: Secret = setting(example="keyring:kannel", help=Sentence.of("the password that goes with the user"))
    sender: str | None = setting(
        None, check=SENDER, example="FormeSante", help=Sentence.of("the sender; by default Kannel's own")
    )
    smsc: str | None = setting(
        None, check=NotEmpty(), example="FREE", help=Sentence.of("the smsc-id to send by; by default any")
    )
    reports_listen: str | None = setting(
        None,
        check=Matching(r"[0-9.]+:[0-9]{1,5}", Sentence.of("an IPv4 address of this computer, a colon and a port")),
        example="127.0.0.1:13080",
        help=Sentence.of("where this station waits for Kannel's delivery reports; without it none are asked for"),
    )
    reports_url: str | None = setting(
        None,
        check=URL,
        example="http://accueil:13080",
        help=Sentence.of("how Kannel calls this station; by default the address of reports_listen"),
    )

    incoming_key: Secret | None = setting(
        None,
        example="keyring:kannel-incoming",
        help=Sentence.of("what Kannel gives as key when it brings what members answer; chosen by the club"),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        for key, value in (("reports_url", self.reports_url), ("incoming_key", self.incoming_key)):
            if value is not None and self.reports_listen is None:
                raise ValueRefusedError(Sentence.of("needs reports_listen"), key=(key,))


class KannelGateway(HttpGateway[KannelSettings]):
    """Sends by sendsms, which names nothing: our reference travels in the address that Kannel calls to report."""

    NAME = "Kannel"
    SETTINGS = KannelSettings
    REFUSING = frozenset({_UNAVAILABLE})  # smsbox.c: said when no bearerbox takes the message
    _listener: ReportListener | None = None

    def request(self, sms: Sms) -> Request:
        """Return the GET /cgi-bin/sendsms; Kannel takes no POST but an experimental one."""
        settings = self.settings
        wanted = {
            "username": settings.user,
            "password": self.reveal(settings.password),
            "to": sms.recipient,
            "text": sms.body,
            "charset": "UTF-8",
            "coding": _UCS2 if alphabet_of(sms.body) is Alphabet.UCS2 else "0",
        }
        if settings.sender is not None:
            wanted["from"] = settings.sender
        if settings.smsc is not None:
            wanted["smsc"] = settings.smsc
        if sms.validity is not None:
            wanted["validity"] = str(max(1, int(sms.validity / timedelta(minutes=1))))
        if self._listener is not None:
            wanted["dlr-mask"] = _ALL_REPORTS
            wanted["dlr-url"] = self._listener.url_for(sms.reference)
        return Request("GET", f"{settings.url}?{urlencode(wanted)}")

    def answer(self, reply: Reply) -> Answer:
        """Read the line of text."""
        said = reply.text().strip()
        if reply.status < 300:  # noqa: PLR2004 - the classes of RFC 9110
            if reply.is_whole and said.startswith(_TAKEN):
                return Accepted()
            raise NotJsonError
        if reply.status == _UNAVAILABLE:
            return self.judge.refused(reply, said, Blame.LOAD)
        if reply.status == _FORBIDDEN and "number" in said.lower():
            return self.judge.refused(reply, said, Blame.MESSAGE)
        if "sender" in said.lower():
            return self.judge.refused(reply, said, Blame.ACCOUNT)
        return self.judge.by_status(reply, said)

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:  # noqa: ARG002 - the protocol's
        """Return what Kannel reported of it since this station listens; that it says nothing proves nothing."""
        self.open()
        return NotKnown() if self._listener is None else self._listener.seen(sighting.sms.reference)

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:  # noqa: ARG002 - Kannel calls, it is not asked
        """Yield what Kannel reported since the last time."""
        self.open()
        if self._listener is not None:
            yield from self._listener.taken()

    def incoming(self) -> Iterator[Incoming]:
        """Yield what members answered; Kannel is told that it was taken once the next is asked for."""
        self.open()
        if self._listener is not None:
            yield from self._listener.incoming()

    def close(self) -> None:
        """Let go of the connections, and stop waiting for reports."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        super().close()

    def _greet(self) -> None:
        where = self.settings.reports_listen
        if where is None or self._listener is not None:
            return
        host, _, port = where.rpartition(":")
        key = self.reveal(self.settings.password)
        incoming_key = None if self.settings.incoming_key is None else self.reveal(self.settings.incoming_key)
        try:
            self._listener = ReportListener((host, int(port)), key, self.settings.reports_url, incoming_key)
        except (OSError, OverflowError) as error:
            raise Unavailable(
                Sentence.of(
                    "no delivery reports can be waited for at {where} ({why}): correct reports_listen",
                    where=where,
                    why=system_words(error) if isinstance(error, OSError) else type(error).__name__,
                ),
                needs_a_person=True,
            ) from None
