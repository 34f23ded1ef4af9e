"""The declaration of the e-mail operation: nothing heavy is imported before it runs here."""

from typing import Final

from actors.email.settings import EmailSettings
from actors.operation import Operation, Workplace
from config.sentence import Sentence
from supervisor import Backoff, ChildSpec

_ID: Final = "email"
_BACKOFF: Final = Backoff(min_seconds=1.0, max_seconds=60.0, reset_after_seconds=300.0)
_SHUTDOWN_SECONDS: Final = 2.0
"""A server that says nothing must not hold up the end; one that is about to confirm a message is given longer."""
_INTERRUPT_SECONDS: Final = 8.0
"""What was interrupted is still written down, in a database that may be locked for a moment."""
_DATABASE_SECONDS: Final = 60.0
"""What the database may take, before its driver is held to be hung; the mail server is waited for as long as it may."""


def missing() -> Sentence | None:
    """Return what this computer lacks: nothing, SMTP is in Python itself."""
    return None


def children(workplace: Workplace) -> tuple[ChildSpec, ...]:
    """Return the spec of the e-mail actor."""
    from actors.email.actor import EmailActor  # noqa: PLC0415 - only where e-mails are sent

    return (
        ChildSpec(
            id=_ID,
            start=EmailActor,
            args=(workplace,),
            backoff=_BACKOFF,
            shutdown_seconds=_SHUTDOWN_SECONDS,
            interrupt_seconds=_INTERRUPT_SECONDS,
            hang_timeout_seconds=_DATABASE_SECONDS,
        ),
    )


OPERATION: Final = Operation(id=_ID, settings=EmailSettings, missing=missing, children=children)
