"""When a keeper wants to look again: at the instant at which something can happen, and no oftener than needed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.board import Board
from actors.leases.keeper import Keeper
from actors.leases.seat import Seat
from club import Database, Lease, Times, lease_rows, want
from club.migrations import initialise

ORDER = ("ACCUEIL", "SERVEUR", "BASSIN")


class Looking:
    """A station's keeper without its actor, on a clock that the test moves."""

    def __init__(self, database: Database, station: str) -> None:
        self.seconds = 0.0
        self.database = database
        self.lease = Lease(database, "email", station, f"process-{station}", times=Times(clock=lambda: self.seconds))
        seat = Seat("email", self.lease, Board(lambda: datetime.now(UTC)).desk("email"), ORDER)
        self._keeper = Keeper(seat, database, lambda _operation, _message: False, lambda _number: None)

    def look(self) -> float:
        return self._keeper.look(lease_rows(self.database).get("email"), 1.0)

    def wish(self) -> None:
        row = lease_rows(self.database)["email"]
        assert want(self.database, "email", self.lease.station, seen_token=row.token)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'club.db'}")
    initialise(database)
    yield database
    database.dispose()


def test_a_holder_and_an_ordinary_standby_look_every_second(database: Database) -> None:
    holder, standby = Looking(database, "ACCUEIL"), Looking(database, "SERVEUR")
    assert [holder.look(), holder.look(), standby.look(), standby.look()] == [1.0] * 4


def test_a_look_is_brought_forward_to_the_instant_of_the_takeover(database: Database) -> None:
    holder, standby = Looking(database, "ACCUEIL"), Looking(database, "SERVEUR")
    holder.look()
    standby.look()
    standby.seconds = 29.7
    assert standby.look() == pytest.approx(0.3)
    standby.seconds = 30
    standby.look()
    assert standby.lease.is_held


def test_who_is_wanted_looks_often_for_a_while_and_then_no_more_than_others(database: Database) -> None:
    holder, standby = Looking(database, "ACCUEIL"), Looking(database, "BASSIN")
    holder.look()
    assert standby.look() == 1.0
    standby.wish()
    assert standby.look() == 0.2
    standby.seconds = 14
    assert standby.look() == 0.2
    standby.seconds = 16
    assert standby.look() == 1.0, "the holder may be busy for an hour"
    holder.lease.supersede(lambda _connection, _token: None)
    assert standby.look() == 0.2, "something has moved"
