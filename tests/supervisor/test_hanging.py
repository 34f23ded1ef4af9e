"""A handler that makes no progress is found; a starved processor, a suspended computer, a slow run are not."""

import threading
from typing import Any

import pytest

from supervisor import ChildState, EndKind, HangReported, Intensity, Restart, SupervisorFlags
from supervisor.engine import Engine
from supervisor.life import Life
from supervisor.starvation import seconds_without_processor
from supervisor.testing import FakeClock, Stage
from supervisor.watchdog import Watchdog


def test_a_hang_is_reported_with_its_stack_and_treated_by_the_ladder(stage: Stage) -> None:
    tree = stage.tree(stage.child(hang_timeout_seconds=10, shutdown_seconds=2), stage.child("b"))
    tree.child("a").tell(stage.hang())
    stage.wait_for_hang()
    stage.clock.advance(9.9)
    assert tree.report("a").state is ChildState.RUNNING
    stage.clock.advance(1.1)  # within the timeout and a second
    assert tree.report("a").state is ChildState.HUNG
    reported = [event for event in stage.witness.events if isinstance(event, HangReported)]
    stage.clock.advance(2.25)
    failure = stage.witness.wait_for_end("a", 1).failure
    assert failure.kind is EndKind.HUNG
    assert "released.wait" in failure.traceback
    stage.witness.wait_for(lambda: bool([e for e in stage.witness.events if isinstance(e, HangReported)]))
    reported = [event for event in stage.witness.events if isinstance(event, HangReported)]
    assert [(event.path, event.incarnation) for event in reported] == [("a", 1)]
    assert reported[0].doing == "handling function"
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    assert tree.report("b").incarnation == 1


def test_a_hung_handler_that_obeys_in_time_is_not_abandoned(stage: Stage) -> None:
    waiting = threading.Event()

    def cooperative(actor: Any) -> None:
        waiting.set()
        assert actor.wait_for_stop(10)

    tree = stage.tree(stage.child(hang_timeout_seconds=4, restart=Restart.TRANSIENT))
    tree.child("a").tell(cooperative)
    assert waiting.wait(10)
    stage.clock.advance(5)
    assert stage.witness.wait_for_end("a", 1).failure.kind is EndKind.HUNG
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    assert (tree.report("a").incarnation, tree.report("a").abandoned) == (2, 0)


class _Beats:
    """A long run that gives a heartbeat whenever the test says so."""

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.done = threading.Semaphore(0)

    def __call__(self, actor: Any) -> None:
        while True:
            self.done.release()
            assert self.go.acquire(timeout=10)
            if actor.is_stopping:
                return
            actor.heartbeat()


def test_a_long_run_that_gives_heartbeats_is_not_a_hang(stage: Stage) -> None:
    beats = _Beats()
    tree = stage.tree(stage.child(hang_timeout_seconds=4))
    tree.child("a").tell(beats)
    for _ in range(10):
        assert beats.done.acquire(timeout=10)
        stage.clock.advance(3)
        beats.go.release()
    assert beats.done.acquire(timeout=10)
    assert tree.report("a").state is ChildState.RUNNING
    tree.begin_stop()
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    beats.go.release()
    assert tree.wait(10) is not None


def test_an_idle_actor_is_never_a_hang_and_each_message_counts_anew(stage: Stage) -> None:
    tree = stage.tree(stage.child(hang_timeout_seconds=2))
    for _ in range(5):
        stage.clock.advance(100)
        assert tree.child("a").ask("well?") == "well?"
    assert tree.report("a").incarnation == 1


def test_more_time_may_be_asked_for_while_handling(stage: Stage) -> None:
    hang = stage.hang()

    def slow(actor: Any) -> None:
        actor.extend_timeout(50)
        hang(actor)

    tree = stage.tree(stage.child(hang_timeout_seconds=2))
    tree.child("a").tell(slow)
    stage.wait_for_hang()
    stage.clock.advance(49)
    assert tree.report("a").state is ChildState.RUNNING
    stage.clock.advance(3)
    assert tree.report("a").state is ChildState.HUNG


def test_a_wait_that_was_announced_is_no_hang_and_what_follows_it_is_judged_by_its_own_time(stage: Stage) -> None:
    steps: list[float] = []
    go, done = threading.Semaphore(0), threading.Semaphore(0)

    def work(actor: Any) -> None:
        for seconds in (500.0, 0.0):
            actor.allow_wait(seconds)
            steps.append(seconds)
            done.release()
            assert go.acquire(timeout=10)

    tree = stage.tree(stage.child(hang_timeout_seconds=4))
    tree.child("a").tell(work)
    assert done.acquire(timeout=10)
    stage.clock.advance(499)
    assert tree.report("a").state is ChildState.RUNNING
    go.release()
    assert done.acquire(timeout=10)
    stage.clock.advance(3)
    assert tree.report("a").state is ChildState.RUNNING, "the wait was a sign of life"
    stage.clock.advance(3)
    assert tree.report("a").state is ChildState.HUNG
    assert steps == [500, 0]
    go.release()


def test_an_announced_wait_ends_with_its_message_and_gives_no_time_to_a_stop(stage: Stage) -> None:
    hang = stage.hang()
    tree = stage.tree(stage.child(hang_timeout_seconds=2, shutdown_seconds=3.0))
    tree.child("a").ask(lambda actor: actor.allow_wait(1000))
    tree.child("a").tell(hang)
    stage.wait_for_hang()
    stage.clock.advance(3)
    assert tree.report("a").state is ChildState.HUNG


def test_a_computer_that_slept_did_not_hang(stage: Stage) -> None:
    tree = stage.tree(stage.child(hang_timeout_seconds=10))
    tree.child("a").tell(stage.hang())
    stage.wait_for_hang()
    stage.clock.advance(2)
    for _ in range(3):
        stage.clock.jump(3600)  # suspended: the watchdog itself comes late
        assert tree.report("a").state is ChildState.RUNNING
    stage.clock.advance(7)
    assert tree.report("a").state is ChildState.HUNG


def test_the_time_that_a_thread_waits_for_a_processor_is_not_held_against_it() -> None:
    clock = FakeClock()
    engine = Engine(clock, clock, lambda: None)
    clock.after_each.append(lambda: engine.call(lambda: None))
    engine.start()
    starved = 0.0
    watchdog = Watchdog(engine, lambda _: starved)
    hung: list[Life] = []
    life = Life("a", 1, clock)
    life.busy_with, life.beats = "a message", 1
    engine.call(lambda: watchdog.watch(life, 10, hung.append))
    clock.advance(1)
    starved = 2.0  # less than a quarter of the timeout explains nothing
    clock.advance(9)
    assert hung == []
    starved = 8.0
    clock.advance(7)
    assert hung == []
    clock.advance(2)
    assert hung == [life]
    engine.call(lambda: watchdog.unwatch(life))
    engine.close()
    engine.join()


def test_the_waiting_time_of_a_thread_is_read_where_the_system_tells() -> None:
    assert seconds_without_processor(threading.get_native_id()) >= 0
    assert seconds_without_processor(None) == 0


def test_nobody_looks_when_nothing_is_watched(stage: Stage) -> None:
    tree = stage.tree(stage.child("a", hang_timeout_seconds=100), stage.child("b", start_timeout_seconds=None))
    assert stage.clock.due_in() == pytest.approx(1)
    stage.clock.advance(10)
    tree.terminate_child("a")
    assert stage.clock.due_in() is None


def test_a_shorter_timeout_is_looked_at_more_often(stage: Stage) -> None:
    tree = stage.tree(stage.child("a", hang_timeout_seconds=100), stage.child("b", hang_timeout_seconds=1))
    assert stage.clock.due_in() == pytest.approx(0.25)
    tree.child("b").tell(stage.hang())
    stage.wait_for_hang()
    stage.clock.advance(1.5)
    assert (tree.report("a").state, tree.report("b").state) == (ChildState.RUNNING, ChildState.HUNG)


def test_hangs_count_for_the_intensity(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(0, 60))
    tree = stage.tree(stage.child(hang_timeout_seconds=2, shutdown_seconds=1), flags=flags)
    tree.child("a").tell(stage.hang())
    stage.wait_for_hang()
    stage.clock.advance(4)
    outcome = tree.wait(10)
    assert outcome is not None
    assert outcome.exit_code == 4


def test_a_hung_child_refuses_messages_at_once(stage: Stage) -> None:
    tree = stage.tree(stage.child(hang_timeout_seconds=2))
    ref = tree.child("a")
    ref.tell(stage.hang())
    stage.wait_for_hang()
    waiting = ref.ask_later("behind the hang")
    stage.clock.advance(3)
    assert tree.report("a").state is ChildState.HUNG
    stage.clock.advance(5.25)
    with pytest.raises(Exception, match="ended before it answered"):
        waiting.get(timeout=10)
