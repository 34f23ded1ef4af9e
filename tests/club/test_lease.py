"""Leases: one holder at every instant, whatever the clocks do."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from club import DatabaseAway, LeaseLost, boot_clock, lease_rows


def test_a_lease_is_held_by_whoever_takes_it_first(club: Any) -> None:
    first, second = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert first.acquire()
    assert first.is_held
    assert not second.acquire()
    assert not second.is_held
    row = lease_rows(club.database())["email"]
    assert (row.station, row.process, row.token) == ("ACCUEIL", "process-ACCUEIL", first.token)
    assert row.is_current
    assert (str(row.acquired_at), row.expires_ms - row.now_ms) == ("2026-11-24 06:40:00+00:00", 30_000)


def test_a_released_lease_is_free_at_once_and_its_next_token_is_greater(club: Any) -> None:
    first, second = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert first.acquire()
    token = first.token
    first.release()
    first.release()
    assert (first.is_held, first.token, lease_rows(club.database())["email"].is_free) == (False, None, True)
    assert second.acquire()
    assert second.token > token


def test_work_stops_by_itself_before_the_lease_can_have_ended(club: Any) -> None:
    lease = club.lease(ttl=timedelta(seconds=30), margin=timedelta(seconds=10))
    assert lease.acquire()
    club.clocks.station_seconds += 19.9
    assert lease.is_held
    club.clocks.station_seconds += 0.1
    assert not lease.is_held


def test_the_local_deadline_counts_from_before_the_request(club: Any) -> None:
    ticks = iter([99.0, 100.0, 119.0, 120.0])  # the first: since when the free row is watched
    lease = club.lease(clock=lambda: next(ticks))
    assert lease.acquire()
    assert (lease.is_held, lease.is_held) == (True, False)


def test_a_renewal_prolongs_and_a_lease_nobody_took_can_be_renewed_late(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    club.clocks.pass_(15)
    lease.renew()
    club.clocks.pass_(15)
    assert lease.is_held
    club.clocks.pass_(600)
    assert not lease.is_held
    lease.renew()
    assert lease.is_held
    assert lease.acquire(), "acquiring what is held renews it"


def test_a_dead_holder_is_replaced_after_its_time_and_learns_of_it(club: Any) -> None:
    dead, heir = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert dead.acquire()
    assert not heir.acquire()
    club.clocks.pass_(29)
    assert not heir.acquire()
    club.clocks.pass_(2)
    assert heir.acquire()
    assert heir.token > dead.token
    with pytest.raises(LeaseLost, match="the lease email is no longer held by ACCUEIL"):
        dead.renew()
    assert dead.token is None
    with pytest.raises(LeaseLost):
        dead.renew()


def test_a_station_that_has_just_come_watches_for_the_whole_time_first(club: Any) -> None:
    dead, heir = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert dead.acquire()
    club.clocks.pass_(3600)
    assert not heir.acquire(), "the database says expired, but its clock may have jumped"
    club.clocks.pass_(30)
    assert heir.acquire()


@pytest.mark.parametrize("step", [-86_400, -3600, 3600, 86_400])
def test_a_database_clock_that_jumps_does_not_make_two_holders(club: Any, step: int) -> None:
    holder, other = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert holder.acquire()
    assert not other.acquire()
    club.clocks.step_database(step)
    for _ in range(10):
        club.clocks.pass_(10)
        holder.renew()
        assert not other.acquire()
        assert holder.is_held


def test_a_clock_that_stepped_back_does_not_keep_a_dead_holder_alive(club: Any) -> None:
    dead, heir = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert dead.acquire()
    club.clocks.step_database(-86_400)
    assert not heir.acquire()
    club.clocks.pass_(30)
    assert heir.acquire()


def test_a_clock_that_stepped_back_a_little_does_not_delay_the_heir(club: Any) -> None:
    dead, heir = club.lease("ACCUEIL"), club.lease("SERVEUR")
    assert dead.acquire()
    assert not heir.acquire()
    club.clocks.step_database(-20)
    club.clocks.pass_(29)
    assert not heir.acquire()
    club.clocks.pass_(1)
    assert heir.acquire(), "watched for the whole time to live: what the database's clock says no longer counts"


def test_a_restart_takes_its_own_lease_over_at_once(club: Any) -> None:
    assert club.lease(process="one").acquire()
    assert not club.lease(process="two").acquire()
    assert not club.lease(process="twin", predecessors=["another"]).acquire(), "the same name on a cloned computer"
    assert club.lease(process="three", predecessors=["zero", "one"]).acquire()


def test_an_answer_that_was_lost_does_not_lock_the_station_out(club: Any) -> None:
    assert club.lease(process="one").acquire()
    assert club.lease(process="one").acquire(), "the row names this very process: it is ours"


def test_the_token_grows_over_the_restore_of_an_old_database(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    token = lease.token
    club.sql("UPDATE lease SET token = 5, renewals = 0, station = '', process = '', expires_ms = 0")
    with pytest.raises(LeaseLost):
        lease.renew()
    assert lease.acquire()
    assert lease.token > token


def test_the_token_grows_when_the_clock_stands_still_or_goes_back(club: Any) -> None:
    tokens = []
    for _ in range(3):
        lease = club.lease()
        assert lease.acquire()
        tokens.append(lease.token)
        lease.release()
        club.clocks.step_database(-1000)
    assert tokens == sorted(set(tokens))


def test_a_lease_row_that_was_deleted_is_made_again(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    token = lease.token
    club.sql("DELETE FROM lease")
    with pytest.raises(LeaseLost):
        lease.renew()
    club.clocks.pass_(1)
    assert lease.acquire()
    assert lease.token > token


def test_a_standby_only_asks(club: Any) -> None:
    assert club.lease("ACCUEIL").acquire()
    database, said = club.database(), []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
    standby = club.lease("SERVEUR", database=database)
    assert not any(standby.acquire() for _ in range(20))
    assert {statement.split()[0] for statement in said} - {"BEGIN"} == {"SELECT"}


@pytest.mark.engines("sqlite")
def test_a_standby_writes_nothing(club: Any) -> None:
    assert club.lease("ACCUEIL").acquire()
    standby = club.lease("SERVEUR")
    before = club.sql("PRAGMA data_version"), club.file.with_name(club.file.name + "-wal").read_bytes()
    for _ in range(20):
        assert not standby.acquire()
    assert before == (club.sql("PRAGMA data_version"), club.file.with_name(club.file.name + "-wal").read_bytes())


def test_work_under_the_lease_is_undone_when_it_is_not_the_holders(club: Any) -> None:
    club.write()
    old, new = club.lease(process="one"), club.lease(process="two", predecessors=["one"])
    assert old.acquire()
    assert new.acquire()
    with pytest.raises(LeaseLost):
        old.fenced(lambda connection: connection.exec_driver_sql("DELETE FROM email"))
    assert club.states() == {"pending": 1}
    new.fenced(lambda connection: connection.exec_driver_sql("DELETE FROM email"))
    assert club.states() == {}


def test_a_superseded_token_is_refused_and_the_hold_goes_on(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    old = lease.token
    assert lease.supersede(lambda _connection, token: token) == lease.token
    assert lease.token > old
    with pytest.raises(LeaseLost):
        lease.fenced(lambda _connection: None, token=old)
    assert lease.is_held


def test_the_database_away_does_not_end_a_hold_before_its_deadline(club: Any) -> None:
    database = club.database(busy_seconds=0.05)
    lease = club.lease(database=database)
    assert lease.acquire()
    with club.blocked():
        with pytest.raises(DatabaseAway):
            lease.renew()
        assert lease.is_held
    lease.renew()


def test_a_thread_that_never_comes_back_does_not_hold_the_others_for_ever(
    club: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading  # noqa: PLC0415

    monkeypatch.setattr("club.lease._TURN_SECONDS", 0.1)
    lease = club.lease(ttl=timedelta(seconds=0.2), margin=timedelta(seconds=0.1))
    assert lease.acquire()
    entered, leave = threading.Event(), threading.Event()

    def hang(_connection: Any) -> None:
        entered.set()
        leave.wait(120)

    hung = threading.Thread(target=lambda: lease.fenced(hang))
    hung.start()
    assert entered.wait(90)
    with pytest.raises(DatabaseAway, match="another thread still waits for the lease email"):
        lease.renew()
    leave.set()
    hung.join(90)


def test_of_two_that_see_a_free_lease_one_takes_it(club: Any) -> None:
    first, second = club.lease("ACCUEIL"), club.lease("SERVEUR")
    see = second._see

    def see_and_be_overtaken(connection: Any) -> Any:
        row = see(connection)
        if row is not None:
            second._see = see
            assert first.acquire()
        return row

    second._see = see_and_be_overtaken
    assert not second.acquire()
    assert first.is_held


def test_a_renewal_that_comes_back_after_the_release_brings_nothing_back(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    lease.fenced(lambda _connection: lease._drop(lease.token))
    assert not lease.is_held


def test_everybody_can_see_who_holds_what(club: Any) -> None:
    lease = club.lease()
    lease.stand_for(["ACCUEIL", "ÉTAGE"])
    assert lease_rows(club.database()) == {}
    assert lease.acquire()
    row = lease_rows(club.database())["email"]
    assert (row.name, row.station, row.candidates, row.wanted) == ("email", "ACCUEIL", ("ACCUEIL", "ÉTAGE"), "")
    assert row.is_current
    club.clocks.pass_(31)
    assert not lease_rows(club.database())["email"].is_current


def test_a_holder_whose_settings_change_tells_its_new_candidates(club: Any) -> None:
    lease = club.lease()
    assert lease.acquire()
    lease.stand_for(["ACCUEIL", "BASSIN"])
    lease.renew()
    assert lease_rows(club.database())["email"].candidates == ("ACCUEIL", "BASSIN")


def test_a_margin_longer_than_the_lease_is_refused(club: Any) -> None:
    with pytest.raises(ValueError, match="must be shorter"):
        club.lease(ttl=timedelta(seconds=5), margin=timedelta(seconds=5))


def test_the_station_clock_goes_forward() -> None:
    assert boot_clock() <= boot_clock()


@pytest.mark.engines("sqlite")
def test_a_lease_table_that_swallows_rows_is_said(club: Any) -> None:
    club.sql("CREATE TRIGGER swallow AFTER INSERT ON lease BEGIN DELETE FROM lease; END")
    with pytest.raises(LeaseLost, match="check the database"):
        club.lease().acquire()
