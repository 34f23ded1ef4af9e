"""Opens a connection by yagmail's client: its order of connecting, STARTTLS and login, over our own wire."""

import ssl
from collections.abc import Callable
from typing import Any

import yagmail

from actors.email.adapters.dial import Interrupt, why_of
from actors.email.adapters.tokens import AccessTokens, Token
from actors.email.adapters.wire import Terms, Wire
from actors.email.attempt import Stage
from actors.email.settings import Security, SmtpSettings
from actors.email.trouble import Insecure, NoPassword, Turned
from actors.http.loopback import is_loopback
from config.secret import SecretError
from config.sentence import Sentence


def open_wire(
    settings: SmtpSettings, interrupt: Interrupt, clock: Callable[[], float], tokens: AccessTokens | None = None
) -> Wire:
    """Return a connection that is greeted, encrypted and logged in as the settings ask; raise `ConnectionTrouble`.

    A token that the server does not take is renewed once, over a new connection: it may have been withdrawn before its
    time, or this computer have slept.
    """
    if tokens is None:
        return _open(settings, _password(settings), interrupt, clock)
    token = _token(tokens, interrupt)
    try:
        return _open(settings, token.text, interrupt, clock)
    except Turned as turned:
        if not turned.refuses_login:
            raise
        tokens.forget()
        if token.is_fresh:
            raise
    return _open(settings, _token(tokens, interrupt).text, interrupt, clock)


def _open(settings: SmtpSettings, password: str, interrupt: Interrupt, clock: Callable[[], float]) -> Wire:
    client = _Client(settings, password, interrupt, clock)
    try:
        client.login()
        wire: Wire = client.smtp
        wire.hello()
    except BaseException:
        if client.smtp is not None:
            client.smtp.close()
        raise
    finally:
        client.is_closed = True  # its __del__ would say QUIT, and wait, on a connection that is not its own
    return wire


def _token(tokens: AccessTokens, interrupt: Interrupt) -> Token:
    try:
        return tokens.get(interrupt)
    except SecretError as error:
        raise NoPassword(Stage.AUTH, error.sentence) from error


def tls_context(settings: SmtpSettings) -> ssl.SSLContext:
    """Return a context that verifies chain and name, by the given authority or by the system's; raise `Insecure`."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:  # ssl.SSLError, for a file without a certificate, is one too
        sentence = Sentence.of(
            "the authorities in {file} cannot be read ({why}): give a PEM file",
            file=settings.ca_file,
            why=why_of(error),
        )
        raise Insecure(Stage.TLS, sentence) from error


def _password(settings: SmtpSettings) -> str:
    """Return the password, "" when none is needed; None would make yagmail ask for it at the terminal, for ever."""
    if settings.password is None:
        return ""
    try:
        return settings.password.reveal()
    except SecretError as error:
        raise NoPassword(Stage.AUTH, error.sentence) from error


class _Client(yagmail.Client):  # type: ignore[misc]
    """yagmail's client, of which only `login` is used; why no more: docs/decisions/0030."""

    def __init__(self, settings: SmtpSettings, password: str, interrupt: Interrupt, clock: Callable[[], float]) -> None:
        needs_tls = settings.security is not Security.NONE
        context = tls_context(settings) if needs_tls else None
        super().__init__(
            # As a dict, because yagmail appends "@gmail.com" to a user without @, which many servers have.
            user={settings.user or "": settings.sender},
            password=password,
            host=settings.host,
            port=settings.port,
            smtp_ssl=settings.security is Security.TLS,
            smtp_starttls={"context": context} if settings.security is Security.STARTTLS else False,
            smtp_skip_login=settings.user is None,
            soft_email_validation=False,
            terms=Terms(
                settings.open_timeout.total_seconds(),
                interrupt,
                clock,
                context if settings.security is Security.TLS else None,
                settings.password_in_clear or (settings.security is Security.NONE and is_loopback(settings.host)),
                settings.oauth2 is not None,
            ),
        )

    @property
    def connection(self) -> type[Wire]:
        return Wire

    def set_logging(self, log_level: Any = None, file_path_name: Any = None) -> None:
        """Keep yagmail from putting a handler of its own on stderr."""
