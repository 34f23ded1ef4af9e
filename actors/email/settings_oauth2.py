"""The settings of OAuth 2: by whose consent the mail server lets the club's account in without a password."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import attrs

from actors.http.loopback import is_loopback
from config.checks import Judged, Matching, NotEmpty
from config.declaration import setting
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence


class Provider(StrEnum):
    """Who gives the consent; `custom`: whoever the endpoints name."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"
    CUSTOM = "custom"


@attrs.frozen
class Endpoints:
    """Where an authorisation server answers (RFC 6749, RFC 8628), and the scope that lets an account send by SMTP.

    `device` is where a device code is asked for, `authorise` the page that a browser opens: consent needs one of both.
    """

    token: str
    scope: str
    device: str | None = None
    authorise: str | None = None


_MICROSOFT: Final = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
# learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth"; developers.google.com, "OAuth 2.0
# for iOS & Desktop Apps" and "XOAUTH2". Google's device codes are not for the scope of mail: there a browser is needed.
_KNOWN: Final[Mapping[Provider, Endpoints]] = MappingProxyType(
    {
        Provider.MICROSOFT: Endpoints(
            token=f"{_MICROSOFT}/token",
            scope="https://outlook.office.com/SMTP.Send offline_access",
            device=f"{_MICROSOFT}/devicecode",
        ),
        Provider.GOOGLE: Endpoints(
            token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            scope="https://mail.google.com/",
            authorise="https://accounts.google.com/o/oauth2/v2/auth",
        ),
    }
)


def _objection_to_endpoint(text: str) -> Sentence | None:
    where = urlsplit("")
    host, port = "", None
    with suppress(ValueError):  # a port beyond 65535, a bracket left open
        where = urlsplit(text)
        port, host = where.port, where.hostname or ""
    if not host or port == 0 or not text.isascii() or not text.isprintable() or " " in text:
        return Sentence.of("not an address such as https://login.example.org/token")
    if where.username or where.password or where.fragment:
        return Sentence.of("holds more than an address: write it without user, password and #")
    if where.scheme != "https" and not (where.scheme == "http" and is_loopback(host)):
        return Sentence.of("tokens travel over https:// only")
    return None


_ENDPOINT: Final = Judged(_objection_to_endpoint, Sentence.of("an address that begins with https://"))


@attrs.frozen(kw_only=True)
class OAuth2Settings:
    """The table `[email.smtp.oauth2]`: in place of a password, as Microsoft 365 and Google want it."""

    provider: Provider = setting(help=Sentence.of("who lets the account in: microsoft, google, or custom"))
    client_id: str = setting(
        check=NotEmpty(),
        example="00000000-0000-0000-0000-000000000000",
        help=Sentence.of("the name of the application that the club registered with the provider"),
    )
    client_secret: Secret | None = setting(
        None, example="keyring:smtp-client", help=Sentence.of("the application's secret, where the provider gave one")
    )
    refresh_token: Secret = setting(
        example="keyring:smtp-refresh",
        help=Sentence.of("the consent itself; `heitz-service email authorise` asks for it and keeps it there"),
    )
    tenant: str = setting(
        "organizations",
        check=Matching(r"[A-Za-z0-9][A-Za-z0-9.-]*", Sentence.of("a name or number without spaces")),
        help=Sentence.of("microsoft: the organisation's number or domain; organizations stands for any"),
    )
    token_url: str | None = setting(
        None,
        check=_ENDPOINT,
        example="https://login.example.org/token",
        help=Sentence.of("custom: where tokens are given"),
    )
    device_url: str | None = setting(
        None,
        check=_ENDPOINT,
        example="https://login.example.org/device",
        help=Sentence.of("custom: where a code for consent is given"),
    )
    authorise_url: str | None = setting(
        None,
        check=_ENDPOINT,
        example="https://login.example.org/authorise",
        help=Sentence.of("custom: the page that asks for consent"),
    )
    scope: str | None = setting(
        None, check=NotEmpty(), example="smtp", help=Sentence.of("custom: what is asked for, in the provider's words")
    )
    ca_file: Path | None = setting(
        None,
        example=Path("ca.pem"),
        help=Sentence.of("the authority that vouches for these addresses, a PEM file; by default those of the system"),
    )

    def __attrs_post_init__(self) -> None:
        own = {"token_url": self.token_url, "scope": self.scope}
        if self.provider is Provider.CUSTOM:
            for key, value in own.items():
                if value is None:
                    raise ValueRefusedError(Sentence.of("a custom provider needs {key}", key=key), key=(key,))
            return
        for key, value in {**own, "device_url": self.device_url, "authorise_url": self.authorise_url}.items():
            if value is not None:
                raise ValueRefusedError(
                    Sentence.of("only for provider custom: Service knows those of {provider}", provider=self.provider),
                    key=(key,),
                )

    @property
    def endpoints(self) -> Endpoints:
        """Return where to ask, as settings or provider have it."""
        if self.provider is Provider.CUSTOM:
            return Endpoints(self.token_url or "", self.scope or "", self.device_url, self.authorise_url)
        known = _KNOWN[self.provider]
        device = known.device and known.device.format(tenant=self.tenant)
        return attrs.evolve(known, token=known.token.format(tenant=self.tenant), device=device)
