"""Access tokens: fetched by the stored consent, kept until shortly before their end, renewed when a server says no."""

import logging
from collections.abc import Callable
from typing import Final

import attrs

from actors.email.adapters.dial import Interrupt
from actors.email.adapters.token_endpoint import EndpointAway, EndpointRefused, TokenEndpoint, Tokens
from actors.email.attempt import Stage
from actors.email.settings_oauth2 import OAuth2Settings
from actors.email.trouble import Interrupted, NoConsent, NoToken
from config.secret import Secret, SecretError
from config.sentence import Sentence

_LOG: Final = logging.getLogger(__name__)
_EARLY_SECONDS: Final = 300.0
"""So long before its end a token is not used any more: it must outlast the connection's opening."""


@attrs.frozen
class Token:
    """An access token; `is_fresh`: the provider gave it just now, so that a refusal cannot be for its age."""

    text: str = attrs.field(repr=False)
    is_fresh: bool


class AccessTokens:
    """The tokens of one account, for one thread. `clock` is monotonic seconds."""

    def __init__(self, settings: OAuth2Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._access: str | None = None
        self._ends_at = 0.0
        self._newest: str | None = None
        """The newest refresh token, where the provider gave a new one and it could not be kept."""
        self._replaced: str | None = None
        """The stored one that it stands for: another one stored since is a person's, and newer."""

    def get(self, interrupt: Interrupt) -> Token:
        """Return a token that is good for some minutes. Raises NoToken, NoConsent, Interrupted, SecretError."""
        if self._access is not None and self._clock() < self._ends_at:
            return Token(self._access, is_fresh=False)
        tokens = self._ask(interrupt)
        self._access = tokens.access
        # Of a token that lives shorter than that, half its life.
        self._ends_at = self._clock() + max(tokens.seconds - _EARLY_SECONDS, tokens.seconds / 2)
        return Token(tokens.access, is_fresh=True)

    def forget(self) -> None:
        """Drop the token: a server did not take it, or the consent was changed."""
        self._access = None

    def _ask(self, interrupt: Interrupt) -> Tokens:
        stored = self._settings.refresh_token.reveal()
        refresh = self._newest if self._newest is not None and stored == self._replaced else stored
        try:
            with TokenEndpoint(self._settings) as endpoint:
                interrupt.watch(endpoint.interrupt)
                try:
                    tokens = endpoint.tokens({"grant_type": "refresh_token", "refresh_token": refresh})
                finally:
                    interrupt.watch(None)
        except EndpointRefused as refused:
            raise self._refused(refused) from refused
        except EndpointAway as away:
            if interrupt.is_set:
                raise Interrupted(Stage.AUTH) from away
            raise NoToken(Stage.AUTH, away.sentence) from away
        if tokens.refresh is not None and tokens.refresh != refresh:
            self._keep(stored, tokens.refresh)
        return tokens

    def _refused(self, refused: EndpointRefused) -> NoToken | NoConsent:
        match refused.word:
            case "invalid_grant" | "interaction_required" | "consent_required":
                return NoConsent(
                    Stage.AUTH, Sentence.of("the consent is over or was withdrawn ({why})", why=refused.sentence)
                )
            case "invalid_client" | "unauthorized_client" | "invalid_scope" | "access_denied":
                return NoConsent(
                    Stage.AUTH,
                    Sentence.of(
                        "the application is not let in ({why}): look at client_id, client_secret and tenant in "
                        "[email.smtp.oauth2]",
                        why=refused.sentence,
                    ),
                )
            case _:  # temporarily_unavailable, slow_down, and what each provider adds
                return NoToken(Stage.AUTH, refused.sentence)

    def _keep(self, stored: str, newest: str) -> None:
        """Put a new refresh token where the old one was; if that fails, go on with it as long as the program runs."""
        try:
            keep_secret(self._settings.refresh_token, newest)
        except SecretError as error:
            self._newest, self._replaced = newest, stored
            _LOG.warning(
                "the provider gave a new consent for e-mail and it cannot be kept: %s",
                error,
                extra={"event": "email.refresh_token_not_kept", "secret": self._settings.refresh_token.reference},
            )
        else:
            self._newest = self._replaced = None


def keep_secret(secret: Secret, value: str) -> None:
    """Keep a value where the secret is kept, and see that it is there. Raises SecretError."""
    secret.keep(value)
    if secret.reveal() != value:
        raise SecretError("{reference} does not give back what was put there", reference=secret.reference)
