"""The housekeeping: once a night, on one station of the club, what is too old leaves the database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actors import housekeeping
from actors.housekeeping import House, HousekeepingActor
from club import Database, Occurrences, Run, Runs
from club.migrations import initialise
from supervisor import ChildSpec, Tree
from supervisor.testing import Stage

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.take_down()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'club.db'}", busy_seconds=5)
    initialise(database)
    yield database
    database.dispose()


def on_duty(stage: Stage, database: Database, name: str, process: str | None = None) -> Tree:
    house = House(name, process or f"process-{name}", (), "fr", PARIS)
    return stage.tree(ChildSpec(id=name, start=HousekeepingActor, args=(house, database)))


def since_yesterday(database: Database) -> None:
    """Let the club know an occurrence of the day before yesterday, so that last night's is due now."""
    day = datetime.now(PARIS) - timedelta(days=2)
    assert Occurrences(database, housekeeping.ID, "SERVEUR", "old").skip(f"{day:%Y-%m-%d}T04:10", "test")


def kept_house(database: Database) -> list[Run]:
    return [run for run in Runs(database, "", "").history(housekeeping.ID) if run.outcome != "skipped"]


def test_of_three_stations_one_cleans_and_says_so_in_the_clubs_language(stage: Stage, database: Database) -> None:
    since_yesterday(database)
    for number in range(3):
        Runs(database, "ACCUEIL", "old").record("email", "ok", number)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE operation_run SET started_ms = 1000 WHERE operation = 'email'")
    trees = {name: on_duty(stage, database, name) for name in ("ACCUEIL", "SERVEUR", "BASSIN")}
    for name, tree in trees.items():
        tree.child(name).ask(housekeeping.Tick())
    [run] = kept_house(database)
    assert (run.station, run.outcome) == ("ACCUEIL", "ok")
    assert run.summary == "3 anciennes exécutions retirées de l'historique"
    assert Runs(database, "", "").history("email") == []


def test_an_idle_station_writes_nothing(stage: Stage, database: Database) -> None:
    tree = on_duty(stage, database, "ACCUEIL")
    tree.child("ACCUEIL").ask(housekeeping.Tick())
    with database.engine.connect() as connection:
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
        for _ in range(5):
            tree.child("ACCUEIL").ask(housekeeping.Tick())
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before


def test_a_database_that_is_away_disturbs_nobody(stage: Stage, tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path / 'nowhere' / 'club.db'}")
    tree = on_duty(stage, away, "ACCUEIL")
    tree.child("ACCUEIL").ask(housekeeping.Tick())
    assert tree.report("ACCUEIL").restarts == 0
    away.dispose()


def test_a_station_that_stops_in_the_middle_leaves_the_rest_to_another(
    stage: Stage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    since_yesterday(database)
    monkeypatch.setattr(Runs, "purge", lambda *_: 5000)
    first = on_duty(stage, database, "ACCUEIL")
    monkeypatch.setattr(HousekeepingActor, "is_stopping", True)
    first.child("ACCUEIL").ask(housekeeping.Tick())
    monkeypatch.undo()
    assert [run.outcome for run in kept_house(database)] in (["interrupted"], ["running"])
    second = on_duty(stage, database, "SERVEUR")
    second.child("SERVEUR").ask(housekeeping.Tick())
    assert [(run.outcome, run.station) for run in kept_house(database)] == [("ok", "SERVEUR")]
