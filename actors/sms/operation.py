"""The declaration of the SMS operation: nothing heavy is imported before it runs here."""

from typing import Final

from actors.operation import Operation, Workplace
from actors.sms.settings import SmsSettings
from config.sentence import Sentence
from supervisor import Backoff, ChildSpec

_ID: Final = "sms"
_BACKOFF: Final = Backoff(min_seconds=1.0, max_seconds=60.0, reset_after_seconds=300.0)
_SHUTDOWN_SECONDS: Final = 2.0
"""A gateway that says nothing must not hold up the end; one that is about to answer is given longer."""
_INTERRUPT_SECONDS: Final = 8.0
"""What was interrupted is still written down, in a database that may be locked for a moment."""
_DATABASE_SECONDS: Final = 60.0
"""What the database may take, before its driver is held to be hung; the gateway is waited for as long as it may."""


def missing() -> Sentence | None:
    """Return what this computer lacks: nothing, all that SMS leave by is installed with the program."""
    return None


def children(workplace: Workplace) -> tuple[ChildSpec, ...]:
    """Return the spec of the SMS actor."""
    from actors.sms.actor import SmsActor  # noqa: PLC0415 - only where SMS are sent

    return (
        ChildSpec(
            id=_ID,
            start=SmsActor,
            args=(workplace,),
            backoff=_BACKOFF,
            shutdown_seconds=_SHUTDOWN_SECONDS,
            interrupt_seconds=_INTERRUPT_SECONDS,
            hang_timeout_seconds=_DATABASE_SECONDS,
        ),
    )


OPERATION: Final = Operation(id=_ID, settings=SmsSettings, missing=missing, children=children)
