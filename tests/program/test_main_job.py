"""The main job: e-mails that other programs wrote reach the mail server, once, and the program answers for itself."""

import json
import signal

import pytest

from tests.program.sample_club import Club, end


def test_emails_written_by_another_program_are_delivered_and_marked(club: Club) -> None:
    club.write_emails(*(f"member{number}@example.org" for number in range(25)))
    station = club.start()
    club.wait_until(lambda: club.states() == {"sent": 25})
    assert set(club.copies().values()) == {1}
    club.wait_until(lambda: club.operation("email")["counters"] == {"sent": 25})
    email = club.operation("email")
    assert (email["state"], email["holder"]) == ("active", "ACCUEIL")
    assert end(station) == 0


def test_run_now_delivers_at_once_and_tells_the_result(club: Club) -> None:
    club.write_settings(email='batch = 10\nretry_after = "1s"')
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    club.write_emails("a@example.org")
    code, out, _ = club.command("run-now", "email", "--json")
    assert code == 0
    assert json.loads(out)["outcome"] == "ok"
    assert club.copies() == {"a@example.org": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_station_in_order(club: Club, number: int) -> None:
    assert end(club.start(), number) == 0
    assert club.rows("SELECT station FROM lease WHERE name = 'email'") == [("",)]  # given back, not left to run out


def test_stop_stops_the_station_and_a_second_stop_says_that_it_does_not_run(club: Club) -> None:
    station = club.start()
    assert club.command("stop")[0] == 0
    assert station.wait(90) == 0
    code, _, errors = club.command("stop", "--station", "ACCUEIL")
    assert code == 6
    assert "does not run" in errors
    assert club.rows("SELECT state, holds FROM station") == [("stopped", "[]")]  # and not that all is well


def test_a_second_station_of_the_same_name_refuses_and_names_the_first(club: Club) -> None:
    first = club.start()
    second = club.run()
    _, errors = second.communicate(timeout=90)
    assert second.returncode == 3
    assert str(first.pid) in errors


def test_restart_restarts_an_actor_and_a_wrong_name_is_told_the_right_one(club: Club) -> None:
    club.start()
    club.wait_until(lambda: club.actor("email")["state"] == "running")
    restarted = [club.command("restart", "email", "--json") for _ in range(2)]
    assert [code for code, _, _ in restarted] == [0, 0]
    first, second = (json.loads(out) for _, out, _ in restarted)
    assert (first["path"], first["state"], second["incarnation"] - first["incarnation"]) == ("email", "running", 1)
    for wrong in ("emial", ""):
        code, _, errors = club.command("restart", wrong)
        assert code == 1
        assert "email" in errors


def test_every_operation_of_the_manual_is_in_the_status_with_its_reason(club: Club) -> None:
    club.start()
    operations = club.status()["operations"]
    assert len(operations) == 12
    assert all(operation["reason"] for operation in operations if operation["state"] != "active")


def test_the_history_tells_runs_and_keeps_silent_about_minutes_with_nothing_to_do(club: Club) -> None:
    club.write_emails("a@example.org", "b@example.org")
    club.start()
    club.wait_until(lambda: club.states() == {"sent": 2})
    club.wait_until(lambda: len(club.rows("SELECT 1 FROM operation_run")) == 1)
    for _ in range(3):
        assert club.command("run-now", "email")[0] == 0
    code, out, _ = club.command("history", "email", "--json", "--config", str(club.settings))
    assert code == 0
    assert "2 e-mails sent" in out
    assert len(club.rows("SELECT 1 FROM operation_run")) == 1


def test_one_station_sends_and_its_standby_takes_over_when_it_is_gone(club: Club) -> None:
    club.write_settings(email='standby = ["SERVEUR"]')
    preferred = club.start("ACCUEIL")
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    club.start("SERVEUR")
    at_server = ("--station", "SERVEUR")
    club.wait_until(lambda: club.operation("email", *at_server)["state"] == "standby")
    waiting = club.operation("email", *at_server)
    assert (waiting["holder"], "ACCUEIL" in waiting["reason"]) == ("ACCUEIL", True)
    assert club.command("run-now", "email", *at_server)[0] == 1
    assert end(preferred) == 0
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})
    assert club.operation("email")["holder"] == "SERVEUR"
    assert club.copies() == {"a@example.org": 1}


def test_the_club_is_shown_from_the_database_while_no_station_runs(club: Club) -> None:
    station = club.start()
    club.wait_until(lambda: club.rows("SELECT 1 FROM station") != [])
    assert end(station) == 0
    code, out, _ = club.command("status", "--club", "--json", "--config", str(club.settings))
    assert code == 1  # the server was never seen
    server, desk = json.loads(out)["stations"]
    assert (server["name"], server["state"], server["seen_at"]) == ("SERVEUR", "unknown", None)
    assert (desk["name"], desk["state"], desk["holds"], desk["is_lost"]) == ("ACCUEIL", "stopped", [], False)


def test_status_says_when_nothing_runs(club: Club) -> None:
    code, _, errors = club.command("status")
    assert code == 6
    assert errors.count("\n") == 1
