"""Two users of one PC have the program started at their logins: the station works once, and goes on when one leaves."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.program.fmi_club import Pool, a_pool
from tests.program.sample_club import Club, end


class SecondUser:
    """The same station for a user with folders of their own."""

    def __init__(self, club: Club) -> None:
        self._club = club
        self._environment = {**club._environment(), "HEITZ_SERVICE_HOME": str(club.folder / "home of another")}

    def start(self) -> "subprocess.Popen[str]":
        command = self._club._command("run", "--config", str(self._club.settings), "--station", "ACCUEIL", "--headless")
        process = subprocess.Popen(
            command, text=True, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._club._processes.append(process)
        self._club.wait_until(lambda: process.poll() is not None or bool(self.status()))
        assert process.poll() is None
        return process

    def status(self) -> dict[str, Any]:
        ended = subprocess.run(
            self._club._command("status", "--json"),
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        return dict(json.loads(ended.stdout)) if ended.stdout else {}

    def operation(self, name: str) -> dict[str, Any]:
        return next(each for each in self.status()["operations"] if each["id"] == name)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with a_pool(tmp_path) as pool:
        yield pool


def test_emails_leave_once_and_go_on_when_the_first_user_logs_out(club: Club) -> None:
    first = club.start()
    other = SecondUser(club)
    second = other.start()
    club.write_emails(*(f"client{n}@example.org" for n in range(20)))
    club.wait_until(lambda: club.states() == {"sent": 20})
    club.wait_until(lambda: other.operation("email")["state"] == "standby")
    assert club.operation("email")["state"] == "active"
    assert end(first) == 0
    club.write_emails(*(f"later{n}@example.org" for n in range(5)))
    club.wait_until(lambda: club.states() == {"sent": 25})
    assert set(club.copies().values()) == {1}
    assert end(second) == 0


def test_the_sensors_stay_with_whoever_has_them_and_go_to_the_other_afterwards(pool: Pool) -> None:
    pool.begin_counting()
    (first,) = (process for process in pool._processes if process.poll() is None)
    other = SecondUser(pool)
    second = other.start()
    pool.wait_until(lambda: "in use by another program" in str(other.operation("fmi")["reason"]))
    pool.pass_in(12)
    pool.wait_present(12)
    assert pool.rows("SELECT state FROM fmi_sensor") == [("counting",), ("counting",)]
    assert end(first) == 0
    pool.wait_until(lambda: other.operation("fmi")["state"] == "active")
    pool.pass_out(3)
    pool.wait_present(9)
    assert end(second) == 0
