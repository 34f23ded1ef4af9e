"""A password that the mail server refuses is not tried again each minute: a provider would lock the account."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from faulty_smtp import Behaviour, FaultySmtp

from tests.program.sample_club import Club

LOGIN = 'user = "club@example.org"\npassword = "{password}"\n'


@pytest.fixture
def server(club: Club) -> Iterator[FaultySmtp]:
    with FaultySmtp(Behaviour(users={"club@example.org": "right"}, auth_in_clear=True)) as server:
        club.smtp_port = server.port
        club.write_settings(smtp=LOGIN.format(password="wrong"))
        yield server


def _pause(operation: dict[str, Any]) -> timedelta:
    next_run = datetime.fromisoformat(operation["next_run"])
    return next_run - datetime.now(next_run.tzinfo)


def test_a_refused_login_is_left_alone_for_longer_each_time_and_mended_at_once(club: Club, server: FaultySmtp) -> None:
    club.write_emails("a@example.org")
    club.start()
    club.wait_until(lambda: club.operation("email")["next_run"] is not None and server.commands["auth"] == 1)
    waiting = club.operation("email")
    assert waiting["state"] == "waiting"
    assert "refused the user or the password" in waiting["reason"]
    assert "correct the user or the password in [email.smtp]" in waiting["reason"]
    assert timedelta(seconds=30) < _pause(waiting) <= timedelta(minutes=1)

    assert club.command("run-now", "email")[0] == 1
    assert server.commands["auth"] == 2, "a person need not wait"
    club.wait_until(lambda: club.operation("email")["next_run"] is not None)
    assert timedelta(minutes=4) < _pause(club.operation("email")) <= timedelta(minutes=5)

    club.write_settings(smtp=LOGIN.format(password="right"))
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.operation("email")["state"] == "active")
