"""When somebody passed whom a sensor tells of later: now, or some time since nobody listened."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fmi_post import EVENTS, TALKS, Time, record, totals

from actors.fmi.drivers.driver import Passages
from actors.fmi.hall import Hall
from actors.fmi.post import SensorPost


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def hall(tmp_path: Path, time: Time) -> Hall:
    return Hall(tmp_path / "kept", time.now, time.monotonic)


def readings(post: SensorPost) -> list[tuple[float | None, float, int, int]]:
    """Return since when and until when each reading counts, in seconds of the test's clock, and what it adds up to."""
    zero = datetime(2026, 11, 24, 9, tzinfo=UTC)
    return [
        (
            None if each.since_at is None else (each.since_at - zero).total_seconds(),
            (each.at - zero).total_seconds(),
            each.entries,
            each.exits,
        )
        for each in post.look().news.readings
    ]


def lives(post: SensorPost, time: Time, seconds: int) -> None:
    for _ in range(seconds):
        time.passes(1)
        post.heard()


def test_the_first_visitor_of_a_morning_came_then_and_not_in_the_middle_of_the_night(hall: Hall, time: Time) -> None:
    """A sensor that was heard all night tells of nobody because nobody passed."""
    post = hall.post("entree")
    post.begin(record(100, 50, (60, 50), time.now()))
    post.opened(TALKS)
    post.see(totals(61, 50))
    lives(post, time, 3600)
    post.see(totals(62, 50))
    assert readings(post) == [(None, 1000, 101, 50), (None, 4600, 102, 50)]


def test_of_those_who_passed_unheard_one_passes_now_when_the_sensor_tells_of_them(hall: Hall, time: Time) -> None:
    """The program was off at night; the sensor lives again at once, and shows its count when somebody passes."""
    seen_at = time.now()
    time.passes(3600)
    post = hall.post("entree")
    post.opened(TALKS)
    post.heard()
    post.begin(record(100, 50, (60, 50), seen_at))
    lives(post, time, 600)
    post.see(totals(64, 50))
    assert readings(post) == [(1000, 4600, 103, 50), (None, 5200, 104, 50)]


def test_when_both_directions_were_passed_unheard_it_is_not_known_who_passes_now(hall: Hall, time: Time) -> None:
    seen_at = time.now()
    time.passes(3600)
    post = hall.post("entree")
    post.opened(TALKS)
    post.heard()
    post.begin(record(100, 50, (60, 50), seen_at))
    lives(post, time, 600)
    post.see(totals(62, 51))
    assert readings(post) == [(1000, 5200, 102, 51)]


def test_a_device_that_is_asked_tells_of_the_whole_stretch_with_its_first_answer(hall: Hall, time: Time) -> None:
    seen_at = time.now()
    time.passes(3600)
    post = hall.post("entree")
    post.opened(TALKS)
    post.begin(record(100, 50, (60, 50), seen_at))
    post.see(totals(64, 50))
    assert readings(post) == [(1000, 4600, 104, 50)]


def test_an_event_is_of_now_however_long_there_was_none(hall: Hall, time: Time) -> None:
    post = hall.post("tourniquet")
    post.begin(record(7, 3, None, time.now()))
    time.passes(600)
    post.opened(EVENTS)
    time.passes(600)
    post.see(Passages(entries=1))
    assert readings(post) == [(None, 2200, 8, 3)]


def test_a_program_that_starts_while_the_database_is_away_keeps_each_minute(hall: Hall, time: Time) -> None:
    seen_at = time.now()
    time.passes(3600)
    post = hall.post("entree")
    post.opened(TALKS)
    post.heard()
    heard_at = time.now()
    for people in range(1, 6):
        lives(post, time, 300)
        post.see(totals(60 + 2 * people - 1, 50))
        post.see(totals(60 + 2 * people, 50))
    post.begin(record(100, 50, (60, 50), seen_at))
    assert readings(post) == [(None, 4600 + 300 * n, 100 + 2 * n, 50) for n in range(1, 6)]
    assert post.look().since_at == heard_at, "it was known all the time, though nobody could write it down"


def test_what_an_earlier_program_kept_is_where_the_next_one_goes_on(hall: Hall, time: Time, tmp_path: Path) -> None:
    seen_at = time.now()
    post = hall.post("entree")
    post.begin(record(100, 50, (60, 50), seen_at))
    post.opened(TALKS)
    time.passes(1800)
    post.see(totals(61, 50))
    hall.keep()
    time.passes(600)
    again = Hall(tmp_path / "kept", time.now, time.monotonic).post("entree")
    again.opened(TALKS)
    again.see(totals(64, 50))
    again.begin(record(100, 50, (60, 50), seen_at))
    assert readings(again)[-1] == (2800, 3400, 104, 50), "not since the database was there last"
