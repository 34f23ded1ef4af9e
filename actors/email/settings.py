"""The settings of the e-mail operation."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final

import attrs

from actors.email.addresses import AddressError, parse_mailbox
from actors.email.settings_oauth2 import OAuth2Settings
from actors.email.unsubscribe import UnsubscribeSettings
from actors.http.loopback import is_loopback
from config.checks import Between, Judged, Matching, NotEmpty, size_between
from config.declaration import setting
from config.kinds import Duration, Size
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence
from config.tables import ExclusiveSettings

_A_WHILE: Final = Between(timedelta(milliseconds=1), timedelta(days=1))


class Security(StrEnum):
    """How the connection to the mail server is encrypted; always with its certificate verified."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def _objection_to_sender(text: str) -> Sentence | None:
    try:
        mailbox = parse_mailbox(text)
    except AddressError as error:
        return error.sentence
    if mailbox.is_international:
        return Sentence.of("not every server takes a sender with accents before the @: write it without")
    return None


@attrs.frozen(kw_only=True)
class SmtpSettings:
    """The table `[email.smtp]`: the mail server, and how long to wait for it."""

    host: str = setting(
        check=Matching(r"[^\s/:@]+|[0-9A-Fa-f:.]+", Sentence.of("a host name, without port or address before it")),
        example="smtp.example.org",
        help=Sentence.of("the club's mail server"),
    )
    port: int = setting(
        587, check=Between(1, 65535), help=Sentence.of("its port: 587 as a rule, 465 with security tls, 25 inside")
    )
    security: Security = setting(
        Security.STARTTLS,
        help=Sentence.of("starttls: encrypted after the greeting; tls: from the start; none: in clear"),
    )
    user: str | None = setting(
        None, check=NotEmpty(), example="club@example.org", help=Sentence.of("the name to log in with")
    )
    password: Secret | None = setting(
        None, example="keyring:smtp", help=Sentence.of("the password that goes with the user")
    )
    oauth2: OAuth2Settings | None = setting(
        None, help=Sentence.of("in place of a password: the provider's consent, for Microsoft 365 and Google")
    )
    sender: str = setting(
        check=Judged(_objection_to_sender, Sentence.of("an e-mail address, with or without a name")),
        example="Forme et Santé <club@example.org>",
        help=Sentence.of("who the e-mails come from"),
    )
    ca_file: Path | None = setting(
        None,
        example=Path("ca.pem"),
        help=Sentence.of("the authority that vouches for the server, a PEM file; by default those of the system"),
    )
    password_in_clear: bool = setting(
        False, help=Sentence.of("allows, with security none, to send the password over the network for all to read")
    )
    open_timeout: Duration = setting(
        timedelta(seconds=60), check=_A_WHILE, help=Sentence.of("how long connecting and logging in may take in all")
    )
    reply_timeout: Duration = setting(
        timedelta(seconds=60), check=_A_WHILE, help=Sentence.of("how long the server may take for one answer")
    )
    message_timeout: Duration = setting(
        timedelta(minutes=5), check=_A_WHILE, help=Sentence.of("how long giving it one message may take in all")
    )
    # RFC 5321 §4.5.3.2.6: a shorter wait makes rows that nobody can settle.
    acceptance_timeout: Duration = setting(
        timedelta(minutes=10),
        check=_A_WHILE,
        help=Sentence.of("how long the server may take to confirm a message; shorter makes more uncertain e-mails"),
    )

    def __attrs_post_init__(self) -> None:
        if self.user is None and self.password is not None:
            raise ValueRefusedError(Sentence.of("a password needs a user"), key=("password",))
        if self.user is not None and self.password is None and self.oauth2 is None:
            raise ValueRefusedError(Sentence.of("a user needs a password"), key=("user",))
        self._check_oauth2()
        is_open = self.security is Security.NONE and not is_loopback(self.host)
        if is_open and self.user is not None and not self.password_in_clear:
            raise ValueRefusedError(
                Sentence.of("the password would travel to {host} in clear", host=self.host),
                suggestion=Sentence.of(
                    'write "starttls" or "tls", or password_in_clear = true where the network is trusted'
                ),
                key=("security",),
            )

    def _check_oauth2(self) -> None:
        if self.oauth2 is None:
            return
        if self.password is not None:
            raise ValueRefusedError(Sentence.of("password and oauth2 exclude each other"), key=("oauth2",))
        if self.user is None:
            raise ValueRefusedError(Sentence.of("oauth2 needs a user: the address of the account"), key=("user",))
        if self.security is Security.NONE:
            raise ValueRefusedError(
                Sentence.of("a token travels over a verified encryption only"),
                suggestion=Sentence.of('write "starttls" or "tls"'),
                key=("security",),
            )


@attrs.frozen(kw_only=True)
class EmailSettings(ExclusiveSettings):
    """The table `[email]`: through which server the club's e-mails go, how often, and how stubbornly."""

    SUMMARY: ClassVar[Sentence] = Sentence.of("the club's e-mails: through which server, how often, how stubbornly")

    smtp: SmtpSettings = setting(help=Sentence.of("the mail server"))
    every: Duration = setting(
        timedelta(seconds=60),
        check=Between(timedelta(seconds=1), timedelta(days=1)),
        help=Sentence.of("how often due e-mails are looked for"),
    )
    batch: int = setting(
        500, check=Between(1, 10_000), help=Sentence.of("how many e-mails are taken out of the database at a time")
    )
    per_minute: int | None = setting(
        None,
        check=Between(1, 100_000),
        example=30,
        help=Sentence.of("how many e-mails leave in a minute at most, where the provider sets a limit"),
    )
    per_hour: int | None = setting(
        None,
        check=Between(1, 100_000),
        example=200,
        help=Sentence.of("how many e-mails leave in an hour at most, all stations together"),
    )
    per_day: int | None = setting(
        None,
        check=Between(1, 100_000),
        example=2000,
        help=Sentence.of("how many e-mails leave in 24 hours at most, all stations together"),
    )
    provider_limits: bool = setting(
        True, help=Sentence.of("whether the known limits of usual providers hold where none is given here")
    )
    enough_pause: Duration = setting(
        timedelta(minutes=5),
        check=Between(timedelta(milliseconds=1), timedelta(hours=12)),
        help=Sentence.of("how long a server is left alone that says it has had enough for now"),
    )
    per_connection: int | None = setting(
        None,
        check=Between(1, 100_000),
        example=100,
        help=Sentence.of("after how many e-mails to connect anew; without it, when the server asks for it"),
    )
    retry_after: Duration = setting(
        timedelta(minutes=1), check=_A_WHILE, help=Sentence.of("the wait after a first refusal for now; it doubles")
    )
    retry_at_most: Duration = setting(
        timedelta(hours=1), check=_A_WHILE, help=Sentence.of("the longest wait between two attempts")
    )
    # Greylisting servers ask for 5 minutes as a rule (RFC 6647 §5); coming back earlier starts some clocks anew.
    greylist_after: Duration = setting(
        timedelta(minutes=5, seconds=10),
        check=_A_WHILE,
        help=Sentence.of("the shortest wait when a server asks to come back in some minutes (greylisting)"),
    )
    give_up_after: Duration = setting(
        timedelta(hours=48),
        check=Between(timedelta(minutes=1), timedelta(days=30)),
        help=Sentence.of("how long a refused e-mail is tried again before it fails"),
    )
    max_attempts: int = setting(
        60, check=Between(1, 1000), help=Sentence.of("how many times an e-mail is tried before it fails")
    )
    max_message_size: Size = setting(
        20_000_000, check=size_between(1000), help=Sentence.of("the largest e-mail, attachments encoded")
    )
    attachments_folder: Path | None = setting(
        None,
        example=Path("attachments"),
        help=Sentence.of("the folder from which attachments may be taken that the database gives as a path"),
    )
    unsubscribe: UnsubscribeSettings | None = setting(
        None, help=Sentence.of("how members leave marketing; without it no marketing e-mail is sent")
    )
    max_recipients: int = setting(
        50, check=Between(1, 1000), help=Sentence.of("how many recipients, who read each other's address, one may have")
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.retry_after > self.retry_at_most:
            raise ValueRefusedError(Sentence.of("longer than retry_at_most"), key=("retry_after",))
