"""Which occurrences a schedule has: each local time once, in order, never lost, in zones that do everything to it."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.schedule.calendar import (
    Every,
    Occurrence,
    Schedule,
    TimesOfDay,
    between,
    first_instant,
    name_of,
    newest,
    next_after,
)
from config.weekdays import Days, parse_days

PARIS: Final = ZoneInfo("Europe/Paris")
HARD: Final = (
    "Europe/Paris",
    "America/St_Johns",  # went back at one minute past midnight, into the day before
    "America/Sao_Paulo",  # had no midnight in spring
    "Africa/Casablanca",  # four changes in some years, and wintertime in summer
    "Australia/Lord_Howe",  # half an hour
    "Antarctica/Troll",  # two hours
    "Pacific/Apia",  # left out 30 December 2011
    "Asia/Kathmandu",
    "UTC",
)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)

zones = st.sampled_from(HARD).map(ZoneInfo)
instants = st.integers(0, 32 * 365 * 1440).map(lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + minutes * MINUTE)
times = st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=1, max_size=4).map(tuple)
weekdays = st.frozensets(st.integers(0, 6), min_size=1).map(Days)
schedules: st.SearchStrategy[Schedule] = st.one_of(
    st.builds(TimesOfDay, times, weekdays),
    st.builds(TimesOfDay, times, month_day=st.integers(1, 31)),
    st.builds(Every, st.integers(1, 1440).map(lambda minutes: minutes * MINUTE)),
)


def names(occurrences: tuple[Occurrence, ...] | Iterator[Occurrence]) -> list[str]:
    return [each.name for each in occurrences]


def local(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def stretches(zone: ZoneInfo, year: int) -> Iterator[tuple[datetime, datetime]]:
    """The days of a year around each change of the clocks, and some days without one."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    yield first, first + 2 * DAY
    for day in (first + number * DAY for number in range(365)):
        if (day - DAY).astimezone(zone).utcoffset() != day.astimezone(zone).utcoffset():
            yield day - 3 * DAY, day + 2 * DAY


@pytest.mark.parametrize(
    ("zone", "year"),
    [
        ("Europe/Paris", 2026),
        ("America/St_Johns", 2010),
        ("America/Sao_Paulo", 2017),
        ("Africa/Casablanca", 2013),
        ("Australia/Lord_Howe", 2026),
        ("Antarctica/Troll", 2026),
        ("Pacific/Apia", 2011),
    ],
)
def test_each_minute_of_the_calendar_comes_once_when_the_wall_clock_first_gets_there(zone: str, year: int) -> None:
    where = ZoneInfo(zone)
    every_minute = TimesOfDay(tuple(time(*divmod(minute, 60)) for minute in range(1440)))
    for begin, end in stretches(where, year):
        expected = []
        at, reached = begin, begin.astimezone(where).replace(tzinfo=None)
        while (at := at + MINUTE) <= end:  # what a patient person with a pencil would note
            wall = at.astimezone(where).replace(tzinfo=None)
            while reached < wall:
                reached += MINUTE
                expected.append(Occurrence(at, name_of(reached)))
        assert list(between(every_minute, where, begin, end)) == expected


def test_each_time_of_two_years_in_paris_comes_once_and_in_order() -> None:
    schedule = TimesOfDay(tuple(time(hour, minute) for hour in range(24) for minute in range(0, 60, 10)))
    found = list(between(schedule, PARIS, local("2027-01-01T00:00") - MINUTE, local("2028-12-31T23:59")))
    wanted = (datetime.fromisoformat("2027-01-01") + number * 10 * MINUTE for number in range((365 + 366) * 144))
    assert names(iter(found)) == [name_of(wall) for wall in wanted]
    assert all(before.at <= after.at for before, after in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("zone", "year"), [("Europe/Paris", 2026), ("America/St_Johns", 2010), ("Pacific/Apia", 2011), ("UTC", 2028)]
)
def test_an_interval_counts_real_minutes_from_each_midnight(zone: str, year: int) -> None:
    where = ZoneInfo(zone)
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = list(between(Every(15 * MINUTE), where, begin, end))
    assert len(set(names(iter(found)))) == len(found) == (end - begin) // (15 * MINUTE)
    assert {after.at - before.at for before, after in itertools.pairwise(found)} == {15 * MINUTE}


@given(schedules, zones, instants, st.lists(st.integers(0, 6000), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_however_often_one_looks_nothing_is_lost_and_nothing_comes_twice(
    schedule: Schedule, zone: ZoneInfo, begin: datetime, steps: list[int]
) -> None:
    looked_at = [begin + total * MINUTE for total in itertools.accumulate(steps, initial=0)]
    pieces = [list(between(schedule, zone, after, until)) for after, until in itertools.pairwise(looked_at)]
    together = list(itertools.chain(*pieces))
    assert together == list(between(schedule, zone, begin, looked_at[-1]))
    assert [each.at for each in together] == sorted(each.at for each in together)
    assert len(set(names(iter(together)))) == len(together)
    assert all(begin < each.at <= looked_at[-1] for each in together)


@given(schedules, zones, instants)
@settings(max_examples=60, deadline=None)
def test_the_newest_and_the_next_are_neighbours(schedule: Schedule, zone: ZoneInfo, now: datetime) -> None:
    past = newest(schedule, zone, now, 3)
    upcoming = next_after(schedule, zone, now)
    assert len(past) == 3
    assert past[0].at <= now < upcoming.at
    assert list(between(schedule, zone, past[-1].at - MINUTE, now))[-3:] == list(reversed(past))
    assert next(between(schedule, zone, past[0].at, upcoming.at)) == upcoming


@given(times, zones, instants)
@settings(max_examples=60, deadline=None)
def test_where_cron_can_say_it_another_library_says_the_same(
    at: tuple[time, ...], zone: ZoneInfo, now: datetime
) -> None:
    if zone.key in ("Pacific/Apia", "America/St_Johns", "America/Sao_Paulo"):
        return  # changes at midnight: the year of minutes above is the judge there
    begin = now.astimezone(zone)
    expected: set[datetime] = set()
    for each in at:
        expressed = CronSim(f"{each.minute} {each.hour} * * *", begin)
        expected |= {due.astimezone(UTC) for due in itertools.islice(expressed, 400)}
    until = now + 399 * DAY
    assert {each.at for each in between(TimesOfDay(at), zone, now, until)} == {due for due in expected if due <= until}


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-03-29T01:59", "2026-03-29T00:59"),
        ("2026-03-29T02:00", "2026-03-29T01:00"),  # the gap: all of it comes when it ends
        ("2026-03-29T02:30", "2026-03-29T01:00"),
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # the double hour: the first
        ("2026-10-25T03:00", "2026-10-25T02:00"),
    ],
)
def test_the_two_hard_nights_of_paris(wall: str, instant: str) -> None:
    assert first_instant(datetime.fromisoformat(wall), PARIS) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_the_times_of_the_contract_on_working_days() -> None:
    schedule = TimesOfDay((time(23), time(12, 30)), parse_days("mon-sat"))
    found = between(schedule, PARIS, local("2026-11-20T20:00"), local("2026-11-23T23:00"))  # Friday to Monday
    assert names(found) == [
        "2026-11-20T23:00",
        "2026-11-21T12:30",
        "2026-11-21T23:00",
        "2026-11-23T12:30",
        "2026-11-23T23:00",
    ]


@pytest.mark.parametrize(
    ("month_day", "days"),
    [
        (1, ["02-01", "03-01", "04-01"]),
        (29, ["01-29", "02-28", "03-29", "04-29"]),
        (30, ["01-30", "02-28", "03-30", "04-30"]),
        (31, ["01-31", "02-28", "03-31", "04-30"]),
    ],
)
def test_a_month_that_is_too_short_has_it_on_its_last_day(month_day: int, days: list[str]) -> None:
    schedule = TimesOfDay((time(6),), month_day=month_day)
    found = between(schedule, PARIS, local("2027-01-01T12:00"), local("2027-04-30T12:00"))
    assert names(found) == [f"2027-{day}T06:00" for day in days]


def test_a_leap_day_is_a_day_like_any_other() -> None:
    assert names(TimesOfDay((time(6),)).of_day(date(2028, 2, 29), PARIS)) == ["2028-02-29T06:00"]
    assert names(TimesOfDay((time(6),), month_day=30).of_day(date(2028, 2, 29), PARIS)) == ["2028-02-29T06:00"]
    assert names(TimesOfDay((time(6),), month_day=30).of_day(date(2028, 2, 28), PARIS)) == []


def test_the_double_hour_of_an_interval_has_two_names() -> None:
    found = names(Every(timedelta(minutes=30)).of_day(date(2026, 10, 25), PARIS))
    assert found[4:10] == [f"2026-10-25T{at}" for at in ("02:00", "02:30", "02:00+", "02:30+", "03:00", "03:30")]
    assert len(Every(timedelta(hours=1)).of_day(date(2026, 3, 29), PARIS)) == 23


@pytest.mark.parametrize("period", [timedelta(0), timedelta(seconds=90), timedelta(hours=25), -MINUTE])
def test_a_period_that_no_day_can_hold_is_refused(period: timedelta) -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        Every(period)


def test_a_schedule_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing that people agree on"):
        TimesOfDay((time(6),), parse_days("mon"), month_day=1)
    with pytest.raises(ValueError, match="at"):
        TimesOfDay(())
    with pytest.raises(ValueError, match="month_day"):
        TimesOfDay((time(6),), month_day=32)
