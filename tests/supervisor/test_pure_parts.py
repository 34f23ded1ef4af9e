"""The decisions that need no thread: backoff, restart window, directives, groups, loudness."""

import logging
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import Backoff, ChildSpec, Directive, EndKind, Intensity, Restart, Strategy
from supervisor.decisions import Follow, what_follows
from supervisor.groups import next_to_stop, restarted_with
from supervisor.intensity import RestartWindow
from supervisor.loudness import LOUD_FROM, PER_MINUTE, Loudness
from supervisor.testing import Puppet
from supervisor.validation import failures_within

DELAYS = [
    # (backoff, attempts, full delay)
    (Backoff(0.5, 60, 2), 0, 0.5),
    (Backoff(0.5, 60, 2), 3, 4.0),
    (Backoff(0.5, 60, 2), 7, 60.0),  # 64 is over the cap
    (Backoff(0.5, 60, 2), 10**9, 60.0),  # no overflow
    (Backoff(0, 0), 5, 0.0),
    (Backoff(3, 3), 10**9, 3.0),
    (Backoff(2, 700_000, 1), 29, 2.0),  # a factor of 1 never grows
    (Backoff(1e-300, 1e300, 1e300), 3, 1e300),
]


@pytest.mark.parametrize(("backoff", "attempts", "delay"), DELAYS)
def test_the_delay_grows_to_the_cap_and_never_overflows(backoff: Backoff, attempts: int, delay: float) -> None:
    assert backoff.full_delay(attempts) == pytest.approx(delay)


seconds = st.floats(0, 1e6, allow_nan=False)


@given(
    least=seconds,
    more=seconds,
    factor=st.floats(1, 100),
    jitter=st.floats(0, 1),
    attempts=st.integers(0, 10**12),
    drawn=st.floats(0, 1, exclude_max=True),
)
def test_no_delay_is_ever_over_the_cap_or_under_what_the_jitter_allows(
    least: float, more: float, factor: float, jitter: float, attempts: int, drawn: float
) -> None:
    backoff = Backoff(least, least + more, factor, jitter)
    delay = backoff.delay(attempts, lambda: drawn)
    assert 0 <= backoff.shortest_delay(attempts) <= delay <= backoff.full_delay(attempts) <= backoff.max_seconds


def test_the_jitter_still_spreads_at_the_cap() -> None:
    backoff = Backoff(1, 10, 2, jitter=0.5)
    assert [backoff.delay(50, lambda drawn=drawn: drawn) for drawn in (0.0, 0.5, 0.9)] == [10.0, 7.5, 5.5]  # type: ignore[misc]


def test_a_good_run_is_half_way_between_min_and_max_unless_told() -> None:
    assert Backoff(1, 9).reset_seconds == 5
    assert Backoff(1, 9, reset_after_seconds=0).reset_seconds == 0


@given(
    limit=st.integers(0, 6),
    period=st.floats(0.001, 100),
    gaps=st.lists(st.floats(0, 60), max_size=40),
)
def test_the_restart_window_is_exact(limit: int, period: float, gaps: list[float]) -> None:
    window = RestartWindow(Intensity(limit, period))
    at, times = 0.0, deque[float]()
    for gap in gaps:
        at += gap
        times.append(at)
        within = sum(1 for time in times if at - time < period)
        assert window.add(at) == (within > limit)


def test_the_restart_window_knows_less_than_a_second() -> None:
    window = RestartWindow(Intensity(1, 1))
    assert [window.add(at) for at in (0.0, 1.0, 1.9, 2.95)] == [False, False, True, False]
    window.clear()
    assert window.add(2.96) is False


class _OddError(ValueError):
    pass


DIRECTIVES = {
    ValueError: Directive.STOP,
    Exception: Directive.RESTART,
    _OddError: Directive.ESCALATE,
    SystemExit: Directive.STOP,
}

FOLLOWS = [
    # directives: the most specific class wins, over the restart type
    (Restart.PERMANENT, EndKind.CRASH, ValueError, Follow.FAIL),
    (Restart.PERMANENT, EndKind.CRASH, _OddError, Follow.ESCALATE),
    (Restart.PERMANENT, EndKind.CRASH, UnicodeError, Follow.FAIL),  # a ValueError
    (Restart.TEMPORARY, EndKind.CRASH, KeyError, Follow.RESTART),  # an Exception
    (Restart.PERMANENT, EndKind.FATAL, SystemExit, Follow.FAIL),
    # no directive for a BaseException that is not named, nor for an end without exception: the restart type says
    (Restart.PERMANENT, EndKind.FATAL, KeyboardInterrupt, Follow.RESTART),
    (Restart.PERMANENT, EndKind.NORMAL, None, Follow.RESTART),
    (Restart.TRANSIENT, EndKind.NORMAL, None, Follow.REST),
    (Restart.TRANSIENT, EndKind.OUTSIDE_STOP, None, Follow.REST),
    (Restart.TRANSIENT, EndKind.HUNG, None, Follow.RESTART),
    (Restart.TRANSIENT, EndKind.INTENSITY, None, Follow.RESTART),  # a supervisor that gave up is abnormal
    (Restart.TRANSIENT, EndKind.AUTO_SHUTDOWN, None, Follow.REST),
    (Restart.TEMPORARY, EndKind.HUNG, None, Follow.REST),
]


@pytest.mark.parametrize(("restart", "kind", "error", "follow"), FOLLOWS)
def test_directives_come_before_the_restart_type(
    restart: Restart, kind: EndKind, error: type[BaseException] | None, follow: Follow
) -> None:
    spec = ChildSpec(id="a", start=Puppet, restart=restart, directives=DIRECTIVES)
    assert what_follows(spec, kind, error) is follow


GROUPS = [
    (Strategy.ONE_FOR_ONE, ("b",), ("c", "b", "a")),
    (Strategy.ONE_FOR_ALL, ("a", "b", "c"), ("c",)),
    (Strategy.REST_FOR_ONE, ("b", "c"), ("c",)),
]


@pytest.mark.parametrize(("strategy", "with_b", "first_stop"), GROUPS)
def test_a_strategy_says_who_restarts_and_who_stops_first(
    strategy: Strategy, with_b: tuple[str, ...], first_stop: tuple[str, ...]
) -> None:
    assert restarted_with(strategy, ["a", "b", "c"], "b") == with_b
    assert next_to_stop(strategy, ["a", "b", "c"]) == first_stop
    assert next_to_stop(strategy, []) == ()


def test_the_log_is_quiet_at_first_and_loud_when_it_repeats() -> None:
    loudness = Loudness()
    levels = [loudness.level(0.0, in_a_row) for in_a_row in range(1, LOUD_FROM + 1)]
    assert levels == [logging.WARNING] * (LOUD_FROM - 1) + [logging.ERROR]


def test_the_log_of_a_storm_is_bounded_and_says_what_it_left_out() -> None:
    loudness = Loudness()
    told = [loudness.level(n / 100, n + 1) for n in range(5_999)]
    assert sum(level is not None for level in told) == PER_MINUTE
    assert loudness.level(60.0, 7) == logging.ERROR
    assert loudness.take_left_out() == 5_999 - PER_MINUTE
    assert loudness.take_left_out() == 0


def test_the_fastest_failures_of_a_backoff_are_counted() -> None:
    assert failures_within(Backoff(0, 0), 1, 50) == 50
    assert failures_within(Backoff(1, 1, jitter=0), 5, 50) == 5
    assert failures_within(Backoff(1, 64, jitter=0), 5, 50) == 3  # at 0, 1 and 3
    assert failures_within(Backoff(1, 64, jitter=0, reset_after_seconds=0), 5, 50) == 5  # each is the first again
