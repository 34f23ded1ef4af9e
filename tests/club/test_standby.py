"""Who takes over, when, and how a lease is passed on: with the clocks in the test's hand."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from club import DatabaseAway, LeaseLost, LeaseRow, Stations, lease_rows, want
from club.lease_statements import PASS_ON
from club.succession import Patience, Watch, is_preferred, ranks_before

CANDIDATES = ("ACCUEIL", "SERVEUR", "BASSIN")


def row_of(club: Any) -> LeaseRow:
    return lease_rows(club.database())["email"]


def standby(club: Any, station: str, candidates: tuple[str, ...] = CANDIDATES) -> Any:
    lease = club.lease(station)
    lease.stand_for(candidates)
    return lease


def seen(station: str = "", wanted: str = "", **fields: Any) -> LeaseRow:
    values = {"name": "email", "process": "p", "token": 1, "expires_ms": 30_000 if station else 0, "ttl_ms": 30_000}
    values |= {"renewals": 0, "acquired_at": None, "candidates": (), "now_ms": 0}
    return LeaseRow(station=station, wanted=wanted, **{**values, **fields})


@pytest.mark.parametrize(
    ("row", "station", "gone", "ranks"),
    [
        (seen(), "ACCUEIL", (), 0),  # free: the preferred one
        (seen(), "BASSIN", (), 2),
        (seen(), "BASSIN", ("accueil",), 1),  # known to be off, whatever its capitals
        (seen("ACCUEIL"), "SERVEUR", (), 0),  # the dead holder does not count
        (seen("ACCUEIL"), "BASSIN", (), 1),
        (seen("SERVEUR"), "BASSIN", (), 1),  # the preferred station comes before it again
        (seen("ACCUEIL", "BASSIN"), "SERVEUR", (), 1),  # a person wants it elsewhere
        (seen("ACCUEIL", "BASSIN"), "BASSIN", (), 0),
        (seen("", "bassin"), "BASSIN", (), 0),
        (seen("ACCUEIL", "ELSEWHERE"), "SERVEUR", (), 0),  # wanted at a station that this file does not know
        (seen("BASSIN"), "BASSIN", (), 0),  # another computer of the same name, or a run that left no trace
    ],
)
def test_the_order_of_those_who_take_over(row: LeaseRow, station: str, gone: tuple[str, ...], ranks: int) -> None:
    assert ranks_before(row, CANDIDATES, station, gone) == ranks


def test_a_long_list_of_standbys_does_not_make_the_last_wait_for_ever() -> None:
    many = tuple(f"PC{number}" for number in range(20))
    assert ranks_before(seen("PC0"), many, "PC19") == 4
    assert ranks_before(seen(), (), "ANY") == 0


def test_the_preferred_station_is_the_first_whatever_its_capitals() -> None:
    assert is_preferred("accueil", CANDIDATES)
    assert not is_preferred("SERVEUR", CANDIDATES)
    assert not is_preferred("SERVEUR", ())


PATIENCE = Patience(ttl=30, works=20, stagger=3)


@pytest.mark.parametrize(
    ("row", "watched", "ranks", "left"),
    [
        (seen(), 0, 0, 0),  # free
        (seen(), 1, 2, 5),
        (seen("A", expires_ms=30_000), 1, 0, 29),  # by the database's clock
        (seen("A", expires_ms=30_000), 1, 2, 35),
        (seen("A", now_ms=999_999), 1, 0, 24),  # that clock is ahead: beyond the holder's working time all the same
        (seen("A", expires_ms=999_999), 1, 0, 29),  # that clock is behind: watching alone
        (seen("A", ttl_ms=60_000, now_ms=999_999), 1, 0, 54),  # a holder that lives longer works longer
        (seen("A", ttl_ms=0, now_ms=999_999), 1, 0, 24),  # spoilt by another program
    ],
)
def test_how_long_a_standby_waits(row: LeaseRow, watched: float, ranks: int, left: float) -> None:
    assert PATIENCE.left(row, watched, ranks) == left


def test_a_watch_begins_anew_at_every_sign_of_life() -> None:
    now = 0.0
    watch = Watch(lambda: now)
    assert watch.see(seen("A")) == 0
    now = 10
    assert watch.see(seen("A", wanted="B", now_ms=5)) == 10, "a wish is no sign of life"
    assert watch.see(seen("A", renewals=1)) == 0
    now = 12
    assert watch.see(seen("A", renewals=1)) == 2


def test_a_dead_holder_is_replaced_in_the_order_named(club: Any) -> None:
    dead, first, second = (standby(club, name) for name in CANDIDATES)
    assert dead.acquire()
    assert not first.acquire()
    assert not second.acquire()
    club.clocks.pass_(30)
    assert not second.acquire()
    assert second.takeover_seconds == pytest.approx(3)
    assert first.acquire()
    assert not second.acquire()


def test_the_second_takes_over_when_the_first_does_not(club: Any) -> None:
    dead, first, second = (standby(club, name) for name in CANDIDATES)
    assert dead.acquire()
    assert not first.acquire()
    assert not second.acquire()
    club.clocks.pass_(33)
    assert second.acquire()


def test_a_station_that_is_known_to_be_off_is_not_waited_for(club: Any) -> None:
    dead, last = standby(club, "ACCUEIL"), standby(club, "BASSIN")
    Stations(club.database()).beat("SERVEUR", "two", "1", "stopped")
    assert dead.acquire()
    assert not last.acquire()
    club.clocks.pass_(30)
    assert last.acquire()


def test_a_free_lease_goes_to_the_preferred_station_and_after_a_while_to_the_next(club: Any) -> None:
    preferred, other = standby(club, "ACCUEIL"), standby(club, "SERVEUR")
    assert not other.acquire()
    club.clocks.pass_(2)
    assert not other.acquire()
    assert other.takeover_seconds == pytest.approx(1)
    assert preferred.acquire()
    preferred.release()
    assert not other.acquire()
    club.clocks.pass_(3)
    assert other.acquire()


def test_a_wish_that_another_read_first_is_not_overwritten(club: Any) -> None:
    lease = standby(club, "ACCUEIL")
    assert lease.acquire()
    seen_token = lease.token
    assert want(club.database(), "email", "BASSIN", seen_token=seen_token)
    assert want(club.database(), "email", "BASSIN", seen_token=seen_token), "said twice is no contradiction"
    assert row_of(club).wanted == "BASSIN"
    lease.supersede(lambda _connection, _token: None)
    assert not want(club.database(), "email", "SERVEUR", seen_token=seen_token)
    assert row_of(club).wanted == "BASSIN"


def test_a_lease_passes_from_hand_to_hand(club: Any) -> None:
    holder, successor = standby(club, "ACCUEIL"), standby(club, "BASSIN")
    assert holder.acquire()
    token = holder.token
    assert want(club.database(), "email", "BASSIN", seen_token=token)
    holder.begin_yield()
    assert (holder.is_held, holder.may_begin) == (True, False)
    assert holder.pass_on(row_of(club), "BASSIN", "process-BASSIN")
    assert (holder.is_held, holder.may_begin, holder.token) == (False, False, None)
    row = row_of(club)
    assert (row.station, row.process, row.is_current, row.wanted) == ("BASSIN", "process-BASSIN", True, "BASSIN")
    assert row.token > token
    assert not holder.acquire()
    assert successor.acquire()
    assert (successor.is_held, row_of(club).wanted) == (True, "BASSIN"), "a person put it there: it stays"


def test_a_wish_for_the_preferred_station_ends_when_it_is_there(club: Any) -> None:
    holder, preferred = standby(club, "BASSIN"), standby(club, "ACCUEIL")
    assert not holder.acquire()
    club.clocks.pass_(6)
    assert holder.acquire()
    assert want(club.database(), "email", "ACCUEIL", seen_token=holder.token)
    assert holder.pass_on(row_of(club), "ACCUEIL", "process-ACCUEIL")
    assert preferred.acquire()
    assert row_of(club).wanted == ""


def test_a_wish_ends_when_its_station_dies_and_another_takes_over(club: Any) -> None:
    dead, heir = standby(club, "BASSIN"), standby(club, "ACCUEIL")
    assert not dead.acquire()
    club.clocks.pass_(6)
    assert dead.acquire()
    assert want(club.database(), "email", "BASSIN", seen_token=dead.token)
    assert not heir.acquire()
    club.clocks.pass_(30)
    assert heir.acquire()
    assert row_of(club).wanted == ""


def test_a_wish_outlives_the_restart_of_the_holder(club: Any) -> None:
    old, new = club.lease(process="one"), club.lease(process="two", predecessors=["one"])
    assert old.acquire()
    assert want(club.database(), "email", "BASSIN", seen_token=old.token)
    assert new.acquire()
    assert row_of(club).wanted == "BASSIN"


def test_a_successor_that_never_comes_is_replaced(club: Any) -> None:
    holder, heir = standby(club, "ACCUEIL"), standby(club, "SERVEUR")
    assert holder.acquire()
    assert want(club.database(), "email", "BASSIN", seen_token=holder.token)
    assert holder.pass_on(row_of(club), "BASSIN", "process-BASSIN")
    assert not heir.acquire()
    club.clocks.pass_(33)
    assert heir.acquire()


def test_a_lease_whose_wish_has_changed_is_not_passed_on_and_comes_back(club: Any) -> None:
    holder = standby(club, "ACCUEIL")
    assert holder.acquire()
    token = holder.token
    assert want(club.database(), "email", "BASSIN", seen_token=token)
    row = row_of(club)
    assert want(club.database(), "email", "", seen_token=token)
    assert not holder.pass_on(row, "BASSIN", "process-BASSIN")
    assert not holder.is_held, "it cannot know which of the two was done"
    assert holder.acquire()
    assert holder.token > token
    with pytest.raises(LeaseLost):
        standby(club, "SERVEUR").pass_on(row, "BASSIN", "process-BASSIN")


def test_a_handover_whose_answer_is_lost_cannot_make_two_holders(club: Any) -> None:
    """The request may lie in a cable or behind a lock, and be carried out when the holder works again."""
    holder = standby(club, "ACCUEIL")
    late = club.lease("ACCUEIL", database=club.database(busy_seconds=0.05))
    late.stand_for(CANDIDATES)
    assert holder.acquire()
    assert late.acquire(), "the same process, as after an answer that was lost"
    assert want(club.database(), "email", "BASSIN", seen_token=late.token)
    row = row_of(club)
    old = late.presents(late.token or 0)
    with club.blocked(), pytest.raises(DatabaseAway):
        late.pass_on(row, "BASSIN", "process-BASSIN")
    assert not late.is_held
    assert late.acquire()
    parameters = {**old, "seen_wanted": "BASSIN", "kept_wanted": "BASSIN", "token_floor": 0}
    parameters |= {"new_station": "BASSIN", "new_process": "process-BASSIN", "ttl": 30_000}
    late_request = club.database().write(lambda connection: connection.execute(PASS_ON, parameters).rowcount)
    assert late_request == 0
    assert late.is_held
    late.renew()


def test_a_wish_that_cannot_be_done_is_taken_back_by_the_holder_alone(club: Any) -> None:
    holder, other = standby(club, "ACCUEIL"), standby(club, "SERVEUR")
    assert holder.acquire()
    assert want(club.database(), "email", "NOWHERE", seen_token=holder.token)
    with pytest.raises(LeaseLost):
        other.refuse_wish(row_of(club))
    assert holder.refuse_wish(row_of(club))
    assert row_of(club).wanted == ""


def test_a_wish_that_comes_during_a_takeover_is_not_lost(club: Any) -> None:
    dead, heir = standby(club, "ACCUEIL"), standby(club, "SERVEUR")
    assert dead.acquire()
    assert not heir.acquire()
    club.clocks.pass_(30)
    row = row_of(club)
    assert want(club.database(), "email", "BASSIN", seen_token=row.token)
    assert heir.acquire(row), "what it has seen is a little old"
    assert (row_of(club).station, row_of(club).wanted) == ("SERVEUR", "BASSIN")


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "spoilt", ["wanted = X'FF00'", "token = 'x'", "renewals = 'x'", "expires_ms = 'x'", "ttl_ms = ''"]
)
def test_a_row_that_another_program_spoilt_is_taken_over_all_the_same(club: Any, spoilt: str) -> None:
    dead, heir = standby(club, "ACCUEIL"), standby(club, "SERVEUR")
    assert dead.acquire()
    club.sql(f"UPDATE lease SET {spoilt}")
    assert not heir.acquire(), "not at once: the other may be at work"
    club.clocks.pass_(30)
    assert heir.acquire()
    heir.renew()


def test_a_look_is_one_statement_that_writes_nothing(club: Any) -> None:
    holder = standby(club, "ACCUEIL")
    assert holder.acquire()
    database, said = club.database(), []
    lease_rows(database)
    event.listen(database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
    heir = club.lease("SERVEUR", database=database)
    heir.stand_for(CANDIDATES)
    assert not heir.acquire(lease_rows(database)["email"])
    statements = [statement for statement in said if not statement.startswith("BEGIN")]
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


def test_a_renewal_is_due_early_enough_for_two_to_be_lost(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    assert not lease.is_renewal_due
    club.clocks.pass_(5.9)
    assert not lease.is_renewal_due
    club.clocks.pass_(0.2)
    assert lease.is_renewal_due
    club.clocks.pass_(12)
    assert lease.is_held


def test_spoilt_lists_in_the_tables_are_read_as_none(club: Any) -> None:
    assert club.lease().acquire()
    for spoilt in ("", "{", '{"a": 1}', "7"):
        club.sql("UPDATE lease SET candidates = ?", spoilt)
        assert row_of(club).candidates == ()
    stations = Stations(club.database())
    stations.beat("ACCUEIL", "one", "1", "active", plan={"email": ("ACCUEIL", "ÉTAGE"), "sms": ()})
    assert stations.list()[0].plan == {"email": ("ACCUEIL", "ÉTAGE"), "sms": ()}
    for spoilt in ("", "[", "[1]", '{"email": 3}'):
        club.sql("UPDATE station SET plan = ?", spoilt)
        assert stations.list()[0].plan == {}


def test_a_station_is_taken_to_run_while_it_gives_signs_of_life(club: Any) -> None:
    stations = Stations(club.database())
    stations.beat("ACCUEIL", "one", "1", "active")
    club.clocks.pass_(90)
    assert stations.list()[0].is_alive
    club.clocks.pass_(1)
    assert not stations.list()[0].is_alive
    stations.beat("ACCUEIL", "one", "1", "stopped")
    assert not stations.list()[0].is_alive
    assert timedelta(seconds=stations.list()[0].age_seconds) == timedelta(0)
