"""`handover` and `status --club` on a club of real stations, from whichever of them a person sits at."""

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.program.sample_club import Club

STANDBY = 'standby = ["SERVEUR"]'


@pytest.fixture
def pair(club: Club) -> Club:
    """A club whose ACCUEIL does the e-mails while SERVEUR stands by."""
    return in_a_pair(club)


def in_a_pair(club: Club) -> Club:
    club.write_settings(email=STANDBY)
    club.start()
    club.wait_until(lambda: club.operation("email", "--station", "ACCUEIL")["state"] == "active")
    club.start("SERVEUR")
    club.wait_until(lambda: club.operation("email", "--station", "SERVEUR")["state"] == "standby")
    club.wait_until(lambda: all(station["plan"] for station in overview(club)["stations"]))
    return club


def overview(club: Club) -> dict[str, Any]:
    code, out, errors = club.command("status", "--club", "--json", "--config", str(club.settings))
    assert code in (0, 1), errors
    return dict(json.loads(out))


def handover(club: Club, *words: str) -> tuple[int, dict[str, Any], str]:
    code, out, errors = club.command("handover", "email", "--json", "--config", str(club.settings), *words)
    return code, json.loads(out) if out else {}, errors


def holder(club: Club) -> str:
    return str(club.rows("SELECT station FROM lease WHERE name = 'email'")[0][0])


def test_an_operation_goes_over_at_once_works_there_and_comes_back(pair: Club) -> None:
    pair.write_emails("a@example.org")
    pair.wait_until(lambda: pair.states() == {"sent": 1})
    code, told, errors = handover(pair, "--to", "serveur")
    assert (code, errors) == (0, "")
    assert (told["from"], told["to"], told["holder"], told["is_done"]) == ("ACCUEIL", "SERVEUR", "SERVEUR", True)
    pair.wait_until(lambda: pair.operation("email", "--station", "SERVEUR")["state"] == "active")
    pair.wait_until(lambda: pair.operation("email", "--station", "ACCUEIL")["state"] == "standby")
    pair.write_emails("b@example.org")
    pair.wait_until(lambda: pair.states() == {"sent": 2})
    assert pair.copies() == {"a@example.org": 1, "b@example.org": 1}
    code, told, _ = handover(pair)
    assert (code, told["to"], holder(pair)) == (0, "ACCUEIL", "ACCUEIL")


def test_the_whole_club_is_seen_from_a_station_whose_own_program_is_down(pair: Club) -> None:
    pair.wait_until(lambda: overview(pair)["state"] == "active")
    seen = overview(pair)
    assert [(station["name"], station["state"]) for station in seen["stations"]] == [
        ("SERVEUR", "active"),
        ("ACCUEIL", "active"),
    ]
    (lease,) = seen["leases"]
    assert (lease["operation"], lease["holder"], lease["wanted"]) == ("email", "ACCUEIL", None)
    assert lease["candidates"] == ["ACCUEIL", "SERVEUR"]
    assert lease["since"] < lease["expires"]


def test_the_wish_is_written_from_a_computer_without_any_program(pair: Club, tmp_path: Path) -> None:
    """The command of another computer: it has the settings and the database, and no program to tell."""
    elsewhere = pair.home
    pair.home = tmp_path / "another computer"
    code, told, errors = handover(pair)
    pair.home = elsewhere
    assert (code, told["holder"]) == (0, "SERVEUR"), errors


def test_a_stopped_station_is_not_handed_to_and_its_operation_is_told(pair: Club) -> None:
    code, out, _ = pair.command("stop", "--station", "SERVEUR")
    assert code == 0, out
    code, _, errors = handover(pair)
    assert code == 1
    assert "SERVEUR was stopped" in errors
    assert "start Heitz Service there" in errors
    # Its first sign of life may have said that something was amiss yet; the next comes in half a minute.
    pair.wait_until(lambda: [concern["kind"] for concern in overview(pair)["concerns"]] == ["server_stopped"])


def test_a_message_in_flight_is_finished_before_its_operation_goes(club: Club) -> None:
    club.smtp_port = 1  # a second mail server, of which this test knows the process
    mail_server = club.start_smtp()
    in_a_pair(club)
    club.write_emails("dot-silent@example.org")  # the server takes it and never says so
    club.wait_until(lambda: club.states() == {"sending": 1})
    code, told, _ = handover(club, "--wait", "0.5")
    assert (code, told["holder"]) == (1, "ACCUEIL")
    assert "the wish stays: SERVEUR gets it when the work in hand is done" in told["sentence"]
    (lease,) = overview(club)["leases"]
    assert (lease["holder"], lease["wanted"]) == ("ACCUEIL", "SERVEUR")
    mail_server.kill()  # with its connection the message's wait is over
    mail_server.wait()
    club.wait_until(lambda: holder(club) == "SERVEUR")
    assert club.states() == {"uncertain": 1}
    club.start_smtp()
    club.write_emails("b@example.org")
    club.wait_until(lambda: club.states() == {"uncertain": 1, "sent": 1})
    assert club.copies() == {"dot-silent@example.org": 1, "b@example.org": 1}


def _is_frozen_with_no_lock(club: Club, pid: int) -> bool:
    """Freeze a station; one that was just writing keeps the file locked, and is let go on."""
    os.kill(pid, signal.SIGSTOP)
    with closing(sqlite3.connect(club.database, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            os.kill(pid, signal.SIGCONT)
            return False
        connection.execute("ROLLBACK")
        return True


def test_a_station_that_freezes_before_it_lets_go_leaves_the_wish(pair: Club) -> None:
    pid = pair.status("--station", "ACCUEIL")["pid"]
    pair.wait_until(lambda: _is_frozen_with_no_lock(pair, pid))
    try:
        code, told, _ = handover(pair, "--to", "SERVEUR", "--wait", "2")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (code, told["is_done"], told["holder"]) == (1, False, "ACCUEIL")
    assert "the wish stays" in told["sentence"]
    pair.wait_until(lambda: holder(pair) == "SERVEUR")


def test_settings_files_that_contradict_each_other_are_seen_from_anywhere(club: Club) -> None:
    club.write_settings(email=STANDBY)
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    own, club.settings = club.settings, club.folder / "another.toml"
    club.write_settings()
    club.settings.write_text(
        club.settings.read_text("utf-8").replace('station = "ACCUEIL"', 'station = "SERVEUR"'), "utf-8"
    )
    club.start("SERVEUR")
    club.settings = own
    club.wait_until(lambda: "contradiction" in [concern["kind"] for concern in overview(club)["concerns"]])
    (said,) = (concern["sentence"] for concern in overview(club)["concerns"] if concern["kind"] == "contradiction")
    assert "ACCUEIL, else SERVEUR" in said
    assert "SERVEUR alone" in said
    assert holder(club) == "ACCUEIL"
