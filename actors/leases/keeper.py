"""Keeping one seat: at each look, hold its lease, or stand by for it."""

import logging
from collections.abc import Callable
from typing import Final

from actors.leases import contradictions
from actors.leases.passing import Passing
from actors.leases.seat import Seat
from actors.operation import Wake
from club import Database, LeaseLost, LeaseRow, Stations, is_preferred, same, want
from config.sentence import Sentence

logger = logging.getLogger(__name__)

_AWAITED_LOOK_SECONDS: Final = 0.2
"""Who knows that a lease is coming looks this often, so that nobody waits for it."""
_AWAITED_SECONDS: Final = 15.0
_AT_HOME_SECONDS: Final = 30.0
"""A preferred station that has just started may be about to stop again: it takes its work back a little later."""
_ASKS_AGAIN_SECONDS: Final = 60.0
_PLANS_SECONDS: Final = 30.0


class Keeper:
    """Keeps one seat, on the thread of the leases actor.

    `tell` hands a message to the actor of an operation; False: there is none now. `yielded` is called with a number
    from any thread, when the operation has finished what it was at, and must lead to `hear_yielded` and a look.
    """

    def __init__(
        self,
        seat: Seat,
        database: Database,
        tell: Callable[[str, object], bool],
        yielded: Callable[[int], None],
    ) -> None:
        self.seat = seat
        self._lease = seat.lease
        self._database = database
        self._stations = Stations(database)
        self._tell = tell
        self._passing = Passing(seat, self._stations, tell, yielded)
        self.hear_yielded = self._passing.hear_yielded
        self._clock = seat.lease.clock
        self._since = self._clock()
        self._awaited: tuple[int, float] | None = None
        self._asked_at = float("-inf")
        self._plans_at = float("-inf")
        self._lease.stand_for(seat.candidates)

    def look(self, row: LeaseRow | None, longest_seconds: float) -> float:
        """Do what the lease, as a look has just found it, asks for; return in how many seconds to look again.

        Raises DatabaseAway and DatabaseUnfit.
        """
        if self._lease.token is not None:
            if self._holds(row):
                return longest_seconds
            row = None  # what was seen is older than what was just learnt
        if self._lease.acquire(row):
            self._has_come()
            return longest_seconds
        if row is None:
            return _AWAITED_LOOK_SECONDS
        self._stand_by(row)
        self._take_back(row)
        return min(longest_seconds, self._next_look(row))

    def give_up(self) -> None:
        """Release the lease; nothing happens when it is not held. Raises DatabaseAway and DatabaseUnfit."""
        self._lease.release()

    def _holds(self, row: LeaseRow | None) -> bool:
        """Go on holding, or pass it on; False: it is lost."""
        is_ours = row is not None and row.process == self._lease.process
        had_run_out = not self._lease.is_held
        try:
            if self._lease.is_renewal_due or not is_ours:
                self._lease.renew()
            if had_run_out and self._lease.is_held:  # the database was away, and nobody took over
                self._has_come()
            self._mind_the_plans()
            if row is not None and is_ours and row.wanted and not same(row.wanted, self._lease.station):
                self._passing.look(row)
            else:
                self._passing.stay()
        except LeaseLost:
            logger.warning("lease %s lost", self.seat.operation, extra={"event": "lease.lost"})
            self._passing.forget()
            return False
        return True

    def _has_come(self) -> None:
        logger.info("lease %s acquired", self.seat.operation, extra={"event": "lease.acquired"})
        self._awaited = None
        self._plans_at = float("-inf")
        self.seat.desk.warn(None)
        self._tell(self.seat.operation, Wake())

    def _mind_the_plans(self) -> None:
        """Say now and then whether all stations agree who may do it."""
        if self._clock() - self._plans_at < _PLANS_SECONDS:
            return
        self._plans_at = self._clock()
        seat = self.seat
        amiss = contradictions.why_holding_is_amiss(
            self._stations.list(), seat.operation, self._lease.station, seat.candidates
        )
        seat.desk.warn(amiss)

    # -- standing by -------------------------------------------------------------------------------------------------

    def _stand_by(self, row: LeaseRow) -> None:
        seat = self.seat
        seat.desk.warn(contradictions.why_standby_is_amiss(row, self._lease.station, seat.candidates))
        if row.is_free:
            seat.desk.standby(None, Sentence.of("nobody does it at this moment; this station is about to"))
        elif not row.is_current:
            seat.desk.standby(
                row.station,
                Sentence.of("the station {holder} gives no more sign of life; it is replaced soon", holder=row.station),
            )
        else:
            seat.desk.standby(row.station)

    def _take_back(self, row: LeaseRow) -> None:
        """Ask for the lease when this station is the preferred one, is here to stay, and all agree that it is."""
        lease, seat, now = self._lease, self.seat, self._clock()
        is_ours = is_preferred(lease.station, seat.candidates)
        if not (seat.takes_back and is_ours) or row.wanted or not row.is_current or same(row.station, lease.station):
            return
        if not contradictions.agree(seat.candidates, row.candidates):
            return
        if not any(same(row.station, name) for name in seat.candidates):
            return
        if now - self._since < _AT_HOME_SECONDS or now - self._asked_at < _ASKS_AGAIN_SECONDS:
            return
        self._asked_at = now
        if want(self._database, seat.operation, lease.station, seen_token=row.token):
            logger.info("%s is wanted back here", seat.operation, extra={"event": "handover.take_back"})

    def _next_look(self, row: LeaseRow) -> float:
        soonest = max(self._lease.takeover_seconds, 0.05)
        if not same(row.wanted, self._lease.station):
            self._awaited = None
            return soonest
        if self._awaited is None or self._awaited[0] != row.token:
            self._awaited = (row.token, self._clock())
        if self._clock() - self._awaited[1] < _AWAITED_SECONDS:
            return min(soonest, _AWAITED_LOOK_SECONDS)
        return soonest
