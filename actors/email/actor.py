"""The e-mail actor: delivery in the words of e-mail."""

from typing import Final

from actors.delivery.actor import DeliveryActor
from actors.delivery.trade import Trade, Words
from actors.email.courier import EmailCourier
from actors.email.provider_limits import limits_of
from actors.email.settings import SmtpSettings
from actors.operation import Workplace
from club import EMAIL
from config.sentence import Sentence

ID: Final = "email"


def _sent(n: int) -> Sentence:
    return Sentence.counted("{n} e-mail sent", "{n} e-mails sent", n)


def _refused_login(why: Sentence, minutes: int) -> Sentence:
    return Sentence.counted(
        "{why}: correct the user or the password in [email.smtp]; it is tried again in {n} minute, "
        "or at once by heitz-service run-now email",
        "{why}: correct the user or the password in [email.smtp]; it is tried again in {n} minutes, "
        "or at once by heitz-service run-now email",
        minutes,
        why=why,
    )


def _refused_consent(why: Sentence, minutes: int) -> Sentence:
    return Sentence.counted(
        "{why}: give the consent anew by heitz-service email authorise; it is tried again in {n} minute, "
        "or at once by heitz-service run-now email",
        "{why}: give the consent anew by heitz-service email authorise; it is tried again in {n} minutes, "
        "or at once by heitz-service run-now email",
        minutes,
        why=why,
    )


_NOT_HELD: Final = Sentence.of(
    "this station does not hold the e-mail operation now: `heitz-service status` says who does"
)
_OPENING: Final = Sentence.of("its first run goes on: it waits for the mail server's answer")
_TOKEN_SECONDS: Final = 60.0
"""What the provider of tokens may take: an exchange, and another when the mail server does not take the first token."""


def _exchange_seconds(smtp: SmtpSettings) -> float:
    """Return how long one mail may take, over a connection that is worn out first and then made anew."""
    once = smtp.open_timeout + smtp.message_timeout + smtp.acceptance_timeout
    return (once + smtp.reply_timeout).total_seconds() + _TOKEN_SECONDS


class EmailActor(DeliveryActor):
    """Delivers the table `email` to the mail server of the settings."""

    def __init__(self, workplace: Workplace) -> None:
        settings = workplace.settings
        limits = limits_of(settings.smtp.host, settings, with_known=settings.provider_limits)
        refused = _refused_login if settings.smtp.oauth2 is None else _refused_consent
        super().__init__(
            workplace,
            Trade(
                id=ID,
                channel=EMAIL,
                courier=EmailCourier.at,
                words=Words(sent=_sent, not_held=_NOT_HELD, opening=_OPENING, refused_login=refused),
                every=settings.every,
                exchange_seconds=_exchange_seconds(settings.smtp),
                longest_wait=max(settings.retry_at_most, settings.greylist_after),
                claim_at_most=settings.batch,
                limits=limits.spans,
                per_connection=limits.per_connection,
            ),
        )
