"""What `doctor` asks the GSM modem of the settings, and what it says of the SIM card's contract."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Final

from actors.operation import RULES
from actors.registry.policy import judge
from config import Settings, StationSettings
from config.sentence import Sentence
from service.findings import Finding, Level
from service.paths import Folders

if TYPE_CHECKING:
    from actors.sms.adapters.modem.settings import ModemSettings

_CHECK: Final = "modem"
_SMS: Final = next(rule for rule in RULES if rule.operation == "sms")


def modem_of(settings: Settings, station: StationSettings) -> "ModemSettings | None":
    """Return the settings of the modem that this station would send by; None when it has none."""
    from actors.sms.adapters.modem.settings import ModemSettings  # noqa: PLC0415

    gateway = getattr(settings.operations.get("sms"), "gateway", None)
    is_here = judge(_SMS, settings, station, built=("sms",)).is_here
    return gateway if is_here and isinstance(gateway, ModemSettings) else None


def cautions(modem: "ModemSettings") -> Iterator[Finding]:
    """Tell what the law says of the SIM card, where it applies."""
    from actors.sms.adapters.modem.caution import caution_of  # noqa: PLC0415

    caution = caution_of(modem)
    if caution is not None:
        yield Finding(_CHECK, Level.WARNING, caution)


def condition(modem: "ModemSettings", station: str, home: Folders) -> Iterator[Finding]:
    """Open the modem and tell how it is; only while no program of ours has it.

    The PIN is given by the station's own rules and written down where the station looks: no try is lost by looking.
    """
    from actors.sms.transport import HasCondition, Unavailable  # noqa: PLC0415
    from actors.sms.ways import transport_for  # noqa: PLC0415

    folder = home.of(station).answers.with_suffix(".own")
    with closing(transport_for(modem, folder)) as transport:
        if not isinstance(transport, HasCondition):
            return
        try:
            found = transport.condition()
        except Unavailable as away:
            yield Finding(_CHECK, Level.PROBLEM, Sentence.of("the modem cannot send now: {why}", why=away.sentence))
            return
    yield Finding(_CHECK, Level.OK, found.described)
    for worry in found.worries:
        yield Finding(_CHECK, Level.WARNING, worry)
