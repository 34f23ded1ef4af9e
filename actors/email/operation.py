"""The declaration of the e-mail operation: nothing heavy is imported before it runs here."""

from typing import Final

from actors.email.settings import EmailSettings
from actors.operation import Operation, Workplace
from config.sentence import Sentence
from supervisor import ChildSpec

_ID: Final = "email"


def missing() -> Sentence | None:
    """Return what this computer lacks: nothing, SMTP is in Python itself."""
    return None


def children(workplace: Workplace) -> tuple[ChildSpec, ...]:
    """Return the spec of the e-mail actor."""
    from actors.delivery.declaration import delivery_spec  # noqa: PLC0415 - only where e-mails are sent
    from actors.email.actor import EmailActor  # noqa: PLC0415

    return (delivery_spec(_ID, EmailActor, workplace),)


OPERATION: Final = Operation(id=_ID, settings=EmailSettings, missing=missing, children=children)
