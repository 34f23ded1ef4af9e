"""Attendance as a model: whatever is written late, twice or after a crash, the number and each minute are true."""

from datetime import UTC, datetime, timedelta

import attrs
from club_places import FIRST_DAY_MS, ModelPlaces
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from swimming_pool import DOORS, POOL, Door, reckoner

from club import Attendance, AttendanceDesk

SETTINGS = settings(stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
STATIONS = tuple(DOORS)
MINUTE = timedelta(minutes=1)
EVENING_MS = FIRST_DAY_MS + 19 * 3_600_000
"""No day begins in the model: what it does with people who stay is tested by itself."""


@attrs.define
class Clock:
    """The one clock of the model, in the shape of a club's."""

    database_ms: int = FIRST_DAY_MS

    @property
    def clocks(self) -> "Clock":
        return self


class PoolMachine(RuleBasedStateMachine):
    """Two doors on two stations; the model knows who is inside, and when each came and went."""

    places: ModelPlaces

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.place = self.places.take()
        self.database = self.place.database(lambda: self.clock.database_ms, busy_seconds=5)
        self.desk = AttendanceDesk(self.database)
        self.reckoner = reckoner(limit=None)
        self.doors = {station: self._door(station) for station in STATIONS}
        self.inside = 0
        self.was_below = False
        """Somebody went out before it was written that he had come in: minutes of then are floored, and not exact."""
        self.passed: list[tuple[datetime, int, int]] = []
        self.counted_at: list[datetime] = []
        self.began_at = self.now()
        for door in self.doors.values():
            door.known_since = self.now()
            door.write()

    def _door(self, station: str) -> Door:
        return Door(self.database, station, self.clock, rules=self.reckoner)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.database_ms / 1000, UTC)

    @rule(station=st.sampled_from(STATIONS), came=st.integers(0, 3), left=st.integers(0, 3))
    def pass_(self, station: str, came: int, left: int) -> None:
        left = min(left, self.inside + came)
        self.doors[station].pass_(came, left)
        self.passed.append((self.now(), came, left))
        self.inside += came - left

    @rule(seconds=st.sampled_from([1, 20, 59, 61, 300, 1200]))
    def time_passes(self, seconds: int) -> None:
        self.clock.database_ms = min(EVENING_MS, self.clock.database_ms + seconds * 1000)

    @rule(station=st.sampled_from(STATIONS))
    def write(self, station: str) -> None:
        self._write(self.doors[station])

    def _write(self, door: Door) -> None:
        self.clock.database_ms += 1  # no two commits at the same instant
        (zone,) = door.write().zones
        self.was_below |= zone.balance < 0

    @rule(station=st.sampled_from(STATIONS))
    def write_and_not_hear_of_it(self, station: str) -> None:
        """The commit succeeds and its answer is lost: all of it is written once more later, with what follows."""
        door = self.doors[station]
        unsaved = list(door.unsaved)
        self._write(door)
        door.unsaved = unsaved

    @rule(station=st.sampled_from(STATIONS))
    def crash(self, station: str) -> None:
        """The program dies, and its next run knows what the local file and the database tell it."""
        dead = self.doors[station]
        found = Attendance(self.database, station).sensors()[dead.name]
        again = self._door(station)
        again.known_since = dead.known_since
        again.entries, again.exits = found.entries, found.exits
        for reading in dead.unsaved:  # of the file: each minute as it stood
            again.unsaved.append(reading)
            again.entries, again.exits = max(again.entries, reading.entries), max(again.exits, reading.exits)
        self.doors[station] = again

    @rule()
    def everything_is_written(self) -> None:
        for door in self.doors.values():
            self._write(door)
        (zone,) = self.desk.zones()
        assert (zone.present, zone.known) == (self.inside, True)
        assert zone.day_total == sum(came for _, came, _ in self.passed)
        assert [each.kind for each in self.desk.corrections()] == ["staff"] * len(self.counted_at)
        self.each_minute_is_true()

    @rule()
    def somebody_counts(self) -> None:
        """A person who counts finds what is true, and the number stays so."""
        for door in self.doors.values():
            self._write(door)
        self.desk.correct(POOL, "Léa", "counted", present=self.inside)
        self._write(self.doors[STATIONS[0]])
        self.counted_at.append(self.now())

    def each_minute_is_true(self) -> None:
        last = self.now().replace(second=0)
        found = {each.at: each for each in self.desk.history(POOL, self.began_at, self.now() + MINUTE)}
        at, present = self.began_at, 0
        while at <= last:
            passed = [(came, left) for when, came, left in self.passed if at <= when < at + MINUTE]
            came, left = sum(each[0] for each in passed), sum(each[1] for each in passed)
            present += came - left
            minute = found.pop(at)
            assert (minute.entries, minute.exits, minute.known) == (came, left, True), at
            assert minute.present == present or self.was_below, at
            at += MINUTE
        assert not found

    def teardown(self) -> None:
        try:
            self.everything_is_written()
        finally:
            self.database.dispose()
            self.places.give_back(self.place)


def test_no_one_is_lost_or_invented_and_every_minute_is_true(model_places: ModelPlaces) -> None:
    class Machine(PoolMachine):
        places = model_places

    examples = model_places.examples(on_a_file=45)
    run_state_machine_as_test(Machine, settings=settings(SETTINGS, max_examples=examples, phases=[Phase.generate]))
