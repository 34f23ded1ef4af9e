"""The declaration of the SMS operation: nothing heavy is imported before it runs here."""

from typing import Final

from actors.operation import Operation, Workplace
from actors.sms.settings import SmsSettings
from config.sentence import Sentence
from supervisor import ChildSpec

_ID: Final = "sms"


def missing() -> Sentence | None:
    """Return what this computer lacks: nothing, all that SMS leave by is installed with the program."""
    return None


def children(workplace: Workplace) -> tuple[ChildSpec, ...]:
    """Return the spec of the SMS actor."""
    from actors.delivery.declaration import delivery_spec  # noqa: PLC0415 - only where SMS are sent
    from actors.sms.actor import SmsActor  # noqa: PLC0415

    return (delivery_spec(_ID, SmsActor, workplace),)


OPERATION: Final = Operation(id=_ID, settings=SmsSettings, missing=missing, children=children)
