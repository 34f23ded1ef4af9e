"""The ways that SMS leave by: from the table `[sms.gateway]` to the transport that it describes."""

from actors.sms.adapters.http.roster import gateway_for
from actors.sms.settings import GatewaySettings
from actors.sms.transport import Transport


def transport_for(settings: GatewaySettings) -> Transport:
    """Return the transport that the settings describe; nothing is opened."""
    return gateway_for(settings)


def name_of(settings: GatewaySettings) -> str:
    """Return the word under which people know the way: the provider's name, or the kind."""
    return str(getattr(settings, "provider", settings.kind))


def longest_exchange_seconds(settings: GatewaySettings) -> float:
    """Return how long one exchange with the other side may take in all."""
    return settings.timeout.total_seconds()
