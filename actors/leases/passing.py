"""Passing a lease on, in order: the operation finishes what it is at, then one statement gives it to the next."""

import logging
from collections.abc import Callable
from typing import Final

import attrs

from actors.leases.contradictions import why_successor_cannot
from actors.leases.seat import Seat
from actors.operation import Wake, Yield
from club import LeaseRow, StationReport, Stations, same

logger = logging.getLogger(__name__)

_TELLS_AGAIN_SECONDS: Final = 5.0
_HOPELESS_SECONDS: Final = 60.0
"""A wish for a station that does not run this long is taken back: it must not come true by surprise in a week."""


@attrs.define
class _Handover:
    """One that has begun: for which station, when the operation was last told, and whether it has finished."""

    number: int
    station: str
    told_at: float = float("-inf")
    is_yielded: bool = False


class Passing:
    """The holder's side of a handover, on the thread of the leases actor; `tell` and `yielded` as in `Keeper`."""

    def __init__(
        self,
        seat: Seat,
        stations: Stations,
        tell: Callable[[str, object], bool],
        yielded: Callable[[int], None],
    ) -> None:
        self._seat = seat
        self._lease = seat.lease
        self._stations = stations
        self._tell = tell
        self._yielded = yielded
        self._clock = seat.lease.clock
        self._begun = 0
        self._handover: _Handover | None = None
        self._hopeless_since: float | None = None
        self._lease.end_yield()  # the leases actor before this one may have gone in the middle of a handover

    def look(self, row: LeaseRow) -> None:
        """Go on with passing a lease that is held here to the station that `row` says is wanted.

        Raises LeaseLost, DatabaseAway and DatabaseUnfit.
        """
        handover = self._handover
        if handover is not None and same(handover.station, row.wanted) and self._is_waited_for(handover):
            return
        successor = self._successor(row)
        if successor is None:
            self._go_on()
            self._refuse_in_the_end(row)
            return
        self._hopeless_since = None
        if handover is None or not same(handover.station, row.wanted):
            handover = self._begin(row)
        if handover.is_yielded or not self._ask_to_yield(handover):
            self._pass_on(row, successor)

    def hear_yielded(self, number: int) -> None:
        """Note that the operation has finished what it was at."""
        if self._handover is not None and self._handover.number == number:
            self._handover.is_yielded = True

    def stay(self) -> None:
        """Let the operation go on: nobody wants the lease elsewhere, or no more."""
        self._hopeless_since = None
        self._go_on()

    def forget(self) -> None:
        """Note that the lease is lost, and every wish with it."""
        self._handover = None
        self._hopeless_since = None

    def _is_waited_for(self, handover: _Handover) -> bool:
        """Whether the operation is finishing; one that was restarted meanwhile has lost what it was told."""
        return not handover.is_yielded and self._clock() - handover.told_at < _TELLS_AGAIN_SECONDS

    def _begin(self, row: LeaseRow) -> _Handover:
        logger.info(
            "%s is wanted at %s: it is passed on when what is under way is finished",
            self._seat.operation,
            row.wanted,
            extra={"event": "handover.began"},
        )
        self._begun += 1
        self._handover = _Handover(self._begun, row.wanted)
        self._lease.begin_yield()
        return self._handover

    def _ask_to_yield(self, handover: _Handover) -> bool:
        """Tell the operation to finish; False: it has no actor at work, so that there is nothing to wait for."""
        handover.told_at = self._clock()
        return self._tell(self._seat.operation, Yield(lambda: self._yielded(handover.number)))

    def _pass_on(self, row: LeaseRow, successor: StationReport) -> None:
        self._handover = None
        if self._lease.pass_on(row, successor.name, successor.process):
            event = {"event": "lease.passed_on"}
            logger.info("lease %s passed on to %s", self._seat.operation, successor.name, extra=event)
            self._seat.desk.warn(None)
            self._seat.desk.standby(successor.name)

    def _go_on(self) -> None:
        if self._handover is not None:
            self._handover = None
            self._lease.end_yield()
            self._tell(self._seat.operation, Wake())

    def _successor(self, row: LeaseRow) -> StationReport | None:
        """Return the station that is wanted, when it can take over."""
        found = next((report for report in self._stations.list() if same(report.name, row.wanted)), None)
        why_not = why_successor_cannot(found, self._seat.operation, row.wanted)
        if why_not is None:
            return found
        if self._hopeless_since is None:
            self._hopeless_since = self._clock()
            event = {"event": "handover.waits"}
            logger.warning("%s is wanted elsewhere, and stays: %s", self._seat.operation, why_not, extra=event)
        return None

    def _refuse_in_the_end(self, row: LeaseRow) -> None:
        if self._hopeless_since is None or self._clock() - self._hopeless_since < _HOPELESS_SECONDS:
            return
        self._hopeless_since = self._clock()  # what cannot be taken back is tried again in a minute, not at each look
        if self._lease.refuse_wish(row):
            self._hopeless_since = None
            event = {"event": "handover.refused"}
            logger.warning("%s is no longer wanted at %s", self._seat.operation, row.wanted, extra=event)
