"""Who is restarted, when, and when it is too much."""

from typing import Any

import pytest

from supervisor import (
    AutoShutdown,
    Backoff,
    ChildDown,
    ChildState,
    Directive,
    EndKind,
    Intensity,
    Park,
    Restart,
    RootEnd,
    StateChanged,
    Strategy,
    SupervisorFlags,
    Tree,
    UnknownChild,
    supervisor_spec,
)
from supervisor.testing import Stage, raising

BOOM = raising(ValueError("boom"))
SECOND = Backoff(1, 8, jitter=0)


def _stop_itself(actor: Any) -> None:
    actor.stop()


def crash(stage: Stage, tree: Tree, path: str, message: Any = BOOM) -> None:
    """Crash a child and wait until its end was dealt with."""
    incarnation = tree.report(path).incarnation
    tree.child(path).tell(message)
    stage.witness.wait_for_end(path, incarnation)


TYPES = [
    (Restart.PERMANENT, BOOM, ChildState.RUNNING),
    (Restart.PERMANENT, _stop_itself, ChildState.RUNNING),
    (Restart.TRANSIENT, BOOM, ChildState.RUNNING),
    (Restart.TRANSIENT, _stop_itself, ChildState.STOPPED),
    (Restart.TEMPORARY, BOOM, None),
    (Restart.TEMPORARY, _stop_itself, None),
]


@pytest.mark.parametrize(("restart", "message", "state"), TYPES)
def test_a_restart_type_says_what_follows(
    stage: Stage, restart: Restart, message: Any, state: ChildState | None
) -> None:
    tree = stage.tree(stage.child(restart=restart))
    crash(stage, tree, "a", message)
    if state is None:
        with pytest.raises(UnknownChild):
            tree.report("a")
    else:
        stage.witness.wait_for_state(tree, "a", state)


def test_attempts_are_delayed_more_and_more_and_a_failed_one_schedules_the_next(stage: Stage) -> None:
    attempts: list[float] = []

    def start(_actor: object) -> None:
        attempts.append(stage.clock.monotonic())
        if len(attempts) > 1:
            raise OSError("away")

    tree = stage.tree(stage.child(kwargs={"on_start": start}, backoff=SECOND))
    crash(stage, tree, "a")
    for incarnation, delay in enumerate((1, 2, 4, 8, 8), start=2):
        stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
        report = tree.report("a")
        assert report.next_attempt_at is not None
        assert (report.next_attempt_at - stage.clock.now()).total_seconds() == pytest.approx(delay)
        stage.clock.advance(delay)
        stage.witness.wait_for_end("a", incarnation)
    assert attempts == pytest.approx([0, 1, 3, 7, 15, 23])


def test_a_good_run_resets_the_backoff_and_a_short_one_does_not(stage: Stage) -> None:
    backoff = Backoff(1, 64, jitter=0, reset_after_seconds=100)
    tree = stage.tree(stage.child(backoff=backoff), flags=SupervisorFlags(intensity=Intensity(5, 1000)))

    def crash_and_come_back(delay: float) -> None:
        crash(stage, tree, "a")
        stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
        at = tree.report("a").next_attempt_at
        assert at is not None
        assert (at - stage.clock.now()).total_seconds() == pytest.approx(delay)
        stage.clock.advance(delay)
        stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)

    crash_and_come_back(1)
    crash_and_come_back(2)
    stage.clock.advance(99.9)  # not quite a good run
    crash_and_come_back(4)
    stage.clock.advance(100)
    crash_and_come_back(1)
    crash_and_come_back(2)  # the good run of an earlier incarnation says nothing of this one


def test_too_many_restarts_end_the_supervisor_with_its_exit_code(stage: Stage) -> None:
    tree = stage.tree(stage.child(), stage.child("b"), flags=SupervisorFlags(intensity=Intensity(2, 10)))
    crash(stage, tree, "a")
    crash(stage, tree, "b")
    stage.clock.advance(9.99)
    crash(stage, tree, "a")
    outcome = tree.wait(10)
    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (RootEnd.GAVE_UP, 4)
    assert outcome.failure is not None
    assert outcome.failure.kind is EndKind.INTENSITY
    assert "more than 2 restarts within 10 seconds, the last of a: ValueError: boom" in outcome.failure.error
    assert {report.state for report in tree.which_children()} == {ChildState.FAILED, ChildState.STOPPED}


def test_restarts_older_than_the_period_do_not_count(stage: Stage) -> None:
    tree = stage.tree(stage.child(), flags=SupervisorFlags(intensity=Intensity(1, 10)))
    for _ in range(4):
        crash(stage, tree, "a")
        stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
        stage.clock.advance(10)
    assert tree.report("a").restarts == 4


def test_manual_restarts_do_not_count(stage: Stage) -> None:
    tree = stage.tree(stage.child(), flags=SupervisorFlags(intensity=Intensity(0, 10)))
    for incarnation in range(2, 9):
        assert tree.restart_child("a") == incarnation
    assert tree.report("a").restarts == 0


def test_a_supervisor_that_gave_up_is_an_abnormal_end_for_its_parent(stage: Stage) -> None:
    sub = supervisor_spec(
        "sub",
        SupervisorFlags(intensity=Intensity(0, 10)),
        [stage.child("x"), stage.child("y")],
        restart=Restart.TRANSIENT,
        backoff=Backoff(0, 0),
    )
    tree = stage.tree(sub, stage.child())
    tree.start_child(stage.child("dynamic"), parent="sub")
    crash(stage, tree, "sub/x")
    stage.witness.wait_for(
        lambda: tree.report("sub").state is ChildState.RUNNING and tree.report("sub").incarnation == 2
    )
    assert [(r.path, r.state, r.incarnation) for r in tree.which_children()] == [
        ("sub", ChildState.RUNNING, 2),
        ("sub/x", ChildState.RUNNING, 2),  # its static children come back
        ("sub/y", ChildState.RUNNING, 2),
        ("a", ChildState.RUNNING, 1),  # nobody else is touched
    ]
    failure = tree.report("sub").last_failure
    assert failure is not None
    assert failure.kind is EndKind.INTENSITY


def test_a_parked_child_is_tried_again_at_the_cool_down_for_ever_and_its_siblings_stay_up(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(1, 10), on_meltdown=Park(30))
    starts = 0

    def start(_actor: object) -> None:
        nonlocal starts
        starts += 1
        if 1 < starts < 9:
            raise OSError("away")

    tree = stage.tree(stage.child(kwargs={"on_start": start}), stage.child("b"), flags=flags)
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "a", ChildState.FAILED)
    with pytest.raises(ChildDown) as caught:
        tree.child("a").tell("hello")
    assert caught.value.next_attempt_at == tree.report("a").next_attempt_at
    for incarnation in range(3, 9):
        stage.clock.advance(29.9)
        assert tree.report("a").state is ChildState.FAILED
        stage.clock.advance(0.1)
        stage.witness.wait_for_end("a", incarnation)
        stage.witness.wait_for_state(tree, "a", ChildState.FAILED)
    stage.clock.advance(30)
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    crash(stage, tree, "b")
    stage.witness.wait_for_state(tree, "b", ChildState.RUNNING)
    assert tree.report("b").restarts == 1


def test_a_parked_child_that_came_back_for_good_is_parked_no_more(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(0, 10), on_meltdown=Park(30))
    tree = stage.tree(stage.child(backoff=Backoff(0, 0, reset_after_seconds=5)), flags=flags)
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "a", ChildState.FAILED)
    stage.clock.advance(30)
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    stage.clock.advance(5)
    crash(stage, tree, "a", _stop_itself)
    stage.witness.wait_for_state(tree, "a", ChildState.FAILED)  # an intensity of 0 parks at once, each time


def test_directives_stop_or_escalate_by_exception_class(stage: Stage) -> None:
    directives = {ValueError: Directive.STOP, LookupError: Directive.ESCALATE}
    tree = stage.tree(stage.child(directives=directives), stage.child("b", directives=directives))
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "a", ChildState.FAILED)
    stage.clock.advance(1000)
    assert tree.report("a").state is ChildState.FAILED
    assert tree.restart_child("a") == 2  # an operator can
    crash(stage, tree, "b", raising(KeyError("k")))
    outcome = tree.wait(10)
    assert outcome is not None
    assert outcome.failure is not None
    assert (outcome.reason, outcome.failure.kind) == (RootEnd.GAVE_UP, EndKind.ESCALATED)


def _group(stage: Stage, strategy: Strategy, **fields: Any) -> Tree:
    flags = SupervisorFlags(strategy, Intensity(50, 1000))
    return stage.tree(*(stage.child(name, **fields) for name in "abcd"), flags=flags)


def _incarnations(tree: Tree) -> list[int]:
    return [report.incarnation for report in tree.which_children()]


def _all_running(stage: Stage, tree: Tree, incarnations: list[int]) -> None:
    stage.witness.wait_for(
        lambda: (
            {report.state for report in tree.which_children()} == {ChildState.RUNNING}
            and _incarnations(tree) == incarnations
        )
    )


STRATEGIES = [
    (Strategy.ONE_FOR_ONE, [1, 2, 1, 1]),
    (Strategy.ONE_FOR_ALL, [2, 2, 2, 2]),
    (Strategy.REST_FOR_ONE, [1, 2, 2, 2]),
]


@pytest.mark.parametrize(("strategy", "incarnations"), STRATEGIES)
def test_a_strategy_restarts_its_group(stage: Stage, strategy: Strategy, incarnations: list[int]) -> None:
    tree = _group(stage, strategy)
    crash(stage, tree, "b")
    _all_running(stage, tree, incarnations)


def test_a_group_stops_in_reverse_and_starts_in_order(stage: Stage) -> None:
    log: list[str] = []
    hooks = {
        "on_start": lambda actor: log.append(f"+{actor.path}"),
        "on_stop": lambda actor: log.append(f"-{actor.path}"),
    }
    tree = _group(stage, Strategy.REST_FOR_ONE, kwargs=hooks)
    log.clear()
    crash(stage, tree, "b")
    _all_running(stage, tree, [1, 2, 2, 2])
    assert log == ["-d", "-c", "+b", "+c", "+d"]


def test_simultaneous_deaths_are_one_restart(stage: Stage) -> None:
    tree = _group(stage, Strategy.ONE_FOR_ALL, backoff=SECOND)
    hang = stage.hang()

    def die_together(actor: Any) -> None:
        hang(actor)
        raise ValueError(actor.path)

    for name in "abcd":
        tree.child(name).tell(die_together)
    for _ in range(4):
        stage.wait_for_hang()
    stage.release()
    for name in "abcd":
        stage.witness.wait_for_end(name, 1)
    stage.witness.wait_for(lambda: {r.state for r in tree.which_children()} == {ChildState.BACKOFF})
    stage.clock.advance(1)
    _all_running(stage, tree, [2, 2, 2, 2])
    assert sum(report.restarts for report in tree.which_children()) == 4


class _FailsOnce:
    """An `on_start` that fails at the second start of one child."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, actor: Any) -> None:
        if actor.path == self._path and actor.incarnation == 2:
            raise OSError("half way")


HALF_WAY = [
    # one_for_all stops those that were restarted already and redoes all
    (Strategy.ONE_FOR_ALL, [3, 3, 3, 2]),
    # rest_for_one goes on from the one that failed: those restarted before it stay
    (Strategy.REST_FOR_ONE, [1, 2, 3, 2]),
]


@pytest.mark.parametrize(("strategy", "incarnations"), HALF_WAY)
def test_a_group_restart_that_fails_half_way_is_done_again(
    stage: Stage, strategy: Strategy, incarnations: list[int]
) -> None:
    tree = _group(stage, strategy, kwargs={"on_start": _FailsOnce("c")})
    crash(stage, tree, "b")
    _all_running(stage, tree, incarnations)


def test_failing_attempts_of_a_group_count(stage: Stage) -> None:
    def fail_later(actor: Any) -> None:
        if actor.incarnation > 1:
            raise OSError("away")

    flags = SupervisorFlags(Strategy.ONE_FOR_ALL, Intensity(3, 1000))
    tree = stage.tree(stage.child(), stage.child("b", kwargs={"on_start": fail_later}), flags=flags)
    crash(stage, tree, "a")
    outcome = tree.wait(10)
    assert outcome is not None
    assert outcome.reason is RootEnd.GAVE_UP
    assert tree.report("b").incarnation == 4


def test_a_child_in_backoff_comes_back_with_its_group_and_not_any_earlier_than_it_would(stage: Stage) -> None:
    flags = SupervisorFlags(Strategy.REST_FOR_ONE, Intensity(50, 1000))
    tree = stage.tree(stage.child(), stage.child("b", backoff=Backoff(8, 8, jitter=0)), stage.child("c"), flags=flags)
    crash(stage, tree, "b")
    stage.witness.wait_for_state(tree, "c", ChildState.BACKOFF)
    stage.clock.advance(3)
    crash(stage, tree, "a")
    stage.clock.advance(4.9)
    assert _incarnations(tree) == [1, 1, 1]
    stage.clock.advance(0.1)
    _all_running(stage, tree, [2, 2, 2])


def test_temporary_bystanders_of_a_group_restart_are_forgotten(stage: Stage) -> None:
    flags = SupervisorFlags(Strategy.ONE_FOR_ALL, Intensity(50, 1000))
    tree = stage.tree(stage.child(), stage.child("t", restart=Restart.TEMPORARY), flags=flags)
    crash(stage, tree, "a")
    stage.witness.wait_for(lambda: _incarnations(tree) == [2])


def test_a_transient_child_that_was_done_starts_again_with_its_group_and_a_stopped_one_does_not(stage: Stage) -> None:
    flags = SupervisorFlags(Strategy.ONE_FOR_ALL, Intensity(50, 1000))
    tree = stage.tree(stage.child(), stage.child("done", restart=Restart.TRANSIENT), stage.child("held"), flags=flags)
    crash(stage, tree, "done", _stop_itself)
    tree.terminate_child("held")
    crash(stage, tree, "a")
    stage.witness.wait_for(lambda: _incarnations(tree) == [2, 2, 1])
    assert tree.report("held").state is ChildState.STOPPED


def test_the_last_child_of_a_group_may_be_stopped_while_the_group_waits(stage: Stage) -> None:
    tree = _group(stage, Strategy.ONE_FOR_ALL, backoff=SECOND)
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "d", ChildState.BACKOFF)
    tree.terminate_child("a")
    tree.terminate_child("d")
    tree.delete_child("d")
    stage.clock.advance(1)
    stage.witness.wait_for(lambda: _incarnations(tree) == [1, 2, 2])


def test_a_group_that_waits_is_restarted_at_once_by_an_operator(stage: Stage) -> None:
    tree = _group(stage, Strategy.ONE_FOR_ALL, backoff=SECOND)
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "d", ChildState.BACKOFF)
    assert tree.restart_child("c") == 2
    _all_running(stage, tree, [2, 2, 2, 2])


def test_a_parked_group_waits_for_the_cool_down_together(stage: Stage) -> None:
    flags = SupervisorFlags(Strategy.ONE_FOR_ALL, Intensity(0, 1000), on_meltdown=Park(20))
    tree = stage.tree(stage.child(), stage.child("b"), flags=flags)
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "b", ChildState.BACKOFF)
    assert tree.report("a").state is ChildState.FAILED
    stage.clock.advance(20)
    _all_running(stage, tree, [2, 2])


def test_a_crash_while_the_supervisor_still_starts_is_dealt_with(stage: Stage) -> None:
    import threading  # noqa: PLC0415 - one test needs it

    slow = stage.hang()
    flags = SupervisorFlags(Strategy.REST_FOR_ONE, Intensity(50, 1000))
    first = stage.child("a")
    second = stage.child("b", kwargs={"on_start": lambda actor: slow(actor) if actor.incarnation == 1 else None})
    tree = stage.tree(first, second, flags=flags, start=False)
    thread = threading.Thread(target=tree.start)
    thread.start()
    stage.wait_for_hang()
    tree.child("a").tell(BOOM)
    stage.witness.wait_for_end("a", 1)
    stage.release()
    thread.join(10)
    _all_running(stage, tree, [2, 2])


def test_concurrent_starts_are_bounded(stage: Stage) -> None:
    held = stage.hang()
    names = [f"c{n}" for n in range(6)]

    def start(actor: Any) -> None:
        if actor.incarnation == 2:
            held(actor)

    flags = SupervisorFlags(intensity=Intensity(50, 1000), max_concurrent_starts=2)
    children = [stage.child(name, kwargs={"on_start": start}, backoff=Backoff(1, 1, jitter=0)) for name in names]
    tree = stage.tree(*children, flags=flags)
    for name in names:
        crash(stage, tree, name)
        stage.witness.wait_for_state(tree, name, ChildState.BACKOFF)
    stage.clock.advance(1)
    states = [report.state for report in tree.which_children()]
    assert states == [ChildState.STARTING] * 2 + [ChildState.BACKOFF] * 4
    stage.clock.advance(1)  # starts that take long give their places away
    states = [report.state for report in tree.which_children()]
    assert states == [ChildState.STARTING] * 4 + [ChildState.BACKOFF] * 2
    stage.release()
    _all_running(stage, tree, [2] * 6)


def _significant(stage: Stage, name: str) -> Any:
    return stage.child(name, restart=Restart.TRANSIENT, significant=True)


def test_any_significant_child_that_is_done_ends_its_supervisor(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(50, 1000), auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    tree = stage.tree(_significant(stage, "a"), _significant(stage, "b"), stage.child("c"), flags=flags)
    crash(stage, tree, "a")  # abnormal: it is restarted
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    crash(stage, tree, "a", _stop_itself)
    outcome = tree.wait(10)
    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (RootEnd.COMPLETED, 0)


def test_all_significant_children_must_be_done_and_an_operator_does_not_count(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(50, 1000), auto_shutdown=AutoShutdown.ALL_SIGNIFICANT)
    tree = stage.tree(*(_significant(stage, name) for name in "abc"), flags=flags)
    crash(stage, tree, "a", _stop_itself)
    tree.terminate_child("b")
    assert tree.wait(0) is None
    crash(stage, tree, "c", _stop_itself)
    outcome = tree.wait(10)
    assert outcome is not None
    assert outcome.reason is RootEnd.COMPLETED


def test_an_auto_shutdown_is_no_failure_for_the_parent(stage: Stage) -> None:
    flags = SupervisorFlags(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    sub = supervisor_spec("sub", flags, [_significant(stage, "x")], restart=Restart.TRANSIENT)
    tree = stage.tree(sub, stage.child())
    crash(stage, tree, "sub/x", _stop_itself)
    stage.witness.wait_for_state(tree, "sub", ChildState.STOPPED)
    assert tree.report("sub").last_failure is None


def test_transitions_are_told_in_order(stage: Stage) -> None:
    tree = stage.tree(stage.child(backoff=SECOND))
    crash(stage, tree, "a")
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    stage.clock.advance(1)
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    tree.stop()
    states = [e.after for e in stage.witness.events if isinstance(e, StateChanged) and e.path == "a"]
    assert [state.value for state in states] == [
        "starting", "running", "stopping", "backoff", "starting", "running", "stopping", "stopped",
    ]  # fmt: skip
