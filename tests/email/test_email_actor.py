"""The e-mail actor when its lease is about to be passed on, and when it comes back."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from email_fixtures import StartServer, smtp_settings

from actors.board import Board, OperationState, Outcome
from actors.email.actor import EmailActor
from actors.email.settings import EmailSettings
from actors.operation import RunNow, Workplace, Yield
from club import Database, Journal, Lease
from club.migrations import initialise
from supervisor import ChildSpec
from supervisor.testing import Stage


class Office:
    """An e-mail actor in a tree, over a database and a server of its own; it runs when the test says so."""

    def __init__(self, folder: Path, port: int, **settings: Any) -> None:
        self.stage = Stage()
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}", busy_seconds=1)
        initialise(self.database)
        self.lease = Lease(self.database, "email", "ACCUEIL", "process")
        self.board = Board(lambda: datetime.now(UTC))
        self._journal = Journal(folder / "answers", sync=False)
        workplace = Workplace(
            station="ACCUEIL",
            process="process",
            club_name="Forme et Santé",
            language="en",
            timezone=UTC,
            settings=EmailSettings(station="ACCUEIL", smtp=smtp_settings(port), **settings),
            database=self.database,
            desk=self.board.desk("email"),
            lease=self.lease,
            journal=self._journal,
        )
        tree = self.stage.tree(ChildSpec(id="email", start=EmailActor, args=(workplace,)))
        self.ref = tree.child("email")

    def write(self, *recipients: str) -> None:
        rows = [(each, "s", "b") for each in recipients]
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.executemany("INSERT INTO email (recipient, subject, text_body) VALUES (?, ?, ?)", rows)

    def rows(self) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute("SELECT state, claim_id IS NULL FROM email ORDER BY id").fetchall()

    def close(self) -> None:
        self.stage.take_down()
        self._journal.close()
        self.database.dispose()


@pytest.fixture
def offices(tmp_path: Path) -> Iterator[list[Office]]:
    offices: list[Office] = []
    yield offices
    for office in offices:
        office.close()


def test_a_run_ends_after_the_message_it_is_at_when_the_lease_is_wanted_elsewhere(
    offices: list[Office], start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(faults={"dot": "late"}, late_seconds=0.4)
    offices.append(office := Office(tmp_path, server.port))
    office.write(*(f"m{number}@example.org" for number in range(5)))
    assert office.lease.acquire()
    runs: list[Any] = []
    asking = threading.Thread(target=lambda: runs.append(office.ref.ask(RunNow(), timeout=30)))
    asking.start()
    assert server.is_reached.wait(10), "the first message waits for the answer to its dot"
    office.lease.begin_yield()
    rows: list[Any] = []
    office.ref.ask(Yield(lambda: rows.extend(office.rows())), timeout=30)
    assert rows == [("sent", False), *[("pending", True)] * 4], "the rest is for whoever comes next"
    asking.join(10)
    assert [dict(run.counters) for run in runs] == [{"sent": 1}]
    assert office.board.notices()["email"].state is OperationState.ACTIVE


def test_no_run_begins_while_the_lease_is_wanted_elsewhere(
    offices: list[Office], start_server: StartServer, tmp_path: Path
) -> None:
    offices.append(office := Office(tmp_path, start_server().port))
    office.write("a@example.org")
    assert office.lease.acquire()
    office.lease.begin_yield()
    with pytest.raises(Exception, match="does not hold the e-mail operation now"):
        office.ref.ask(RunNow())
    assert office.rows() == [("pending", True)]


def test_a_lease_that_comes_back_from_another_station_is_worked_under_at_once(
    offices: list[Office], start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    offices.append(office := Office(tmp_path, server.port))
    other = Lease(office.database, "email", "SERVEUR", "other", predecessors=["process"])
    assert office.lease.acquire()
    assert office.ref.ask(RunNow()).outcome is Outcome.OK
    office.lease.release()
    assert other.acquire()
    other.release()
    office.write("a@example.org")
    assert office.lease.acquire()
    run = office.ref.ask(RunNow())
    assert (run.outcome, len(server.copies)) == (Outcome.OK, 1), run.summary


def test_a_provider_s_limits_are_kept_by_connecting_anew_and_by_waiting(
    offices: list[Office], start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    offices.append(office := Office(tmp_path, server.port, per_connection=2, per_minute=5))
    office.write(*(f"m{number}@example.org" for number in range(7)))
    assert office.lease.acquire()
    run = office.ref.ask(RunNow(), timeout=30)
    assert (run.outcome, dict(run.counters)) == (Outcome.OK, {"sent": 5})
    assert server.connections == 3
    assert office.rows() == [("sent", False)] * 5 + [("pending", True)] * 2
    next_run_at = office.board.notices()["email"].next_run_at
    assert next_run_at is not None
    assert (next_run_at - datetime.now(UTC)).total_seconds() <= 60
