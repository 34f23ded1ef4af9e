"""The leases actor: keeps the leases of the exclusive operations that may run here, by the club database."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import uniform
from typing import Any, Final, assert_never

import attrs
from pykka import ActorDeadError

from actors.leases.keeper import Keeper
from actors.leases.seat import Seat
from club import Database, DatabaseAway, DatabaseUnfit, Lease, check, lease_rows
from supervisor import SupervisedActor, Timer

logger = logging.getLogger(__name__)

ID: Final = "leases"
_PERIOD_SECONDS: Final = 1.0
"""Half of the two seconds in which a handover is done; a look is one small question that writes nothing."""
_AWAY_SECONDS: Final = 6.0
_LOOKS_PER_CHECK: Final = 30
"""The tables change once in years: asking every half minute is soon enough, and an idle station sleeps more."""


@attrs.frozen(slots=True)
class Look:
    """Look at the leases: renew what is held and due, pass on what is wanted elsewhere, try for what is not held."""


@attrs.frozen(slots=True)
class LookNow:
    """Look at once: somebody has just written a wish into the database."""


@attrs.frozen(slots=True)
class _Yielded:
    """An operation has finished what it was at."""

    operation: str
    number: int


class LeasesActor(SupervisedActor):
    """Renews, acquires and passes on leases, so that no operation has to stop its work to do so.

    It alone talks to the database about leases, on its own thread: a database that hangs costs this actor, and the
    leases run out by their local deadline, which stops the work in time. `retired` are leases of operations that do not
    run here any more: they are given back. `tell` hands a message to an operation's actor; False: there is none now.
    """

    def __init__(
        self,
        database: Database,
        seats: tuple[Seat, ...],
        retired: tuple[Lease, ...],
        tell: Callable[[str, object], bool],
    ) -> None:
        super().__init__()
        self._database = database
        self._retired = retired
        self._looks = 0
        self._keepers = [Keeper(seat, database, tell, partial(self._hear, seat.operation)) for seat in seats]
        self._was_away = False
        self._timer: Timer | None = None

    def on_start(self) -> None:
        """Look at once, but not here: a database that is slow must not make the start look hung."""
        self._look_after(0)

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Look() | LookNow():
                self._look()
            case _Yielded(operation, number):
                for keeper in self._keepers:
                    if keeper.seat.operation == operation:
                        keeper.hear_yielded(number)
                self._look()
            case _:
                assert_never(message)

    def _hear(self, operation: str, number: int) -> None:
        """Take the word of an operation, on its own thread."""
        with suppress(ActorDeadError):  # whoever comes after this incarnation asks again
            self.actor_ref.tell(_Yielded(operation, number))

    def _look(self) -> None:
        seconds = _PERIOD_SECONDS
        try:
            if self._looks % _LOOKS_PER_CHECK == 0:
                check(self._database)  # another station may have upgraded it beyond this program
            self._looks += 1
            for lease in self._retired:
                lease.release()
            rows = lease_rows(self._database)
            for keeper in self._keepers:
                seconds = min(seconds, keeper.look(rows.get(keeper.seat.operation), _PERIOD_SECONDS))
            self._was_away = False
        except DatabaseUnfit as unfit:
            self._looks = 0  # checked at each look until it is mended
            self._give_up_all()
            self._tell_away(unfit)
        except DatabaseAway as away:
            self._tell_away(away)
        self._look_after(uniform(_AWAY_SECONDS / 2, _AWAY_SECONDS) if self._was_away else seconds)

    def _look_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.tell_self_after(seconds, Look())

    def _give_up_all(self) -> None:
        """Give up what is held under tables that this version must not write."""
        with suppress(DatabaseAway, DatabaseUnfit):
            for keeper in self._keepers:
                keeper.give_up()

    def _tell_away(self, away: DatabaseAway | DatabaseUnfit) -> None:
        if not self._was_away:
            logger.warning("leases wait: %s", away, extra={"event": "leases.database_away"})
        self._was_away = True
        for keeper in self._keepers:
            if not keeper.seat.lease.is_held:
                keeper.seat.desk.waiting(away.sentence)
