"""Objections to marketing by e-mail, and what left lately, on every engine."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from club_places import REFUSED

from club import EMAIL, EmailOptOuts, Sent, sent_lately


def test_an_objection_is_found_in_any_spelling(club: Any) -> None:
    kept = EmailOptOuts(club.database())
    assert kept.add(" Léa@Example.org", "desk")
    assert not kept.add("LÉA@example.org", "site")
    assert kept.is_out("léa@EXAMPLE.org", None)
    assert not kept.is_out("lea@example.org", None), "é is not e"
    assert kept.remove("LÉA@example.org")
    assert kept.list() == ()


def test_a_token_is_given_its_address_when_it_is_recognised(club: Any) -> None:
    kept = EmailOptOuts(club.database())
    assert kept.add_token("abc", "site")
    assert not kept.add_token("abc", "site")
    assert not kept.is_out("lea@example.org", "another")
    assert kept.is_out("lea@example.org", "abc")
    assert kept.is_out("lea@example.org", None)
    assert [(each.address, each.token, each.source) for each in kept.list()] == [("lea@example.org", "abc", "site")]


def test_a_token_whose_address_has_objected_already_stays_as_it_is(club: Any) -> None:
    kept = EmailOptOuts(club.database())
    kept.add("lea@example.org", "desk")
    kept.add_token("abc", "site")
    assert kept.is_out("lea@example.org", "abc")
    assert len(kept.list()) == 2
    assert kept.remove("lea@example.org", "abc")
    assert kept.list() == ()


@pytest.mark.parametrize("columns", ["(address) VALUES ('Lea@example.org')", "(source) VALUES ('site')"])
def test_an_objection_that_would_never_be_found_is_refused(club: Any, columns: str) -> None:
    EmailOptOuts(club.database())
    with pytest.raises(REFUSED):
        club.sql(f"INSERT INTO email_opt_out {columns}")


def test_two_stations_that_keep_one_objection_at_once_keep_it_once(club: Any) -> None:
    kept = [EmailOptOuts(club.database()) for _ in range(2)]
    at_once = threading.Barrier(2)

    def add(mine: EmailOptOuts) -> None:
        at_once.wait(90)
        mine.add("lea@example.org", "desk")

    threads = [threading.Thread(target=add, args=(mine,)) for mine in kept]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert [each.address for each in kept[0].list()] == ["lea@example.org"]


def test_what_left_lately_is_told_by_the_databases_clock(club: Any) -> None:
    outbox = club.outbox()
    for number in range(3):
        club.sql(f"INSERT INTO email (recipient, subject, text_body) VALUES ('m{number}@x.fr', 's', 'b')")
    for message in outbox.claim():
        assert outbox.begin(message)
        outbox.settle(message, Sent("r"))
        club.clocks.pass_(3)
    database = club.database()
    assert sent_lately(database, EMAIL, timedelta(minutes=1), 10) == (9, 6, 3)
    assert sent_lately(database, EMAIL, timedelta(seconds=8), 10) == (6, 3)
    assert sent_lately(database, EMAIL, timedelta(minutes=1), 1) == (3,)
