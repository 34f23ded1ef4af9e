"""A seat: an exclusive operation that may run here, and what the settings say of it."""

import attrs

from actors.board import Desk
from club import Lease


@attrs.frozen(slots=True)
class Seat:
    """An exclusive operation that may run here: its lease, and the desk at which the lack of it is told.

    `candidates` are the stations that may do it, the preferred one first; none: any station. `takes_back` says whether
    this station, when it is the preferred one, wants the operation back from the one that replaced it.
    """

    operation: str
    lease: Lease = attrs.field(eq=id)
    desk: Desk
    candidates: tuple[str, ...] = ()
    takes_back: bool = True
