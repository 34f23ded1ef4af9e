"""Timers ring once, in time, in order; cancelled ones never; and they cost nothing while they wait."""

import threading
from datetime import UTC, timedelta

import pytest

from supervisor import Clock, SystemClock, ThreadTimers, Timers
from supervisor.engine import Engine
from supervisor.testing import FakeClock, raising


@pytest.fixture(params=["thread", "fake"])
def timers(request: pytest.FixtureRequest) -> "tuple[Clock, Timers, object]":
    """The real timers and the fake ones pass the same contract."""
    if request.param == "fake":
        fake = FakeClock()
        return fake, fake, fake.advance
    clock = SystemClock()
    return clock, ThreadTimers(clock), lambda seconds: None


def test_timers_ring_once_and_in_order(timers: "tuple[Clock, Timers, object]") -> None:
    clock, source, advance = timers
    rung: list[str] = []
    last = threading.Event()
    now = clock.monotonic()
    source.call_at(now + 0.03, last.set)
    source.call_at(now + 0.02, lambda: rung.append("b"))
    source.call_at(now + 0.01, lambda: rung.append("a"))
    source.call_at(now + 0.01, lambda: rung.append("a too"))
    source.call_at(now + 0.015, lambda: rung.append("cancelled")).cancel()
    assert callable(advance)
    advance(1)
    assert last.wait(10)
    assert rung == ["a", "a too", "b"]
    source.close()
    source.close()
    source.call_at(now, lambda: rung.append("after the end"))
    assert rung == ["a", "a too", "b"]


def test_an_earlier_timer_overtakes_one_that_is_waited_for() -> None:
    source = ThreadTimers(SystemClock())
    rung = threading.Event()
    source.call_at(SystemClock().monotonic() + 3600, rung.clear)
    source.call_at(SystemClock().monotonic(), rung.set)
    assert rung.wait(10)
    source.close()


def test_a_storm_of_cancelled_timers_does_not_fill_the_memory() -> None:
    source = ThreadTimers(SystemClock())
    at = SystemClock().monotonic() + 3600
    for _ in range(20_000):
        timer = source.call_at(at, lambda: None)
        timer.cancel()
        timer.cancel()
    assert len(source._heap) <= 2 * ThreadTimers._COMPACT_FROM
    source.close()


def test_a_callback_that_raises_stops_no_other_timer(caplog: pytest.LogCaptureFixture) -> None:
    source = ThreadTimers(SystemClock())
    rung = threading.Event()
    source.call_at(0, lambda: raising(ValueError())(None))
    source.call_at(0, rung.set)
    assert rung.wait(10)
    source.close()
    assert [r.__dict__["event"] for r in caplog.records] == ["timer.raised"]


def test_timers_may_be_closed_by_one_of_them() -> None:
    source = ThreadTimers(SystemClock())
    closed = threading.Event()

    def close() -> None:
        source.close()
        closed.set()

    source.call_at(SystemClock().monotonic(), close)
    assert closed.wait(10)


def test_the_system_clock_tells_an_aware_instant() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    assert SystemClock().now().tzinfo is UTC


def test_a_fake_clock_sleeps_like_a_computer() -> None:
    clock = FakeClock()
    rung: list[float] = []
    for at in (1, 2, 3):
        clock.call_at(at, lambda: rung.append(clock.monotonic()))
    clock.advance(1)
    clock.jump(3600)
    assert rung == [1, 3601, 3601]
    assert clock.due_in() is None


def test_an_engine_survives_its_own_mistakes(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    engine = Engine(clock, clock, lambda: None)
    engine.start()

    def mistake() -> None:
        raise ZeroDivisionError

    engine.post(mistake)
    assert engine.call(lambda: "goes on") == "goes on"
    with pytest.raises(ZeroDivisionError):
        engine.call(mistake)
    assert [r.__dict__["event"] for r in caplog.records] == ["engine.mistake"]
    engine.post(engine.close)
    engine.join()
    assert engine.call(lambda: "answered by the caller itself") == "answered by the caller itself"


def test_an_alarm_that_is_cancelled_after_it_rang_is_not_taken() -> None:
    clock = FakeClock()
    engine = Engine(clock, clock, lambda: None)
    engine.start()
    taken: list[str] = []
    busy, go = threading.Event(), threading.Event()
    alarm = engine.call(lambda: engine.alarm(1, lambda: taken.append("too late")))

    def be_busy_and_cancel() -> None:
        busy.set()
        assert go.wait(10)
        alarm.cancel()

    engine.post(be_busy_and_cancel)
    assert busy.wait(10)
    clock.advance(1)
    go.set()
    engine.call(lambda: None)
    engine.call(lambda: None)
    assert taken == []
    engine.close()
    engine.join()


def test_an_engine_takes_all_steps_before_it_ends() -> None:
    clock = FakeClock()
    engine = Engine(clock, clock, lambda: None)
    engine.start()
    taken: list[int] = []

    def end_early() -> None:
        engine.close()
        for n in range(3):
            engine.post(lambda n=n: taken.append(n))  # type: ignore[misc]

    engine.post(end_early)
    engine.join()
    assert taken == [0, 1, 2]
