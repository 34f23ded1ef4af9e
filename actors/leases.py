"""The leases actor: keeps the leases of the exclusive operations that may run here, by the club database."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, assert_never

import attrs

from actors.board import Desk
from club import Database, DatabaseAway, DatabaseUnfit, Lease, LeaseLost, check, lease_rows
from supervisor import SupervisedActor

logger = logging.getLogger(__name__)

ID: Final = "leases"
_PERIOD_SECONDS: Final = 6.0
"""Work under a lease stops by itself after twenty seconds: two renewals may be lost before."""


_LOOKS_PER_CHECK: Final = 5
"""The tables change once in years: asking every half minute is soon enough, and an idle station sleeps more."""


@attrs.frozen(slots=True)
class Look:
    """Renew what is held, try for what is not."""


@attrs.frozen(slots=True)
class Seat:
    """An exclusive operation that may run here: its lease, and the desk at which the lack of it is told."""

    operation: str
    lease: Lease = attrs.field(eq=id)
    desk: Desk


class LeasesActor(SupervisedActor):
    """Renews and acquires leases, so that no operation has to stop its work to do so.

    It alone talks to the database about leases, on its own thread: a database that hangs costs this actor, and the
    leases run out by their local deadline, which stops the work in time. `retired` are leases of operations that do not
    run here any more: they are given back. `wake` tells an operation that its lease came.
    """

    def __init__(
        self,
        database: Database,
        seats: tuple[Seat, ...],
        retired: tuple[Lease, ...],
        wake: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._database = database
        self._retired = retired
        self._looks = 0
        self._seats = seats
        self._wake = wake
        self._was_away = False

    def on_start(self) -> None:
        """Look at once, but not here: a database that is slow must not make the start look hung."""
        self.tell_self_after(0, Look())

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Look():
                self._look()
            case _:
                assert_never(message)

    def _look(self) -> None:
        try:
            if self._looks % _LOOKS_PER_CHECK == 0:
                check(self._database)  # another station may have upgraded it beyond this program
            self._looks += 1
            for lease in self._retired:
                lease.release()
            for seat in self._seats:
                self._keep(seat)
            self._was_away = False
        except DatabaseUnfit as unfit:
            self._looks = 0  # checked at each look until it is mended
            self._drop_all()
            self._tell_away(unfit)
        except DatabaseAway as away:
            self._tell_away(away)
        self.tell_self_after(_PERIOD_SECONDS, Look())

    def _drop_all(self) -> None:
        """Give up what is held under tables that this version must not write."""
        with suppress(DatabaseAway, DatabaseUnfit):
            for seat in self._seats:
                seat.lease.release()

    def _keep(self, seat: Seat) -> None:
        if seat.lease.is_held:
            try:
                seat.lease.renew()
            except LeaseLost:
                logger.warning("lease %s lost", seat.operation, extra={"event": "lease.lost"})
            else:
                return
        if seat.lease.acquire():
            logger.info("lease %s acquired", seat.operation, extra={"event": "lease.acquired"})
            self._wake(seat.operation)
            return
        holder = lease_rows(self._database).get(seat.operation)
        if holder is not None:
            seat.desk.standby(holder.station)

    def _tell_away(self, away: DatabaseAway | DatabaseUnfit) -> None:
        if not self._was_away:
            logger.warning("leases wait: %s", away, extra={"event": "leases.database_away"})
        self._was_away = True
        for seat in self._seats:
            if not seat.lease.is_held:
                seat.desk.waiting(away.sentence)
