"""The SMS actor: delivery in the words of SMS."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from actors.delivery.actor import DeliveryActor
from actors.delivery.tally import Said
from actors.delivery.trade import Trade, Words
from actors.operation import Workplace
from actors.sms.courier import SmsCourier
from actors.sms.inquiries import ASKING_SECONDS
from actors.sms.ways import longest_exchange_seconds
from club import SMS
from config.sentence import Sentence

ID: Final = "sms"
_LONGEST_WAIT: Final = timedelta(days=1)
"""The longest that a gateway may ask for; what waits for its hours longer than that is looked at once a day."""


def _sent(n: int) -> Sentence:
    return Sentence.counted("{n} SMS sent", "{n} SMS sent", n)


def _refused_login(why: Sentence, minutes: int) -> Sentence:
    return Sentence.counted(
        "{why}: correct it in [sms.gateway]; it is tried again in {n} minute, or at once by heitz-service run-now sms",
        "{why}: correct it in [sms.gateway]; it is tried again in {n} minutes, or at once by heitz-service run-now sms",
        minutes,
        why=why,
    )


_MORE: Final[Mapping[str, Said]] = {
    "delivered": lambda n: Sentence.counted("{n} delivered", "{n} delivered", n),
    "undelivered": lambda n: Sentence.counted("{n} did not arrive", "{n} did not arrive", n),
    "found": lambda n: Sentence.counted(
        "{n} of unknown fate had left after all", "{n} of unknown fate had left after all", n
    ),
    "put_back": lambda n: Sentence.counted(
        "{n} of unknown fate had not left and waits again", "{n} of unknown fate had not left and wait again", n
    ),
    "received": lambda n: Sentence.counted("{n} answer came in", "{n} answers came in", n),
    "stop": lambda n: Sentence.counted("{n} member wants no more marketing", "{n} members want no more marketing", n),
    "perhaps_stop": lambda n: Sentence.counted(
        "{n} answer may mean STOP: a person should read it", "{n} answers may mean STOP: a person should read them", n
    ),
}

_WORDS: Final = Words(
    sent=_sent,
    not_held=Sentence.of("this station does not hold the SMS operation now: `heitz-service status` says who does"),
    opening=Sentence.of("its first run goes on: it waits for the answer of whoever sends the SMS"),
    refused_login=_refused_login,
    more=_MORE,
)


class SmsActor(DeliveryActor):
    """Delivers the table `sms` to the gateway of the settings."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(
            workplace,
            Trade(
                id=ID,
                channel=SMS,
                courier=SmsCourier.at,
                words=_WORDS,
                every=workplace.settings.every,
                exchange_seconds=longest_exchange_seconds(workplace.settings.gateway),
                asking_seconds=ASKING_SECONDS,
                longest_wait=max(workplace.settings.retry_at_most, _LONGEST_WAIT),
            ),
        )
