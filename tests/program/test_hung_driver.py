"""A driver that never comes back costs the threads that wait for it: no command, and no restart of the program."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import psutil
import pytest
from database_servers import MariaDB, Missing

from tests.program.sample_club import ROOT
from tests.program.server_club import ServerClub, running

PAUSE_SECONDS = 6


@pytest.fixture
def club(tmp_path: Path) -> Iterator[ServerClub]:
    try:
        with running(MariaDB) as server:
            club = ServerClub(tmp_path, server)
            try:
                club.start_smtp()
                club.write_settings()
                club.make_database()
                yield club
            finally:
                club.close()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def _start(club: ServerClub, flag: Path) -> "subprocess.Popen[str]":
    program = [sys.executable, str(ROOT / "tests/program/hung_driver.py"), str(flag), str(PAUSE_SECONDS)]
    options = ["run", "--config", str(club.settings), "--station", "ACCUEIL", "--headless"]
    station = club.spawn([*program, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    club.wait_until(lambda: bool(club.command("status")[1]))
    return station


def test_a_driver_that_never_comes_back_costs_one_thread_and_all_goes_on_when_it_is_well(club: ServerClub) -> None:
    flag = club.folder / "hang"
    flag.write_text("connect", encoding="utf-8")
    club.write_emails("a@example.org")
    station = _start(club, flag)

    club.wait_until(lambda: "has not come back from connecting" in str(club.operation("email")["reason"]))
    began = monotonic()
    status = club.status()
    assert monotonic() - began < 30, "the command's own start included"
    assert status["state"] == "attention"
    assert {actor["state"] for actor in status["actors"]} == {"running"}, "nobody is hung but the driver"
    assert {actor["restarts"] for actor in status["actors"]} == {0}
    hung = psutil.Process(station.pid).num_threads()

    flag.unlink()
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.status()["state"] == "active")
    assert psutil.Process(station.pid).num_threads() <= hung, "the thread that hangs, and no other"
    assert station.poll() is None


@pytest.mark.timeout(180)  # three watchdogs have to run out, one after the other
def test_actors_whose_statements_never_come_back_are_replaced_and_all_goes_on_when_they_do(club: ServerClub) -> None:
    flag = club.folder / "hang"
    station = _start(club, flag)
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})

    flag.write_text("execute", encoding="utf-8")
    for path in ("leases", "email"):
        club.wait_until(lambda path=path: club.actor(path)["restarts"] > 0)  # type: ignore[misc]
    began = monotonic()
    assert club.status()["state"] == "attention"
    assert monotonic() - began < 30, "the command's own start included"

    flag.unlink()
    club.write_emails("b@example.org")
    club.wait_until(lambda: club.states() == {"sent": 2})
    club.wait_until(lambda: club.status()["state"] == "active")
    assert station.poll() is None, "by itself, in the same program"
