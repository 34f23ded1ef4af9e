"""Attendance as a station runs it, on a club whose clock the test moves: pseudo-terminals, actors, database."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from fmi_rig import Cable, living
from sqlalchemy import Connection

from actors.board import Board
from actors.fmi.days import Days
from actors.fmi.drivers.driver import Totals
from actors.fmi.hall import Hall
from actors.fmi.operation import OPERATION
from actors.fmi.post import SensorPost
from actors.fmi.simulation.day import Passage
from actors.fmi.simulation.sensor import SimulatedSensor
from actors.operation import Workplace
from club import AttendanceDesk, Database, DatabaseAway, Journal
from club.attendance_records import HistoryMinute
from config import Settings, load
from service.fmi_day import DayOfZone
from service.roster import settings_schema
from supervisor import SupervisorFlags, Tree

T = TypeVar("T")

POOL: Final = "bassin"
PARIS: Final = ZoneInfo("Europe/Paris")
MINUTE: Final = timedelta(minutes=1)
_PATIENCE_SECONDS: Final = 90.0
_SETTINGS: Final = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
{sensors}
[fmi.zones.bassin]
limit = 250
"""
_SENSOR: Final = """
[[stations.ACCUEIL.sensors]]
name = "{name}"
driver = "terabee"
port = "{port}"
zone = "bassin"
"""


def wait_until(is_so: Callable[[], bool], why: str) -> None:
    """Wait for what other threads do; fail when it does not come."""
    until = monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert monotonic() < until, why
        Event().wait(0.01)


class CuttableDatabase(Database):
    """The club database over a cable that a test cuts: nothing is read, nothing written."""

    is_cut = False

    def read(self, work: Callable[[Connection], T]) -> T:
        self._look_at_the_cable()
        return super().read(work)

    def write(self, work: Callable[[Connection], T]) -> T:
        self._look_at_the_cable()
        return super().write(work)

    def _look_at_the_cable(self) -> None:
        if self.is_cut:
            raise DatabaseAway("the cable to the database is cut")


class CountingStation:
    """A pool with two doors, and the actors that count at them; the truth is kept minute by minute."""

    def __init__(self, club: Any, folder: Path) -> None:
        self.club = club
        self.sensors = {name: SimulatedSensor(name, Cable(folder / name)) for name in ("entree", "sortie")}
        file = folder / "heitz-service.toml"
        sensors = "".join(_SENSOR.format(name=name, port=each.outlet.port) for name, each in self.sensors.items())
        file.write_text(_SETTINGS.format(sensors=sensors), "utf-8")
        self.settings: Settings = load(file, settings_schema())
        self.desk = AttendanceDesk(club.database())
        self._database = club.database(CuttableDatabase)
        self.came: Counter[datetime] = Counter()
        self.left: Counter[datetime] = Counter()
        self.board = Board(self.now)
        self._folder = folder
        self._tree: Tree | None = None
        self._hall: Hall | None = None
        self._journal = Journal(folder / "answers", sync=False)

    # -- time --------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.club.clocks.database_ms / 1000, UTC)

    def set_clock(self, local: str, *, fold: int = 0) -> None:
        """Move both clocks, the station's and the database's, to what the club's wall shows."""
        at = datetime.fromisoformat(local).replace(tzinfo=PARIS, fold=fold)
        self.club.clocks.database_ms = int(at.timestamp() * 1000)

    # -- the program -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the operation's actors as a program does that begins now."""
        # By a watch that stands still no sensor is silent because the computer is starved.
        self._hall = Hall(self._folder / "kept", self.now, lambda: 0.0)
        workplace = Workplace(
            station="ACCUEIL",
            process="process",
            club_name="Forme et Santé",
            language="en",
            timezone=PARIS,
            settings=self.settings.operations["fmi"],
            database=self._database,
            desk=self.board.desk("fmi"),
            lease=None,
            journal=self._journal,
            stations=self.settings.stations,
            kept=self._hall,
        )
        self._tree = Tree(SupervisorFlags(), OPERATION.children(workplace))
        self._tree.start()

    def stop(self) -> None:
        tree, self._tree = self._tree, None
        if tree is not None:
            tree.stop()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Take the database from the station, not from who looks at it elsewhere."""
        self._database.is_cut = True
        try:
            yield
        finally:
            self._database.is_cut = False

    def wait_heard(self) -> None:
        wait_until(lambda: all(self.post(name).look().known for name in self.sensors), "all sensors were to be heard")

    def open(self) -> None:
        """Start, and have each sensor say its first word: from now on everybody is counted."""
        self.start()
        self.wait_heard()
        for sensor in self.sensors.values():
            sensor.show()
        self.wait_present(0)
        words = "SELECT count(*) FROM fmi_sensor WHERE memory IS NOT NULL"
        wait_until(lambda: self.club.sql(words) == [(2,)], "each sensor was to say its first word")

    def post(self, name: str) -> SensorPost:
        assert self._hall is not None
        return self._hall.post(name)

    def close(self) -> None:
        self.stop()
        self._journal.close()
        for sensor in self.sensors.values():
            with contextlib.suppress(OSError):
                sensor.outlet.close()

    # -- people ------------------------------------------------------------------------------------------------------

    def pass_(self, came: int = 0, left: int = 0) -> None:
        """Let people come by one door and go by the other; return when the station has heard of them."""
        self._show("entree", [Passage(0, "entree", is_entry=True)] * came)
        self._show("sortie", [Passage(0, "sortie", is_entry=False)] * left)
        minute = self.now().replace(second=0, microsecond=0)
        self.came[minute] += came
        self.left[minute] += left

    def pass_unheard(self, came: int) -> None:
        """Let people come while no program runs: the sensor, which has power, counts them."""
        self.sensors["entree"].passes([Passage(0, "entree", is_entry=True)] * came)
        self.came[self.now().replace(second=0, microsecond=0)] += came

    def pass_before_the_database(self, came: int) -> None:
        """Let people come while the station does not know what the database has; return when it has heard of them."""
        sensor, post = self.sensors["entree"], self.post("entree")
        sensor.passes([Passage(0, "entree", is_entry=True)] * came)
        early = post._counter._early  # what it keeps until then shows itself nowhere
        last = Totals(sensor.entries, sensor.exits, 16)
        wait_until(lambda: bool(early) and early[-1][1] == last, f"the entrance was to have told of {last}")
        self.came[self.now().replace(second=0, microsecond=0)] += came

    def _show(self, name: str, passages: list[Passage]) -> None:
        sensor, post = self.sensors[name], self.post(name)
        sensor.passes(passages)
        total = (sensor.entries, sensor.exits)
        wait_until(lambda: _told_by(post) == total, f"{name} was to have told of {total}")

    @property
    def inside(self) -> int:
        return self.came.total() - self.left.total()

    def present(self) -> tuple[int, bool]:
        """Return what anybody reads of the pool: how many are inside, and whether that is known."""
        found = [zone for zone in self.desk.zones() if zone.name == POOL]
        return (found[0].present, found[0].known) if found else (-1, False)

    def wait_present(self, people: int) -> None:
        wait_until(lambda: self.present() == (people, True), f"{people} people were to be inside: {self.present()}")

    def day_total(self) -> int:
        return self.desk.zones()[0].day_total

    # -- what is kept ------------------------------------------------------------------------------------------------

    def history(self, since: datetime) -> dict[datetime, HistoryMinute]:
        """Return the minutes from `since` to now; each instant comes once."""
        minutes = self.desk.history(POOL, since, self.now() + MINUTE)
        found = {each.at: each for each in minutes}
        assert len(found) == len(minutes), "a minute comes twice"
        return found

    def day(self, local: str) -> DayOfZone:
        """Return a day as `fmi history` reads it."""
        fmi: Any = self.settings.operations["fmi"]
        days = Days(PARIS, fmi.day_begins)
        return DayOfZone.read(self.desk, POOL, fmi, days, datetime.fromisoformat(local).date())


def _told_by(post: SensorPost) -> tuple[int, int]:
    """Return what a post knows of its sensor since the club knows it, written or not."""
    news = post.look().news
    return (news.readings[-1].entries, news.readings[-1].exits) if news.readings else news.base


@contextmanager
def a_counting_station(club: Any, folder: Path, local: str) -> Iterator[CountingStation]:
    """Open the pool at an hour of the club's wall clock, and end all of it."""
    station = CountingStation(club, folder)
    try:
        station.set_clock(local)
        with living(*station.sensors.values()):
            station.open()
            yield station
            station.stop()
    finally:
        station.close()
