"""A schedule's occurrences once per club: due, made up, missed, interrupted; whatever the clocks do."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from duties import NIGHTLY, OPERATION, PARIS, StationOnDuty, WeatherDatabase, World

from actors.board import OperationState, Run
from actors.schedule.calendar import Every, TimesOfDay
from actors.schedule.clock import ClubClock
from club import DatabaseAway, Runs, Sight, club_time
from config.weekdays import parse_days

HOUR = 3600.0
DAY = 24 * HOUR
TO_NIGHT = 20.5 * HOUR  # the first day is 24 November 2026, 07:40 in Paris; the next occurrence at 04:10


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def station(club: Any, world: World) -> Callable[..., StationOnDuty]:
    def make(name: str = "ACCUEIL", **options: Any) -> StationOnDuty:
        database = club.place.database(world.database_ms, WeatherDatabase)
        database.world = world
        club._open.append(database)
        return StationOnDuty(database, world, name, **options)

    return make


@pytest.fixture
def rows(club: Any) -> Callable[[], list[tuple[str, str]]]:
    def read() -> list[tuple[str, str]]:
        statement = "SELECT occurrence, outcome FROM operation_run WHERE operation = ? ORDER BY occurrence"
        return [(str(name), str(outcome)) for name, outcome in club.sql(statement, OPERATION)]

    return read


Make = Callable[..., StationOnDuty]
Rows = Callable[[], list[tuple[str, str]]]


def test_a_club_begins_with_the_next_occurrence_and_not_with_yesterdays(station: Make, rows: Rows) -> None:
    first = station()
    first.settle()
    assert first.started == []
    assert rows() == [("2026-11-24T04:10", "skipped")]
    assert first.notice.next_run_at == datetime(2026, 11, 25, 3, 10, tzinfo=UTC)


def test_each_night_one_of_several_stations_does_it(station: Make, world: World, rows: Rows) -> None:
    stations = [station(name) for name in ("ACCUEIL", "SERVEUR", "BASSIN")]
    for each in stations:
        each.settle()
    world.seconds += TO_NIGHT
    for _ in range(3):
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(StationOnDuty.settle, stations))
        world.seconds += 40
        for each in stations:
            each.settle()
        world.seconds += DAY - 40
    assert sorted(name for each in stations for name in each.started) == [
        f"2026-11-{day}T04:10" for day in (25, 26, 27)
    ]
    assert rows()[1:] == [(f"2026-11-{day}T04:10", "ok") for day in (25, 26, 27)]


def test_until_it_is_time_the_database_is_asked_once_an_hour(station: Make, world: World) -> None:
    first = station()
    first.settle()
    asked: list[str] = []
    really_look = first.duty._occurrences.look

    def look(names: Sequence[str], until: str) -> Sight:
        asked.append(until)
        return really_look(names, until)

    first.duty._occurrences.look = look  # type: ignore[method-assign]
    for _ in range(10 * 60):
        assert 0 < first.wait_seconds <= 60
        world.seconds += first.wait_seconds
        first.look()
    assert len(asked) == 10


def test_a_night_without_any_station_is_made_up_in_the_morning_and_older_ones_are_told(
    station: Make, world: World, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = station(), station("SERVEUR")
    first.settle()
    world.seconds += 3 * DAY
    first.settle()
    second.settle()
    assert (first.started, second.started) == (["2026-11-27T04:10"], [])
    assert rows()[1:] == [
        ("2026-11-25T04:10", "skipped"),
        ("2026-11-26T04:10", "skipped"),
        ("2026-11-27T04:10", "ok"),
    ]
    summaries = {run.occurrence: run.summary for run in Runs(first._database, "", "").history(OPERATION)}
    assert summaries["2026-11-26T04:10"] == "missed: no station could do it in time"
    assert [record.event for record in caplog.records if record.levelno >= logging.WARNING] == [  # type: ignore[attr-defined]
        "schedule.skipped"
    ]


def test_what_lies_longer_ago_than_the_window_is_not_made_up(station: Make, world: World, rows: Rows) -> None:
    first = station(window=timedelta(hours=1))
    first.settle()
    world.seconds += TO_NIGHT + HOUR + 60
    first.settle()
    assert (first.started, rows()[-1]) == ([], ("2026-11-25T04:10", "skipped"))
    world.seconds += DAY - HOUR
    first.settle()
    assert first.started == ["2026-11-26T04:10"]


def test_a_station_that_was_off_for_years_tells_a_bounded_number(station: Make, world: World, rows: Rows) -> None:
    first = station(schedule=Every(timedelta(minutes=5)), window=timedelta(minutes=30))
    first.settle()
    world.seconds += 800 * DAY
    first.settle()
    assert len(first.started) == 1
    assert len(rows()) == 33
    assert "and so were all before it" in str(Runs(first._database, "", "").history(OPERATION)[-2].summary)
    first.settle()
    assert len(rows()) == 33


def test_while_the_database_is_away_at_the_time_it_waits_and_says_why_and_then_does_it(
    station: Make, world: World, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    first = station()
    first.settle()
    world.seconds += TO_NIGHT
    world.is_away = True
    for _ in range(20):
        first.look()
        assert 0 < first.wait_seconds <= 15
    assert first.notice.state is OperationState.WAITING
    assert "is away" in str(first.notice.reason)
    world.is_away = False
    first.settle()
    assert (first.done, first.notice.state) == (["2026-11-25T04:10"], OperationState.ACTIVE)
    events = [record.event for record in caplog.records if hasattr(record, "event")]
    assert events.count("schedule.database_away") == events.count("schedule.database_back") == 1


def test_an_end_that_the_database_did_not_take_is_written_later_and_nothing_is_done_twice(
    station: Make, world: World, rows: Rows
) -> None:
    first, second = station(), station("SERVEUR")
    first.settle()

    def cut(occurrence: str) -> Run | None:
        first.during = None
        run = first._work(occurrence)
        world.is_away = True
        return run

    first.during = cut
    world.seconds += TO_NIGHT
    first.look()
    assert rows()[-1] == ("2026-11-25T04:10", "running")
    world.is_away = False
    second.settle()
    assert second.started == []
    first.settle()
    assert rows()[-1] == ("2026-11-25T04:10", "ok")
    assert first.done == ["2026-11-25T04:10"]


def test_after_a_crash_in_the_middle_another_station_does_it_once_more(
    station: Make, world: World, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = station(), station("SERVEUR")
    first.settle()
    first.dies_at_work = True
    first.duty._give_back = lambda: None  # type: ignore[method-assign]  # a process that is dead gives nothing back
    world.seconds += TO_NIGHT
    assert not first.look()
    second.settle()
    assert second.started == [], "its lease has not run out"
    for _ in range(5):
        world.seconds += second.wait_seconds
        second.settle()
    assert second.done == ["2026-11-25T04:10"]
    assert rows()[-1] == ("2026-11-25T04:10", "ok")
    assert "schedule.interrupted" in [getattr(record, "event", "") for record in caplog.records]


def test_what_breaks_twice_is_not_tried_a_third_time_that_night(station: Make, world: World, rows: Rows) -> None:
    first = station()
    first.settle()
    first.dies_at_work = True
    world.seconds += TO_NIGHT
    for _ in range(4):
        first.look()
        first.start()
        first.settle()
    assert first.started == ["2026-11-25T04:10"] * 2
    assert rows()[-1] == ("2026-11-25T04:10", "interrupted")
    first.dies_at_work = False
    world.seconds += DAY
    first.settle()
    assert first.done == ["2026-11-26T04:10"]


def test_an_interrupted_run_is_not_taken_up_again_after_its_window(station: Make, world: World, rows: Rows) -> None:
    first = station(window=timedelta(hours=1))
    first.settle()
    first.dies_at_work = True
    world.seconds += TO_NIGHT
    first.look()
    world.seconds += 2 * HOUR
    first.dies_at_work = False
    first.start()
    first.settle()
    assert (first.done, rows()[-1]) == ([], ("2026-11-25T04:10", "interrupted"))


def test_an_actor_that_crashes_is_followed_by_one_that_does_it_once_more(station: Make, world: World) -> None:
    first = station(has_lease=False)
    first.settle()
    first.dies_at_work = True
    world.seconds += TO_NIGHT
    first.look()
    first.dies_at_work = False
    first.next_incarnation()
    first.settle()
    assert first.done == ["2026-11-25T04:10"]


def test_without_a_lease_another_stations_run_is_left_alone(station: Make, world: World, rows: Rows) -> None:
    first, second = station(has_lease=False), station("SERVEUR", has_lease=False)
    first.settle()
    first.dies_at_work = True
    world.seconds += TO_NIGHT
    first.look()
    second.settle()
    assert (second.started, rows()[-1][1]) == ([], "running")
    world.seconds += DAY
    second.settle()
    assert second.done == ["2026-11-26T04:10"]


def test_work_that_is_told_to_stop_is_done_once_more(station: Make, world: World, rows: Rows) -> None:
    first = station()
    first.settle()
    first.during = lambda _: None
    world.seconds += TO_NIGHT
    first.look()
    assert rows()[-1] == ("2026-11-25T04:10", "interrupted")
    first.during = None
    first.start()
    first.settle()
    assert rows()[-1] == ("2026-11-25T04:10", "ok")


def test_who_has_lost_the_lease_begins_and_ends_nothing(station: Make, world: World, rows: Rows) -> None:
    first, second = station(), station("SERVEUR")
    first.settle()

    def outlive(occurrence: str) -> Run | None:
        world.seconds += 60
        second.look()
        world.seconds += 31
        second.settle()  # the first one's lease has run out: this station does it
        assert not first.duty.goes_on()
        first.during = None
        return first._work(occurrence)

    first.during = outlive
    world.seconds += TO_NIGHT
    first.look()
    assert second.done == ["2026-11-25T04:10"]
    (run,) = Runs(first._database, "", "").history(OPERATION, limit=1)
    assert (run.station, run.outcome) == ("SERVEUR", "ok")


def test_under_a_kept_lease_who_holds_it_works_and_who_stands_by_asks_nothing(
    station: Make, world: World, rows: Rows
) -> None:
    first, second = station(borrows=False), station("SERVEUR", borrows=False)
    assert first.lease.acquire()
    first.settle()
    world.seconds += TO_NIGHT
    second.settle()
    assert (second.wait_seconds, second.duty._clock.now()) == (60, None)
    assert first.lease.acquire()
    first.settle()
    assert rows()[-1] == ("2026-11-25T04:10", "ok")
    assert first.lease.is_held, "it is not the duty's to give back"
    first.lease.release()
    assert second.lease.acquire()
    world.seconds += DAY - 5
    assert second.lease.acquire()
    second.settle()
    assert second.wait_seconds == pytest.approx(5, abs=0.01)
    world.seconds += 5
    second.settle()
    assert (first.done, second.done) == (["2026-11-25T04:10"], ["2026-11-26T04:10"])


def test_a_stale_holder_that_does_not_know_it_yet_begins_nothing(
    station: Make, world: World, rows: Rows, club: Any
) -> None:
    first = station(borrows=False)
    assert first.lease.acquire()
    first.settle()
    world.seconds += TO_NIGHT
    assert first.lease.acquire()
    club.sql("UPDATE lease SET token = token + 1, process = 'another' WHERE name = ?", OPERATION)
    assert first.lease.is_held, "as far as it knows"
    first.settle()
    assert (first.started, len(rows())) == ([], 1)


@pytest.mark.parametrize("ahead", [-HOUR, HOUR, 30 * DAY, -30 * DAY])
def test_a_stations_clock_changes_nothing_and_is_told_once(
    station: Make, world: World, ahead: float, caplog: pytest.LogCaptureFixture
) -> None:
    first = station()
    first.settle()
    first.wall_ahead = ahead
    world.seconds += TO_NIGHT - 60
    first.settle()
    assert first.started == []
    assert first.wait_seconds == pytest.approx(60, abs=0.01)
    world.seconds += 60
    first.settle()
    assert first.done == ["2026-11-25T04:10"]
    assert [record.event for record in caplog.records if record.levelno == logging.WARNING] == ["clock.differs"]  # type: ignore[attr-defined]
    first.wall_ahead = 0
    world.seconds += HOUR
    first.settle()
    assert caplog.records[-1].event == "clock.agrees"  # type: ignore[attr-defined]


def test_the_databases_clock_set_back_makes_nothing_run_twice(station: Make, world: World) -> None:
    first = station()
    first.settle()
    world.seconds += TO_NIGHT
    first.settle()
    world.database_ahead -= DAY
    for _ in range(60):
        first.settle()
        world.seconds += HOUR
    assert len(set(first.done)) == len(first.done)
    assert {"2026-11-25T04:10", "2026-11-26T04:10"} <= set(first.done)


def test_what_a_clock_ahead_by_ten_days_skipped_is_done_when_its_time_comes(station: Make, world: World) -> None:
    first = station()
    first.settle()
    world.database_ahead = 10 * DAY
    world.seconds += HOUR
    first.settle()
    assert first.done == ["2026-12-04T04:10"]
    world.database_ahead = 0
    for _ in range(12 * 24):
        world.seconds += HOUR
        first.settle()
    expected = [f"2026-11-{day}T04:10" for day in range(25, 31)] + [
        f"2026-12-{day:02}T04:10" for day in (1, 2, 3, 5, 6)
    ]
    assert first.done[1:] == expected


def test_after_sleep_it_is_done_at_the_first_look(station: Make, world: World) -> None:
    first = station()
    first.settle()
    world.seconds += 30 * HOUR  # the lid was closed
    first.settle()
    assert first.done == ["2026-11-25T04:10"]


def test_other_times_in_the_settings_do_not_bring_back_the_past(station: Make, world: World) -> None:
    station().settle()
    world.seconds += TO_NIGHT
    old = station()
    old.settle()
    assert old.done == ["2026-11-25T04:10"]
    new = station(schedule=TimesOfDay((time(3),), parse_days("mon-sun")))
    new.settle()
    assert new.started == []


def test_runs_on_demand_are_no_occurrence(station: Make, world: World, club: Any) -> None:
    first = station()
    Runs(first._database, "ACCUEIL", "p").record(OPERATION, "ok", 1.0)
    assert first.duty._occurrences.look(["2026-11-24T04:10"], "2026-11-24T07:40").newest is None
    first.settle()
    assert first.started == []


def test_a_name_without_sense_in_the_table_does_not_end_the_schedule(station: Make, club: Any, world: World) -> None:
    first = station()
    first.settle()
    club.sql("UPDATE operation_run SET occurrence = '2026-11-24 zorglub'")
    world.seconds += TO_NIGHT
    first.settle()
    assert first.done == ["2026-11-25T04:10"]


def test_the_clubs_time_is_the_databases(club: Any) -> None:
    assert club_time(club.database()) == datetime(2026, 11, 24, 6, 40, tzinfo=UTC)


def test_a_clock_that_was_never_asked_knows_nothing() -> None:
    clock = ClubClock(lambda: 5.0)

    def away() -> datetime:
        raise DatabaseAway("away")

    with pytest.raises(DatabaseAway):
        clock.measure(away)
    assert (clock.now(), clock.age_seconds()) == (None, float("inf"))
    assert NIGHTLY.of_day(datetime(2026, 3, 29, tzinfo=UTC).date(), PARIS)
