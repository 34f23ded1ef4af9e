"""Killed at any moment, the program loses nothing and doubles nothing; what can't be known is `uncertain`."""

import random
import signal
from functools import partial
from threading import Event

from tests.program.sample_club import Club

KILLS = 8
MAILS = 400


def has_begun(club: Club, copies_before: int) -> bool:
    return sum(club.copies().values()) > copies_before or not club.states().get("pending")


def test_kill_9_during_delivery_doubles_nothing_and_loses_nothing(club: Club) -> None:
    chance = random.Random(7)
    club.write_emails(*(f"member{number}@example.org" for number in range(MAILS)))
    kills = 0
    while kills < KILLS and club.states().get("pending", 0) > MAILS // 20:
        station = club.run()
        before = sum(club.copies().values())
        club.wait_until(partial(has_begun, club, before))
        Event().wait(chance.uniform(0, 0.05))
        station.send_signal(signal.SIGKILL)
        station.communicate()
        kills += 1
    assert kills > 1, "it was over before it was killed"
    club.start()
    club.wait_until(lambda: not set(club.states()) & {"pending", "sending"})
    copies = club.copies()
    assert [recipient for recipient, count in copies.items() if count > 1] == []
    sent = {recipient for (recipient,) in club.rows("SELECT recipient FROM email WHERE state = 'sent'")}
    uncertain = {recipient for (recipient,) in club.rows("SELECT recipient FROM email WHERE state = 'uncertain'")}
    assert sent <= set(copies)
    assert sent | uncertain == {f"member{number}@example.org" for number in range(MAILS)}
    assert len(uncertain) <= kills


def test_a_reply_that_is_lost_leaves_one_copy_an_uncertain_row_and_the_next_mail_goes(club: Club) -> None:
    club.write_emails("dot-close@example.org", "next@example.org")
    club.start()
    club.wait_until(lambda: club.states() == {"uncertain": 1, "sent": 1})
    assert club.command("run-now", "email")[0] == 0
    assert club.copies() == {"dot-close@example.org": 1, "next@example.org": 1}
    assert club.status()["state"] == "active"


def test_a_restarted_station_takes_its_lease_back_at_once(club: Club) -> None:
    station = club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    station.kill()
    station.communicate()
    ((would_end_at,),) = club.rows("SELECT expires_at FROM lease WHERE name = 'email'")
    club.write_emails("a@example.org")
    club.start()
    club.wait_until(lambda: club.states() == {"sent": 1})
    ((taken_at,),) = club.rows("SELECT acquired_at FROM lease WHERE name = 'email'")
    assert taken_at < would_end_at
