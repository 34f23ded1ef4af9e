"""Stations that have a duty at the times of a schedule, with clocks that a test moves."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs
from club_places import FIRST_DAY_MS

from actors.board import Board, Notice, Outcome, Run
from actors.schedule.calendar import Schedule, TimesOfDay
from actors.schedule.clock import ClubClock
from actors.schedule.duty import Duty, Voice
from actors.schedule.policy import Timetable
from club import Database, DatabaseAway, Lease, Occurrences, Times
from config.sentence import Sentence

PARIS: Final = ZoneInfo("Europe/Paris")
NIGHTLY: Final = TimesOfDay((time(4, 10),))
OPERATION: Final = "backup"


class Killed(BaseException):
    """The process ends here: nothing that it meant to write is written."""


@attrs.define
class World:
    """The one real time, and what the database's and each station's clock make of it."""

    seconds: float = 0.0
    database_ahead: float = 0.0
    is_away: bool = False

    def database_ms(self) -> int:
        return FIRST_DAY_MS + int((self.seconds + self.database_ahead) * 1000)

    def club_at(self) -> datetime:
        return datetime.fromtimestamp(self.database_ms() / 1000, UTC)


class WeatherDatabase(Database):
    """A database that is away when its world says so."""

    world: World

    def _run(self, work: Any, **options: Any) -> Any:
        if self.world.is_away:
            raise DatabaseAway("the database is away: start it")
        return super()._run(work, **options)


class StationOnDuty:
    """One station: a process that may die and be started again, and its log of the work that it did."""

    def __init__(
        self,
        database: Database,
        world: World,
        name: str,
        *,
        window: timedelta = timedelta(hours=23),
        schedule: Schedule = NIGHTLY,
        has_lease: bool = True,
        borrows: bool = True,
    ) -> None:
        self.name = name
        self.world = world
        self.done: list[str] = []
        self.started: list[str] = []
        self.wall_ahead = 0.0
        self.asleep = False
        self.board = Board(world.club_at)
        self.dies_at_work = False
        self.during: Callable[[str], Run | None] | None = None
        self._database = database
        self._timetable = Timetable(schedule, PARIS, window)
        self._processes: list[str] = []
        self._has_lease = has_lease
        self._borrows = has_lease and borrows
        self.wait_seconds = 0.0
        self.start()

    def start(self) -> None:
        """Start the program: a new process, which knows those before it to be dead."""
        self.process = f"{self.name}-{len(self._processes)}"
        times = Times(clock=lambda: self.world.seconds)
        self.lease = Lease(
            self._database, OPERATION, self.name, self.process, predecessors=tuple(self._processes), times=times
        )
        self._processes.append(self.process)
        self.next_incarnation()

    def next_incarnation(self) -> None:
        """Replace the actor within the process."""
        self.duty = Duty(
            Occurrences(self._database, OPERATION, self.name, self.process, self.lease if self._has_lease else None),
            self._timetable,
            lambda: None,
            Voice("en", self.board.desk(OPERATION)),
            borrows=self._borrows,
            clock=ClubClock(lambda: self.world.seconds, self._wall),
        )

    def _wall(self) -> datetime:
        return self.world.club_at() + timedelta(seconds=self.wall_ahead - self.world.database_ahead)

    def look(self) -> bool:
        """Tick once; False when the process died at it."""
        try:
            self.wait_seconds = self.duty.look(self._work)
        except Killed:
            return False
        return True

    def settle(self) -> None:
        """Tick until there is nothing to do at once."""
        while self.look() and self.wait_seconds == 0.0:
            pass

    def _work(self, occurrence: str) -> Run | None:
        self.started.append(occurrence)
        if self.dies_at_work:
            raise Killed
        if self.during is not None:
            return self.during(occurrence)
        self.done.append(occurrence)
        return Run(self.world.club_at(), 1.0, Outcome.OK, Sentence.of("all is saved"), {"runs": 1})

    @property
    def notice(self) -> Notice:
        return self.board.notices()[OPERATION]
