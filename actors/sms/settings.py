"""The settings of SMS: the whole table `[sms]`."""

from datetime import timedelta
from typing import ClassVar, TypeAlias

import attrs

from actors.sms.adapters.http.roster import HttpGatewaySettings
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.settings_sending import SendingSettings
from actors.sms.settings_window import check_ever_opens
from config.checks import Between
from config.declaration import setting
from config.kinds import Duration
from config.sentence import Sentence

GatewaySettings: TypeAlias = HttpGatewaySettings | ModemSettings | SmppSettings


@attrs.frozen(kw_only=True)
class SmsSettings(SendingSettings):
    """The table `[sms]`: by what SMS leave, when, how many, and how stubbornly they are tried."""

    SUMMARY: ClassVar[Sentence] = Sentence.of("the club's SMS: by what they leave, when, how many, how stubbornly")

    gateway: GatewaySettings = setting(help=Sentence.of("what the SMS leave by"))
    every: Duration = setting(
        timedelta(minutes=1),
        check=Between(timedelta(seconds=1), timedelta(hours=1)),
        help=Sentence.of("how often to look for SMS to send, and to ask what became of those that left"),
    )
    credit_low: int = setting(
        20,
        check=Between(0, 1_000_000),
        help=Sentence.of(
            "from which credit at the gateway down to ask for attention, in the gateway's unit: SMS or money; 0 never"
        ),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_ever_opens(self, provider_of(self))


def provider_of(settings: SmsSettings) -> str | None:
    """Return the provider's name as `[sms.gateway]` writes it; None for what is no provider's, such as a modem."""
    return getattr(settings.gateway, "provider", None)
