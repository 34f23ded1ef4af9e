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

from club import Database, DatabaseAway
from club.dialect.connecting import Limits

pytestmark = pytest.mark.engines("mariadb", "postgresql")

SLOW = {"mariadb": "SELECT SLEEP(20)", "postgresql": "SELECT pg_sleep(20)"}
NUMBER = {"mariadb": "SELECT CONNECTION_ID()", "postgresql": "SELECT pg_backend_pid()"}
END = {"mariadb": "KILL CONNECTION {}", "postgresql": "SELECT pg_terminate_backend({})"}


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def _one(database: Database) -> Any:
    return database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())


def _when_back(database: Database) -> Any:
    """Ask until the pause between two attempts is over."""
    pause = threading.Event()
    for _ in range(300):
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


def test_a_connection_that_is_lost_in_the_middle_is_weather_and_the_next_call_works(club: Any, server: Server) -> None:
    database = club.database()

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
    database = club.database()
    assert _one(database) == 1
    club.place.hang_up()
    server.kill()
    with _within(10), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    with _within(2), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    server.start()
    assert _when_back(database) == 1


def test_a_frozen_server_is_given_up(club: Any, server: Server) -> None:
    database = club.database()
    assert _one(database) == 1
    with server.frozen(), _within(10), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    assert _when_back(database) == 1


def test_a_server_that_freezes_in_the_middle_is_given_up(club: Any, server: Server) -> None:
    def freeze(connection: Any) -> None:
        with server.frozen():
            connection.execute(text("DELETE FROM email"))

    database = club.database()
    with _within(8), pytest.raises(DatabaseAway, match="does not answer"):
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
    with _within(6), pytest.raises(DatabaseAway, match="does not answer"):
        _one(database)
    database.dispose()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(club: Any, server: Server) -> None:
    database = club.database()
    with _within(6), pytest.raises(DatabaseAway, match="takes too long over one question"):
        database.read(lambda connection: connection.execute(text(SLOW[server.engine])).all())
    assert _one(database) == 1


def test_a_change_of_tables_may_take_longer(club: Any, server: Server) -> None:
    database = club.database()
    database.alter(lambda connection: connection.execute(text(SLOW[server.engine].replace("20", "2.5"))).all())


def test_a_station_that_froze_in_a_transaction_does_not_keep_the_lease_from_its_heir(
    club: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "of", classmethod(lambda _cls, _seconds: Limits(2, 5, 5, 6, idle_seconds=1)))
    frozen, heir = club.lease(process="one"), club.lease(process="two", predecessors=["one"])
    assert frozen.acquire()
    renewed, woken, ended = threading.Event(), threading.Event(), []

    def freeze(connection: Any) -> None:
        renewed.set()
        woken.wait(20)
        connection.execute(text("DELETE FROM email"))

    def work() -> None:
        try:
            frozen.fenced(freeze)
        except DatabaseAway as away:
            ended.append(str(away))

    thread = threading.Thread(target=work)
    thread.start()
    assert renewed.wait(10)
    with _within(10):
        assert heir.acquire()
    woken.set()
    thread.join(20)
    assert len(ended) == 1
    assert "does not answer" in ended[0]


def test_the_limits_keep_a_call_within_the_margin_of_a_lease() -> None:
    limits = Limits.of(5.0)
    assert limits.silence_seconds > limits.statement_seconds, "the server itself speaks first"
    assert limits.silence_seconds + limits.dial_seconds < 10
    assert attrs.asdict(limits.patient())["statement_seconds"] > 3600
    assert min(attrs.astuple(Limits.of(0.05))) >= 1, "drivers take 0 for: without end"


def test_a_connection_that_a_thread_never_gives_back_does_not_keep_the_others_waiting_for_ever(club: Any) -> None:
    now = [1000.0]
    database = club.database(pool_size=1, clock=lambda: now[0])
    taken, released = threading.Event(), threading.Event()

    def hang(_connection: Any) -> None:
        taken.set()
        released.wait(60)

    thread = threading.Thread(target=database.read, args=(hang,))
    thread.start()
    try:
        assert taken.wait(10)
        with pytest.raises(DatabaseAway, match="keeps every connection of this program waiting"):
            _one(database)
        now[0] += 61
        with pytest.raises(DatabaseAway, match="keeps every connection of this program waiting"):
            _one(database)
        assert _one(database) == 1
    finally:
        released.set()
        thread.join(10)


def test_a_network_that_swallows_everything_is_given_up_by_one_and_told_to_the_others_at_once(
    club: Any, server: Server
) -> None:
    proxy = CutProxy(server.port)
    database = Database(server.url(club.place.name).replace(str(server.port), str(proxy.port)), busy_seconds=0.5)
    try:
        assert _one(database) == 1
        with proxy.cut():
            with _within(10), pytest.raises(DatabaseAway, match="does not answer"):
                _one(database)
            with _within(2), pytest.raises(DatabaseAway, match="does not answer"):
                _one(database)
        assert _when_back(database) == 1
    finally:
        database.dispose()
        proxy.close()
