"""Children start in order, outside the supervisor, and a start that does not work out is undone."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from supervisor import (
    IGNORE,
    Backoff,
    ChildState,
    EndKind,
    Intensity,
    Outcome,
    Park,
    Restart,
    RootEnd,
    StartFailed,
    SupervisorFlags,
    WrongState,
    supervisor_spec,
)
from supervisor.testing import Stage, raising


def _note(log: list[str], word: str) -> Callable[[Any], None]:
    return lambda actor: log.append(f"{actor.path} {word}")


def _logging(stage: Stage, log: list[str], name: str, **fields: Any) -> Any:
    hooks = {"on_start": _note(log, "started"), "on_stop": _note(log, "stopped")}
    return stage.child(name, kwargs=hooks, **fields)


def test_children_start_in_order_each_after_the_one_before_is_ready(stage: Stage) -> None:
    log: list[str] = []
    sub = supervisor_spec("sub", SupervisorFlags(), [_logging(stage, log, "x"), _logging(stage, log, "y")])
    stage.tree(_logging(stage, log, "a"), sub, _logging(stage, log, "b"))
    assert log == ["a started", "sub/x started", "sub/y started", "b started"]


def test_constructor_and_on_start_run_in_the_childs_own_thread(stage: Stage) -> None:
    threads: list[str] = []

    def note(_actor: object) -> None:
        threads.append(threading.current_thread().name)

    stage.tree(stage.child(kwargs={"constructor": note, "on_start": note, "on_stop": note})).stop()
    assert threads == ["a#1"] * 3


def test_a_constructor_knows_its_path_and_incarnation(stage: Stage) -> None:
    seen: list[tuple[str, int]] = []
    note = {"constructor": lambda actor: seen.append((actor.path, actor.incarnation))}
    tree = stage.tree(stage.child(kwargs=note))
    tree.restart_child("a")
    assert seen == [("a", 1), ("a", 2)]


def test_a_first_start_that_fails_stops_those_started_in_reverse_and_carries_the_original(stage: Stage) -> None:
    log: list[str] = []
    original = OSError("port busy")
    tree = stage.tree(
        _logging(stage, log, "a"),
        _logging(stage, log, "b"),
        supervisor_spec("sub", SupervisorFlags(), [stage.child("bad", kwargs={"on_start": raising(original)})]),
        _logging(stage, log, "never"),
        start=False,
    )
    with pytest.raises(StartFailed) as caught:
        tree.start(10)
    assert caught.value.path == "sub/bad"
    assert caught.value.__cause__ is original
    assert sorted(log[2:]) == ["a stopped", "b stopped"]
    outcome = tree.wait(10)
    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (RootEnd.START_FAILED, 4)


def test_a_system_exit_in_a_first_start_is_carried_as_well(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"constructor": raising(SystemExit(7))}), start=False)
    with pytest.raises(StartFailed) as caught:
        tree.start(10)
    assert isinstance(caught.value.__cause__, SystemExit)
    assert caught.value.kind == "start_fatal"


def test_a_start_that_hangs_times_out_and_its_stack_is_reported(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"constructor": stage.hang()}, start_timeout_seconds=7), start=False)
    failed: list[StartFailed] = []

    def start() -> None:
        try:
            tree.start(30)
        except StartFailed as error:
            failed.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    stage.wait_for_hang()
    stage.witness.wait_for_state(tree, "a", ChildState.STARTING)
    stage.clock.advance(7)
    assert tree.report("a").state is ChildState.STOPPING
    stage.clock.advance(5.25)
    thread.join(10)
    assert (failed[0].path, failed[0].kind) == ("a", "start_timeout")
    failure = tree.report("a").last_failure
    assert failure is not None
    assert "released.wait" in failure.traceback
    assert tree.report("a").state is ChildState.ABANDONED


def test_a_start_that_asks_for_more_time_gets_it(stage: Stage) -> None:
    hang = stage.hang()

    def slow(actor: Any) -> None:
        actor.extend_timeout(100)
        hang(actor)

    flags = SupervisorFlags(retry_first_start=True)
    tree = stage.tree(stage.child(kwargs={"on_start": slow}, start_timeout_seconds=7), flags=flags, start=False)
    thread = threading.Thread(target=tree.start)
    thread.start()
    stage.wait_for_hang()
    stage.clock.advance(99)
    assert tree.report("a").state is ChildState.STARTING
    stage.release()
    thread.join(10)
    assert tree.report("a").state is ChildState.RUNNING


def test_the_program_may_wait_less_than_the_children_need(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_start": stage.hang()}), start=False)
    failed: list[StartFailed] = []

    def start() -> None:
        try:
            tree.start(0.05)
        except StartFailed as error:
            failed.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(5.25)
    thread.join(10)
    assert "not ready within 0.05 seconds" in str(failed[0])
    assert tree.wait(10) is not None
    assert tree.report("a").state is ChildState.ABANDONED


def test_a_child_that_declines_is_kept_as_stopped_and_nobody_is_alarmed(stage: Stage) -> None:
    tree = stage.tree(
        stage.child("no", start=lambda: IGNORE),
        stage.child("gone", start=lambda: IGNORE, restart=Restart.TEMPORARY),
        stage.child("b"),
    )
    assert [(report.path, report.state) for report in tree.which_children()] == [
        ("no", ChildState.STOPPED),
        ("b", ChildState.RUNNING),
    ]
    assert tree.report("no").last_failure is None
    assert [end.kind for end in tree.report("no").ends] == [EndKind.IGNORED]


def test_by_choice_a_failing_first_start_is_tried_again_and_keeps_no_sibling_waiting(stage: Stage) -> None:
    flags = SupervisorFlags(retry_first_start=True, intensity=Intensity(2, 60), on_meltdown=Park(30))
    bad = stage.child("bad", kwargs={"on_start": raising(OSError("away"))}, backoff=Backoff(1, 1, jitter=0))
    tree = stage.tree(bad, stage.child("good"), flags=flags)
    stage.witness.wait_for_end("bad", 1)
    assert tree.report("good").state is ChildState.RUNNING
    stage.witness.wait_for_state(tree, "bad", ChildState.BACKOFF)


def test_a_tree_runs_once(stage: Stage) -> None:
    tree = stage.tree()
    with pytest.raises(WrongState):
        tree.start()
    tree.stop()
    assert tree.wait() == Outcome(RootEnd.STOPPED)
    with pytest.raises(WrongState):
        tree.start()


def test_a_tree_that_was_never_started_stops_and_answers(stage: Stage) -> None:
    tree = stage.tree(stage.child(), start=False)
    assert tree.report("a").state is ChildState.STOPPED
    assert tree.stop().abandoned == ()


def test_a_start_on_a_supervisor_may_be_bounded_as_a_whole(stage: Stage) -> None:
    slow = stage.child("slow", kwargs={"on_start": stage.hang()}, shutdown_seconds=0)
    sub = supervisor_spec("sub", SupervisorFlags(), [slow], start_timeout_seconds=3, backoff=Backoff(0, 0))
    tree = stage.tree(sub, start=False)
    caught: list[BaseException] = []

    def start() -> None:
        try:
            tree.start(30)
        except StartFailed as error:
            caught.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    stage.wait_for_hang()
    stage.clock.advance(4)
    thread.join(10)
    assert "sub did not start (start_timeout)" in str(caught[0])
