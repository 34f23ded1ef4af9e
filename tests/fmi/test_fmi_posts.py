"""What a sensor said is at its post, in the hall, whatever happens to actors, settings, database and program."""

from pathlib import Path

import attrs
import pytest
from fmi_post import EVENTS, TALKS, Time, last_reading, record, totals

from actors.fmi.counter import Counter
from actors.fmi.counting import Held, Reset
from actors.fmi.drivers.driver import Passages
from actors.fmi.hall import Hall
from actors.fmi.post import SensorState
from config.sentence import Sentence

AWAY = Sentence.of("nothing is plugged in")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def hall(tmp_path: Path, time: Time) -> Hall:
    return Hall(tmp_path / "kept", time.now, time.monotonic)


def test_who_passed_while_no_program_ran_is_in_the_sensors_first_word(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.opened(TALKS)
    post.see(totals(17, 4))  # the database is away: nobody knows yet what that means
    assert post.look().news.readings == ()
    post.begin(record(100, 50, (10, 2), time.now()))
    assert last_reading(post) == (107, 52)


def test_the_first_word_ever_is_where_counting_begins(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.opened(TALKS)
    post.begin(None)
    post.see(totals(4711, 4700))
    assert post.look().news.readings == ()
    assert post.look().news.strays == 1
    post.see(totals(4712, 4700))
    assert last_reading(post) == (1, 0)


def test_a_device_seen_to_be_plugged_in_is_counted_from_zero(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(record(100, 50, (60, 50), time.now()))
    post.opened(TALKS)
    post.heard()
    post.away(AWAY, is_unplugged=True)
    time.passes(40)
    post.opened(TALKS)
    post.heard()
    assert post.look().news.blind_seconds == 40  # before anybody passes
    post.see(totals(70, 3))
    assert last_reading(post) == (170, 53)


def test_a_device_with_power_of_its_own_counts_on_while_it_is_unplugged(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(record(100, 50, (60, 50), time.now()))
    powered = attrs.evolve(TALKS, forgets_when_unplugged=False)
    post.opened(powered)
    post.heard()
    post.away(AWAY, is_unplugged=True)
    time.passes(40)
    post.opened(powered)
    post.see(totals(70, 53))
    assert last_reading(post) == (110, 53)
    assert post.look().news.blind_seconds == 0


def test_a_sensor_is_unknown_when_it_is_silent_away_unattended_or_not_heard_yet(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(None)
    assert post.look().state is SensorState.UNATTENDED
    post.come_by()
    assert post.look().state is SensorState.STARTING
    post.opened(TALKS)
    assert post.look().state is SensorState.STARTING
    post.heard()
    assert post.look().known
    time.passes(2.1)
    post.come_by()
    assert post.look().state is SensorState.SILENT
    post.heard()
    assert post.look().known
    post.away(AWAY, is_unplugged=False)
    assert (post.look().state, post.look().reason) == (SensorState.AWAY, AWAY)
    post.opened(TALKS)
    post.heard()
    time.passes(3)  # its actor hangs, or was crashed: nobody comes by
    assert post.look().state is SensorState.UNATTENDED
    post.heard()
    post.left()
    assert not post.look().known
    assert post.is_left


def test_a_port_whose_opening_takes_long_stays_away_and_does_not_flap(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.away(AWAY, is_unplugged=False)
    time.passes(6)
    assert (post.look().state, post.look().reason) == (SensorState.AWAY, AWAY)
    time.passes(20)
    assert post.look().state is SensorState.UNATTENDED


def test_a_sensor_of_which_only_noise_comes_says_so(hall: Hall, time: Time) -> None:
    noise = Sentence.of("what arrives is not from such a sensor")
    post = hall.post("entree")
    post.opened(TALKS)
    post.read(noise)
    assert (post.look().state, post.look().reason) == (SensorState.STARTING, noise)
    post.heard()
    for _ in range(4):
        time.passes(1)
        post.come_by()
        post.read(noise)
    assert (post.look().state, post.look().reason) == (SensorState.SILENT, noise)


def test_much_noise_is_remarked_though_the_sensor_counts(hall: Hall, time: Time) -> None:
    noise = Sentence.of("what arrived was damaged")
    post = hall.post("entree")
    post.opened(TALKS)
    for number in range(100):
        post.heard()
        post.read(noise if number % 3 == 0 else None)
    assert post.look().known
    assert post.look().remark == noise


def test_known_since_is_when_it_was_heard_again_not_when_it_was_written(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.opened(TALKS)
    post.heard()
    since = time.now()
    for _ in range(10):
        time.passes(1)
        post.heard()
    assert post.look().since_at == since


def test_events_that_nobody_heard_are_missed_and_said_to_be(hall: Hall, time: Time) -> None:
    post = hall.post("tourniquet")
    post.begin(None)
    post.opened(EVENTS)
    assert post.look().known  # it may be silent
    post.see(Passages(entries=2))
    time.passes(30)
    post.come_by()
    time.passes(5)  # its actor crashed, and the next one opens the port
    post.opened(EVENTS)
    assert post.look().news.blind_seconds == 5
    post.see(Passages(exits=1))
    assert last_reading(post) == (2, 1)


def test_events_while_the_program_was_off_are_missed_too(hall: Hall, time: Time) -> None:
    seen_at = time.now()
    time.passes(600)
    post = hall.post("tourniquet")
    post.opened(EVENTS)
    post.begin(record(7, 3, None, seen_at))
    assert post.look().news.blind_seconds == 600


def test_a_reset_is_as_blind_as_the_longest_gap_before_it(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(record(100, 50, (600, 550), time.now()))
    post.opened(TALKS)
    post.see(totals(601, 550))
    time.passes(8)
    finding = post.see(totals(2, 0))
    assert isinstance(finding, Reset)
    assert last_reading(post) == (103, 50)
    assert post.look().news.blind_seconds == 8


def test_a_jump_that_nobody_can_believe_is_held_and_not_counted(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(record(100, 50, (10, 10), time.now()))
    post.opened(TALKS)
    assert isinstance(post.see(totals(30_000, 10)), Held)
    assert post.look().news.readings == ()
    assert post.look().finding is not None


def test_what_was_saved_is_not_news_any_more_and_what_came_meanwhile_is(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(record(0, 0, (0, 0), time.now()))
    post.opened(TALKS)
    post.see(totals(3))
    news = post.look().news
    post.see(totals(5))  # while the database writes
    post.saved(news)
    assert last_reading(post) == (5, 0)
    post.saved(post.look().news)
    assert not post.look().news.is_something


def test_an_hour_without_the_database_is_kept_minute_by_minute(hall: Hall, time: Time) -> None:
    post = hall.post("entree")
    post.begin(record(0, 0, (0, 0), time.now()))
    post.opened(TALKS)
    for people in range(1, 3601):
        time.passes(1)
        post.see(totals(people))
    readings = post.look().news.readings
    assert 59 <= len(readings) <= 61
    assert readings[-1].entries == 3600
    assert len({reading.at.replace(second=0, microsecond=0) for reading in readings}) == len(readings)


def test_events_outlive_a_program_that_is_killed_before_the_database_took_them(
    hall: Hall, time: Time, tmp_path: Path
) -> None:
    post = hall.post("tourniquet")
    post.begin(record(10, 5, None, time.now()))
    post.opened(EVENTS)
    post.see(Passages(entries=1))
    post.see(Passages(entries=2, exits=1))
    killed = Hall(tmp_path / "kept", time.now, time.monotonic)
    again = killed.post("tourniquet")
    again.begin(record(10, 5, None, time.now()))
    assert last_reading(again) == (13, 6)


def test_what_the_database_took_before_the_kill_is_not_counted_twice(hall: Hall, time: Time, tmp_path: Path) -> None:
    post = hall.post("tourniquet")
    post.begin(record(10, 5, None, time.now()))
    post.opened(EVENTS)
    post.see(Passages(entries=3, exits=1))
    killed = Hall(tmp_path / "kept", time.now, time.monotonic).post("tourniquet")
    killed.begin(record(13, 6, None, time.now()))  # the commit was through, the file not yet emptied
    assert not killed.look().news.readings


def test_events_before_the_database_was_ever_reached_are_kept_too(hall: Hall, time: Time, tmp_path: Path) -> None:
    post = hall.post("tourniquet")
    post.opened(EVENTS)
    post.see(Passages(entries=4))
    second = Hall(tmp_path / "kept", time.now, time.monotonic).post("tourniquet")
    second.opened(EVENTS)
    second.see(Passages(entries=1))
    third = Hall(tmp_path / "kept", time.now, time.monotonic).post("tourniquet")
    third.begin(record(100, 50, None, time.now()))
    assert last_reading(third) == (105, 50)


def test_the_file_is_emptied_when_all_is_saved(hall: Hall, time: Time, tmp_path: Path) -> None:
    post = hall.post("tourniquet")
    post.begin(record(0, 0, None, time.now()))
    post.opened(EVENTS)
    post.see(Passages(entries=1))
    assert "tourniquet" in (tmp_path / "kept").read_text()
    post.saved(post.look().news)
    hall.keep_less()
    assert "tourniquet" not in (tmp_path / "kept").read_text()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sensors": {"x": 3}}', b"\xff\xfe", b'{"sensors": 4}'])
def test_a_spoilt_file_is_left_aside(content: bytes, tmp_path: Path, time: Time) -> None:
    (tmp_path / "kept").write_bytes(content)
    hall = Hall(tmp_path / "kept", time.now, time.monotonic)
    post = hall.post("entree")
    post.begin(record(1, 1, (1, 1), time.now()))
    post.opened(TALKS)
    post.see(totals(2, 1))
    assert last_reading(post) == (2, 1)


def test_a_folder_that_takes_no_file_costs_no_count(
    tmp_path: Path, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path / "missing" / "kept", time.now, time.monotonic)
    post = hall.post("tourniquet")
    post.begin(None)
    post.opened(EVENTS)
    for _ in range(3):
        post.see(Passages(entries=1))
    assert last_reading(post) == (3, 0)
    assert [each for each in caplog.records if getattr(each, "event", "") == "fmi.not_kept"][1:] == []  # said once


def test_a_restored_backup_gets_what_it_lacks(time: Time) -> None:
    counter = Counter(None, time.now)
    counter.begin(record(50, 20, (50, 20), time.now()))
    counter.see(totals(60, 20))
    kept = counter.unsaved()
    older = Counter(kept, time.now)
    older.begin(record(30, 10, (30, 10), time.now()))
    assert older.news().readings[-1].entries == 40  # the ten that no database took, on what this one has


def test_near_its_end_a_device_that_was_reset_is_told_from_one_that_wrapped(time: Time) -> None:
    memory = Counter(None, time.now)
    memory.begin(record(0, 0, (65_400, 65_380), time.now()))
    time.passes(1)
    assert isinstance(memory.see(totals(1, 0)), Reset)
    assert memory.news().readings[-1].entries == 1


@pytest.mark.parametrize(("entries", "exits", "said"), [(1, 1, "1 entry and 1 exit"), (30_000, 0, "0 exits")])
def test_a_jump_is_told_in_whole_words(entries: int, exits: int, said: str) -> None:
    assert said in str(Held(entries, exits, is_final=True).sentence)
    assert said in str(Held(entries, exits, is_final=False).sentence)
