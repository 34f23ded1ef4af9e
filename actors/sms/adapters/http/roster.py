"""Every gateway over HTTP that there is: the one place that names them all."""

from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union

from actors.sms.adapters.http.brevo import BrevoGateway
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.generic import GenericGateway
from actors.sms.adapters.http.kannel import KannelGateway
from actors.sms.adapters.http.octopush import OctopushGateway
from actors.sms.adapters.http.ovh import OvhGateway
from actors.sms.adapters.http.settings import HttpSettings
from actors.sms.adapters.http.smsmode import SmsmodeGateway
from actors.sms.adapters.http.twilio import TwilioGateway

GATEWAYS: Final[tuple[type[HttpGateway[Any]], ...]] = (
    OvhGateway,
    OctopushGateway,
    BrevoGateway,
    SmsmodeGateway,
    TwilioGateway,
    KannelGateway,
    GenericGateway,
)

if TYPE_CHECKING:
    HttpGatewaySettings: TypeAlias = HttpSettings
else:
    HttpGatewaySettings = Union[tuple(gateway.SETTINGS for gateway in GATEWAYS)]  # noqa: UP007 - made of a tuple
    """What `[sms.gateway]` is read as when its kind is http: `provider` chooses among them."""


def gateway_for(settings: HttpGatewaySettings) -> HttpGateway[Any]:
    """Return the transport that the settings describe; nothing is opened."""
    [gateway] = [each for each in GATEWAYS if each.SETTINGS is type(settings)]
    return gateway(settings)
