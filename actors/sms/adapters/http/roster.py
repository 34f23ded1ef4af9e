"""Every gateway over HTTP that there is: the one place that names them all."""

from typing import Final, TypeAlias

from actors.sms.adapters.http.brevo import BrevoGateway, BrevoSettings
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.generic import GenericGateway, GenericSettings
from actors.sms.adapters.http.kannel import KannelGateway, KannelSettings
from actors.sms.adapters.http.octopush import OctopushGateway, OctopushSettings
from actors.sms.adapters.http.ovh import OvhGateway, OvhSettings
from actors.sms.adapters.http.settings import HttpSettings
from actors.sms.adapters.http.smsmode import SmsmodeGateway, SmsmodeSettings
from actors.sms.adapters.http.twilio import TwilioGateway, TwilioSettings

HttpGatewaySettings: TypeAlias = (
    OvhSettings | OctopushSettings | BrevoSettings | SmsmodeSettings | TwilioSettings | KannelSettings | GenericSettings
)
"""What `[sms.gateway]` is read as when its kind is http; `provider` chooses."""

GATEWAYS: Final[tuple[type[HttpGateway[HttpSettings]], ...]] = (
    OvhGateway,
    OctopushGateway,
    BrevoGateway,
    SmsmodeGateway,
    TwilioGateway,
    KannelGateway,
    GenericGateway,
)  # type: ignore[assignment]  # each takes the settings that its own SETTINGS names


def gateway_for(settings: HttpGatewaySettings) -> HttpGateway[HttpSettings]:
    """Return the transport that the settings describe; nothing is opened."""
    [gateway] = [each for each in GATEWAYS if each.SETTINGS is type(settings)]
    return gateway(settings)
