"""Asks an authorisation server, and reads its answers (RFC 6749 §5); nothing of a token reaches an error or a log."""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import attrs

from actors.email.settings_oauth2 import OAuth2Settings
from actors.http.exchange import Request
from actors.http.wire import Ended, Wire
from config.sentence import Sentence, SentenceError
from config.system_words import system_words

_SECONDS: Final = 30.0
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
# Microsoft puts a number of its own in front: AADSTS700082, the token is over; AADSTS50173, the password was changed.
_MICROSOFT: Final = re.compile(r"AADSTS\d{4,9}")
_LONGEST_LIFE_SECONDS: Final = 24 * 3600.0
_USUAL_LIFE_SECONDS: Final = 3600.0


class EndpointAway(SentenceError):  # noqa: N818 - weather
    """The authorisation server cannot be reached, or answers with something that makes no sense."""


class EndpointRefused(SentenceError):  # noqa: N818 - an answer
    """The authorisation server said no; `word` is its own short name for why (`invalid_grant`)."""

    def __init__(self, word: str, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.word = word


@attrs.frozen
class Tokens:
    """An access token with its life from now on, and the refresh token that came with it, if one did."""

    access: str = attrs.field(repr=False)
    seconds: float
    refresh: str | None = attrs.field(default=None, repr=False)


class TokenEndpoint:
    """The authorisation server of the settings; `interrupt` ends, from another thread, every wait from then on."""

    def __init__(self, settings: OAuth2Settings, seconds: float = _SECONDS) -> None:
        self._settings = settings
        try:
            self._wire = Wire(seconds=seconds, ca_file=settings.ca_file)
        except OSError as error:
            raise EndpointAway(
                Sentence.of(
                    "the authorities in {file} cannot be read ({why}): give a PEM file",
                    file=settings.ca_file,
                    why=system_words(error),
                )
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def interrupt(self) -> None:
        """End from another thread whatever is waited for."""
        self._wire.interrupt()

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def tokens(self, grant: Mapping[str, str]) -> Tokens:
        """Return the tokens that a grant is worth; raises EndpointAway, EndpointRefused, SecretError."""
        answer = self.ask(self._settings.endpoints.token, grant, with_secret=True)
        access, refresh, kind = (answer.get(name) for name in ("access_token", "refresh_token", "token_type"))
        if not _is_token(access) or (kind is not None and str(kind).lower() != "bearer"):
            raise EndpointAway(_nonsense(self._settings.endpoints.token))
        return Tokens(str(access), _life(answer.get("expires_in")), str(refresh) if _is_token(refresh) else None)

    def ask(self, url: str, form: Mapping[str, str], *, with_secret: bool = False) -> Mapping[str, Any]:
        """Post a form that names the application, and return the JSON object that comes back with 200.

        Redirects are not followed: a token goes to whom the settings name. Raises EndpointAway, EndpointRefused,
        SecretError.
        """
        whole = {"client_id": self._settings.client_id, **form}
        if with_secret and self._settings.client_secret is not None:
            whole["client_secret"] = self._settings.client_secret.reveal()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        request = Request("POST", url, headers, urlencode(whole).encode())
        private = tuple(value for name, value in whole.items() if name not in ("client_id", "grant_type", "scope"))
        reply = self._wire.exchange(request, None, private)
        where = urlsplit(url).hostname
        if isinstance(reply, Ended):
            raise EndpointAway(Sentence.of("{host} gives no token: {why}", host=where, why=reply.reason))
        answer = reply.json_object()
        if reply.status == 200 and answer:  # noqa: PLR2004 - HTTP's own number
            return answer
        word = answer.get("error")
        if reply.status in range(400, 500) and isinstance(word, str) and _WORD.fullmatch(word):
            # Its description may quote what was sent: only its numbers go on.
            number = _MICROSOFT.search(str(answer.get("error_description", "")))
            said = f"{word}, {number[0]}" if number else word
            raise EndpointRefused(word, Sentence.of("{host} refuses: {word}", host=where, word=said))
        if reply.status == 200:  # noqa: PLR2004
            raise EndpointAway(_nonsense(url))
        raise EndpointAway(Sentence.of("{host} gives no token: HTTP {status}", host=where, status=reply.status))


def _nonsense(url: str) -> Sentence:
    host = urlsplit(url).hostname
    return Sentence.of("{host} answered with something that is no token", host=host)


def _is_token(value: Any) -> bool:
    """Whether it can stand in a line of SMTP: RFC 6750 §2.1 allows less, and nobody more."""
    return isinstance(value, str) and 0 < len(value) <= 16384 and value.isascii() and value.isprintable()  # noqa: PLR2004


def _life(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return _USUAL_LIFE_SECONDS
    return min(max(seconds, 0.0), _LONGEST_LIFE_SECONDS) if seconds == seconds else _USUAL_LIFE_SECONDS  # noqa: PLR0124 - NaN
