"""A password that the mail server refuses is not tried again each minute: a provider would lock the account."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from club_gateway import settings_for
from faulty_smtp import Behaviour, FaultySmtp

from tests.program.sample_club import Club
from tests.program.sms_club import numbers, sms_club

RIGHT, WRONG = "s3cr3t-of-the-mailbox", "s3cr3t-of-the-mailbox-as-it-was"
LOGIN = 'user = "club@example.org"\npassword = "{password}"\n'


@pytest.fixture
def server(club: Club) -> Iterator[FaultySmtp]:
    with FaultySmtp(Behaviour(users={"club@example.org": RIGHT}, auth_in_clear=True)) as server:
        club.smtp_port = server.port
        club.write_settings(smtp=LOGIN.format(password=WRONG))
        yield server


def _pause(operation: dict[str, Any]) -> timedelta:
    if operation["next_run"] is None:
        return timedelta(0)
    next_run = datetime.fromisoformat(operation["next_run"])
    return next_run - datetime.now(next_run.tzinfo)


def test_a_refused_login_is_left_alone_for_longer_each_time_and_mended_at_once(club: Club, server: FaultySmtp) -> None:
    club.write_emails("a@example.org")
    club.start()
    club.wait_until(lambda: "refused the user or the password" in str(club.operation("email")["reason"]))
    club.wait_until(lambda: club.operation("email")["next_run"] is not None)
    assert server.commands["auth"] == 1
    waiting = club.operation("email")
    assert waiting["state"] == "waiting"
    assert "refused the user or the password" in waiting["reason"]
    assert "correct the user or the password in [email.smtp]" in waiting["reason"]
    assert timedelta(0) < _pause(waiting) <= timedelta(minutes=1)

    assert club.command("run-now", "email")[0] == 1
    assert server.commands["auth"] == 2, "a person need not wait"
    club.wait_until(lambda: "in 5 minutes" in str(club.operation("email")["reason"]))
    club.wait_until(lambda: timedelta(minutes=1) < _pause(club.operation("email")) <= timedelta(minutes=5))

    club.write_settings(smtp=LOGIN.format(password=RIGHT))
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.operation("email")["state"] == "active")


def test_a_gateway_s_refused_key_is_left_alone_as_well_and_mended_at_once(tmp_path: Path) -> None:
    with sms_club(tmp_path) as club:
        right = settings_for(club.server.url)
        club.write_sms_settings(gateway=right.replace("key-of-the-club", "key-of-nobody"))
        club.write_sms(*numbers(3))
        club.start()
        club.wait_until(lambda: club.operation("sms")["next_run"] is not None and club.vendor.asked != [])
        club.wait_until(lambda: "it is tried again in 1 minute" in str(club.operation("sms")["reason"]))
        waiting = club.operation("sms")
        assert waiting["state"] == "waiting"
        assert "correct it in [sms.gateway]" in waiting["reason"]
        assert len(club.vendor.asked) == 2, "two in a row prove it"

        assert club.command("run-now", "sms")[0] == 1
        club.wait_until(lambda: "in 5 minutes" in str(club.operation("sms")["reason"]))
        assert len(club.vendor.asked) <= 4, "a person need not wait, and the pause is longer then"

        club.write_sms_settings(gateway=right)
        club.command("sms", "retry", "1", "2", "--config", str(club.settings))
        club.wait_until(lambda: club.sms_states() == {"sent": 3})
        assert club.sms_copies() == dict.fromkeys(numbers(3), 1)
        club.wait_until(lambda: club.operation("sms")["state"] == "active")
