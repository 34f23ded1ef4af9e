"""Killed at any moment, the program doubles and loses no SMS; what nobody can know is asked for, and settled."""

import random
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from gateway_server import Fault

from tests.program.sms_club import SmsClub, numbers, sms_club

KILLS = 6
COUNT = 200


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SmsClub]:
    with sms_club(tmp_path) as club:
        yield club


def has_begun(club: SmsClub, copies_before: int) -> bool:
    return sum(club.sms_copies().values()) > copies_before or not club.sms_states().get("pending")


def test_kill_9_while_sms_leave_doubles_nothing_loses_nothing_and_what_is_unknown_is_settled(club: SmsClub) -> None:
    chance = random.Random(11)
    club.write_sms(*numbers(COUNT))
    kills = 0
    while kills < KILLS and club.sms_states().get("pending", 0) > COUNT // 20:
        station = club.run()
        club.wait_until(partial(has_begun, club, sum(club.sms_copies().values())))
        Event().wait(chance.uniform(0, 0.05))
        station.send_signal(signal.SIGKILL)
        station.communicate()
        kills += 1
    assert kills > 1, "it was over before it was killed"
    club.start()
    club.wait_until(lambda: club.sms_states() == {"sent": COUNT})
    assert club.sms_copies() == dict.fromkeys(numbers(COUNT), 1)
    doubted = club.rows("SELECT DISTINCT message_id FROM outbox_attempt WHERE outcome = 'uncertain'")
    assert len(doubted) <= kills


def test_a_reply_that_is_lost_leaves_one_copy_is_found_and_the_next_sms_goes_at_once(club: SmsClub) -> None:
    club.vendor.faults.append(Fault.LOST_REPLY)
    club.write_sms(*numbers(2))
    club.start()
    club.wait_until(lambda: club.sms_states() == {"sent": 2})
    assert club.sms_copies() == dict.fromkeys(numbers(2), 1)
    outcomes = club.rows("SELECT outcome FROM outbox_attempt WHERE message_id = 1 ORDER BY id")
    assert outcomes == [("uncertain",), ("sent",)]


def test_a_station_that_is_stopped_while_the_gateway_is_silent_leaves_one_sms_uncertain_and_no_more(
    club: SmsClub,
) -> None:
    club.vendor.faults.append(Fault.DRIP_HEADERS)
    club.write_sms(*numbers(5))
    station = club.start()
    club.wait_until(lambda: club.sms_states().get("sending") == 1)
    assert club.command("stop")[0] == 0
    assert station.wait(90) == 0
    assert club.sms_states() == {"uncertain": 1, "pending": 4}
    assert sum(club.sms_copies().values()) == 1
