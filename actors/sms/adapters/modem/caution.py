"""What the law says of a modem's SIM card, for the status and for `doctor`, which need no serial port to say it."""

from typing import Final

from actors.sms.adapters.modem.settings import ModemSettings
from config.sentence import Sentence

PRIVATE_SIM_WARNING: Final = Sentence.of(
    "a modem with a 06 or 07 number may only carry messages between persons (ARCEP decision 2022-1583): "
    "operators block such SIM cards; use a gateway for the members, the modem for the club's own staff"
)


def caution_of(settings: ModemSettings) -> Sentence | None:
    """Return the warning; None when the club has in writing that its contract allows SMS from programs."""
    return None if settings.contract_for_programs else PRIVATE_SIM_WARNING
