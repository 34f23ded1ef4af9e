"""A mail server that says nothing holds up neither the operator nor the end of the program."""

import subprocess
import sys
from time import monotonic

import pytest

from tests.program.sample_club import Club, end

_CLAIMED = "SELECT 1 FROM email WHERE claim_id IS NOT NULL"


def stuck(club: Club, word: str) -> "subprocess.Popen[str]":
    """Start a station whose first e-mail meets silence, and return once it is under way."""
    club.write_emails(f"{word}@example.org")
    station = club.start()
    club.wait_until(lambda: bool(club.rows(_CLAIMED)))
    return station


@pytest.mark.parametrize("word", ["rcpt-silent", "data-silent"])
def test_silence_before_the_mail_is_out_ends_with_the_station_and_leaves_the_mail_due(club: Club, word: str) -> None:
    station = stuck(club, word)
    began = monotonic()
    assert end(station) == 0
    assert monotonic() - began < 25
    assert club.states() == {"pending": 1}


def test_a_server_about_to_confirm_is_given_time_when_the_station_stops(club: Club) -> None:
    stuck(club, "dot-late")
    assert club.command("stop")[0] == 0
    assert club.states() == {"sent": 1}


def test_a_run_that_is_asked_for_and_cut_off_by_a_restart_is_told_in_one_sentence(club: Club) -> None:
    stuck(club, "data-silent")
    assert club.operation("email")["next_run"] is None  # it goes on, and is not overdue
    asked = club.spawn(
        [sys.executable, "-m", "service", "run-now", "email"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    club.wait_until(lambda: club.actor("email")["mailbox"] > 0)
    assert club.command("restart", "email")[0] == 0
    _, errors = asked.communicate(timeout=90)
    assert (asked.returncode, errors.count("\n")) == (1, 1)
    assert "ended before the run did" in errors
