"""The e-mail actor: delivery in the words of e-mail."""

from typing import Final

from actors.delivery.actor import DeliveryActor
from actors.delivery.trade import Trade, Words
from actors.email.courier import EmailCourier
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


_WORDS: Final = Words(
    sent=_sent,
    not_held=Sentence.of("this station does not hold the e-mail operation now: `heitz-service status` says who does"),
    refused_login=_refused_login,
)


class EmailActor(DeliveryActor):
    """Delivers the table `email` to the mail server of the settings."""

    def __init__(self, workplace: Workplace) -> None:
        settings = workplace.settings
        super().__init__(
            workplace,
            Trade(
                id=ID,
                channel=EMAIL,
                courier=EmailCourier.at,
                words=_WORDS,
                every=settings.every,
                longest_wait=max(settings.retry_at_most, settings.greylist_after),
                claim_at_most=settings.batch,
                per_minute=settings.per_minute,
                per_connection=settings.per_connection,
            ),
        )
