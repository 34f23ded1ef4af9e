"""What the settings of every gateway over HTTP share; each gateway's own class derives from this."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs

from config.checks import Between, Judged, Matching
from config.declaration import setting
from config.kinds import Duration
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence

SENDER: Final = Matching(r"\+?[0-9]{3,15}|[A-Za-z0-9 ]{3,11}", Sentence.of("a number, or 3 to 11 letters and digits"))
"""GSM 03.40 §9.1.2.5: eleven characters is what an alphanumeric address field holds."""


def _objection_to_url(text: str) -> Sentence | None:
    try:
        where = urlsplit(text)
        is_address = where.scheme in ("http", "https") and bool(where.hostname) and where.port != 0
    except ValueError:  # a port beyond 65535, a bracket left open
        is_address = False
    else:
        if where.password or where.username:
            return Sentence.of("holds a password: write it as a secret of its own")
    if is_address and text.isascii() and text.isprintable() and " " not in text:
        return None
    return Sentence.of("not an address such as https://api.example.org/sms")


URL: Final = Judged(_objection_to_url, Sentence.of("an address that begins with https://"))


def is_in_clear(url: str) -> bool:
    """Return whether what is sent to this address can be read on the network."""
    where = urlsplit(url)
    if where.scheme != "http":
        return False
    try:
        return not ipaddress.ip_address(where.hostname or "").is_loopback
    except ValueError:
        return (where.hostname or "").lower() != "localhost"


@attrs.frozen(kw_only=True)
class HttpSettings:
    """The keys of `[sms.gateway]` that every gateway over HTTP has; `url` is the vendor's own, but for tests."""

    kind: Literal["http"] = setting(help=Sentence.of("what the SMS leave by: http, a gateway on the Internet"))
    url: str = setting(check=URL, help=Sentence.of("where the gateway answers"))
    timeout: Duration = setting(
        timedelta(seconds=30),
        check=Between(timedelta(milliseconds=100), timedelta(minutes=10)),
        help=Sentence.of("how long one exchange with the gateway may take in all; shorter makes more uncertain SMS"),
    )
    ca_file: Path | None = setting(
        None,
        example=Path("ca.pem"),
        help=Sentence.of("the authority that vouches for the gateway, a PEM file; by default those of the system"),
    )
    proxy: Secret | None = setting(
        None,
        example="http://proxy.example.org:3128",
        help=Sentence.of("the proxy to go through; the system's own setting is not looked at"),
    )
    in_clear: bool = setting(
        False, help=Sentence.of("allows an address with http://: password and SMS can then be read on the network")
    )

    def __attrs_post_init__(self) -> None:
        self._refuse_in_clear("url", self.url)

    def _refuse_in_clear(self, key: str, url: str) -> None:
        if is_in_clear(url) and not self.in_clear:
            raise ValueRefusedError(
                Sentence.of("password and SMS would travel in clear"),
                suggestion=Sentence.of("write https://, or in_clear = true where the network is trusted"),
                key=(key,),
            )
