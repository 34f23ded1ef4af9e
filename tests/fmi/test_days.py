"""A day is one stretch of time with one name, on days of 23 and 25 hours, too."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.fmi.days import Days

PARIS = ZoneInfo("Europe/Paris")
AUTUMN = date(2026, 10, 25)
SPRING = date(2026, 3, 29)


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-24T03:59:59", "2026-11-23"),
        ("2026-11-24T04:00:00", "2026-11-24"),
        ("2026-11-24T23:59:59", "2026-11-24"),
        ("2026-11-25T00:00:00", "2026-11-24"),
        ("2027-01-01T01:00:00", "2026-12-31"),
    ],
)
def test_a_day_ends_at_the_quiet_hour(local: str, day: str) -> None:
    assert Days(PARIS).key(datetime.fromisoformat(local).replace(tzinfo=PARIS)) == day


@pytest.mark.parametrize("quiet", [time(0), time(2), time(2, 30), time(3), time(4)])
@pytest.mark.parametrize("changes", [AUTUMN, SPRING])
def test_no_day_comes_twice_when_the_clock_is_moved(quiet: time, changes: date) -> None:
    days = Days(PARIS, quiet)
    at = datetime.combine(changes - timedelta(days=1), time(12), UTC)
    seen = [days.key(at + minute * timedelta(minutes=1)) for minute in range(2880)]
    assert seen == sorted(seen)
    assert len(set(seen)) == 3


def test_in_autumn_a_day_begins_at_the_first_of_two_half_past_two() -> None:
    days = Days(PARIS, time(2, 30))
    assert days.begins_at(AUTUMN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = datetime(2026, 10, 25, 2, 10, tzinfo=PARIS, fold=1)
    assert days.day_of(second) == AUTUMN


@given(
    st.integers(0, 20 * 366 * 86400),
    st.times(),
    st.sampled_from(["Europe/Paris", "UTC", "Indian/Reunion", "America/Cayenne", "Pacific/Noumea"]),
)
def test_an_instant_lies_in_its_day(seconds: int, quiet: time, zone: str) -> None:
    days, at = (
        Days(ZoneInfo(zone), quiet.replace(microsecond=0)),
        datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds),
    )
    day = days.day_of(at)
    assert days.begins_at(day) <= at < days.begins_at(day + timedelta(days=1))
