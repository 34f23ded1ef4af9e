"""How an actor that delivers is started and watched: the same for every way of sending."""

from typing import TYPE_CHECKING, Final

from supervisor import Backoff, ChildSpec

if TYPE_CHECKING:
    from actors.delivery.actor import DeliveryActor
    from actors.operation import Workplace

_BACKOFF: Final = Backoff(min_seconds=1.0, max_seconds=60.0, reset_after_seconds=300.0)
_SHUTDOWN_SECONDS: Final = 2.0
"""Who says nothing must not hold up the end; who is about to confirm a message is given longer."""
_INTERRUPT_SECONDS: Final = 8.0
"""What was interrupted is still written down, in a database that may be locked for a moment."""
_DATABASE_SECONDS: Final = 60.0
"""What the database may take, before its driver is held to be hung; the other side is waited for as long as it may."""


def delivery_spec(operation: str, actor: "type[DeliveryActor]", workplace: "Workplace") -> ChildSpec:
    """Return the spec of the one actor of an operation that delivers."""
    return ChildSpec(
        id=operation,
        start=actor,
        args=(workplace,),
        backoff=_BACKOFF,
        shutdown_seconds=_SHUTDOWN_SECONDS,
        interrupt_seconds=_INTERRUPT_SECONDS,
        hang_timeout_seconds=_DATABASE_SECONDS,
    )
