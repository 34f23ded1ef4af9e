"""Attendance by its own actors while the database is away, through the quiet hour, and as the clocks are moved."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from counting_station import MINUTE, PARIS, POOL, CountingStation, a_counting_station, wait_until

from actors.board import OperationState
from service.fmi_csv import csv_of

Opened = Callable[[str], CountingStation]


@pytest.fixture
def opened(club: Any, tmp_path: Path) -> Iterator[Opened]:
    with ExitStack() as all_of_it:
        yield lambda local: all_of_it.enter_context(a_counting_station(club, tmp_path, local))


@contextmanager
def away(station: CountingStation, *, is_locked: bool = False) -> Iterator[None]:
    """Have the database away, or locked by another program; one person comes, and the station sees that it cannot
    write of him.
    """
    with station.club.blocked() if is_locked else station.cut():
        station.pass_(came=1)
        wait_until(lambda: state(station) is OperationState.WAITING, "the database was to be missed")
        yield


def state(station: CountingStation) -> OperationState:
    return station.board.notices()["fmi"].state


def each_minute_is_true(station: CountingStation, since: datetime, inside: int = 0) -> None:
    """Compare the history with what really passed: no minute is lost, comes twice, or is called unknown."""
    found, at = station.history(since), since
    while at <= station.now():
        inside += station.came[at] - station.left[at]
        minute = found.pop(at)
        assert (minute.entries, minute.exits) == (station.came[at], station.left[at]), at
        assert (minute.present, minute.known) == (inside, True), at
        at += MINUTE
    assert not found


@pytest.mark.parametrize("is_locked", [False, True])
def test_an_hour_without_the_database_loses_no_person_and_no_minute(opened: Opened, *, is_locked: bool) -> None:
    station = opened("2025-06-02 15:00:00")
    began_at = station.now()
    with away(station, is_locked=is_locked):
        for minute in range(60):
            station.club.clocks.pass_(60)
            station.pass_(came=minute % 3, left=minute % 2 if minute > 10 else 0)
        assert station.present()[0] != station.inside, "nothing can have been written"
    station.wait_present(station.inside)
    each_minute_is_true(station, began_at)
    assert station.day_total() == station.came.total()
    wait_until(lambda: state(station) is OperationState.ACTIVE, "all was to be well again")
    station.club.clocks.pass_(20)
    station.pass_(came=1)
    station.wait_present(station.inside)
    assert station.desk.corrections() == ()
    assert [(each["in"], each["out"]) for each in station.day("2025-06-02").document()["sensors"]] == [
        (station.came.total(), 0),
        (0, station.left.total()),
    ]


def test_the_quiet_hour_inside_an_outage_ends_the_day_once_and_each_day_has_its_own(opened: Opened) -> None:
    station = opened("2025-06-02 21:30:00")
    station.pass_(came=8)
    station.wait_present(8)
    with away(station):  # somebody comes
        began_at = station.now()
        station.set_clock("2025-06-02 23:10:00")
        station.pass_(left=7)  # two are never seen to leave
        station.set_clock("2025-06-03 08:05:00")
        station.pass_(came=3)
        station.set_clock("2025-06-03 08:20:00")
        station.pass_(came=2, left=1)
        station.set_clock("2025-06-03 08:30:00")
    station.wait_present(4)
    assert station.day_total() == 5
    assert [(each.kind, each.before, each.after) for each in station.desk.corrections()] == [("new_day", 2, 0)]
    found = station.history(began_at)
    assert len(found) == 11 * 60 + 1, "a minute is missing"
    assert all(each.known for each in found.values())
    new_day = datetime(2025, 6, 3, 4, tzinfo=PARIS)
    # A first word says nothing of who was inside before: so until a day begins.
    assert [at for at, each in found.items() if each.estimated] == [at for at in found if at < new_day]
    clock = {f"{at.astimezone(PARIS):%H:%M}": each for at, each in found.items()}
    shown = {at: clock[at].present for at in ("22:59", "23:10", "03:59", "04:00", "08:04", "08:05", "08:20", "08:30")}
    assert shown == {
        "22:59": 9,
        "23:10": 2,
        "03:59": 2,
        "04:00": 0,
        "08:04": 0,
        "08:05": 3,
        "08:20": 4,
        "08:30": 4,
    }
    passed = {each: [(s["in"], s["out"]) for s in station.day(each).document()["sensors"]] for each in DAYS}
    assert passed == {DAYS[0]: [(9, 0), (0, 7)], DAYS[1]: [(5, 0), (0, 1)]}


DAYS = ("2025-06-02", "2025-06-03")


def test_a_restart_inside_such_an_outage_counts_the_morning_in_the_morning(opened: Opened) -> None:
    """The PC begins afresh at night, as after an update; its sensors have power."""
    station = opened("2025-06-02 21:30:00")
    station.pass_(came=2)
    station.wait_present(2)
    with away(station):
        station.set_clock("2025-06-02 22:00:00")
        station.pass_(left=3)
        station.stop()
        station.set_clock("2025-06-03 06:00:00")
        station.start()
        station.wait_heard()
        for local in ("2025-06-03 08:40:00", "2025-06-03 08:50:00", "2025-06-03 09:00:00"):
            station.set_clock(local)
            station.pass_before_the_database(came=10)
    station.wait_present(30)
    assert station.day_total() == 30
    found = station.history(station.now() - timedelta(minutes=30))
    entered = [(f"{at:%M}", each.present, each.entries) for at, each in found.items() if each.entries]
    assert entered == [("40", 10, 10), ("50", 20, 10), ("00", 30, 10)]


def test_the_hour_that_autumn_shows_twice_is_counted_twice_and_doubled_nowhere(opened: Opened) -> None:
    """A night at the pool, 26 October 2025: three o'clock becomes two o'clock, and the database is away around it."""
    station = opened("2025-10-26 01:20:00")
    began_at = station.now()
    with away(station):
        at = began_at
        while at < datetime(2025, 10, 26, 2, 20, tzinfo=UTC):
            at += timedelta(minutes=10)
            station.club.clocks.database_ms = int(at.timestamp() * 1000)
            station.pass_(came=2, left=1)
    station.wait_present(station.inside)
    each_minute_is_true(station, began_at)
    assert station.desk.corrections() == ()
    assert station.day_total() == station.came.total() == 37

    day = station.day("2025-10-25")  # until four in the morning
    assert (day.ends_at - day.begins_at) == timedelta(hours=25)
    shown = {each["from"]: (each["in"], each["out"], each["unknown_minutes"]) for each in day.stretches()}
    assert [shown[each] for each in ("02:00 (1)", "02:30 (1)", "02:00 (2)", "02:30 (2)")] == [(6, 3, 0)] * 4
    assert sum(came for came, _, _ in shown.values()) == 37

    lines = list(csv.DictReader(io.StringIO(csv_of(day, "en"))))
    assert len(lines) == len({each["at"] for each in lines}) == 3 * 60 + 1
    assert [each["at"] for each in lines if each["time"] == "02:10"] == [
        "2025-10-26T02:10:00+02:00",
        "2025-10-26T02:10:00+01:00",
    ]
    assert sum(int(each["in"]) for each in lines) == 37
    station.set_clock("2025-10-26 04:00:10")
    station.pass_(came=1)
    station.wait_present(1)
    station.set_clock("2025-10-26 04:00:40")
    station.pass_(came=1)
    station.wait_present(2)
    assert [(each.kind, each.before, each.after) for each in station.desk.corrections()] == [("new_day", 19, 0)]


def test_a_clock_that_somebody_sets_back_an_hour_loses_nobody(opened: Opened) -> None:
    """Both clocks, the PC's and the database's, in the middle of a day on which the people were counted by hand."""
    station = opened("2025-10-26 10:00:00")
    station.pass_(came=20)
    station.wait_present(20)
    station.desk.correct(POOL, "Léa", "recompté", present=18)
    station.wait_present(18)
    station.set_clock("2025-10-26 09:00:10")
    station.pass_(came=3)
    station.wait_present(21)
    station.set_clock("2025-10-26 09:00:40")
    station.pass_(came=1, left=2)
    station.wait_present(20)
    assert station.day_total() == 24
    assert [each.kind for each in station.desk.corrections()] == ["staff"]
    total = station.club.sql("SELECT sum(entries), sum(exits) FROM attendance_minute")
    assert [tuple(map(int, row)) for row in total] == [(24, 2)]


def test_what_was_counted_by_hand_while_no_station_ran_holds_for_when_it_was_written(opened: Opened) -> None:
    station = opened("2025-06-02 14:00:00")
    station.pass_(came=20)
    station.wait_present(20)
    station.stop()
    station.set_clock("2025-06-02 15:00:00")
    station.desk.correct(POOL, "Léa", "recompté", present=17)
    station.pass_unheard(came=5)
    station.set_clock("2025-06-02 17:00:00")
    station.start()
    station.wait_heard()
    wait_until(lambda: station.desk.corrections()[0].applied_at is not None, "it was to be applied")
    station.set_clock("2025-06-02 17:00:10")
    station.pass_(came=1)
    station.wait_present(23)
    assert station.desk.zones()[0].estimated_since is not None, "who came before, and who after, nobody knows"


def test_a_count_by_hand_of_yesterday_does_not_fill_the_empty_pool_of_today(opened: Opened) -> None:
    station = opened("2025-06-02 20:00:00")
    station.stop()
    asked = station.desk.correct(POOL, "Léa", "recompté", present=42)
    station.set_clock("2025-06-03 08:00:00")
    station.start()
    station.wait_heard()
    wait_until(lambda: told(station, asked) is not None, "it was to be answered")
    assert "has ended" in str(told(station, asked))
    station.wait_present(0)


def told(station: CountingStation, asked: int) -> str | None:
    found = station.desk.correction(asked)
    return None if found is None else found.error
