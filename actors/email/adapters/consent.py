"""Asks a person for the consent that lets an account send: by a device code, or by a page in the browser.

A device code (RFC 8628) is typed on any computer or telephone; it is Microsoft's way here. Google gives none for the
scope of mail, so its page is opened on this computer and answers to a free port of it (RFC 8252, with RFC 7636).
Written from the vendors' public documentation; never tried against the vendors.
"""

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import attrs

from actors.email.adapters.token_endpoint import EndpointAway, EndpointRefused, TokenEndpoint, Tokens
from actors.email.settings_oauth2 import OAuth2Settings
from config.sentence import Sentence, SentenceError

_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_USUAL_INTERVAL_SECONDS: Final = 5.0  # RFC 8628 §3.2
_SLOWER_SECONDS: Final = 5.0  # RFC 8628 §3.5
_USUAL_LIFE_SECONDS: Final = 900.0
_BROWSER_SECONDS: Final = 600.0
_LONGEST_CODE: Final = 4096


class NotGiven(SentenceError):  # noqa: N818 - what happened
    """No consent came of it; the sentence says why."""


@attrs.frozen
class DeviceCode:
    """What a person types, and where; `seconds` is how long it holds."""

    user_code: str
    url: str
    seconds: float
    interval_seconds: float
    code: str = attrs.field(repr=False)


def ask_for_code(endpoint: TokenEndpoint, settings: OAuth2Settings) -> DeviceCode:
    """Return a code for a person to type. Raises EndpointAway, EndpointRefused."""
    endpoints = settings.endpoints
    if endpoints.device is None:
        raise NotGiven("this provider gives no code to type: use the browser")
    answer = endpoint.ask(endpoints.device, {"scope": endpoints.scope})
    # RFC 8628 §3.2 has verification_uri; Google says verification_url.
    url = answer.get("verification_uri", answer.get("verification_url"))
    texts = (answer.get("user_code"), url, answer.get("device_code"))
    if not all(isinstance(each, str) and each.isprintable() and 0 < len(each) <= _LONGEST_CODE for each in texts):
        raise EndpointAway(Sentence.of("the provider answered with something that is no code"))
    seconds = _positive(answer.get("expires_in"), _USUAL_LIFE_SECONDS)
    interval = _positive(answer.get("interval"), _USUAL_INTERVAL_SECONDS)
    return DeviceCode(str(texts[0]), str(url), seconds, interval, str(texts[2]))


def wait_for_device(
    endpoint: TokenEndpoint, code: DeviceCode, wait: Callable[[float], object], clock: Callable[[], float]
) -> Tokens:
    """Return the tokens once the person has typed the code and consented.

    `wait` waits so many seconds, `clock` is monotonic. Raises NotGiven when they said no or the code is over,
    EndpointRefused for another refusal.
    """
    ends_at, interval = clock() + code.seconds, code.interval_seconds
    while clock() + interval < ends_at:
        wait(interval)
        try:
            return _with_refresh(endpoint.tokens({"grant_type": _DEVICE_GRANT, "device_code": code.code}))
        except EndpointAway:
            interval *= 2  # RFC 8628 §3.5: after no answer, more slowly
        except EndpointRefused as refused:
            match refused.word:
                case "authorization_pending":
                    pass
                case "slow_down":
                    interval += _SLOWER_SECONDS
                case "access_denied" | "authorization_declined":
                    raise NotGiven("the consent was declined") from refused
                case "expired_token":
                    break
                case _:
                    raise
    raise NotGiven("nobody consented in time: begin again")


class Browser:
    """A page that a person opens, and the port of this computer to which it answers, once."""

    def __init__(self, settings: OAuth2Settings) -> None:
        if settings.endpoints.authorise is None:
            raise NotGiven("this provider has no page for the browser: use a code")
        self._settings = settings
        self._state = secrets.token_urlsafe(24)
        self._verifier = secrets.token_urlsafe(64)
        self._answer: Mapping[str, str] | None = None
        self._answered = threading.Event()
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        self._redirect = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="consent", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, user: str) -> str:
        """Return the address to open, in which no secret stands."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).rstrip(b"=").decode()
        endpoints = self._settings.endpoints
        query = {
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect,
            "response_type": "code",
            "scope": endpoints.scope,
            "state": self._state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": user,
            # Google gives a refresh token only when asked like this.
            "access_type": "offline",
            "prompt": "consent",
        }
        page = endpoints.authorise or ""
        return f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(query)}"

    def wait(self, endpoint: TokenEndpoint, seconds: float = _BROWSER_SECONDS) -> Tokens:
        """Return the tokens once the page has answered. Raises NotGiven, EndpointAway, EndpointRefused."""
        if not self._answered.wait(seconds) or self._answer is None:
            raise NotGiven("nobody consented in time: begin again")
        if "code" not in self._answer:
            raise NotGiven("the consent was declined")
        return _with_refresh(
            endpoint.tokens(
                {
                    "grant_type": "authorization_code",
                    "code": self._answer["code"],
                    "redirect_uri": self._redirect,
                    "code_verifier": self._verifier,
                }
            )
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        browser = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                answer = {name: values[0] for name, values in parse_qs(asked.query).items()}
                # Any page in this browser can call this port: without our state it is not the provider's answer.
                is_ours = secrets.compare_digest(answer.get("state", "").encode(), browser._state.encode())
                if asked.path != "/" or not is_ours or not ("code" in answer or "error" in answer):
                    self.send_error(404)
                    return
                body = Sentence.of("You may close this page and go back to Heitz Service.")
                text = f"<!doctype html><meta charset=utf-8><p>{body.render('en')}<p>{body.render('fr')}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                if not browser._answered.is_set():
                    browser._answer = answer
                    browser._answered.set()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Say nothing: the address holds the code."""

        return Handler


def _with_refresh(tokens: Tokens) -> Tokens:
    if tokens.refresh is None:
        raise NotGiven("the provider gave no lasting consent (no refresh token): look at the application there")
    return tokens


def _positive(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and 0 < value < 86400 else otherwise  # noqa: PLR2004 - a day
