"""The way out of marketing that each such e-mail carries in its headers (RFC 2369, RFC 8058)."""

import base64
import hashlib
import hmac
import re
from typing import Final
from urllib.parse import quote, urlsplit

import attrs

from config.checks import Judged, Matching
from config.declaration import setting
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence

_TOKEN_BYTES: Final = 20
_TOKEN: Final = re.compile(r"[a-z2-7]{32}")
_PLACE: Final = "{token}"
_LONGEST_URL: Final = 900  # characters: with the token it stands on one line of a header


def _objection_to_url(text: str) -> Sentence | None:
    try:
        where = urlsplit(text)
        is_address = where.scheme == "https" and bool(where.hostname) and where.port != 0
    except ValueError:
        is_address = False
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' <>"')
    if not is_address or not is_plain or len(text) > _LONGEST_URL:
        return Sentence.of("not an address such as https://club.example.org/unsubscribe/{place}", place=_PLACE)
    if text.count(_PLACE) != 1:
        return Sentence.of("{place} must stand in it once: by it the site tells who unsubscribes", place=_PLACE)
    return None


@attrs.frozen(kw_only=True)
class UnsubscribeSettings:
    """The table `[email.unsubscribe]`: how members leave marketing; without it no marketing e-mail is sent."""

    url: str | None = setting(
        None,
        check=Judged(
            _objection_to_url, Sentence.of("an address that begins with https:// and holds {token}", token=_PLACE)
        ),
        example="https://club.example.org/unsubscribe/{token}",
        help=Sentence.of("the page of the club's site that takes unsubscriptions, also with one click (RFC 8058)"),
    )
    mailto: str | None = setting(
        None,
        check=Matching(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", Sentence.of("a plain e-mail address")),
        example="unsubscribe@example.org",
        help=Sentence.of("the address that takes unsubscriptions by e-mail, the token as subject"),
    )
    secret: Secret | None = setting(
        None,
        example="keyring:unsubscribe",
        help=Sentence.of("the club's own secret, from which the tokens come; changed, old e-mails unsubscribe nobody"),
    )
    in_text: bool = setting(
        False, help=Sentence.of("the programs that write marketing put a way to unsubscribe into its text themselves")
    )

    def __attrs_post_init__(self) -> None:
        if self.url is None and self.mailto is None and not self.in_text:
            raise ValueRefusedError(
                Sentence.of("no way to unsubscribe"), suggestion=Sentence.of("give url, mailto or both"), key=("url",)
            )
        if (self.url is not None or self.mailto is not None) and self.secret is None:
            raise ValueRefusedError(
                Sentence.of("url and mailto need a secret, from which each member's token comes"), key=("secret",)
            )


@attrs.frozen
class Unsubscribe:
    """Makes the tokens and the headers of one club."""

    settings: UnsubscribeSettings

    def token(self, address: str) -> str | None:
        """Return what stands for an address: 32 letters and digits that tell nobody whose it is; None without secret.

        The same each time, so that the club's site can also compute it: HMAC-SHA-256 over `unsubscribe`, a NUL and the
        address in lower case, its first 20 bytes in base32, in lower case. Raises SecretError.
        """
        if self.settings.secret is None:
            return None
        key = self.settings.secret.reveal().encode()
        digest = hmac.new(key, b"unsubscribe\0" + address.lower().encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:_TOKEN_BYTES]).decode().lower()

    def ways(self, token: str) -> tuple[str, ...]:
        """Return the addresses of List-Unsubscribe, the page first: receivers take the first that they know."""
        mailto, url = self.settings.mailto, self.settings.url
        return (
            *(() if url is None else (url.replace(_PLACE, token),)),
            *(() if mailto is None else (f"mailto:{quote(mailto, safe='@+')}?subject={token}",)),
        )

    @property
    def has_one_click(self) -> bool:
        """Whether the page takes a POST without a visit: RFC 8058 §3.1 asks for https."""
        return self.settings.url is not None


def is_token(text: str) -> bool:
    """Return whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None
