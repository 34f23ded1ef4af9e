"""Corrections that nobody answers for, or that come late; and a clock that was set back since somebody counted."""

from datetime import timedelta

import pytest
from fmi_sums import NOW, POOL, STAIRS, by_name, picture, reckoner, step

from club.attendance_records import Correction, ZoneRecord


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (Correction(1, "bassin", 4, None, " ", "counted", NOW), "a correction needs an author and a reason"),
        (Correction(1, "bassin", 4, None, "Léa", "", NOW), "a correction needs an author and a reason"),
        (Correction(1, "bassin", None, 0, "Léa", "counted", NOW), "a difference of 0 corrects nothing"),
        # Written at three in the morning, when it was still yesterday.
        (
            Correction(1, "bassin", 4, None, "Léa", "counted", NOW - timedelta(hours=8)),
            "the day in which it was written has ended meanwhile",
        ),
        (
            Correction(1, "bassin", None, 4, "Léa", "garden", NOW - timedelta(hours=8)),
            "the day in which it was written has ended meanwhile",
        ),
    ],
)
def test_a_correction_that_nobody_answers_for_or_that_is_of_yesterday_is_refused(asked: Correction, error: str) -> None:
    settled = reckoner().settle(picture(steps=[step(STAIRS, 5)], corrections=[asked]))
    assert [each.error for each in settled.applied] == [error]
    assert by_name(settled)["bassin"].present == 5


def test_people_who_were_counted_an_hour_ago_have_been_joined_by_who_came_since() -> None:
    """No station counted while they were: what its sensors saw comes in the same transaction."""
    zone = ZoneRecord("bassin", day="2026-11-24", balance=40, passages=60, lost=7, estimated_since=NOW, day_entries=50)
    asked = Correction(1, "bassin", 31, None, "Léa", "counted", NOW - timedelta(hours=1))
    steps = [
        step(STAIRS, 9, at=NOW - timedelta(minutes=61)),  # among those counted
        step(STAIRS, 3, 1, at=NOW - timedelta(minutes=50)),
        step(STAIRS, 2, at=NOW - timedelta(minutes=2)),
    ]
    settled = reckoner(POOL).settle(picture([zone], steps, corrections=[asked]))
    zone = by_name(settled)["bassin"]
    assert (zone.present, zone.day_total, zone.anchor_at) == (35, 64, asked.created_at)
    assert [(each.before, each.after) for each in settled.applied] == [(53, 35)]
    late = [step(STAIRS, 8, at=NOW - timedelta(minutes=70)), step(STAIRS, 0, 4, at=NOW - timedelta(minutes=30))]
    assert by_name(reckoner(POOL).settle(picture([zone], late)))["bassin"].present == 31, "another station's, later"


def test_more_than_were_counted_may_have_left_since_and_nobody_is_less_than_nobody() -> None:
    zone = ZoneRecord("bassin", day="2026-11-24", balance=40)
    asked = Correction(1, "bassin", 3, None, "Léa", "counted", NOW - timedelta(hours=1))
    steps = [step(STAIRS, 0, 5, at=NOW - timedelta(minutes=50))]
    settled = reckoner(POOL).settle(picture([zone], steps, corrections=[asked]))
    assert by_name(settled)["bassin"].present == 0
    assert [(each.kind, each.before, each.after) for each in settled.own] == [("below_zero", -2, 0)]


def test_a_correction_from_a_clock_that_is_ahead_is_one_of_now() -> None:
    asked = Correction(1, "bassin", 31, None, "Léa", "counted", NOW + timedelta(hours=2))
    zone = by_name(reckoner(POOL).settle(picture(steps=[step(STAIRS, 5)], corrections=[asked])))["bassin"]
    assert (zone.present, zone.anchor_at) == (31, NOW)


def test_after_the_clock_was_set_back_who_passes_is_not_taken_for_one_of_those_counted() -> None:
    anchor = NOW + timedelta(minutes=50)
    zone = ZoneRecord("bassin", day="2026-11-24", balance=31, anchor_at=anchor, day_entries=50)
    steps = [step(STAIRS, 2, at=NOW - timedelta(minutes=5)), step(STAIRS, 1)]  # the database was away for a while
    zone = by_name(reckoner(POOL).settle(picture([zone], steps)))["bassin"]
    assert zone.present == 34
    zone = by_name(reckoner(POOL).settle(picture([zone], [step(STAIRS, 1, at=NOW + timedelta(seconds=9))])))["bassin"]
    assert zone.present == 35


def test_a_clock_that_is_slewed_changes_nothing() -> None:
    anchor = NOW + timedelta(seconds=2)
    zone = ZoneRecord("bassin", day="2026-11-24", balance=31, anchor_at=anchor, day_entries=50)
    late = [step(STAIRS, 8, at=NOW - timedelta(minutes=70))]
    assert by_name(reckoner(POOL).settle(picture([zone], late)))["bassin"].present == 31
