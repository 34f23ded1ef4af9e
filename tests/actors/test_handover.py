"""Handover between stations: leases actors in trees, one database, clocks in the test's hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors.board import Board, Notice, OperationState
from actors.leases import LeasesActor, LookNow, Seat
from actors.operation import Wake, Yield
from club import Database, Lease, LeaseRow, Stations, Times, lease_rows, want
from club.migrations import initialise
from supervisor import ChildSpec
from supervisor.testing import Stage

ORDER = ("ACCUEIL", "SERVEUR", "BASSIN")
MUCH = 200


class Town:
    """The club's database and what its stations share."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}", busy_seconds=0.1)
        initialise(self.database)

    def row(self) -> LeaseRow:
        return lease_rows(self.database)["email"]

    def want(self, station: str) -> None:
        assert want(self.database, "email", station, seen_token=self.row().token)

    def run_out(self) -> None:
        """Let the lease end by the database's clock, which is the computer's own here."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute("UPDATE lease SET expires_ms = 1")


class Station:
    """One station's leases actor, that looks when the test says so, and its operation, that yields when told so."""

    def __init__(
        self, town: Town, name: str, order: tuple[str, ...] = ORDER, *, process: str = "", takes_back: bool = True
    ) -> None:
        self.name = name
        self.process = process or f"process-{name}"
        self.lease = Lease(town.database, "email", name, self.process, times=Times(clock=town.stage.clock.monotonic))
        self.is_busy = False
        self.is_up = True
        self.told: list[object] = []
        self._stations = Stations(town.database)
        self._order = order
        self._board = Board(lambda: datetime.now(UTC))
        seat = Seat("email", self.lease, self._board.desk("email"), order, takes_back)
        args = (town.database, (seat,), (), self._tell)
        self._tree = town.stage.tree(ChildSpec(id="leases", start=LeasesActor, args=args))
        self._ref = self._tree.child("leases")
        self.beat()

    def beat(self, state: str = "active", plan: dict[str, tuple[str, ...]] | None = None) -> None:
        self._stations.beat(self.name, self.process, "1", state, plan={"email": self._order} if plan is None else plan)

    def die(self) -> None:
        """End without giving anything back: by itself it would look as the clock goes."""
        self._tree.stop(5)

    def look(self) -> None:
        self._ref.ask(LookNow())

    def finish(self) -> None:
        """Let the operation end what it is at, and have it handled."""
        self.is_busy = False
        for message in self.told:
            if isinstance(message, Yield):
                message.done()
        self.look()

    def notice(self) -> Notice:
        return self._board.notices()["email"]

    def reason(self) -> str:
        notice = self.notice()
        return str(notice.warning or notice.reason)

    def yields(self) -> int:
        return sum(isinstance(message, Yield) for message in self.told)

    def _tell(self, _operation: str, message: object) -> bool:
        if self.is_up:
            self.told.append(message)
            if isinstance(message, Yield) and not self.is_busy:
                message.done()
        return self.is_up


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    stage = Stage()
    town = Town(stage, tmp_path)
    yield town
    stage.take_down()
    town.database.dispose()


def pass_time(town: Town, seconds: float, *stations: Station) -> None:
    """Let time pass with a look of each station every second."""
    for _ in range(int(seconds)):
        town.stage.clock.advance(1)
        for station in stations:
            station.look()


def test_a_wish_moves_the_work_at_once_and_in_order(town: Town) -> None:
    holder, other = Station(town, "ACCUEIL"), Station(town, "BASSIN")
    holder.look()
    other.look()
    town.want("BASSIN")
    holder.look()
    holder.look()  # the operation's word is heard behind this one
    assert not holder.lease.is_held
    assert (town.row().station, town.row().process) == ("BASSIN", "process-BASSIN")
    other.look()
    assert other.lease.is_held
    assert [type(message) for message in holder.told] == [Wake, Yield]
    assert other.told == [Wake()]
    holder.look()
    notice = holder.notice()
    assert (notice.state, notice.holder) == (OperationState.STANDBY, "BASSIN")


def test_the_lease_stays_until_the_work_under_way_is_finished(town: Town) -> None:
    holder, other = Station(town, "ACCUEIL"), Station(town, "BASSIN")
    holder.look()
    holder.is_busy = True
    town.want("BASSIN")
    pass_time(town, 30, holder, other)
    assert (holder.lease.is_held, holder.lease.may_begin) == (True, False)
    assert not other.lease.is_held
    assert holder.yields() > 1, "it is told again: it may have been restarted and have lost what it was told"
    holder.finish()
    holder.look()
    other.look()
    assert (holder.lease.is_held, other.lease.is_held) == (False, True)


def test_an_operation_without_an_actor_is_not_waited_for(town: Town) -> None:
    holder, other = Station(town, "ACCUEIL"), Station(town, "BASSIN")
    holder.look()
    holder.is_up = False
    town.want("BASSIN")
    holder.look()
    other.look()
    assert other.lease.is_held


def test_a_holder_whose_lease_ran_out_while_the_database_was_away_works_on_when_it_is_back(town: Town) -> None:
    holder = Station(town, "ACCUEIL")
    holder.look()
    with closing(sqlite3.connect(town.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        pass_time(town, 21, holder)
        assert not holder.lease.is_held
        assert holder.notice().state is OperationState.WAITING
        other.execute("ROLLBACK")
    holder.look()
    assert holder.lease.may_begin
    assert holder.told == [Wake(), Wake()], "its next minute is not waited for"


def test_a_wish_that_is_taken_back_lets_the_work_go_on(town: Town) -> None:
    holder, other = Station(town, "ACCUEIL"), Station(town, "BASSIN")
    holder.look()
    holder.is_busy = True
    town.want("BASSIN")
    holder.look()
    town.want("")
    holder.look()
    assert holder.lease.may_begin
    assert holder.told[-1] == Wake()
    holder.finish()
    other.look()
    assert (holder.lease.is_held, other.lease.is_held) == (True, False), "an old word of the operation counts no more"


def test_a_wish_that_changes_goes_to_the_station_that_is_wanted_last(town: Town) -> None:
    holder, second, third = (Station(town, name) for name in ORDER)
    holder.look()
    holder.is_busy = True
    town.want("BASSIN")
    holder.look()
    town.want("SERVEUR")
    holder.look()
    holder.finish()
    holder.look()
    third.look()
    second.look()
    assert (second.lease.is_held, third.lease.is_held) == (True, False)


@pytest.mark.parametrize("why", ["never seen", "stopped", "not by its settings"])
def test_a_station_that_cannot_take_over_is_not_given_the_work_and_the_wish_ends(town: Town, why: str) -> None:
    holder = Station(town, "ACCUEIL")
    holder.look()
    if why != "never seen":
        other = Station(town, "BASSIN")
        other.beat("stopped" if why == "stopped" else "active", {"email": ("ACCUEIL",)})
    town.want("BASSIN")
    pass_time(town, 55, holder)
    assert (holder.lease.may_begin, holder.yields(), town.row().wanted) == (True, 0, "BASSIN")
    pass_time(town, 10, holder)
    assert (holder.lease.may_begin, town.row().wanted) == (True, "")


def test_a_successor_that_comes_too_late_gives_way_to_the_next(town: Town) -> None:
    holder, second = Station(town, "ACCUEIL"), Station(town, "SERVEUR", takes_back=False)
    Station(town, "BASSIN").die()
    holder.look()
    town.want("BASSIN")
    holder.look()
    holder.look()
    assert town.row().station == "BASSIN"
    holder.die()
    second.look()
    town.run_out()
    pass_time(town, 31, second)
    assert second.lease.is_held


def test_the_preferred_station_takes_its_work_back_when_it_is_here_to_stay(town: Town) -> None:
    replacing = Station(town, "SERVEUR")
    pass_time(town, 5, replacing)
    assert replacing.lease.is_held
    preferred = Station(town, "ACCUEIL")
    pass_time(town, 25, replacing, preferred)
    assert replacing.lease.is_held, "it may be about to stop again"
    pass_time(town, 10, replacing, preferred)
    assert (preferred.lease.is_held, replacing.lease.is_held) == (True, False)
    assert town.row().wanted == ""


def test_the_preferred_station_does_not_take_back_where_the_settings_say_so(town: Town) -> None:
    replacing = Station(town, "SERVEUR")
    pass_time(town, 5, replacing)
    preferred = Station(town, "ACCUEIL", takes_back=False)
    pass_time(town, MUCH, replacing, preferred)
    assert replacing.lease.is_held
    assert preferred.notice().state is OperationState.STANDBY


def test_the_preferred_station_leaves_the_work_where_a_person_put_it(town: Town) -> None:
    preferred, other = Station(town, "ACCUEIL"), Station(town, "SERVEUR")
    preferred.look()
    town.want("SERVEUR")
    pass_time(town, MUCH, preferred, other)
    assert other.lease.is_held
    assert town.row().wanted == "SERVEUR"


def test_stations_with_contradicting_settings_never_both_work_and_both_say_why(town: Town) -> None:
    first = Station(town, "ACCUEIL", ("ACCUEIL", "SERVEUR"))
    second = Station(town, "SERVEUR", ("SERVEUR",))
    first.look()
    tokens = set()
    for _ in range(MUCH):
        pass_time(town, 1, first, second)
        first.beat()
        second.beat()
        assert (first.lease.is_held, second.lease.is_held) == (True, False)
        tokens.add(town.row().token)
    assert len(tokens) == 1, "no ping-pong"
    assert first.notice().state is not OperationState.STANDBY
    assert first.reason() == (
        "the settings file here lets ACCUEIL, SERVEUR do it, that of SERVEUR lets SERVEUR: put the same file on both"
    )
    assert second.reason() == (
        "the settings file here lets SERVEUR do it, that of ACCUEIL lets ACCUEIL, SERVEUR: put the same file on both"
    )


def test_a_contradiction_that_is_mended_is_told_no_more(town: Town) -> None:
    first, second = Station(town, "ACCUEIL"), Station(town, "SERVEUR")
    first.look()
    second.beat(plan={"email": ()})
    pass_time(town, 31, first)
    assert first.reason() == (
        "the station SERVEUR would not take over, its settings file does not have email switched on: "
        "put the same file on both"
    )
    second.beat()
    pass_time(town, 31, first)
    assert first.notice().warning is None


def test_two_computers_of_one_name_never_both_work_and_the_second_says_so(town: Town) -> None:
    first = Station(town, "ACCUEIL")
    first.look()
    twin = Station(town, "ACCUEIL", process="clone")
    pass_time(town, MUCH, first, twin)
    assert (first.lease.is_held, twin.lease.is_held) == (True, False)
    assert twin.reason() == (
        "another computer that also calls itself ACCUEIL does it: give each computer a name of its own"
    )


def test_a_holder_without_sign_of_life_is_told_and_replaced(town: Town) -> None:
    dead, heir = Station(town, "ACCUEIL"), Station(town, "SERVEUR")
    dead.look()
    dead.die()
    heir.look()
    assert heir.reason() == "the station ACCUEIL does it; this one would take over"
    town.run_out()
    heir.look()
    assert heir.reason() == "the station ACCUEIL gives no more sign of life; it is replaced soon"
    pass_time(town, 26, heir)
    assert heir.lease.is_held


def test_a_free_lease_is_told_by_those_who_come_later(town: Town) -> None:
    first, last = Station(town, "ACCUEIL"), Station(town, "BASSIN")
    first.look()
    first.lease.release()
    last.look()
    assert (last.reason(), last.notice().holder) == ("nobody does it at this moment; this station is about to", None)


def test_a_lease_that_is_lost_in_the_middle_of_a_handover_is_forgotten(town: Town) -> None:
    holder, other = Station(town, "ACCUEIL"), Station(town, "SERVEUR")
    holder.look()
    holder.is_busy = True
    town.want("BASSIN")
    Station(town, "BASSIN")
    holder.look()
    with closing(sqlite3.connect(town.file)) as connection, connection:
        connection.execute("UPDATE lease SET process = 'else', station = 'SERVEUR', token = token + 1, wanted = ''")
    holder.look()
    holder.finish()
    assert not holder.lease.is_held
    assert not other.lease.is_held
    assert town.row().process == "else"


def test_a_leases_actor_that_crashed_during_a_handover_begins_it_again(town: Town) -> None:
    holder = Station(town, "ACCUEIL")
    holder.look()
    holder.is_busy = True
    town.want("BASSIN")
    other = Station(town, "BASSIN")
    holder.look()
    assert not holder.lease.may_begin
    seat = Seat("email", holder.lease, Board(lambda: datetime.now(UTC)).desk("email"), ORDER)
    told: list[Any] = []

    def tell(_operation: str, message: object) -> bool:
        told.append(message)
        return True

    tree = town.stage.tree(ChildSpec(id="leases", start=LeasesActor, args=(town.database, (seat,), (), tell)))
    tree.child("leases").ask(LookNow())
    told[-1].done()
    tree.child("leases").ask(LookNow())
    other.look()
    assert other.lease.is_held
