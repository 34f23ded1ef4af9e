"""The settings of the e-mail operation."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Literal

import attrs

from actors.email.addresses import AddressError, parse_mailbox


def _positive(_instance: object, attribute: "attrs.Attribute[timedelta]", value: timedelta) -> None:
    if value <= timedelta(0):
        raise ValueError(f"{attribute.name} must be longer than nothing")


def _is_sender(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    try:
        mailbox = parse_mailbox(value)
    except AddressError as error:
        raise ValueError(str(error)) from None
    if mailbox.is_international:
        raise ValueError(
            f"the sender {value} cannot be used with every server: write its name before the @ without accents"
        )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@attrs.frozen(kw_only=True)
class SmtpSettings:
    """The mail server, and how long to wait for it."""

    host: str = attrs.field(validator=attrs.validators.min_len(1))
    port: int = attrs.field(default=587, validator=[attrs.validators.ge(1), attrs.validators.le(65535)])
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    sender: str = attrs.field(validator=_is_sender)
    ca_file: Path | None = None
    password_in_clear: bool = False
    open_timeout: timedelta = attrs.field(default=timedelta(seconds=60), validator=_positive)
    reply_timeout: timedelta = attrs.field(default=timedelta(seconds=60), validator=_positive)
    message_timeout: timedelta = attrs.field(default=timedelta(minutes=5), validator=_positive)
    # RFC 5321 §4.5.3.2.6: a shorter wait here makes copies, or rows that nobody can settle.
    acceptance_timeout: timedelta = attrs.field(default=timedelta(minutes=10), validator=_positive)

    def __attrs_post_init__(self) -> None:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together: write both, or neither")
        if self.security == "none" and self.user and not (self.password_in_clear or is_loopback(self.host)):
            raise ValueError(
                f'the password would travel to {self.host} in clear: write security = "starttls" or "tls", '
                "or password_in_clear = true if the network is trusted"
            )


@attrs.frozen(kw_only=True)
class EmailSettings:
    """Which station sends the club's e-mails, through which server, how often, and how stubbornly."""

    station: str
    standby: tuple[str, ...] = ()
    enabled: bool = True
    smtp: SmtpSettings
    every: timedelta = attrs.field(default=timedelta(seconds=60), validator=_positive)
    batch: int = attrs.field(default=500, validator=attrs.validators.ge(1))
    retry_after: timedelta = attrs.field(default=timedelta(minutes=1), validator=_positive)
    retry_at_most: timedelta = attrs.field(default=timedelta(hours=1), validator=_positive)
    # Greylisting servers ask for 5 minutes as a rule (RFC 6647 §5); coming back earlier starts their clock anew.
    greylist_after: timedelta = attrs.field(default=timedelta(minutes=5, seconds=10), validator=_positive)
    give_up_after: timedelta = attrs.field(default=timedelta(hours=48), validator=_positive)
    max_attempts: int = attrs.field(default=60, validator=attrs.validators.ge(1))
    max_message_size: int = attrs.field(default=20_000_000, validator=attrs.validators.ge(1))
    max_recipients: int = attrs.field(default=50, validator=attrs.validators.ge(1))

    def __attrs_post_init__(self) -> None:
        if self.retry_after > self.retry_at_most:
            raise ValueError("retry_after is longer than retry_at_most")
