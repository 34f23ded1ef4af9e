"""Attendance in the club's database, on each engine: what two stations count is one number, and nobody is lost."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from club_places import REFUSED
from swimming_pool import POOL, Door, Pool, pool_of, reckoner

from club import Attendance, DatabaseAway, Reading, SensorChange


@pytest.fixture
def pool(club: Any) -> Pool:
    return pool_of(club)


def test_who_comes_in_by_one_station_and_leaves_by_another_is_counted_once(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=5)
    pool.exit.count(exits=2)
    assert pool.present() == (3, True)
    assert club.sql("SELECT zone, present, known, level, day, day_total, present_limit FROM attendance") == [
        (POOL, 3, 1, "normal", "2026-11-24", 5, 10)
    ]
    days = club.sql("SELECT station, name, day, entries, exits FROM fmi_sensor_day ORDER BY station")
    assert days == [("ACCUEIL", "entree", "2026-11-24", 5, 0), ("SERVEUR", "sortie", "2026-11-24", 0, 2)]


def test_what_is_written_again_counts_nobody_again(pool: Pool) -> None:
    """The outcome of a commit may not be known: the station writes the same once more."""
    pool.entrance.pass_(4)
    unsaved = list(pool.entrance.unsaved)
    for _ in range(3):
        pool.entrance.unsaved = list(unsaved)
        pool.entrance.write()
    assert pool.present() == (4, True)
    pool.entrance.unsaved = [Reading(pool.entrance.now(), 2, 0), *unsaved]
    pool.entrance.write()
    assert pool.present() == (4, True)


def test_a_program_that_starts_again_goes_on_where_the_database_stands(club: Any, pool: Pool) -> None:
    pool.entrance.pass_(4)
    pool.entrance.write(memory="[4, 0, 16, null]")
    found = Attendance(club.database(), "ACCUEIL").sensors()["entree"]
    assert (found.entries, found.exits, found.memory, found.known) == (4, 0, "[4, 0, 16, null]", True)
    again = Door(club.database(), "ACCUEIL", club, found.entries, found.exits)
    again.count(exits=1)
    assert pool.present() == (3, True)
    assert Attendance(club.database(), "ACCUEIL").sensors()["entree"].memory == "[4, 0, 16, null]"


def test_yesterdays_database_is_made_up_for_by_the_station_that_counted(club: Any, pool: Pool) -> None:
    """A backup was restored: what the station counted since then is in its readings."""
    pool.entrance.count(entries=6)
    for table in ("attendance", "fmi_sensor", "fmi_sensor_day"):
        club.sql(f"DELETE FROM {table}")
    pool.exit.write()
    pool.entrance.count(entries=1)
    assert pool.present() == (7, True)


def test_a_silent_sensor_makes_the_zone_unknown_since_then_and_others_go_on(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=5)
    pool.live(1)
    pool.exit.known_since = None
    pool.exit.write(known=False, state="silent", reason="the sensor is silent")
    pool.entrance.count(entries=1)
    (zone,) = pool.desk.zones()
    assert (zone.present, zone.known, str(zone.reason)) == (6, False, "the sensor sortie of SERVEUR is silent")
    assert zone.since is not None
    assert f"{zone.since:%H:%M}" == "06:41"
    (_, silent) = pool.desk.sensors("2026-11-24")
    assert (silent.state, silent.reason, silent.known) == ("silent", "the sensor is silent", False)


def test_a_station_that_says_nothing_is_seen_by_the_others(club: Any, pool: Pool) -> None:
    pool.live(1)
    assert pool.present() == (0, True)
    pool.live(1, exit_=False)
    (zone,) = pool.desk.zones()
    assert (zone.known, zone.reason) == (False, "the station SERVEUR says nothing of its sensor sortie")
    pool.live(1)
    assert pool.present() == (0, True)


def test_a_write_tells_of_every_sensor_what_a_look_at_the_database_would(club: Any, pool: Pool) -> None:
    pool.exit.count(exits=2)
    pool.entrance.count(entries=5)
    club.clocks.pass_(26 * 3600)
    pool.entrance.count(entries=1)
    settled = pool.entrance.count(entries=2, exits=1)
    assert settled.sensors == pool.desk.sensors("2026-11-25")
    settled = pool.exit.write(known=False, state="silent")
    assert settled.sensors == pool.desk.sensors("2026-11-25")
    days = [(each.key.name, each.day_entries, each.day_exits) for each in settled.sensors]
    assert days == [("entree", 3, 1), ("sortie", 0, 0)]


def test_a_zone_that_nobody_writes_is_unknown_since_it_was_written_last(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=5)
    club.clocks.pass_(59)
    assert pool.present() == (5, True)
    club.clocks.pass_(3600)
    (zone,) = pool.desk.zones()
    assert (zone.known, f"{zone.since:%H:%M}") == (False, "06:40")


def test_a_limit_that_is_reached_is_told_once_by_whichever_station(club: Any, pool: Pool) -> None:
    for _ in range(12):
        pool.entrance.count(entries=1)
        pool.exit.write()
    assert club.sql("SELECT level, day_level FROM attendance") == [("stop", "normal")]
    sms = club.sql("SELECT body, state, priority, source, category FROM sms ORDER BY id")
    assert sms == [
        (f"{POOL}: present notice", "pending", 0, "fmi", "transactional"),
        (f"{POOL}: present stop", "pending", 0, "fmi", "transactional"),
    ]
    assert club.sql("SELECT recipient, subject, text_body FROM email ORDER BY id") == [
        ("direction@example.org", "F.M.I.", f"{POOL}: present notice"),
        ("direction@example.org", "F.M.I.", f"{POOL}: present stop"),
    ]
    assert club.sql("SELECT count(*) FROM sms WHERE expires_at IS NULL") == [(0,)]


def test_two_stations_that_write_at_the_same_moment_lose_nobody_and_tell_once(club: Any) -> None:
    pool = pool_of(club, limit=30)
    begin, failures = Barrier(2), []

    def come(door: Door) -> None:
        try:
            begin.wait()
            for _ in range(20):
                door.pass_(entries=1)
                while door.unsaved:
                    try:
                        door.write()
                    except DatabaseAway:  # a lock that took longer than the test's short patience: again
                        continue
        except Exception as failure:  # noqa: BLE001  # told by the test's own thread
            failures.append(failure)

    threads = [Thread(target=come, args=(door,)) for door in (pool.entrance, pool.exit)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert pool.present() == (40, True)
    assert club.sql("SELECT count(*) FROM sms WHERE body LIKE '%stop'") == [(1,)]


def test_an_alert_that_is_in_the_outbox_already_is_not_written_twice(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=10)
    (first,) = club.sql("SELECT count(*) FROM sms")
    # As after a restored backup of this table alone.
    club.sql("UPDATE attendance SET told = 'normal', level = 'normal', crossings = 0")
    pool.entrance.write()
    (again,) = club.sql("SELECT count(*) FROM sms")
    assert (first, again) == ((1,), (1,)), "the same second gives the same reference"


def test_a_correction_of_staff_is_applied_and_traced(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=5)
    asked = pool.desk.correct(POOL, "Léa", "recompté à la main", present=8)
    pool.exit.write()
    assert pool.present() == (8, True)
    done = pool.desk.correction(asked)
    assert done is not None
    assert (done.before, done.after, done.author, done.reason, done.error) == (5, 8, "Léa", "recompté à la main", None)
    assert done.applied_at is not None
    pool.exit.write()
    assert len(pool.desk.corrections(POOL)) == 1
    assert pool.desk.correction(asked + 1) is None


def test_who_passed_before_a_count_by_hand_and_is_known_later_changes_no_minute_from_then_on(
    club: Any, pool: Pool
) -> None:
    pool.entrance.count(entries=5)
    pool.exit.pass_(exits=3)  # its station cannot write
    pool.live(4, exit_=False)
    pool.desk.correct(POOL, "Léa", "recompté", present=4)
    pool.entrance.write()
    pool.live(2, exit_=False)
    pool.exit.write()
    assert [(at, present) for at, present, _, _, _ in pool.history()] == [
        ("06:40", 2),
        *((f"06:{minute}", 2) for minute in (41, 42, 43)),
        *((f"06:{minute}", 4) for minute in (44, 45, 46)),
    ]


def test_any_program_may_correct_by_a_plain_insert(club: Any, pool: Pool) -> None:
    club.sql(
        "INSERT INTO attendance_correction (zone, delta, author, reason) VALUES (?, ?, ?, ?)",
        POOL,
        4,
        "accès",
        "groupe",
    )
    club.sql(
        "INSERT INTO attendance_correction (zone, author, reason) VALUES (?, ?, ?)", POOL, "accès", "ni l'un ni l'autre"
    )
    club.sql(
        "INSERT INTO attendance_correction (zone, present, author, reason) VALUES (?, ?, ?, ?)",
        POOL,
        -3,
        "accès",
        "négatif",
    )
    pool.entrance.write()
    rows = "SELECT state, before_present, after_present, error FROM attendance_correction ORDER BY id"
    assert club.sql(rows) == [
        ("applied", 0, 4, None),
        ("failed", None, None, "write either present or delta"),
        ("failed", None, None, "there cannot be -3 people in bassin"),
    ]
    assert pool.present() == (4, True)
    with pytest.raises(REFUSED):
        club.sql("INSERT INTO attendance_correction (zone, delta) VALUES (?, ?)", POOL, 1)


def test_a_number_below_nobody_is_brought_back_and_traced(club: Any, pool: Pool) -> None:
    pool.exit.count(exits=2)
    assert pool.present() == (0, True)
    (own,) = pool.desk.corrections()
    assert (own.kind, own.author, own.before, own.after) == ("below_zero", "Heitz Service", -2, 0)


def test_history_has_a_row_for_each_minute_that_differs_and_tells_them_all(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=5)
    pool.live(10)
    pool.entrance.count(entries=1)
    pool.exit.count(exits=2)
    pool.live(5)
    assert pool.history() == [
        ("06:40", 5, 1, 5, 0),
        *((f"06:{minute}", 5, 1, 0, 0) for minute in range(41, 50)),
        ("06:50", 4, 1, 1, 2),
        *((f"06:{minute}", 4, 1, 0, 0) for minute in range(51, 56)),
    ]
    assert club.sql("SELECT minutes FROM attendance_minute ORDER BY minute_at") == [(1,), (9,), (1,), (5,)]


def test_a_minute_in_which_the_zone_was_unknown_for_a_while_is_unknown(club: Any, pool: Pool) -> None:
    pool.live(2)
    pool.exit.write(known=False)
    pool.exit.known_since = pool.exit.now()
    club.clocks.pass_(10)
    pool.exit.known_since = pool.exit.now()
    pool.exit.write()
    pool.live(2)
    assert [(at, known) for at, _, known, _, _ in pool.history()] == [
        ("06:40", 1),
        ("06:41", 1),
        ("06:42", 0),
        ("06:43", 1),
        ("06:44", 1),
    ]


def away_for(pool: Pool, club: Any, minutes: int) -> None:
    """Let people pass every ten minutes while nothing can be written."""
    for _ in range(minutes // 10):
        club.clocks.pass_(600)
        pool.entrance.pass_(entries=3)
        pool.exit.pass_(exits=1)


def test_an_hour_without_the_database_is_written_into_the_minutes_to_which_it_belongs(club: Any, pool: Pool) -> None:
    pool.live(1)
    away_for(pool, club, 60)
    pool.entrance.write()
    pool.exit.write()
    assert pool.present() == (12, True)
    history = pool.history()
    assert len(history) == 62, "no minute is missing"
    assert [row for row in history if row[3]] == [
        ("06:51", 2, 1, 3, 1),
        ("07:01", 4, 1, 3, 1),
        ("07:11", 6, 1, 3, 1),
        ("07:21", 8, 1, 3, 1),
        ("07:31", 10, 1, 3, 1),
        ("07:41", 12, 1, 3, 1),
    ]
    assert all(known for _, _, known, _, _ in history), "both sensors counted all the time"
    assert [present for _, present, _, _, _ in history] == sorted(present for _, present, _, _, _ in history)


def test_an_hour_in_which_one_station_could_not_write_is_made_up_for_too(club: Any, pool: Pool) -> None:
    pool.live(1)
    for _ in range(6):
        pool.live(10, exit_=False)
        pool.entrance.count(entries=3)
        pool.exit.pass_(exits=1)
    assert [known for _, _, known, _, _ in pool.history()][:4] == [1, 1, 0, 0]
    pool.exit.write()
    assert pool.present() == (12, True)
    history = pool.history()
    assert [row for row in history if row[3]][-1] == ("07:41", 12, 1, 3, 1)
    assert [(at, present) for at, present, _, entries, _ in history if entries] == [
        ("06:51", 2),
        ("07:01", 4),
        ("07:11", 6),
        ("07:21", 8),
        ("07:31", 10),
        ("07:41", 12),
    ]
    assert all(known for _, _, known, _, _ in history)


def test_minutes_of_which_nobody_knows_anything_are_unknown(club: Any, pool: Pool) -> None:
    pool.live(1)
    club.clocks.pass_(1200)  # both programs were off
    for door in (pool.entrance, pool.exit):
        door.known_since = door.now()
        door.write(blind_seconds=1200)
    pool.live(2)
    known = [known for _, _, known, _, _ in pool.history()]
    assert known == [1, 1, *[0] * 19, 1, 1, 1]
    (zone,) = pool.desk.zones()
    assert (zone.known, zone.estimated_since is not None, zone.uncertainty) == (True, True, 2)
    assert zone.since == pool.entrance.known_since


def test_midnight_inside_an_outage_ends_yesterday_with_what_happened_in_it(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=6)
    club.clocks.pass_(12 * 3600)  # 18:40
    pool.exit.pass_(exits=6)
    club.clocks.pass_(12 * 3600)  # 06:40, the database is back
    pool.entrance.pass_(entries=2)
    pool.entrance.write()
    assert pool.present()[0] == 2
    pool.exit.write()
    assert pool.present() == (2, True)
    days = club.sql("SELECT day, entries, exits FROM fmi_sensor_day WHERE entries + exits > 0 ORDER BY day, entries")
    assert days == [("2026-11-24", 0, 6), ("2026-11-24", 6, 0), ("2026-11-25", 2, 0)]
    history = {at: (present, entries, exits) for at, present, _, entries, exits in pool.history(1600)}
    assert history["18:40"] == (0, 0, 6)
    assert history["03:00"][0] == 0


def test_the_databases_clock_set_back_an_hour_loses_nobody_and_begins_no_day(club: Any, pool: Pool) -> None:
    pool.live(3)
    pool.entrance.count(entries=5)
    club.clocks.step_database(-3600)
    pool.entrance.count(entries=1)
    pool.exit.count(exits=2)
    assert pool.present() == (4, True)
    assert sum(entries for _, _, _, entries, _ in pool.history(1) + pool.history(0)) >= 0
    total = club.sql("SELECT sum(entries), sum(exits) FROM attendance_minute")
    assert [tuple(map(int, row)) for row in total] == [(6, 2)]
    assert pool.desk.corrections() == ()


def test_stations_whose_clocks_differ_write_into_the_same_minutes(club: Any, pool: Pool) -> None:
    pool.live(2)
    ahead = pool.exit.now() + timedelta(hours=3)
    change = SensorChange("sortie", POOL, known=True, readings=[Reading(ahead, 2, 0)], since_at=ahead)
    Attendance(club.database(), "SERVEUR").write([change], ahead, reckoner())
    assert [row[:1] + row[3:] for row in pool.history() if row[3]] == [("06:42", 2, 0)]


def test_sensors_that_the_settings_no_longer_name_are_forgotten_and_their_days_are_not(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=1)
    assert Attendance(club.database(), "ACCUEIL").keep_only(["autre"]) == 1
    assert Attendance(club.database(), "ACCUEIL").sensors() == {}
    assert [row.key.name for row in pool.desk.sensors("2026-11-24")] == ["sortie"]
    assert [(day.name, day.entries) for day in pool.desk.sensor_days("2026-11-24")] == [("entree", 1)]


def test_history_is_kept_as_long_as_the_settings_say(club: Any, pool: Pool) -> None:
    pool.entrance.count(entries=1)
    pool.desk.correct(POOL, "Léa", "r", present=2)
    pool.live(2)
    club.clocks.pass_(40 * 86400)
    pool.desk.correct(POOL, "Léa", "not applied yet", present=2)
    pool.live(2)
    assert pool.desk.purge(timedelta(days=50)) == 0
    removed = 0
    while some := pool.desk.purge(timedelta(days=30)):
        removed += some
    assert removed > 0
    left = pool.desk.history(POOL, pool.entrance.now() - timedelta(days=90), pool.entrance.now() + timedelta(minutes=1))
    assert left[0].at > pool.entrance.now() - timedelta(days=30)
    assert "not applied yet" in {each.reason for each in pool.desk.corrections()}
    assert "r" not in {each.reason for each in pool.desk.corrections()}
    assert [day.day for day in pool.desk.sensor_days("2026-11-24") if day.entries] == []


@pytest.mark.engines("sqlite")  # the types of a server keep it
def test_what_another_program_spoils_stops_no_station(club: Any, pool: Pool) -> None:
    club.sql("UPDATE attendance SET balance = 'x', level = 'loud', since = 'yesterday', told = x'ff'")
    club.sql("UPDATE fmi_sensor SET memory = x'ff', since = 'never', entries = 'many'")
    pool.entrance.count(entries=2)
    assert pool.present() == (2, True)


def test_the_database_refuses_less_than_nobody(club: Any, pool: Pool) -> None:
    with pytest.raises(REFUSED):
        club.sql("UPDATE attendance SET present = -1")


def test_the_database_that_is_away_is_told_and_nothing_is_forgotten(club: Any, pool: Pool) -> None:
    pool.entrance.pass_(3)
    with club.blocked(), pytest.raises(DatabaseAway):
        pool.entrance.write()
    pool.entrance.write()
    assert pool.present() == (3, True)
