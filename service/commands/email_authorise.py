"""`email authorise`: asks a person for the provider's consent, and keeps it where the settings say."""

import argparse
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from actors.email.adapters.token_endpoint import TokenEndpoint, Tokens
    from actors.email.settings import SmtpSettings
    from actors.email.settings_oauth2 import OAuth2Settings


class NotAuthorised(SentenceError):  # noqa: N818 - what the reader sees
    """No consent came of it."""

    def __init__(self, sentence: Sentence, exit_code: Exit = Exit.ATTENTION) -> None:
        self.exit_code = exit_code
        super().__init__(sentence)


def add(email: Commands) -> None:
    """Add the command."""
    parser = email.add(
        "authorise",
        Sentence.of("ask the provider's consent to send (Microsoft 365, Google), and keep it"),
        "email authorise",
        run=_authorise,
    )
    parser.config_option()


def _authorise(options: argparse.Namespace, console: Console) -> int:
    from service.settings_file import load_settings  # noqa: PLC0415

    settings = load_settings(options, console).operations.get("email")
    smtp: SmtpSettings | None = getattr(settings, "smtp", None)
    if smtp is None or smtp.oauth2 is None:
        raise NotAuthorised(
            Sentence.of("the settings have no table [email.smtp.oauth2]: nothing is to be consented to"), Exit.USAGE
        )
    authorise(smtp, smtp.oauth2, console, Event().wait)
    return Exit.OK


def authorise(
    smtp: "SmtpSettings", oauth2: "OAuth2Settings", console: Console, wait: Callable[[float], object]
) -> None:
    """Ask for the consent and keep it. Raises NotAuthorised."""
    from actors.email.adapters.consent import NotGiven  # noqa: PLC0415
    from actors.email.adapters.token_endpoint import EndpointAway, EndpointRefused, TokenEndpoint  # noqa: PLC0415
    from actors.email.adapters.tokens import keep_secret  # noqa: PLC0415
    from config import SecretError  # noqa: PLC0415

    if not oauth2.refresh_token.reference.startswith(("keyring:", "file:")):
        raise NotAuthorised(
            Sentence.of(
                "refresh_token is {reference}, where nothing can be kept: write keyring:NAME or file:PATH",
                reference=oauth2.refresh_token.reference,
            ),
            Exit.USAGE,
        )
    try:
        with TokenEndpoint(oauth2) as endpoint:
            tokens = _consent(smtp, oauth2, endpoint, console, wait)
        keep_secret(oauth2.refresh_token, tokens.refresh or "")
    except (NotGiven, EndpointAway, EndpointRefused, SecretError) as error:
        raise NotAuthorised(error.sentence) from error
    console.print(
        Sentence.of(
            "the consent is kept in {reference}; e-mails leave with it from the next run on",
            reference=oauth2.refresh_token.reference,
        )
    )


def _consent(
    smtp: "SmtpSettings",
    oauth2: "OAuth2Settings",
    endpoint: "TokenEndpoint",
    console: Console,
    wait: Callable[[float], object],
) -> "Tokens":
    from actors.email.adapters.consent import Browser, ask_for_code, wait_for_device  # noqa: PLC0415

    if oauth2.endpoints.device is not None:
        code = ask_for_code(endpoint, oauth2)
        console.print(
            Sentence.of(
                "open {url} on any computer or telephone, type {code}, and log in as {user}",
                url=code.url,
                code=code.user_code,
                user=smtp.user,
            )
        )
        return wait_for_device(endpoint, code, wait, time.monotonic)
    with Browser(oauth2) as browser:
        console.print(
            Sentence.of("open this address in a browser of this computer, and log in as {user}:", user=smtp.user)
        )
        console.print(browser.url(smtp.user or ""))
        return browser.wait(endpoint)
