"""Runs once per club, signs of life of the stations, and who this run of the program is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from club import Occurrences, Runs, Stations


def _runs(club: Any, station: str = "ACCUEIL", process: str = "one") -> Runs:
    return Runs(club.database(), station, process)


def _hand(club: Any, operation: str, station: str = "ACCUEIL", process: str = "one") -> Occurrences:
    return Occurrences(club.database(busy_seconds=10), operation, station, process)


def test_a_run_is_recorded_from_its_beginning_to_its_end(club: Any) -> None:
    runs, hand = _runs(club), _hand(club, "email")
    run = hand.begin("2026-11-24T06:40", "again")
    assert run is not None
    (running,) = runs.history()
    assert (running.outcome, running.seconds, running.finished_at) == ("running", None, None)
    club.clocks.pass_(1.5)
    assert hand.finish(run, "ok", "3 e-mails sent")
    done = runs.last("email")
    assert done is not None
    assert (done.outcome, done.seconds, done.summary, done.station) == ("ok", 1.5, "3 e-mails sent", "ACCUEIL")
    assert str(done.started_at) == "2026-11-24 06:40:00+00:00"
    assert not hand.finish(run, "failed", ""), "it is finished already"
    assert runs.last("sms") is None


def test_an_occurrence_happens_once_in_the_club(club: Any) -> None:
    hands = [_hand(club, "backup", f"S{number}", f"p{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(lambda hand: hand.begin("2026-11-24T23:00", "again"), hands))
    assert len([run for run in begun if run is not None]) == 1
    assert not hands[0].skip("2026-11-24T23:00", "late")
    assert _hand(club, "email").begin("2026-11-24T23:00", "again") is not None, "another operation has its own"


def test_runs_out_of_schedule_do_not_meet(club: Any) -> None:
    runs = _runs(club)
    for _ in range(2):
        runs.record("email", "ok", 1.0)
    assert len({run.occurrence for run in runs.history("email")}) == 2


def test_an_interrupted_occurrence_is_begun_once_more_and_no_third_time(club: Any) -> None:
    first, second = _hand(club, "backup", process="one"), _hand(club, "backup", process="two")
    run = first.begin("23:00", "again")
    assert run is not None
    assert second.begin("23:00", "again") is None, "it still runs, as far as anybody knows"
    assert not second.interrupt("23:00", "zero")
    assert second.interrupt("23:00", "one")
    assert not first.finish(run, "ok", ""), "a dead run says nothing any more"
    assert second.begin("23:00", "again") == run
    assert second.interrupt("23:00", "two")
    assert second.begin("23:00", "again") is None
    assert [(each.outcome, each.summary) for each in _runs(club).history()] == [("interrupted", "again")]


def test_history_is_asked_by_operation_time_and_failure(club: Any) -> None:
    runs = _runs(club)
    for number, outcome in enumerate(["ok", "failed", "ok"]):
        hand = _hand(club, "email" if number else "sms")
        run = hand.begin(str(number), "again")
        assert run is not None
        hand.finish(run, outcome, "")  # type: ignore[arg-type]
        club.clocks.pass_(3600)
    assert [run.operation for run in runs.history()] == ["email", "email", "sms"]
    assert [run.occurrence for run in runs.history("email")] == ["2", "1"]
    assert [run.occurrence for run in runs.history(failures=True)] == ["1"]
    assert [run.occurrence for run in runs.history(since=datetime(2026, 11, 24, 8, 0, tzinfo=UTC))] == ["2"]
    assert len(runs.history(limit=1)) == 1


def test_old_runs_are_purged_and_running_ones_stay(club: Any) -> None:
    runs = _runs(club)
    running = _hand(club, "backup").begin("long", "again")
    for _ in range(3):
        runs.record("email", "ok", 1.0)
    club.clocks.pass_(timedelta(days=40).total_seconds())
    runs.record("email", "ok", 1.0)
    assert (runs.purge(timedelta(days=30)), runs.purge(timedelta(days=30))) == (3, 0)
    assert [run.id for run in runs.history("backup")] == [running]


@pytest.mark.engines("sqlite")
def test_a_row_that_another_program_spoilt_is_shown_as_it_can_be(club: Any) -> None:
    runs = _runs(club)
    run = _hand(club, "email").begin("1", "again")
    club.sql("UPDATE operation_run SET started_at = 'zorglub', started_ms = 'x', summary = CAST(X'E9' AS TEXT)")
    (shown,) = runs.history()
    assert (shown.id, shown.started_at, shown.seconds, shown.summary) == (run, None, None, "\N{REPLACEMENT CHARACTER}")


def test_stations_are_seen_with_what_they_hold(club: Any) -> None:
    stations = Stations(club.database())
    stations.beat("ACCUEIL", "one", "0.1.0", "active", ["sms", "email"])
    club.clocks.pass_(60)
    stations.beat("SERVEUR", "two", "0.1.0", "attention")
    accueil, serveur = stations.list()
    assert (accueil.name, accueil.holds, accueil.age_seconds) == ("ACCUEIL", ("email", "sms"), 60)
    assert (serveur.state, serveur.holds, serveur.age_seconds) == ("attention", (), 0)
    stations.beat("ACCUEIL", "one", "0.1.0", "active")
    club.clocks.pass_(1)
    assert str(stations.list()[0].started_at) == "2026-11-24 06:40:00+00:00"
    stations.beat("ACCUEIL", "three", "0.2.0", "active")
    accueil = stations.list()[0]
    assert (accueil.process, accueil.version, str(accueil.started_at)) == (
        "three",
        "0.2.0",
        "2026-11-24 06:41:01+00:00",
    )


def test_stations_that_meet_at_their_first_sign_of_life_both_succeed(club: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda number: Stations(club.database(busy_seconds=10)).beat("A", str(number), "1", "active"), range(4)
            )
        )
    assert len(Stations(club.database()).list()) == 1


def test_a_spoilt_list_of_what_a_station_holds_reads_empty(club: Any) -> None:
    stations = Stations(club.database())
    stations.beat("A", "one", "1", "active", ["email"])
    for spoilt in ("zorglub", "{}"):
        club.sql("UPDATE station SET holds = ?", spoilt)
        assert stations.list()[0].holds == ()
