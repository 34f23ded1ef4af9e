"""The station as one piece: composed, crashed, stopped, and remembered by its next run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from actors.registry import Identity
from club import Database
from club.migrations import initialise
from config import SettingsFile
from config.sentence import SentenceError
from service.channel.handshake import make_key
from service.control import Handlers
from service.instance import control_address
from service.paths import Folders
from service.roster import ROSTER, settings_schema
from service.station import Channel, Station
from supervisor import RootEnd

SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
[email]
station = "ACCUEIL"
[email.smtp]
host = "127.0.0.1"
port = 1
security = "none"
sender = "club@example.org"
"""


class Stranger:
    """A message that no actor knows."""

    def __repr__(self) -> str:
        return "jeanne.martin@example.org"


@pytest.fixture
def start(home: Folders, tmp_path: Path) -> Iterator[Callable[[], Station]]:
    database = Database(f"sqlite:///{tmp_path / 'club.db'}")
    initialise(database)
    database.dispose()
    (tmp_path / "heitz-service.toml").write_text(SETTINGS, "utf-8")
    with ExitStack() as stack:

        def compose() -> Station:
            followed = SettingsFile(tmp_path / "heitz-service.toml", settings_schema())
            followed.load()
            channel = Channel(control_address("ACCUEIL", home), make_key(home))
            identity = Identity("ACCUEIL", "0.1.0", f"process-{monotonic()}")
            station = Station(identity, followed, ROSTER, home.of("ACCUEIL"), channel, Event())
            station.start()
            stack.callback(station.stop)
            return station

        yield compose


def actor(station: Station, path: str) -> dict[str, Any]:
    return next(actor for actor in station.describe("en")["actors"] if actor["path"] == path)


def wait_until(is_so: Callable[[], bool]) -> None:
    until = monotonic() + 20
    while not is_so():
        assert monotonic() < until, "it did not happen"
        Event().wait(0.02)


def test_the_tree_is_the_one_that_the_readme_draws(start: Callable[[], Station]) -> None:
    paths = [report.path for report in start().tree.which_children()]
    assert paths == ["control", "registry", "settings", "heartbeat", "housekeeping", "leases", "email"]


def test_a_crash_is_told_restarted_and_remembered_by_the_next_run(start: Callable[[], Station]) -> None:
    first = start()
    wait_until(lambda: actor(first, "email")["state"] == "running")
    first.tree.child("email").tell(Stranger())
    wait_until(lambda: actor(first, "email")["restarts"] == 1 and actor(first, "email")["state"] == "running")
    assert first.stop().reason is RootEnd.STOPPED
    second = start()
    failure = actor(second, "email")["last_failure"]
    assert (failure["kind"], failure["error"].partition(":")[0]) == ("crash", "AssertionError")
    assert "Traceback" in failure["traceback"]


def test_what_is_kept_of_a_crash_names_nobody(start: Callable[[], Station], home: Folders) -> None:
    station = start()
    wait_until(lambda: actor(station, "email")["state"] == "running")
    station.tree.child("email").tell(Stranger())
    wait_until(lambda: actor(station, "email")["last_failure"] is not None)
    station.stop()
    kept = home.of("ACCUEIL").journal.read_text("utf-8")
    assert "AssertionError" in kept
    assert "jeanne" not in kept + str(actor(station, "email"))


def test_a_stopped_station_gives_its_leases_back(start: Callable[[], Station]) -> None:
    first = start()
    wait_until(lambda: first.plan.held_operations() == ("email",))
    first.stop()
    second = start()  # of another process, that knows of no predecessor
    wait_until(lambda: second.plan.held_operations() == ("email",))


@pytest.mark.parametrize("path", ["control", "registry", "settings", "heartbeat", "housekeeping", "leases", "email"])
def test_every_actor_can_be_restarted(start: Callable[[], Station], path: str) -> None:
    station = start()
    handlers = Handlers(station)
    wait_until(lambda: actor(station, path)["state"] == "running")
    answer = handlers.handle({"command": "restart", "actor": path}, "en")
    assert (answer["path"], answer["state"]) == (path, "running")


def test_a_run_without_the_lease_is_refused_with_the_true_reason(start: Callable[[], Station], tmp_path: Path) -> None:
    (tmp_path / "club.db").unlink()
    station = start()
    wait_until(lambda: "no database" in str(station.board.notices()["email"].reason))
    with pytest.raises(SentenceError, match="email can't run now: there is no database"):
        Handlers(station).handle({"command": "run-now", "operation": "email", "dry_run": False}, "en")


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ({"command": "restart", "actor": "emial"}, "email"),
        ({"command": "run-now", "operation": "emial", "dry_run": False}, "email"),
        ({"command": "run-now", "operation": "email", "dry_run": True}, "dry run"),
        ({"command": "run-now", "operation": "backup", "dry_run": False}, "does not do it yet"),
        ({"command": "zorglub"}, "zorglub"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    start: Callable[[], Station], request_: dict[str, Any], word: str
) -> None:
    with pytest.raises(SentenceError, match=word):
        Handlers(start()).handle(request_, "en")


def test_a_watch_is_answered_when_an_actor_crashes(start: Callable[[], Station]) -> None:
    station = start()
    handlers = Handlers(station)
    wait_until(lambda: actor(station, "email")["state"] == "running")
    seen = handlers.handle({"command": "watch", "seen": ""}, "en")["seen"]
    station.tree.child("email").tell(Stranger())

    def is_told() -> bool:
        nonlocal seen
        answer = handlers.handle({"command": "watch", "seen": seen}, "en")
        seen = answer["seen"]
        told = next(each for each in answer["status"]["actors"] if each["path"] == "email")
        return told["last_failure"] is not None

    wait_until(is_told)
