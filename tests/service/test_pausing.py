"""An operation that a person pauses stops in order, keeps its lease, says so, and comes back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
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
standby = ["SERVEUR"]
[email.smtp]
host = "127.0.0.1"
port = 1
security = "none"
sender = "club@example.org"
"""
Start = Callable[..., Station]


@pytest.fixture
def start(home: Folders, tmp_path: Path) -> Iterator[Start]:
    database = Database(f"sqlite:///{tmp_path / 'club.db'}")
    initialise(database)
    database.dispose()
    (tmp_path / "heitz-service.toml").write_text(SETTINGS, "utf-8")
    with ExitStack() as stack:

        def compose(name: str = "ACCUEIL") -> Station:
            followed = SettingsFile(tmp_path / "heitz-service.toml", settings_schema())
            followed.load()
            channel = Channel(control_address(name, home), make_key(home))
            identity = Identity(name, "0.1.0", f"process-{name}-{monotonic()}")
            station = Station(identity, followed, ROSTER, home.of(name), channel, Event())
            station.start()
            stack.callback(station.stop)
            return station

        yield compose


def wait_until(is_so: Callable[[], bool]) -> None:
    until = monotonic() + 90
    while not is_so():
        assert monotonic() < until, "it did not happen"
        Event().wait(0.02)


def operation(station: Station, name: str = "email", language: str = "en") -> dict[str, Any]:
    return next(each for each in station.describe(language)["operations"] if each["id"] == name)


def paths(station: Station) -> list[str]:
    return [report.path for report in station.tree.which_children()]


def is_held(station: Station) -> bool:
    return station.plan.held_operations() == ("email",)


def pause(station: Station, seconds: float | None = None, **fields: Any) -> dict[str, Any]:
    request = {"command": "pause", "operation": "email", "seconds": seconds, "by": "marie", "reason": "", **fields}
    return Handlers(station).handle(request, "en")


def resume(station: Station) -> dict[str, Any]:
    return Handlers(station).handle({"command": "resume", "operation": "email"}, "en")


def test_a_paused_operation_has_no_actor_keeps_its_lease_and_needs_attention(start: Start) -> None:
    station = start()
    wait_until(lambda: is_held(station))
    answer = pause(station, 3600, reason="the server moves")
    wait_until(lambda: "email" not in paths(station))
    shown = operation(station)
    until = datetime.fromisoformat(shown["paused_until"])
    assert answer["paused_until"] == shown["paused_until"]
    assert (shown["state"], shown["can_pause"], shown["holder"]) == ("waiting", False, "ACCUEIL")
    assert shown["reason"].startswith("paused until ")
    assert f"{until:%H:%M}" in shown["reason"]
    assert shown["reason"].endswith("by marie: the server moves")
    assert shown["paused"]["by"] == "marie"
    assert "en pause jusqu" in operation(station, language="fr")["reason"]
    assert station.state() == "attention"
    assert is_held(station)


def test_resuming_starts_the_operation_again(start: Start) -> None:
    station = start()
    wait_until(lambda: is_held(station))
    pause(station)
    wait_until(lambda: "email" not in paths(station))
    assert operation(station)["paused_until"] is None
    assert operation(station)["paused"]["until"] is None
    assert resume(station) == {"operation": "email", "resumed": True}
    wait_until(lambda: "email" in paths(station) and operation(station)["paused"] is None)
    assert operation(station)["can_pause"] is True
    assert resume(station) == {"operation": "email", "resumed": False}


def test_a_pause_ends_by_itself(start: Start) -> None:
    station = start()
    pause(station, 1)
    wait_until(lambda: "email" in paths(station) and operation(station)["paused"] is None)


def test_at_no_moment_of_a_pause_and_its_end_does_the_operation_look_failed(start: Start) -> None:
    station = start()
    wait_until(lambda: is_held(station))
    seen: set[str] = set()
    pause(station, 1)
    while operation(station)["paused"] is not None:
        seen.add(operation(station)["state"])
    seen.add(operation(station)["state"])
    assert seen <= {"waiting", "active"}


def test_a_restarted_program_keeps_the_pause_and_takes_the_lease_all_the_same(start: Start) -> None:
    first = start()
    wait_until(lambda: is_held(first))
    pause(first)
    first.stop()
    second = start()
    wait_until(lambda: is_held(second))
    assert "email" not in paths(second)
    assert operation(second)["state"] == "waiting"


def test_new_settings_do_not_end_a_pause(start: Start, tmp_path: Path) -> None:
    station = start()
    pause(station)
    wait_until(lambda: "email" not in paths(station))
    before = station.describe("en")["config"]["loaded_at"]
    (tmp_path / "heitz-service.toml").write_text(SETTINGS.replace("port = 1", "port = 2"), "utf-8")
    wait_until(lambda: station.settings.operations["email"].smtp.port == 2)
    assert before is not None
    assert "email" not in paths(station)


def test_a_registry_that_crashes_sees_to_the_pauses_when_it_is_back(start: Start) -> None:
    station = start()
    pause(station, 1)
    station.tree.child("registry").tell(object())
    wait_until(lambda: "email" in paths(station) and operation(station)["paused"] is None)


def test_a_standby_does_not_take_over_from_a_station_that_is_paused(start: Start) -> None:
    accueil = start()
    wait_until(lambda: is_held(accueil))
    serveur = start("SERVEUR")
    pause(accueil)
    wait_until(lambda: operation(serveur)["state"] == "standby")
    assert operation(serveur)["holder"] == "ACCUEIL"
    with pytest.raises(SentenceError, match="can't be paused on this station: the station ACCUEIL does it"):
        pause(serveur)
    assert operation(serveur)["can_pause"] is False


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"operation": "emial"}, "email"),
        ({"operation": "backup"}, "does not do it yet"),
        ({"seconds": 0}, "from 1 second to"),
        ({"seconds": -5}, "from 1 second to"),
        ({"seconds": 1e300}, "from 1 second to"),
        ({"seconds": float("nan")}, "from 1 second to"),
        ({"seconds": float("inf")}, "from 1 second to"),
        ({"seconds": True}, "request pause"),
    ],
)
def test_a_pause_that_makes_no_sense_is_refused(start: Start, fields: dict[str, Any], word: str) -> None:
    station = start()
    with pytest.raises(SentenceError, match=word):
        pause(station, **fields)
    assert station.pauses.shown() == {}


def test_names_and_reasons_are_kept_short_and_on_one_line(start: Start) -> None:
    station = start()
    pause(station, by="x" * 5000, reason="a\nb\x1b[31m" + "y" * 5000)
    shown = operation(station)["paused"]
    assert len(shown["by"]) == 60
    assert shown["reason"].startswith("a b?[31m")
    assert len(shown["reason"]) == 200


@pytest.mark.parametrize(
    "request_",
    [
        {"command": "run-now", "operation": "email", "dry_run": False},
        {"command": "restart", "actor": "email"},
    ],
)
def test_what_a_pause_forbids_names_the_way_out(start: Start, request_: dict[str, Any]) -> None:
    station = start()
    pause(station)
    with pytest.raises(SentenceError, match="`heitz-service resume email` ends the pause"):
        Handlers(station).handle(request_, "en")
