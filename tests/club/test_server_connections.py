"""Real servers: connections that are lost, and waits that would not end by themselves."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
from cut_proxy import CutProxy
from database_servers import Server
from sqlalchemy import text

from club import Database, DatabaseAway, LeaseLost
from club.dialect.connecting import Limits
from club.tables import email

pytestmark = pytest.mark.engines("mariadb", "postgresql")

SLOW = {"mariadb": "SELECT SLEEP({})", "postgresql": "SELECT pg_sleep({})"}
NUMBER = {"mariadb": "SELECT CONNECTION_ID()", "postgresql": "SELECT pg_backend_pid()"}
END = {"mariadb": "KILL CONNECTION {}", "postgresql": "SELECT pg_terminate_backend({})"}


BOUNDED_SECONDS = 60.0
"""What is asserted is that a wait has an end at all, also on a computer that has no time; `Limits` say which."""


@contextmanager
def _bounded() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUNDED_SECONDS


def _one(database: Database) -> Any:
    return database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())


def _when_back(database: Database) -> Any:
    """Ask until the pause between two attempts is over."""
    pause, until = threading.Event(), time.monotonic() + 90
    while time.monotonic() < until:
        try:
            return _one(database)
        except DatabaseAway:
            pause.wait(0.05)
    return _one(database)


def _number(connection: Any) -> int:
    return int(connection.execute(text(NUMBER[connection.dialect.name])).scalar())


def test_a_connection_that_was_lost_while_it_lay_in_the_pool_is_replaced(club: Any, server: Server) -> None:
    database = club.database()
    for _ in range(3):
        server.administer(END[server.engine].format(database.read(_number)))
        assert _one(database) == 1


def test_what_is_to_be_written_over_a_connection_that_was_lost_in_the_pool_is_written_once(
    club: Any, server: Server
) -> None:
    database = club.database()
    for number in range(3):
        server.administer(END[server.engine].format(database.read(_number)))
        row = {"recipient": "a@example.org", "subject": f"after the loss {number}", "text_body": "b"}
        database.write(lambda connection, row=row: connection.execute(email.insert(), row))
    assert club.sql("SELECT subject FROM email ORDER BY id") == [(f"after the loss {number}",) for number in range(3)]


def test_a_transaction_whose_connection_is_lost_before_its_commit_runs_once_more_and_counts_once(
    club: Any, server: Server
) -> None:
    database, tries = club.database(busy_seconds=60), []

    def work(connection: Any) -> None:
        tries.append(1)
        connection.execute(text("INSERT INTO email (recipient, subject, text_body) VALUES ('a@example.org', 's', 'b')"))
        if len(tries) == 1:
            server.administer(END[server.engine].format(_number(connection)))
            connection.execute(text("SELECT count(*) FROM email"))

    database.write(work)
    assert (len(tries), club.states()) == (2, {"pending": 1})


def test_a_question_is_not_preceded_by_another(club: Any) -> None:
    """An idle station asks once a second: a ping before each would be half of all that it asks."""
    database, pings = club.database(), []

    def ping(connection: Any) -> bool:
        pings.append(connection)
        return True

    database.engine.dialect.do_ping = ping
    for _ in range(3):
        assert _one(database) == 1
    assert pings == []


def test_a_connection_that_is_lost_in_the_middle_is_weather_and_the_next_call_works(club: Any, server: Server) -> None:
    database = club.database(busy_seconds=0.2)

    def lose(connection: Any) -> None:
        server.administer(END[server.engine].format(_number(connection)))
        connection.execute(text("DELETE FROM email"))

    club.write()
    with pytest.raises(DatabaseAway, match="does not answer: check the network and the server"):
        database.write(lose)
    assert _one(database) == 1
    assert club.states() == {"pending": 1}


def test_a_commit_whose_outcome_is_not_known_is_not_repeated(club: Any, server: Server) -> None:
    database, tries = club.database(), []

    def work(connection: Any) -> None:
        tries.append(1)
        connection.execute(text("DELETE FROM email"))
        server.administer(END[server.engine].format(_number(connection)))

    with pytest.raises(DatabaseAway, match="does not answer"):
        database.write(work)
    assert tries == [1]


def test_a_server_that_dies_and_comes_back_is_met_again_without_a_restart(club: Any, server: Server) -> None:
    database = club.database(busy_seconds=0.2)
    assert _one(database) == 1
    club.place.hang_up()
    server.kill()
    with _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    with _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    server.start()
    assert _when_back(database) == 1


def test_a_frozen_server_is_given_up(club: Any, server: Server) -> None:
    database = club.database(busy_seconds=0.2)
    assert _one(database) == 1
    with server.frozen(), _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    assert _when_back(database) == 1


def test_a_server_that_freezes_in_the_middle_is_given_up(club: Any, server: Server) -> None:
    def freeze(connection: Any) -> None:
        with server.frozen():
            connection.execute(text("DELETE FROM email"))

    database = club.database(busy_seconds=0.2)
    with _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
        database.write(freeze)
    assert _when_back(database) == 1


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_peer_that_accepts_and_says_nothing_is_given_up(server: Server, silent_port: int) -> None:
    url = server.url("club").replace(str(server.port), str(silent_port))
    database = Database(url, busy_seconds=0.2)
    with _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    database.dispose()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    club: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The driver's own patience is long here: a server that has no time must not be taken for a silent one.
    monkeypatch.setattr(Limits, "of", classmethod(lambda _cls, _seconds: Limits(2, 1, 5, 60, idle_seconds=60)))
    database = club.database()
    with _bounded(), pytest.raises(DatabaseAway, match="takes too long over one question"):
        database.read(lambda connection: connection.execute(text(SLOW[server.engine].format(150))).all())
    assert _one(database) == 1


def test_a_change_of_tables_may_take_longer(club: Any, server: Server) -> None:
    database = club.database(busy_seconds=0.2)
    database.alter(lambda connection: connection.execute(text(SLOW[server.engine].format(2.5))).all())


def test_a_station_that_froze_in_a_transaction_does_not_keep_the_lease_from_its_heir(
    club: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "of", classmethod(lambda _cls, _seconds: Limits(2, 30, 30, 31, idle_seconds=1)))
    frozen, heir = club.lease(process="one"), club.lease(process="two", predecessors=["one"])
    assert frozen.acquire()
    club.write()
    renewed, woken, ended = threading.Event(), threading.Event(), []

    def freeze(connection: Any) -> None:
        renewed.set()
        woken.wait(120)
        connection.execute(text("DELETE FROM email"))

    def work() -> None:
        try:
            frozen.fenced(freeze)
        except (DatabaseAway, LeaseLost) as end:  # by how long it froze: given up, or tried once more and refused
            ended.append(str(end))

    thread = threading.Thread(target=work)
    thread.start()
    assert renewed.wait(90)
    with _bounded():
        assert heir.acquire()
    woken.set()
    thread.join(90)
    assert len(ended) == 1, ended
    assert club.states() == {"pending": 1}, "what it was about to do is undone"


def test_the_limits_keep_a_call_within_the_margin_of_a_lease() -> None:
    limits = Limits.of(5.0)
    assert limits.silence_seconds > limits.statement_seconds, "the server itself speaks first"
    assert limits.silence_seconds + limits.dial_seconds < 10
    assert attrs.asdict(limits.patient())["statement_seconds"] > 3600
    assert min(attrs.astuple(Limits.of(0.05))) >= 1, "drivers take 0 for: without end"


def test_a_connection_that_a_thread_never_gives_back_does_not_keep_the_others_waiting_for_ever(club: Any) -> None:
    now = [1000.0]
    database = club.database(pool_size=1, busy_seconds=0.2, clock=lambda: now[0])
    taken, released = threading.Event(), threading.Event()

    def hang(_connection: Any) -> None:
        taken.set()
        released.wait(120)

    thread = threading.Thread(target=database.read, args=(hang,))
    thread.start()
    try:
        assert taken.wait(90)
        with pytest.raises(DatabaseAway, match="keeps every connection of this program waiting"):
            _one(database)
        now[0] += 61
        with pytest.raises(DatabaseAway, match="keeps every connection of this program waiting"):
            _one(database)
        assert _one(database) == 1
    finally:
        released.set()
        thread.join(90)


def test_a_network_that_swallows_everything_is_given_up_by_one_and_told_to_the_others_at_once(
    club: Any, server: Server
) -> None:
    proxy = CutProxy(server.port)
    database = Database(server.url(club.place.name).replace(str(server.port), str(proxy.port)), busy_seconds=0.5)
    try:
        assert _one(database) == 1
        with proxy.cut():
            with _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
                _one(database)
            with _bounded(), pytest.raises(DatabaseAway, match="does not answer"):
                _one(database)
        assert _when_back(database) == 1
    finally:
        database.dispose()
        proxy.close()
