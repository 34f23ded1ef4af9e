"""An operator starts, stops, restarts, deletes and reloads children of a running tree."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from supervisor import (
    Backoff,
    ChildCounts,
    ChildDown,
    ChildState,
    EndKind,
    Event,
    Intensity,
    Park,
    ReloadReport,
    Restart,
    SpecError,
    StartFailed,
    Strategy,
    SupervisorFlags,
    Tree,
    UnknownChild,
    WrongState,
    supervisor_spec,
)
from supervisor.testing import Stage, raising

BOOM = raising(ValueError("boom"))


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


def _shape(tree: Tree) -> list[tuple[str, str, int]]:
    return [(report.path, report.state.value, report.incarnation) for report in tree.which_children()]


# -- start_child


def test_a_child_is_added_to_a_running_supervisor(stage: Stage) -> None:
    tree = stage.tree(stage.child(), supervisor_spec("s", SupervisorFlags(), []))
    ref = tree.start_child(stage.child("x"), parent="s")
    assert ref.ask("there?") == "there?"
    tree.start_child(supervisor_spec("deep", SupervisorFlags(), [stage.child("y")]), parent="s")
    assert _shape(tree) == [
        ("a", "running", 1),
        ("s", "running", 1),
        ("s/x", "running", 1),
        ("s/deep", "running", 1),
        ("s/deep/y", "running", 1),
    ]
    assert tree.count_children() == ChildCounts(specs=5, active=5, supervisors=2, workers=3)


def test_a_child_that_cannot_start_was_never_there(stage: Stage) -> None:
    tree = stage.tree()
    original = OSError("port busy")
    with pytest.raises(StartFailed) as caught:
        tree.start_child(stage.child("bad", kwargs={"on_start": raising(original)}))
    assert caught.value.__cause__ is original
    assert _shape(tree) == []


def test_a_sub_tree_that_cannot_start_names_the_child_to_blame(stage: Stage) -> None:
    tree = stage.tree()
    bad = stage.child("bad", kwargs={"constructor": raising(SystemExit(2))})
    with pytest.raises(StartFailed) as caught:
        tree.start_child(supervisor_spec("s", SupervisorFlags(), [stage.child("x"), bad]))
    assert caught.value.path == "s/bad"
    assert isinstance(caught.value.__cause__, SystemExit)
    assert _shape(tree) == []


def test_an_added_child_is_supervised_like_the_others(stage: Stage) -> None:
    tree = stage.tree()
    tree.start_child(stage.child("x")).tell(BOOM)
    stage.witness.wait_for(lambda: _shape(tree) == [("x", "running", 2)])


def test_a_child_that_makes_no_sense_is_refused(stage: Stage) -> None:
    tree = stage.tree(stage.child(), supervisor_spec("s", SupervisorFlags(), []))
    with pytest.raises(SpecError, match="id is given twice"):
        tree.start_child(stage.child())
    with pytest.raises(SpecError, match="significant"):
        tree.start_child(stage.child("x", significant=True, restart=Restart.TRANSIENT))
    with pytest.raises(SpecError, match="s/t/x is refused"):
        tree.start_child(supervisor_spec("t", SupervisorFlags(), [stage.child("x"), stage.child("x")]), parent="s")
    with pytest.raises(WrongState):
        tree.start_child(stage.child("x"), parent="a")
    with pytest.raises(UnknownChild):
        tree.start_child(stage.child("x"), parent="nowhere")


def test_nothing_is_added_to_a_supervisor_that_does_not_run(stage: Stage) -> None:
    tree = stage.tree(supervisor_spec("s", SupervisorFlags(), []))
    tree.terminate_child("s")
    with pytest.raises(WrongState, match="cannot start a child of s while it is stopped"):
        tree.start_child(stage.child("x"), parent="s")


# -- terminate_child and delete_child


def test_what_an_operator_stopped_stays_stopped(stage: Stage) -> None:
    flags = SupervisorFlags(Strategy.ONE_FOR_ALL, Intensity(50, 1000))
    tree = stage.tree(stage.child(), stage.child("b"), flags=flags)
    tree.terminate_child("a")
    tree.terminate_child("a")  # again: nothing
    stage.clock.advance(1000)
    tree.child("b").tell(BOOM)
    stage.witness.wait_for(lambda: _shape(tree) == [("a", "stopped", 1), ("b", "running", 2)])


@pytest.mark.parametrize("meltdown", [1, 0])
def test_an_operator_stops_what_waits_for_its_next_attempt(stage: Stage, meltdown: int) -> None:
    flags = SupervisorFlags(intensity=Intensity(meltdown, 60), on_meltdown=Park(30))
    tree = stage.tree(stage.child(backoff=Backoff(5, 5)), flags=flags)
    tree.child("a").tell(BOOM)
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF, ChildState.FAILED)
    with pytest.raises(WrongState):
        tree.delete_child("a")
    tree.terminate_child("a")
    assert _shape(tree) == [("a", "stopped", 1)]
    assert tree.report("a").next_attempt_at is None
    stage.clock.advance(1000)
    assert _shape(tree) == [("a", "stopped", 1)]
    tree.delete_child("a")
    assert _shape(tree) == []


def test_a_temporary_child_that_is_stopped_is_forgotten(stage: Stage) -> None:
    tree = stage.tree(stage.child(restart=Restart.TEMPORARY))
    ref = tree.child("a")
    tree.terminate_child("a")
    assert _shape(tree) == []
    with pytest.raises(ChildDown):
        ref.tell("hello")


def test_only_a_stopped_child_is_deleted(stage: Stage) -> None:
    tree = stage.tree(stage.child(), supervisor_spec("s", SupervisorFlags(), [stage.child("x")]))
    with pytest.raises(WrongState, match="cannot delete a while it is running"):
        tree.delete_child("a")
    tree.terminate_child("s")
    ref = tree.child("s/x")
    tree.delete_child("s")
    assert _shape(tree) == [("a", "running", 1)]
    with pytest.raises(ChildDown):
        ref.ask("anybody?")


def test_the_root_is_stopped_by_its_tree_only(stage: Stage) -> None:
    tree = stage.tree()
    for attempt in (tree.terminate_child, tree.restart_child, tree.delete_child):
        with pytest.raises(WrongState):
            attempt("")


# -- restart_child


def test_a_child_is_restarted_from_any_state(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(1, 60), on_meltdown=Park(30))
    tree = stage.tree(stage.child(backoff=Backoff(5, 5)), flags=flags)
    assert tree.restart_child("a") == 2  # running
    tree.child("a").tell(BOOM)
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    assert tree.restart_child("a") == 3
    for _ in range(2):
        tree.child("a").tell(BOOM)
        stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF, ChildState.FAILED)
        stage.clock.advance(5)
        stage.witness.wait_for_state(tree, "a", ChildState.RUNNING, ChildState.FAILED)
    assert tree.report("a").state is ChildState.FAILED  # parked
    assert tree.restart_child("a") == 5
    tree.terminate_child("a")
    assert tree.restart_child("a") == 6


def test_a_restart_of_a_hung_child_goes_down_the_ladder_first(stage: Stage) -> None:
    tree = stage.tree(stage.child(hang_timeout_seconds=2, shutdown_seconds=3))
    tree.child("a").tell(stage.hang())
    stage.wait_for_hang()
    stage.clock.advance(2.5)
    assert tree.report("a").state is ChildState.HUNG
    thread, results = _in_background(lambda: tree.restart_child("a"))
    _until_awaited(tree, "a", 1)
    stage.clock.advance(3.25)
    thread.join(10)
    assert results == [2]
    assert tree.report("a").ends[0].kind is EndKind.HUNG


def _until_awaited(tree: Tree, path: str, callers: int) -> None:
    """Return once so many callers wait for a child to come up; no event tells, so the tree is asked until it is so."""
    while len(tree._find(path).up_replies) < callers:
        tree.count_children()


def test_concurrent_restarts_are_one_and_get_the_same_incarnation(stage: Stage) -> None:
    gate = threading.Event()
    hooks = {"on_start": lambda actor: actor.incarnation == 1 or gate.wait(10)}
    tree = stage.tree(stage.child(kwargs=hooks))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(tree.restart_child, "a") for _ in range(8)]
        _until_awaited(tree, "a", 8)
        gate.set()
        assert {call.result(10) for call in calls} == {2}
    assert tree.report("a").incarnation == 2


def test_a_restart_that_fails_says_why_and_goes_on_trying(stage: Stage) -> None:
    original = OSError("port busy")

    def fail_second(actor: Any) -> None:
        if actor.incarnation == 2:
            raise original

    tree = stage.tree(stage.child(kwargs={"on_start": fail_second}))
    with pytest.raises(StartFailed) as caught:
        tree.restart_child("a")
    assert caught.value.__cause__ is original
    stage.witness.wait_for(lambda: _shape(tree) == [("a", "running", 3)])


def test_a_child_that_is_stuck_while_starting_is_restarted(stage: Stage) -> None:
    hang = stage.hang()
    hooks = {"on_start": lambda actor: hang(actor) if actor.incarnation == 2 else None}
    tree = stage.tree(stage.child(kwargs=hooks, shutdown_seconds=1))
    tree.child("a").tell(BOOM)
    stage.wait_for_hang()
    assert tree.report("a").state is ChildState.STARTING
    thread, results = _in_background(lambda: tree.restart_child("a"))
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(1.25)
    thread.join(10)
    assert results == [3]


def test_an_operator_who_stops_a_child_disappoints_the_one_who_restarts_it(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_stop": stage.hang()}))
    restart, results = _in_background(lambda: tree.restart_child("a"))
    stage.wait_for_hang()
    terminate, _ = _in_background(lambda: tree.terminate_child("a"))
    while not tree._find("a").is_held:
        tree.count_children()
    stage.release()
    restart.join(10)
    terminate.join(10)
    assert isinstance(results[0], StartFailed)
    assert _shape(tree) == [("a", "stopped", 1)]


def test_a_restart_while_its_supervisor_stops_is_refused(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_stop": stage.hang()}))
    tree.begin_stop()
    stage.wait_for_hang()
    with pytest.raises(WrongState):
        tree.restart_child("a")
    thread, _ = _in_background(lambda: tree.terminate_child("a"))
    stage.release()
    thread.join(10)


def test_a_whole_sub_tree_is_restarted(stage: Stage) -> None:
    tree = stage.tree(supervisor_spec("s", SupervisorFlags(), [stage.child("x"), stage.child("y")]))
    ref = tree.child("s/x")
    tree.terminate_child("s/y")
    assert tree.restart_child("s") == 2
    assert ref.ask("still your address") == "still your address"
    assert _shape(tree) == [("s", "running", 2), ("s/x", "running", 2), ("s/y", "running", 2)]


# -- reload


def test_a_reload_touches_only_what_changed(stage: Stage) -> None:
    deep = supervisor_spec("s", SupervisorFlags(), [stage.child("x"), stage.child("y")])
    tree = stage.tree(stage.child("a"), stage.child("b"), stage.child("gone"), deep)
    tree.start_child(stage.child("dynamic"))
    deeper = supervisor_spec("s", SupervisorFlags(), [stage.child("y"), stage.child("z")])
    report = tree.reload([stage.child("new"), stage.child("b", shutdown_seconds=9), stage.child("a"), deeper])
    assert report == ReloadReport(added=("new",), removed=("gone",), changed=("b", "s"), unchanged=("a",))
    expected = [
        ("new", "running", 1),
        ("b", "running", 2),
        ("a", "running", 1),
        ("s", "running", 1),
        ("s/y", "running", 1),
        ("s/z", "running", 1),
        ("dynamic", "running", 1),
    ]
    stage.witness.wait_for(lambda: _shape(tree) == expected)


def test_a_bad_reload_changes_nothing(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    with pytest.raises(SpecError):
        tree.reload([stage.child("b"), stage.child("b")])
    assert _shape(tree) == [("a", "running", 1)]


def test_a_reload_leaves_stopped_what_an_operator_stopped(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    tree.terminate_child("a")
    tree.reload([stage.child(drain=True)])
    assert _shape(tree) == [("a", "stopped", 1)]
    assert tree.restart_child("a") == 2
    assert tree._find("a").spec.drain


def test_a_reload_starts_at_once_what_waited_with_an_old_spec(stage: Stage) -> None:
    tree = stage.tree(
        stage.child(backoff=Backoff(50, 50)), flags=SupervisorFlags(intensity=Intensity(1, 1000), on_meltdown=Park(60))
    )
    tree.child("a").tell(BOOM)
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    tree.reload([stage.child()])
    stage.witness.wait_for(lambda: _shape(tree) == [("a", "running", 2)])


def test_an_address_stays_valid_over_a_reload_that_makes_a_supervisor_of_a_worker_and_back(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    ref = tree.child("a")
    tree.reload([supervisor_spec("a", SupervisorFlags(), [stage.child("x")])])
    stage.witness.wait_for(lambda: _shape(tree) == [("a", "running", 2), ("a/x", "running", 1)])
    with pytest.raises(ChildDown):
        ref.tell("a supervisor takes no messages")
    tree.reload([stage.child()])
    stage.witness.wait_for(lambda: _shape(tree) == [("a", "running", 3)])
    assert ref.ask("again") == "again"


def test_addresses_below_a_supervisor_outlive_new_flags_of_it(stage: Stage) -> None:
    tree = stage.tree(supervisor_spec("s", SupervisorFlags(), [stage.child("x"), stage.child("y")]))
    stays, goes = tree.child("s/x"), tree.child("s/y")
    tree.reload([supervisor_spec("s", SupervisorFlags(Strategy.ONE_FOR_ALL), [stage.child("x", drain=True)])])
    stage.witness.wait_for(lambda: _shape(tree) == [("s", "running", 2), ("s/x", "running", 1)])
    assert stays.ask("still your address") == "still your address"
    with pytest.raises(ChildDown):
        goes.tell("gone")


def test_a_child_is_restarted_while_its_supervisor_still_starts(stage: Stage) -> None:
    slow = stage.hang()
    hooks = {"on_start": lambda actor: slow(actor) if actor.incarnation == 1 else None}
    children = [stage.child("a"), stage.child("b", kwargs=hooks, shutdown_seconds=1), stage.child("c")]
    flags = SupervisorFlags(intensity=Intensity(15, 1000), retry_first_start=True)
    tree = stage.tree(*children, flags=flags, start=False)
    starting, _ = _in_background(tree.start)
    stage.wait_for_hang()
    assert tree.restart_child("a") == 2
    last, results = _in_background(lambda: tree.restart_child("c"))
    _until_awaited(tree, "c", 1)
    stuck, stuck_results = _in_background(lambda: tree.restart_child("b"))
    _until_awaited(tree, "b", 1)
    stage.clock.advance(1.25)
    for thread in (stuck, last, starting):
        thread.join(10)
    assert (stuck_results, results) == ([2], [1])


def test_what_leaves_and_comes_back_before_it_ended_is_restarted(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_stop": stage.hang()}))
    assert tree.reload([]).removed == ("a",)
    stage.wait_for_hang()
    with pytest.raises(WrongState):
        tree.restart_child("a")
    assert tree.reload([stage.child(drain=True)]).changed == ("a",)
    stage.release()
    stage.witness.wait_for(lambda: _shape(tree) == [("a", "running", 2)])


def test_what_leaves_while_its_supervisor_stops_does_not_come_back(stage: Stage) -> None:
    tree = stage.tree(supervisor_spec("s", SupervisorFlags(), [stage.child("x", kwargs={"on_stop": stage.hang()})]))
    tree.reload([], parent="s")
    stage.wait_for_hang()
    thread, _ = _in_background(lambda: tree.restart_child("s"))
    stage.witness.wait_for_state(tree, "s", ChildState.STOPPING)
    stage.release()
    thread.join(10)
    assert _shape(tree) == [("s", "running", 2)]


def test_a_reload_of_a_stopped_supervisor_waits_for_its_start(stage: Stage) -> None:
    tree = stage.tree(supervisor_spec("s", SupervisorFlags(), [stage.child("x")]))
    tree.terminate_child("s")
    tree.reload([stage.child("x", drain=True), stage.child("y")], parent="s")
    assert _shape(tree) == [("s", "stopped", 1), ("s/x", "stopped", 1), ("s/y", "stopped", 0)]
    tree.restart_child("s")
    assert _shape(tree) == [("s", "running", 2), ("s/x", "running", 2), ("s/y", "running", 1)]


# -- asking


def test_an_unknown_child_comes_with_suggestions(stage: Stage) -> None:
    tree = stage.tree(supervisor_spec("fmi", SupervisorFlags(), [stage.child("entree")]), stage.child("email"))
    with pytest.raises(UnknownChild) as caught:
        tree.child("fmi/entre")
    assert caught.value.suggestions[0] == "fmi/entree"
    assert str(caught.value).endswith("did you mean fmi/entree?")
    for path in ("", "email/x", "qqqqqq"):
        if path:
            with pytest.raises(UnknownChild):
                tree.report(path)


def test_a_child_is_watched_until_the_watch_is_cancelled(stage: Stage) -> None:
    seen: list[Event] = []
    tree = stage.tree(stage.child(), stage.child("b"))
    watch = tree.watch("a", seen.append)
    tree.restart_child("a")
    tree.restart_child("b")
    stage.witness.wait_for_end("b", 1)
    assert {event.path for event in seen} == {"a"}
    watch.cancel()
    count = len(seen)
    tree.restart_child("a")
    stage.witness.wait_for_end("a", 2)
    assert len(seen) == count
    with pytest.raises(UnknownChild):
        tree.watch("nobody", seen.append)


def test_questions_are_answered_while_children_hang_anywhere(stage: Stage) -> None:
    hang = stage.hang()
    tree = stage.tree(
        stage.child("handler"),
        stage.child("stopper", kwargs={"on_stop": hang}),
        stage.child("starter", kwargs={"on_start": lambda actor: hang(actor) if actor.incarnation > 1 else None}),
        stage.child("builder", kwargs={"constructor": lambda actor: hang(actor) if actor.incarnation > 1 else None}),
    )
    tree.child("handler").tell(hang)
    threads = [_in_background(lambda: tree.terminate_child("stopper"))[0]]
    tree.child("starter").tell(BOOM)
    tree.child("builder").tell(BOOM)
    for _ in range(4):
        stage.wait_for_hang()
    assert [(report.path, report.state.value) for report in tree.which_children()] == [
        ("handler", "running"),
        ("stopper", "stopping"),
        ("starter", "starting"),
        ("builder", "starting"),
    ]
    assert tree.start_child(stage.child("meanwhile")).ask("works") == "works"
    stage.release()
    for thread in threads:
        thread.join(10)
