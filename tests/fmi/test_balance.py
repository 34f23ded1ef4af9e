"""A sensor that begins to miss one direction is found by its own other days; chance and one-way doors are not."""

from random import Random

from actors.fmi.balance import suspicions
from club import SensorDay, SensorKey

TODAY = "2026-11-24"


def day(name: str, date: str, entries: int, exits: int) -> SensorDay:
    return SensorDay("ACCUEIL", name, date, entries, exits, 0, 0)


def weeks(name: str, entries: int, exits: int) -> list[SensorDay]:
    return [day(name, f"2026-11-{number}", entries, exits) for number in range(10, 24)]


def test_a_sensor_that_misses_exits_is_named() -> None:
    found = suspicions([*weeks("entree", 500, 500), day("entree", TODAY, 510, 340)], TODAY)
    assert [(each.key, each.share, each.usual) for each in found] == [(SensorKey("ACCUEIL", "entree"), 60, 50)]
    assert "60 % entries, usually 50 %" in str(found[0].sentence)


def test_a_door_through_which_people_only_leave_is_as_it_should_be() -> None:
    assert suspicions([*weeks("sortie", 2, 600), day("sortie", TODAY, 3, 580)], TODAY) == ()


def test_the_worst_is_told_first() -> None:
    days = [*weeks("a", 500, 500), *weeks("b", 500, 500), day("a", TODAY, 500, 330), day("b", TODAY, 500, 100)]
    assert [each.key.name for each in suspicions(days, TODAY)] == ["b", "a"]


def test_few_passages_and_new_sensors_tell_nothing() -> None:
    assert suspicions([*weeks("a", 500, 500), day("a", TODAY, 20, 5)], TODAY) == ()
    assert suspicions([*weeks("a", 500, 500)[:2], day("a", TODAY, 500, 5)], TODAY) == ()
    assert suspicions([*weeks("a", 0, 0), day("a", TODAY, 500, 5)], TODAY) == ()


def test_chance_alone_accuses_nobody() -> None:
    dice, accused = Random(1), 0
    for _ in range(300):
        days = []
        for date in [f"2026-11-{number}" for number in range(10, 25)]:
            entries = sum(dice.random() < 0.5 for _ in range(400))
            days.append(day("a", date, entries, 400 - entries))
        accused += len(suspicions(days, TODAY))
    assert accused == 0
