"""Schedules as a model: stations die, sleep and start, clocks step, the database goes: each occurrence is done once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from club_places import ModelPlaces
from duties import OPERATION, PARIS, StationOnDuty, WeatherDatabase, World
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from actors.schedule.calendar import Every, newest

NAMES: Final = ("ACCUEIL", "SERVEUR", "BASSIN")
SCHEDULE: Final = Every(timedelta(hours=6))
WINDOW: Final = timedelta(hours=3)
SETTINGS: Final = settings(
    stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


class ScheduleMachine(RuleBasedStateMachine):
    """Three stations on one database; whatever happens, what was done is counted outside of it."""

    places: ModelPlaces

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.place = self.places.take()
        database = self.place.database(self.world.database_ms, WeatherDatabase)
        assert isinstance(database, WeatherDatabase)
        database.world = self.world
        self.database = database
        self.stations = [
            StationOnDuty(self.database, self.world, name, window=WINDOW, schedule=SCHEDULE) for name in NAMES
        ]
        self.down = dict.fromkeys(NAMES, True)

    def _tick(self) -> None:
        for station in self.stations:
            if self.down[station.name] or station.asleep:
                continue
            if not station.look():  # it died at its work
                self.down[station.name] = True

    @rule(number=st.integers(0, 2))
    def start(self, number: int) -> None:
        station = self.stations[number]
        if self.down[station.name]:
            station.asleep = False
            station.start()
            self.down[station.name] = False

    @rule(number=st.integers(0, 2))
    def kill(self, number: int) -> None:
        self.down[NAMES[number]] = True

    @rule(number=st.integers(0, 2))
    def crash_the_actor(self, number: int) -> None:
        self.stations[number].next_incarnation()

    @rule(number=st.integers(0, 2), asleep=st.booleans())
    def sleep(self, number: int, asleep: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        self.stations[number].asleep = asleep

    @rule(number=st.integers(0, 2), dies=st.booleans())
    def die_at_work(self, number: int, dies: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        self.stations[number].dies_at_work = dies

    @rule(number=st.integers(0, 2), seconds=st.sampled_from([-3600.0, 0.0, 3600.0, 86_400.0]))
    def set_a_stations_clock(self, number: int, seconds: float) -> None:
        self.stations[number].wall_ahead = seconds

    @rule(seconds=st.sampled_from([-86_400.0, -3600.0, 3600.0, 86_400.0]))
    def set_the_databases_clock(self, seconds: float) -> None:
        self.world.database_ahead += seconds

    @rule(is_away=st.booleans())
    def weather(self, is_away: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        self.world.is_away = is_away

    @rule(seconds=st.sampled_from([1.0, 20.0, 61.0, 1800.0, 3 * 3600.0, 7 * 3600.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.seconds += seconds
        self._tick()

    @rule(number=st.integers(0, 2))
    def all_is_well_for_an_hour(self, number: int) -> None:
        self.world.is_away = False
        self.start(number)
        for station in self.stations:
            station.dies_at_work = station.asleep = False
        for seconds in (20, 20, 20, *[600] * 6, 30, 30, 30, 30):  # each station asks for the time once an hour
            self.world.seconds += seconds
            self._tick()
        self._judge()

    def _judge(self) -> None:
        """The newest occurrence has been done, or its window was over before a station saw it, or it broke twice."""
        now = self.world.club_at() - timedelta(minutes=2)
        (occurrence,) = newest(SCHEDULE, PARIS, now, 1)
        statement = "SELECT outcome, started_ms, summary FROM operation_run WHERE operation = ? AND occurrence = ?"
        found = self.place.sql(self.world.database_ms(), statement, OPERATION, occurrence.name)
        assert found, f"{occurrence.name} was never seen"
        outcome, started_ms, summary = found[0]
        started_at = datetime.fromtimestamp(int(started_ms) / 1000, UTC)
        done, started = (
            sum(name == occurrence.name for each in self.stations for name in getattr(each, kind))
            for kind in ("done", "started")
        )
        match str(outcome):
            case "ok":
                assert done == 1
            case "skipped":
                assert done == 0
                was_in_time = timedelta(0) <= started_at - occurrence.at <= WINDOW
                assert not was_in_time or "begins after" in str(summary)
            case "interrupted":
                assert done == 0
                assert started == 2 or now - occurrence.at > WINDOW - timedelta(hours=2)
            case _:
                pytest.fail(f"{occurrence.name} is {outcome} though all was well for an hour")

    @invariant()
    def nothing_is_done_twice_nor_begun_three_times(self) -> None:
        done = Counter(name for station in self.stations for name in station.done)
        started = Counter(name for station in self.stations for name in station.started)
        assert all(count == 1 for count in done.values()), done
        assert all(count <= 2 for count in started.values()), started

    def teardown(self) -> None:
        self.database.dispose()
        self.places.give_back(self.place)


def test_each_occurrence_is_done_once_whatever_happens(model_places: ModelPlaces) -> None:
    class Machine(ScheduleMachine):
        places = model_places

    run_state_machine_as_test(Machine, settings=settings(SETTINGS, max_examples=model_places.examples(30)))


@pytest.mark.engines("sqlite")
def test_the_model_finds_a_club_in_which_each_station_goes_by_itself(model_places: ModelPlaces) -> None:
    class Careless(ScheduleMachine):
        """Each station under an operation's name of its own: no occurrence is unique."""

        places = model_places

        def __init__(self) -> None:
            super().__init__()
            for station in self.stations:
                station.duty._occurrences.operation = station.name

        @rule(number=st.integers(0, 2))
        def start(self, number: int) -> None:
            super().start(number)
            self.stations[number].duty._occurrences.operation = NAMES[number]

    with pytest.raises(BaseException, match=r"Counter|though|assert"):
        run_state_machine_as_test(
            Careless,
            settings=settings(SETTINGS, max_examples=200, phases=(Phase.generate,), report_multiple_bugs=False),
        )
