"""The ways that SMS leave by: from the table `[sms.gateway]` to the transport that it describes."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from actors.sms.adapters.http.roster import gateway_for
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.settings import GatewaySettings
from actors.sms.transport import Transport

_OPENING_A_MODEM_SECONDS: Final = 120.0
"""SIM card, network and a modem that starts anew in between."""


def transport_for(settings: GatewaySettings, folder: Path) -> Transport:
    """Return the transport that the settings describe; nothing is opened.

    `folder` is the station's own, for what a modem must remember beyond the end of the program; made when needed.
    """
    if isinstance(settings, ModemSettings):
        from actors.sms.adapters.modem.transport import ModemTransport  # noqa: PLC0415 - only where there is a modem

        with suppress(OSError):  # told, with what to do, when a file in it cannot be opened
            folder.mkdir(mode=0o700, exist_ok=True)
        return ModemTransport(settings, folder)
    if isinstance(settings, SmppSettings):
        from actors.sms.adapters.smpp.transport import SmppTransport  # noqa: PLC0415

        return SmppTransport(settings)
    return gateway_for(settings)


def name_of(settings: GatewaySettings) -> str:
    """Return the word under which people know the way: the provider's name, or the kind."""
    return str(getattr(settings, "provider", settings.kind))


def longest_exchange_seconds(settings: GatewaySettings) -> float:
    """Return how long one SMS, or getting ready for it, may take in all."""
    if isinstance(settings, ModemSettings):
        return _OPENING_A_MODEM_SECONDS + settings.answer_within.total_seconds()
    return settings.timeout.total_seconds()
