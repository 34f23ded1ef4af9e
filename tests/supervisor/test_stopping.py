"""Stops are orderly, bounded in time, and leave behind only what is fenced off."""

import threading
from typing import Any

import pykka
import pytest

from supervisor import (
    BRUTAL,
    INFINITY,
    AbandonedThreadEnded,
    Backoff,
    ChildDown,
    ChildState,
    EndKind,
    Fenced,
    Intensity,
    Interrupted,
    Outcome,
    RootEnd,
    StateChanged,
    Strategy,
    SupervisedActor,
    SupervisorFlags,
    ThreadAbandoned,
    Tree,
    WaitsForItself,
    supervisor_spec,
)
from supervisor.testing import Stage, raising


class _Plain(SupervisedActor):
    """An actor without an `interrupt` of its own."""

    def on_receive(self, message: Any) -> Any:
        return message(self)


def _in_background(call: Any) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 - handed to the test
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def _hang(stage: Stage, tree: Tree, path: str = "a") -> None:
    tree.child(path).tell(stage.hang())
    stage.wait_for_hang()


def test_children_stop_in_reverse_order_one_after_the_other_where_they_lean_on_each_other(stage: Stage) -> None:
    log: list[str] = []
    hooks = {"on_stop": lambda actor: log.append(actor.path)}
    flags = SupervisorFlags(Strategy.REST_FOR_ONE)
    inner = supervisor_spec("s", flags, [stage.child("x", kwargs=hooks), stage.child("y", kwargs=hooks)])
    tree = stage.tree(stage.child("a", kwargs=hooks), inner, stage.child("b", kwargs=hooks), flags=flags)
    tree.stop()
    assert log == ["b", "s/y", "s/x", "a"]
    assert {report.state for report in tree.which_children()} == {ChildState.STOPPED}


def test_independent_children_stop_at_the_same_time(stage: Stage) -> None:
    together = threading.Barrier(5)
    hooks = {"on_stop": lambda _: together.wait(10)}
    tree = stage.tree(*(stage.child(f"c{n}", kwargs=hooks) for n in range(5)))
    assert tree.stop().abandoned == ()
    assert not together.broken


def test_the_stop_message_overtakes_the_mailbox(stage: Stage) -> None:
    handled: list[object] = []
    tree = stage.tree(stage.child())
    hang = stage.hang()
    tree.child("a").tell(hang)
    stage.wait_for_hang()
    for n in range(3):
        tree.child("a").tell(lambda _, n=n: handled.append(n))
    thread, _ = _in_background(lambda: tree.terminate_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.release()
    thread.join(10)
    assert handled == []
    assert tree.report("a").dropped == 3


def test_by_choice_the_mailbox_is_drained_first(stage: Stage) -> None:
    handled: list[object] = []
    tree = stage.tree(stage.child(drain=True))
    hang = stage.hang()
    tree.child("a").tell(hang)
    stage.wait_for_hang()
    for n in range(3):
        tree.child("a").tell(lambda _, n=n: handled.append(n))
    thread, _ = _in_background(lambda: tree.terminate_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.release()
    thread.join(10)
    assert handled == [0, 1, 2]
    assert tree.report("a").dropped == 0


def test_a_long_run_sees_that_it_must_stop(stage: Stage) -> None:
    seen: list[bool] = []
    waiting = threading.Event()

    def run_long(actor: Any) -> None:
        seen.append(actor.is_stopping)
        waiting.set()
        seen.append(actor.wait_for_stop(10))
        seen.append(actor.is_stopping)

    tree = stage.tree(stage.child())
    tree.child("a").tell(run_long)
    assert waiting.wait(10)
    tree.terminate_child("a")
    assert seen == [False, True, True]


def test_the_ladder_goes_from_the_message_over_interrupt_to_abandoning(stage: Stage) -> None:
    interrupted = threading.Event()
    hooks = {"interrupt": lambda _: interrupted.set()}
    tree = stage.tree(stage.child(kwargs=hooks, shutdown_seconds=3, interrupt_seconds=0.5))
    _hang(stage, tree)
    thread, _ = _in_background(lambda: tree.terminate_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(2.9)
    assert not interrupted.is_set()
    stage.clock.advance(0.1)
    assert interrupted.wait(10)
    assert tree.report("a").state is ChildState.STOPPING
    stage.clock.advance(0.5)
    thread.join(10)
    report = tree.report("a")
    assert (report.state, report.abandoned) == (ChildState.ABANDONED, 1)
    assert report.ends[-1].kind is EndKind.ABANDONED
    assert "released.wait" in report.ends[-1].traceback
    stage.release()
    stage.witness.wait_for(lambda: tree.report("a").state is ChildState.STOPPED)  # its thread ended after all
    assert tree.report("a").abandoned == 0
    assert any(isinstance(event, AbandonedThreadEnded) for event in stage.witness.events)


def test_an_interrupt_that_unblocks_saves_the_orderly_stop(stage: Stage) -> None:
    unblocked, blocked = threading.Event(), threading.Event()
    stopped: list[str] = []
    hooks = {"interrupt": lambda _: unblocked.set(), "on_stop": lambda _: stopped.append("in order")}
    tree = stage.tree(stage.child(kwargs=hooks, shutdown_seconds=3))

    def block(_actor: object) -> None:
        blocked.set()
        unblocked.wait(10)

    tree.child("a").tell(block)
    assert blocked.wait(10)
    thread, _ = _in_background(lambda: tree.terminate_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(3)
    thread.join(10)
    assert stopped == ["in order"]
    assert (tree.report("a").state, tree.report("a").abandoned) == (ChildState.STOPPED, 0)


def test_an_interrupt_that_raises_or_hangs_harms_nothing(stage: Stage) -> None:
    def hang_and_raise(_actor: object) -> None:
        hang(_actor)
        raise SystemExit

    hang = stage.hang()
    tree = stage.tree(
        stage.child(kwargs={"interrupt": raising(SystemExit())}, shutdown_seconds=1),
        stage.child("b", kwargs={"interrupt": hang_and_raise}, shutdown_seconds=1),
        stage.child("c"),
    )
    _hang(stage, tree)
    _hang(stage, tree, "b")
    thread, results = _in_background(tree.stop)
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(1.25)
    thread.join(10)
    assert sorted(results[0].abandoned) == ["a", "b"]


def test_an_interrupt_for_which_there_is_no_thread_is_left_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = stage.tree(stage.child(shutdown_seconds=1), stage.child("b"))
    _hang(stage, tree)
    thread, results = _in_background(tree.stop)
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.witness.wait_for_state(tree, "b", ChildState.STOPPED)

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        stage.clock.advance(1.25)
    thread.join(10)
    assert results[0].abandoned == ("a",)


def test_brutal_goes_to_interrupt_at_once_and_infinity_waits(stage: Stage) -> None:
    tree = stage.tree(
        stage.child("brutal", start=_Plain, shutdown_seconds=BRUTAL),
        stage.child("patient", shutdown_seconds=INFINITY),
    )
    _hang(stage, tree, "brutal")
    _hang(stage, tree, "patient")
    thread, results = _in_background(tree.stop)
    stage.witness.wait_for_state(tree, "patient", ChildState.STOPPING)
    stage.clock.advance(0.25)
    stage.witness.wait_for_state(tree, "brutal", ChildState.ABANDONED)
    stage.clock.advance(1e6)
    assert tree.report("patient").state is ChildState.STOPPING
    stage.release()
    thread.join(10)
    assert results[0].abandoned in {(), ("brutal",)}


def test_a_stop_with_a_timeout_abandons_what_still_runs(stage: Stage) -> None:
    inner = supervisor_spec("s", SupervisorFlags(), [stage.child("x", shutdown_seconds=INFINITY), stage.child("y")])
    tree = stage.tree(inner, stage.child())
    _hang(stage, tree, "s/x")
    thread, results = _in_background(lambda: tree.stop(timeout=0.05))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPED)
    stage.witness.wait_for(lambda: any(isinstance(event, Interrupted) for event in stage.witness.events))
    stage.clock.advance(0.25)
    thread.join(10)
    assert results[0].abandoned == ("s/x",)
    assert tree.wait() == Outcome(RootEnd.STOPPED, None, ("s/x",))
    outcome = tree.wait()
    assert outcome is not None
    assert outcome.exit_code == 5


def test_the_time_of_a_stop_is_bounded_by_the_longest_path(stage: Stage) -> None:
    tree = stage.tree(*(stage.child(f"c{n}", shutdown_seconds=n % 5) for n in range(12)))
    for n in range(0, 12, 2):
        _hang(stage, tree, f"c{n}")
    thread, results = _in_background(tree.stop)
    for n in range(1, 12, 2):
        stage.witness.wait_for_state(tree, f"c{n}", ChildState.STOPPED)  # those that obey do so in real time
    stage.clock.advance(4.25)
    thread.join(10)
    assert len(results[0].abandoned) == 6


def test_a_sub_supervisor_has_a_time_of_its_own(stage: Stage) -> None:
    inner = supervisor_spec(
        "s", SupervisorFlags(), [stage.child("x", shutdown_seconds=30)], shutdown_seconds=2, backoff=Backoff(0, 0)
    )
    tree = stage.tree(inner, supervisor_spec("t", SupervisorFlags(), [stage.child("y")], shutdown_seconds=BRUTAL))
    _hang(stage, tree, "s/x")
    thread, _ = _in_background(tree.stop)
    stage.witness.wait_for_state(tree, "t", ChildState.STOPPED)
    stage.clock.advance(2.25)
    thread.join(10)
    assert [report.path for report in tree.which_children() if report.abandoned] == ["s/x"]


def test_a_stop_during_backoff_is_immediate_and_nothing_starts_after_it_began(stage: Stage) -> None:
    tree = stage.tree(stage.child(backoff=Backoff(5, 5)), stage.child("b"), flags=_roomy())
    tree.child("a").tell(raising(ValueError()))
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    _hang(stage, tree, "b")
    thread, _ = _in_background(tree.stop)
    stage.witness.wait_for_state(tree, "b", ChildState.STOPPING)
    assert tree.report("a").state is ChildState.STOPPED
    assert tree.report("a").next_attempt_at is None
    stage.clock.advance(4.9)
    stage.release()
    thread.join(10)
    stage.clock.advance(100)
    assert tree.report("a").incarnation == 1


def _roomy() -> SupervisorFlags:
    return SupervisorFlags(intensity=Intensity(5, 1000))


def test_a_start_that_is_stopped_in_its_constructor_never_runs_on_start(stage: Stage) -> None:
    called: list[str] = []
    hooks = {"constructor": stage.hang(), "on_start": lambda _: called.append("on_start")}
    tree = stage.tree(stage.child(kwargs=hooks), start=False)
    thread, results = _in_background(tree.start)
    stage.wait_for_hang()
    tree.begin_stop()
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.release()
    thread.join(10)
    assert called == []
    assert "did not start" in str(results[0])
    assert tree.wait(10) == Outcome(RootEnd.STOPPED)


def test_a_replacement_never_overlaps_the_on_stop_of_its_predecessor(stage: Stage) -> None:
    log: list[str] = []
    hang = stage.hang()

    def on_stop(actor: Any) -> None:
        log.append(f"-{actor.incarnation}")
        hang(actor)
        log.append(f"={actor.incarnation}")

    hooks = {"on_stop": on_stop, "constructor": lambda actor: log.append(f"+{actor.incarnation}")}
    tree = stage.tree(stage.child(kwargs=hooks))
    thread, results = _in_background(lambda: tree.restart_child("a"))
    stage.wait_for_hang()
    stage.clock.advance(4.9)
    assert tree.report("a").incarnation == 1
    stage.release()
    thread.join(10)
    assert results == [2]
    assert log[:4] == ["+1", "-1", "=1", "+2"]


def test_an_abandoned_thread_that_wakes_can_neither_send_nor_write(stage: Stage) -> None:
    hang = stage.hang()
    attempts: list[BaseException | str] = []
    written: list[str] = []
    over = threading.Event()
    tree = stage.tree(stage.child(shutdown_seconds=1), stage.child("b"))
    other_ref, other = tree.child("b").actor_ref, tree.child("b")

    def wake_late(actor: Any) -> None:
        hang(actor)

        def write() -> None:
            actor.fence.check()
            written.append("a row")

        for attempt in (
            lambda: other.tell("x"),
            lambda: other.ask("x"),
            lambda: other_ref.tell("x"),
            actor.heartbeat,
            lambda: actor.extend_timeout(9),
            lambda: actor.tell_self_after(1, "x"),
            lambda: tree.restart_child("b"),
            write,
        ):
            try:
                attempt()
            except Fenced as error:
                attempts.append(error)
            else:
                attempts.append("passed")
        over.set()

    pending = tree.child("a").ask_later(wake_late)
    stage.wait_for_hang()
    thread, results = _in_background(lambda: tree.restart_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(1.25)
    thread.join(10)
    assert results == [2]
    with pytest.raises(pykka.ActorDeadError):
        pending.get(timeout=10)  # answered when it was abandoned, not when it wakes
    stage.release()
    assert over.wait(10)
    assert all(isinstance(each, Fenced) for each in attempts), attempts
    assert written == []
    assert tree.child("a").ask("the new one works") == "the new one works"


def test_neither_on_stop_nor_on_failure_is_called_for_an_abandoned_incarnation(stage: Stage) -> None:
    called: list[str] = []
    hang = stage.hang()
    hooks = {"on_stop": lambda _: called.append("on_stop"), "on_failure": lambda _: called.append("on_failure")}
    tree = stage.tree(stage.child(kwargs=hooks, shutdown_seconds=1))

    def wake_and_raise(actor: Any) -> None:
        hang(actor)
        raise ValueError("too late")

    tree.child("a").tell(wake_and_raise)
    stage.wait_for_hang()
    thread, _ = _in_background(lambda: tree.terminate_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(1.25)
    thread.join(10)
    stage.release()
    stage.witness.wait_for(lambda: tree.report("a").abandoned == 0)
    assert called == []


def test_an_abandoned_start_that_wakes_does_not_go_on(stage: Stage) -> None:
    called: list[str] = []
    hang = stage.hang()

    def first_only(actor: Any) -> None:
        if actor.incarnation == 1:
            hang(actor)

    hooks = {"on_start": first_only, "on_stop": lambda actor: called.append(f"on_stop {actor.incarnation}")}
    flags = SupervisorFlags(retry_first_start=True)
    tree = stage.tree(stage.child(kwargs=hooks, start_timeout_seconds=1, shutdown_seconds=1), flags=flags, start=False)
    thread, _ = _in_background(tree.start)
    stage.wait_for_hang()
    stage.clock.advance(2.25)
    thread.join(10)
    stage.witness.wait_for(lambda: tree.report("a").incarnation == 2)
    stage.release()
    stage.witness.wait_for(lambda: tree.report("a").abandoned == 0)
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    assert called == []


def test_more_time_may_be_asked_for_while_stopping(stage: Stage) -> None:
    hang = stage.hang()

    def slow(actor: Any) -> None:
        actor.extend_timeout(60)
        hang(actor)

    tree = stage.tree(stage.child(kwargs={"on_stop": slow}, shutdown_seconds=1))
    thread, _ = _in_background(tree.stop)
    stage.wait_for_hang()
    stage.clock.advance(59)
    assert tree.report("a").state is ChildState.STOPPING
    stage.release()
    thread.join(10)
    assert tree.report("a").state is ChildState.STOPPED


def test_after_too_many_abandoned_threads_the_tree_ends_so_that_the_program_can_start_afresh(stage: Stage) -> None:
    slow = Backoff(60, 60)  # no replacement comes into the stop
    children = [stage.child(f"c{n}", shutdown_seconds=1, hang_timeout_seconds=2, backoff=slow) for n in range(3)]
    tree = stage.tree(*children, max_abandoned=2)
    for n in range(3):
        _hang(stage, tree, f"c{n}")
    stage.clock.advance(6)
    outcome = tree.wait(10)
    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (RootEnd.TOO_MANY_ABANDONED, 5)
    assert sorted(outcome.abandoned) == ["c0", "c1", "c2"]
    tree.stop()  # the observers have been told of everything then
    assert [e.living for e in stage.witness.events if isinstance(e, ThreadAbandoned)] == [1, 2, 3]


def test_a_child_cannot_wait_for_the_end_of_its_own_tree(stage: Stage) -> None:
    tree = stage.tree(stage.child(), supervisor_spec("s", SupervisorFlags(), [stage.child("x")]))
    for path, attempt in (
        ("a", tree.stop),
        ("a", lambda: tree.restart_child("a")),
        ("s/x", lambda: tree.terminate_child("s")),
    ):
        with pytest.raises(WaitsForItself):
            tree.child(path).ask(lambda _, attempt=attempt: attempt())
    tree.child("a").ask(lambda _: tree.begin_stop())
    assert tree.wait(10) == Outcome(RootEnd.STOPPED)


def test_a_stopped_tree_still_explains_and_its_addresses_say_that_it_is_down(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    ref = tree.child("a")
    tree.stop()
    assert tree.report("a").state is ChildState.STOPPED
    with pytest.raises(ChildDown):
        ref.tell("hello")
    with pytest.raises(ChildDown):
        _ = ref.actor_ref
    tree.stop()  # again: nothing


def test_stopping_is_told_of_every_child_once(stage: Stage) -> None:
    tree = stage.tree(*(stage.child(f"c{n}") for n in range(4)))
    tree.stop()
    stopping = [e.path for e in stage.witness.events if isinstance(e, StateChanged) and e.after is ChildState.STOPPING]
    assert stopping == ["", "c3", "c2", "c1", "c0"]
