"""The dialer: one attempt at a time, a known outage is told at once, a driver that never returns costs one thread."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import attrs
import psycopg
import pytest

from club import DatabaseAway, DatabaseUnfit
from club.dialect.connecting import Traits
from club.dialect.dialing import Dialer

REFUSED = psycopg.OperationalError("connection failed: connection refused")


class Connection:
    """What a driver opens."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


@attrs.define
class Driver:
    """A driver that does what the test says, and counts."""

    error: Exception | None = None
    is_hung: bool = False
    opened: list[Connection] = attrs.field(factory=list)
    calls: int = 0
    called: threading.Event = attrs.field(factory=threading.Event)
    released: threading.Event = attrs.field(factory=threading.Event)

    def open(self) -> tuple[Any, Traits]:
        self.calls += 1
        self.called.set()
        if self.is_hung:
            self.released.wait(120)
        if self.error is not None:
            raise self.error
        self.opened.append(Connection())
        return self.opened[-1], Traits("1")


@attrs.define
class Dialing:
    driver: Driver = attrs.field(factory=Driver)
    now: float = 1000.0

    def dialer(self, seconds: float = 90.0) -> Dialer:
        return Dialer(self.driver.open, "mariadb club", seconds, lambda: self.now)


@pytest.fixture
def dialing() -> Iterator[Dialing]:
    dialing = Dialing()
    yield dialing
    dialing.driver.released.set()


def test_a_server_that_is_there_is_dialled_each_time(dialing: Dialing) -> None:
    dialer = dialing.dialer()
    assert [dialer.dial()[0] for _ in range(3)] == dialing.driver.opened


def test_a_known_outage_is_told_at_once_and_tried_again_after_a_pause(dialing: Dialing) -> None:
    dialer, driver = dialing.dialer(), dialing.driver
    driver.error = REFUSED
    with pytest.raises(psycopg.OperationalError):
        dialer.dial()
    for _ in range(5):
        with pytest.raises(DatabaseAway, match="does not answer"):
            dialer.dial()
    assert driver.calls == 1
    driver.error = None
    dialing.now += 1.01
    dialer.dial()
    dialer.dial()
    assert driver.calls == 3


def test_the_pauses_of_an_outage_grow_to_ten_seconds_and_begin_anew_with_the_next(dialing: Dialing) -> None:
    dialer, driver = dialing.dialer(), dialing.driver
    for _ in range(2):
        driver.error = REFUSED
        waits = []
        for _ in range(8):
            with pytest.raises(psycopg.OperationalError):
                dialer.dial()
            began, calls = dialing.now, driver.calls
            while driver.calls == calls:
                dialing.now += 0.1
                try:
                    dialer.dial()
                except (DatabaseAway, psycopg.OperationalError):
                    continue
            waits.append(dialing.now - began)
            dialing.now += 11
        assert waits[0] <= 1.1
        assert 4.9 <= waits[-1] <= 10.1
        driver.error = None
        dialer.dial()


def test_an_outage_is_logged_once_when_it_begins_and_once_when_it_ends(
    dialing: Dialing, caplog: pytest.LogCaptureFixture
) -> None:
    dialer, driver = dialing.dialer(), dialing.driver
    with caplog.at_level(logging.INFO):
        driver.error = REFUSED
        for _ in range(60):
            dialing.now += 10
            with pytest.raises((DatabaseAway, psycopg.OperationalError)):
                dialer.dial()
        driver.error = None
        dialing.now += 10
        dialer.dial()
    assert [record.event for record in caplog.records] == ["database.away", "database.back"]  # type: ignore[attr-defined]
    assert "is there again after 600 s" in caplog.text


def test_an_outage_that_a_person_must_end_is_told_to_all_by_its_own_sentence(dialing: Dialing) -> None:
    dialer = dialing.dialer()
    dialing.driver.error = DatabaseUnfit("MariaDB {version} is too old", version="5")
    for _ in range(3):
        with pytest.raises(DatabaseUnfit, match="MariaDB 5 is too old"):
            dialer.dial()
    assert dialing.driver.calls == 1


def test_several_threads_make_one_attempt_and_all_learn_what_became_of_it(dialing: Dialing) -> None:
    dialer, driver, told = dialing.dialer(), dialing.driver, []
    driver.is_hung, driver.error = True, REFUSED

    def ask() -> None:
        try:
            dialer.dial()
        except (DatabaseAway, psycopg.OperationalError) as error:
            told.append(error)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert driver.called.wait(90)
    driver.released.set()
    for thread in threads:
        thread.join(90)
    assert driver.calls == 1
    assert sorted(type(error).__name__ for error in told) == [*["DatabaseAway"] * 4, "OperationalError"]


def test_a_driver_that_never_returns_costs_one_thread_and_all_goes_on_when_it_is_well(dialing: Dialing) -> None:
    dialer, driver = dialing.dialer(seconds=0.05), dialing.driver
    driver.is_hung = True
    for _ in range(29):
        with pytest.raises(DatabaseAway, match="has not come back from connecting: check the network and the server"):
            dialer.dial()
        dialing.now += 1
    assert driver.called.wait(90)
    assert driver.calls == 1
    assert sum(thread.name == "database-dial" for thread in threading.enumerate()) == 1
    driver.is_hung, dialer._seconds = False, 90.0
    dialing.now += 60
    assert dialer.dial()[0] is driver.opened[0]


def test_the_more_threads_a_driver_keeps_the_rarer_it_is_tried(dialing: Dialing) -> None:
    dialer, driver = dialing.dialer(seconds=0.02), dialing.driver
    driver.is_hung = True
    for _ in range(3600):
        dialing.now += 1
        with pytest.raises(DatabaseAway):
            dialer.dial()
    assert driver.calls < 15


def test_a_driver_that_comes_back_too_late_is_tried_again_soon_and_its_connection_is_closed(dialing: Dialing) -> None:
    dialer, driver = dialing.dialer(seconds=0.05), dialing.driver
    driver.is_hung = True
    with pytest.raises(DatabaseAway):
        dialer.dial()
    assert driver.called.wait(90)
    late = [thread for thread in threading.enumerate() if thread.name == "database-dial"]
    driver.is_hung, dialer._seconds = False, 90.0
    driver.released.set()
    for thread in late:
        thread.join(90)
    assert driver.opened[0].is_closed
    dialing.now += 2.01
    assert dialer.dial()[0] is driver.opened[1]
