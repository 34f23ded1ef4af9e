"""The housekeeping actor: once a night, on one station of the club, what is too old is removed from its database."""

from datetime import time, timedelta, tzinfo
from typing import Any, Final, assert_never

import attrs

from actors.board import Outcome, Run
from actors.run_records import Stopwatch
from actors.schedule.calendar import TimesOfDay
from actors.schedule.duty import Duty, Voice
from actors.schedule.policy import Timetable
from club import Database, Lease, Occurrences, Runs
from config.sentence import Sentence
from supervisor import SupervisedActor

ID: Final = "housekeeping"
_SCHEDULE: Final = TimesOfDay((time(4, 10),))
"""Nobody works then, no clock is ever moved then, and the backup of 23:00 is long over."""
_WINDOW: Final = timedelta(days=1)
"""Where all PCs are off at night, it is done in the morning."""
_FIRST_LOOK_SECONDS: Final = 20.0
"""A station that has just started has better things to do."""
_KEPT: Final = timedelta(days=400)
"""A year and a little: what happened at the same time last year can still be looked up."""


@attrs.frozen(slots=True)
class House:
    """Who keeps house: the station and this run of its program, those before it, the club's language and time zone."""

    station: str
    process: str
    predecessors: tuple[str, ...]
    language: str
    zone: tzinfo


@attrs.frozen(slots=True)
class Tick:
    """It may be time."""


class HousekeepingActor(SupervisedActor):
    """Removes old runs from the history, once per club and night.

    Every station has this actor; the first to take the lease `housekeeping` at the time does it. The lease is taken
    for the work alone, so that idle stations have nothing to renew.
    """

    def __init__(self, house: House, database: Database) -> None:
        super().__init__()
        self._runs = Runs(database, house.station, house.process)
        lease = Lease(database, ID, house.station, house.process, predecessors=house.predecessors)
        self._duty = Duty(
            Occurrences(database, ID, house.station, house.process, lease),
            Timetable(_SCHEDULE, house.zone, _WINDOW),
            self.heartbeat,
            Voice(house.language),
            borrows=True,
        )

    def on_start(self) -> None:
        """Let the operations begin first."""
        self.tell_self_after(_FIRST_LOOK_SECONDS, Tick())

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Tick():
                self.tell_self_after(self._duty.look(self._clean), Tick())
            case _:
                assert_never(message)

    def _clean(self, _occurrence: str) -> Run | None:
        stopwatch = Stopwatch()
        removed = 0
        while some := self._runs.purge(_KEPT):
            removed += some
            if not self._duty.goes_on() or self.is_stopping:
                return None
        summary = Sentence.counted(
            "{n} old run removed from the history", "{n} old runs removed from the history", removed
        )
        return stopwatch.run(Outcome.OK, summary, {})
