"""Zones by pure arithmetic: several sensors, doors between zones, sums, staff, days, corrections, what is unknown."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from fmi_sums import (
    ENTRANCE,
    NOW,
    POOL,
    SPA,
    STAIRS,
    by_name,
    picture,
    reckoner,
    sensor,
    step,
)

from actors.fmi.days import Days
from actors.fmi.reckoning import Crossing, SettingsReckoner
from actors.fmi.zones import SensorRule, ZoneRule, uncertainty_of, unseen_people
from club.attendance_records import (
    Alert,
    Blind,
    Correction,
    Step,
    ZoneRecord,
)


def test_who_comes_in_and_goes_on_to_the_pool_is_in_the_pool() -> None:
    zones = by_name(reckoner().settle(picture(steps=[step(ENTRANCE, 7), step(STAIRS, 5, 1), step(ENTRANCE, 0, 1)])))
    assert {name: zone.present for name, zone in zones.items()} == {"bassin": 4, "gradins": 2, "tous": 6}


def test_the_days_total_of_a_sum_counts_nobody_twice_who_goes_from_one_zone_to_another() -> None:
    zones = by_name(reckoner().settle(picture(steps=[step(ENTRANCE, 7), step(STAIRS, 5, 5), step(STAIRS, 5)])))
    # Who comes back from the pool to the gallery comes into the gallery again, and not into the house.
    assert {name: zone.day_total for name, zone in zones.items()} == {"bassin": 10, "gradins": 12, "tous": 7}


def test_a_zone_is_known_when_all_its_sensors_are_and_a_sum_when_all_its_zones_are() -> None:
    blind = {ENTRANCE: sensor(ENTRANCE, known=False, since=NOW - timedelta(minutes=3)), STAIRS: sensor(STAIRS)}
    settled = reckoner().settle(picture(sensors=blind))
    zones = by_name(settled)
    assert {name: zone.known for name, zone in zones.items()} == {"bassin": True, "gradins": False, "tous": False}
    assert zones["gradins"].since == NOW - timedelta(minutes=3)
    assert zones["gradins"].reason == "the sensor entree of ACCUEIL is silent"
    assert zones["bassin"].since == NOW - timedelta(hours=2)
    assert zones["bassin"].reason is None


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ({}, "has not counted yet"),
        ({STAIRS: sensor(STAIRS, seen_at=None)}, "has not counted yet"),
        ({STAIRS: sensor(STAIRS, seen_at=NOW - timedelta(minutes=1))}, "says nothing"),
    ],
)
def test_a_sensor_of_which_nothing_is_heard_makes_its_zone_unknown(records: Any, reason: str) -> None:
    zone = by_name(reckoner(POOL).settle(picture(sensors=records)))["bassin"]
    assert not zone.known
    assert reason in str(zone.reason)


def test_a_sensor_that_the_settings_no_longer_name_makes_nobody_unknown() -> None:
    others = {STAIRS: sensor(STAIRS), SPA: sensor(SPA, known=False)}
    assert by_name(reckoner(POOL).settle(picture(sensors=others)))["bassin"].known


def test_a_zone_without_sensors_is_unknown_and_says_so() -> None:
    spa = by_name(reckoner(ZoneRule("spa", limit=0)).settle(picture()))["spa"]
    assert (spa.known, spa.present, spa.level) == (False, 0, "normal")
    assert spa.reason == "no sensor of the settings counts for this zone"


def test_nobody_is_less_than_nobody_and_it_is_traced() -> None:
    settled = reckoner(POOL).settle(picture(steps=[step(STAIRS, 0, 3)]))
    zone = by_name(settled)["bassin"]
    assert (zone.present, zone.balance) == (0, 0)
    (own,) = settled.own
    assert (own.zone, own.kind, own.before, own.after) == ("bassin", "below_zero", -3, 0)
    after = by_name(reckoner(POOL).settle(picture([zone], [step(STAIRS, 2)])))["bassin"]
    assert after.present == 2
    assert after.uncertainty >= 3


def test_while_a_sensor_is_silent_the_number_may_wait_below_nobody_for_what_it_has_yet_to_say() -> None:
    """Somebody came in by a door whose station the network has lost, and leaves by another: nobody is invented."""
    sensors = (SensorRule(STAIRS, "bassin"), SensorRule(SPA, "bassin"))
    silent = {STAIRS: sensor(STAIRS), SPA: sensor(SPA, seen_at=NOW - timedelta(hours=1))}
    first = reckoner(POOL, sensors=sensors).settle(picture(sensors=silent, steps=[step(STAIRS, 0, 1)]))
    zone = by_name(first)["bassin"]
    assert (zone.known, zone.present, zone.balance, first.own) == (False, 0, -1, ())
    late = Step(SPA, "bassin", None, NOW - timedelta(minutes=30), NOW - timedelta(minutes=30), 1, 0)
    both = {STAIRS: sensor(STAIRS), SPA: sensor(SPA)}
    second = reckoner(POOL, sensors=sensors).settle(picture([zone], [late], sensors=both))
    zone = by_name(second)["bassin"]
    assert (zone.known, zone.present, zone.balance, second.own) == (True, 0, 0, ())


def test_staff_who_came_through_the_sensors_are_not_counted() -> None:
    rule = attrs.evolve(POOL, staff=3)
    zone = by_name(reckoner(rule).settle(picture(steps=[step(STAIRS, 5)])))["bassin"]
    assert (zone.present, zone.day_total) == (2, 2)
    asked = Correction(1, "bassin", 6, None, "Léa", "counted", NOW)
    settled = reckoner(rule).settle(picture([zone], corrections=[asked]))
    assert by_name(settled)["bassin"].present == 6
    assert (settled.applied[0].before, settled.applied[0].after) == (2, 6)


def test_a_new_day_begins_with_nobody_inside_and_what_was_left_is_traced() -> None:
    yesterday = by_name(reckoner(POOL).settle(picture(steps=[step(STAIRS, 9, 2)])))["bassin"]
    later = NOW + timedelta(hours=18)
    sensors = {STAIRS: sensor(STAIRS, seen_at=later)}
    settled = reckoner(POOL).settle(picture([yesterday], now=later, sensors=sensors))
    zone = by_name(settled)["bassin"]
    assert (zone.day, zone.present, zone.day_total, zone.uncertainty) == ("2026-11-25", 0, 0, 0)
    assert [(own.kind, own.before, own.after) for own in settled.own] == [("new_day", 7, 0)]


def test_a_clock_that_is_set_back_begins_no_day_a_second_time() -> None:
    today = by_name(reckoner(POOL).settle(picture(steps=[step(STAIRS, 9)])))["bassin"]
    back = NOW - timedelta(days=1)
    settled = reckoner(POOL).settle(picture([today], now=back, sensors={STAIRS: sensor(STAIRS, seen_at=back)}))
    assert (by_name(settled)["bassin"].day, by_name(settled)["bassin"].present) == ("2026-11-24", 9)
    assert settled.own == ()


def test_the_hour_that_autumn_repeats_begins_one_day() -> None:
    days = Days(ZoneInfo("Europe/Paris"), time(2, 30))
    zone = ZoneRecord("bassin")
    kept = []
    for minute in range(0, 240, 10):
        now = datetime(2026, 10, 24, 23, 0, tzinfo=UTC) + timedelta(minutes=minute)
        here = {STAIRS: sensor(STAIRS, seen_at=now)}
        rules = reckoner(POOL, days=days)
        settled = rules.settle(picture([zone], [step(STAIRS, 1, at=now)], now=now, sensors=here))
        zone = by_name(settled)["bassin"]
        kept += [own.before for own in settled.own]
    assert kept == [9]
    assert (zone.day, zone.present) == ("2026-10-25", 15)


def test_what_happened_before_the_day_began_and_is_known_only_now_belongs_to_the_day_before() -> None:
    """Midnight inside an outage: the database was away from evening to morning, the sensors counted on."""
    evening = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    here = {STAIRS: sensor(STAIRS, seen_at=evening)}
    zone = by_name(reckoner(POOL).settle(picture(steps=[step(STAIRS, 8, at=evening)], now=evening, sensors=here)))[
        "bassin"
    ]
    late = [step(STAIRS, 0, 8, at=evening + timedelta(hours=2)), step(STAIRS, 2, at=NOW - timedelta(hours=1))]
    settled = reckoner(POOL).settle(picture([zone], late))
    zone = by_name(settled)["bassin"]
    assert (zone.present, zone.day_total, settled.own) == (2, 2, ())
    assert [(each.entries, each.exits, each.until_at is None) for each in settled.minutes] == [
        (0, 8, False),
        (2, 0, True),
    ]


def test_a_stretch_in_which_a_day_began_counts_from_its_middle_and_is_uncertain() -> None:
    """The PC was off from evening to morning, the sensor was not: who came when is not known."""
    evening = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    here = {STAIRS: sensor(STAIRS, seen_at=evening)}
    zone = by_name(reckoner(POOL).settle(picture(steps=[step(STAIRS, 8, at=evening)], now=evening, sensors=here)))[
        "bassin"
    ]
    stretch = step(STAIRS, 1, 8, at=datetime(2026, 11, 24, 7, 0, tzinfo=UTC), since=evening)
    settled = reckoner(POOL).settle(picture([zone], [stretch]))
    zone = by_name(settled)["bassin"]
    assert (zone.present, zone.lost) == (0, 8)
    assert zone.estimated_since == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert [(own.kind, own.before) for own in settled.own] == [("new_day", 1)]


def test_people_counted_by_somebody_replace_the_number_and_its_uncertainty() -> None:
    zone = ZoneRecord("bassin", day="2026-11-24", balance=40, passages=900, lost=7, estimated_since=NOW, day_entries=50)
    asked = Correction(1, "bassin", 31, None, "Léa", "counted", NOW)
    zone = by_name(reckoner(POOL).settle(picture([zone], corrections=[asked])))["bassin"]
    assert (zone.present, zone.uncertainty, zone.estimated_since, zone.day_total) == (31, 0, None, 50)
    before = [step(STAIRS, 5, at=NOW - timedelta(minutes=9)), step(STAIRS, 1, at=NOW + timedelta(seconds=9))]
    zone = by_name(reckoner(POOL).settle(picture([zone], before)))["bassin"]
    assert (zone.present, zone.day_total) == (32, 56), "who came before is among those who were counted"


@pytest.mark.parametrize(
    ("zone", "present", "delta", "error"),
    [
        ("bassin", None, -6, "there cannot be -1 people in bassin"),
        ("bassin", -1, None, "there cannot be -1 people in bassin"),
        ("bassin", 10**9, None, "there cannot be 1000000000 people in bassin"),
        ("bassin", None, None, "write either present or delta"),
        ("bassin", 1, 1, "write either present or delta"),
        ("tous", 1, None, "tous is a sum: correct one of bassin, gradins"),
        ("sauna", 1, None, "there is no zone sauna"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_and_says_why(
    zone: str, present: int | None, delta: int | None, error: str
) -> None:
    asked = Correction(1, zone, present, delta, "Léa", "r", NOW - timedelta(hours=1))
    settled = reckoner().settle(picture(steps=[step(STAIRS, 5)], corrections=[asked]))
    assert [each.error for each in settled.applied] == [error]
    assert by_name(settled)["bassin"].present == 5


def test_a_correction_of_a_zone_that_only_newer_settings_know_waits_for_them() -> None:
    asked = Correction(1, "sauna", 1, None, "Léa", "r", NOW - timedelta(minutes=1))
    assert reckoner().settle(picture(corrections=[asked])).applied == ()


def test_uncertainty_grows_with_passages_as_a_random_walk_does() -> None:
    known = [uncertainty_of(ZoneRecord("z", passages=passages)) for passages in (0, 1, 100, 4000, 10000)]
    assert known == [0, 1, 3, 18, 28]
    assert uncertainty_of(ZoneRecord("z", passages=4000, lost=5)) == 23


@pytest.mark.parametrize(
    ("day_passages", "seconds", "people"), [(0, 0, 0), (0, 5, 1), (1400, 3, 1), (1400, 600, 50), (1400, 3600, 300)]
)
def test_how_many_may_have_passed_unseen(day_passages: int, seconds: float, people: int) -> None:
    assert unseen_people(day_passages, seconds) == people


def test_after_a_sensor_was_blind_the_number_is_an_estimate_until_somebody_counts() -> None:
    blind = [Blind(STAIRS, "bassin", "gradins", 60.0, 0, 280)]
    zones = by_name(reckoner().settle(picture(steps=[step(ENTRANCE, 4)], blind=blind)))
    assert zones["bassin"].estimated_since == NOW - timedelta(minutes=1)
    assert (zones["bassin"].uncertainty, zones["gradins"].uncertainty) == (1, 2)
    assert zones["bassin"].known
    asked = Correction(1, "bassin", 0, None, "Léa", "counted", NOW)
    after = by_name(reckoner().settle(picture(list(zones.values()), corrections=[asked])))["bassin"]
    assert (after.estimated_since, after.uncertainty) == (None, 0)


def alert(crossing: Crossing) -> list[Alert]:
    return [Alert("sms", "+33639981234", f"{crossing.of} {crossing.level}", crossing.reference)]


def told(rules: SettingsReckoner, present: Sequence[int]) -> list[str]:
    zone, bodies = ZoneRecord("bassin", day="2026-11-24"), []
    for people in present:
        asked = Correction(1, "bassin", people, None, "Léa", "counted", NOW)
        settled = rules.settle(picture([zone], corrections=[asked]))
        zone = by_name(settled)["bassin"]
        bodies += [each.body for each in settled.alerts]
    return bodies


def test_each_crossing_is_told_once_also_when_the_number_wobbles() -> None:
    numbers = [7, 8, 9, 8, 9, 10, 9, 10, 11, 10, 8, 10, 9, 3, 10]
    assert told(reckoner(POOL, announce=alert), numbers) == [
        "present notice",
        "present stop",
        "present stop",
        "present stop",
    ]


def test_the_days_total_is_told_once_too() -> None:
    rules = reckoner(POOL, announce=alert)
    zone = ZoneRecord("bassin", day="2026-11-24", day_entries=78)
    bodies = []
    for _ in range(30):
        settled = rules.settle(picture([zone], [step(STAIRS, 1, 1)]))
        zone = by_name(settled)["bassin"]
        bodies += [each.body for each in settled.alerts]
    assert bodies == ["day notice", "day warning", "day stop"]


def test_two_crossings_never_share_a_reference() -> None:
    references = []
    zone = ZoneRecord("bassin", day="2026-11-24")
    for people in [10, 0] * 20:
        asked = Correction(1, "bassin", people, None, "Léa", "counted", NOW)
        settled = reckoner(POOL, announce=alert).settle(picture([zone], corrections=[asked]))
        zone = by_name(settled)["bassin"]
        references += [each.reference for each in settled.alerts]
    assert len(references) == len(set(references)) == 20


def test_while_a_zone_is_unknown_no_level_rises_or_falls() -> None:
    full = ZoneRecord("bassin", day="2026-11-24", balance=12, level="stop", told="stop")
    silent = {STAIRS: sensor(STAIRS, known=False)}
    settled = reckoner(POOL, announce=alert).settle(picture([full], [step(STAIRS, 0, 12)], sensors=silent))
    zone = by_name(settled)["bassin"]
    assert (zone.known, zone.present, zone.level, settled.alerts) == (False, 0, "stop", ())
