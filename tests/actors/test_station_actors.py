"""The actors that every station has: leases, heartbeat, settings, registry; in a tree, on a real database."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors import heartbeat, leases, settings_file
from actors.board import Board, OperationState
from actors.heartbeat import HeartbeatActor, Sign
from actors.leases import LeasesActor, Seat
from actors.operation import Wake
from actors.registry import Apply, RegistryActor
from actors.settings_file import SettingsActor
from club import Database, Lease, Stations, Times
from club.migrations import initialise
from config import UNCHECKED, Problem, Settings, SettingsFile, SettingsSchema
from config.sentence import Sentence
from supervisor import ChildSpec, SupervisedActor, Tree
from supervisor.testing import Stage

SETTINGS = """
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
"""


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.take_down()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'club.db'}", busy_seconds=0.1)
    initialise(database)
    yield database
    database.dispose()


@pytest.fixture
def board() -> Board:
    return Board(lambda: datetime.now(UTC))


def child(name: str, actor: type[SupervisedActor], *args: object) -> ChildSpec:
    return ChildSpec(id=name, start=actor, args=args)


class Station:
    """One station's leases actor, looking only when the test says so."""

    def __init__(self, stage: Stage, database: Database, board: Board, name: str, *retired: Lease) -> None:
        self.lease = Lease(database, "email", name, f"process-{name}", times=Times(clock=stage.clock.monotonic))
        self.woken: list[str] = []
        self._name = name
        seats = (Seat("email", self.lease, board.desk(name)),) if not retired else ()
        tree: Tree = stage.tree(child(name, LeasesActor, database, seats, retired, self._tell))
        self._ref = tree.child(name)

    def _tell(self, operation: str, message: object) -> bool:
        assert message == Wake()
        self.woken.append(operation)
        return True

    def look(self) -> None:
        self._ref.ask(leases.LookNow())


def test_one_station_works_and_the_other_stands_by_and_says_for_whom(
    stage: Stage, database: Database, board: Board
) -> None:
    first = Station(stage, database, board, "ACCUEIL")
    first.look()
    second = Station(stage, database, board, "SERVEUR")
    second.look()
    assert (first.lease.is_held, second.lease.is_held) == (True, False)
    assert (first.woken, second.woken) == (["email"], [])
    notice = board.notices()["SERVEUR"]
    assert (notice.state, notice.holder) == (OperationState.STANDBY, "ACCUEIL")


def test_a_lease_that_is_held_is_renewed_and_wakes_nobody_again(stage: Stage, database: Database, board: Board) -> None:
    station = Station(stage, database, board, "ACCUEIL")
    station.look()
    for _ in range(5):
        stage.clock.advance(15)  # longer than two looks, shorter than the lease: it looked by itself meanwhile
        station.look()
        assert station.lease.is_held
    assert station.woken == ["email"]


def test_the_lease_of_an_operation_that_left_the_station_is_given_back(
    stage: Stage, database: Database, board: Board
) -> None:
    first = Station(stage, database, board, "ACCUEIL")
    first.look()
    Station(stage, database, board, "retiring", first.lease).look()
    second = Station(stage, database, board, "SERVEUR")
    second.look()
    assert second.lease.is_held


def test_a_database_that_is_away_is_told_at_the_desk_of_each_operation(
    stage: Stage, board: Board, tmp_path: Path
) -> None:
    away = Database(f"sqlite:///{tmp_path / 'nowhere' / 'club.db'}")
    station = Station(stage, away, board, "ACCUEIL")
    station.look()
    notice = board.notices()["ACCUEIL"]
    assert notice.state is OperationState.WAITING
    assert "nowhere" in str(notice.reason)
    away.dispose()


def test_tables_of_a_newer_version_end_the_hold(stage: Stage, database: Database, board: Board, tmp_path: Path) -> None:
    station = Station(stage, database, board, "ACCUEIL")
    station.look()
    with closing(sqlite3.connect(tmp_path / "club.db")) as connection, connection:
        connection.execute(
            "INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (999, 'later', 999, '9.9')"
        )
    for _ in range(30):  # it asks for the version now and then only
        station.look()
    assert not station.lease.is_held
    assert "9.9" in str(board.notices()["ACCUEIL"].reason)


def test_the_heartbeat_tells_the_club_how_the_station_is(stage: Stage, database: Database) -> None:
    sign = Sign("ACCUEIL", "process", "1.2.3")
    args = (Stations(database), sign, lambda: "attention", lambda: ("email",))
    tree = stage.tree(child("heartbeat", HeartbeatActor, *args))
    tree.child("heartbeat").ask(heartbeat.Beat())
    (seen,) = Stations(database).list()
    assert (seen.name, seen.version, seen.state, seen.holds) == ("ACCUEIL", "1.2.3", "attention", ("email",))


def test_the_heartbeat_outlives_a_database_that_is_away(stage: Stage, tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path / 'nowhere' / 'club.db'}")
    args = (Stations(away), Sign("A", "p", "1"), lambda: "active", tuple)
    tree = stage.tree(child("heartbeat", HeartbeatActor, *args))
    tree.child("heartbeat").ask(heartbeat.Beat())
    assert tree.report("heartbeat").restarts == 0
    away.dispose()


class Following:
    """A settings actor over a file that the test rewrites."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.path = folder / "heitz-service.toml"
        self.path.write_text(SETTINGS, "utf-8")
        file = SettingsFile(self.path, SettingsSchema(operations={"email": UNCHECKED}, station_tables={}))
        file.load()
        self.loaded: list[Settings] = []
        self.refused: list[tuple[Problem, ...]] = []
        tree = stage.tree(child("settings", SettingsActor, file, self.loaded.append, self.refused.append))
        self._ref = tree.child("settings")

    def look(self, times: int = 4) -> None:
        for _ in range(times):
            self._ref.ask(settings_file.Look())


def test_new_settings_are_handed_on_once(stage: Stage, tmp_path: Path) -> None:
    following = Following(stage, tmp_path)
    following.path.write_text(SETTINGS.replace("Forme et Santé", "Aqua"), "utf-8")
    following.look()
    assert [settings.club.name for settings in following.loaded] == ["Aqua"]


def test_a_bad_file_is_told_once_and_its_mending_too(stage: Stage, tmp_path: Path) -> None:
    following = Following(stage, tmp_path)
    following.path.write_text("[club", "utf-8")
    following.look()
    following.path.write_text(SETTINGS, "utf-8")
    following.look()
    assert [bool(problems) for problems in following.refused] == [True, False]
    assert len(following.loaded) == 1


class Plan:
    """Stands for the station's plan: gives the specs that the test wants, or its error."""

    def __init__(self, specs: Callable[[Settings], tuple[ChildSpec, ...]]) -> None:
        self.specs = specs
        self.overtaken = lambda: None
        self.settle = lambda: False


def test_the_registry_applies_settings_and_says_when_it_cannot(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS, "utf-8")
    settings = SettingsFile(path, SettingsSchema(operations={}, station_tables={})).load()

    def specs(wanted: Settings) -> tuple[ChildSpec, ...]:
        wanted.station("WEB" if applied else "ACCUEIL")  # the second time the station is gone from the file
        return ()

    applied: list[tuple[Settings, tuple[ChildSpec, ...]]] = []
    problems: list[Sentence | None] = []
    plan: Any = Plan(specs)
    args = (plan, lambda *each: applied.append(each), problems.append)
    registry = stage.tree(child("registry", RegistryActor, *args)).child("registry")
    registry.ask(Apply(settings))
    registry.ask(Apply(settings))
    assert applied == [(settings, ())]
    assert [problem is None for problem in problems] == [True, False]
    assert "WEB" in str(problems[1])
