"""Every way in which an incarnation can end is seen exactly once, and told apart."""

import threading
from collections.abc import Callable
from typing import Any

import pykka
import pytest

from supervisor import (
    BRUTAL,
    Backoff,
    ChildDown,
    ChildEnded,
    ChildState,
    EndKind,
    Intensity,
    Park,
    Restart,
    SupervisedActor,
    SupervisorFlags,
    life,
)
from supervisor.testing import Stage, raising


class _Vanishes(SupervisedActor):
    """Leaves its loop in a way of its own: the flag is raised behind pykka's back."""

    def on_receive(self, message: object) -> None:
        self.actor_stopped.set()


def _stop_itself(actor: Any) -> None:
    actor.stop()


def _tell(message: object) -> Callable[[Stage, Any], None]:
    return lambda stage, tree: tree.child("a").tell(message)


def _ask(message: object) -> Callable[[Stage, Any], None]:
    def act(stage: Stage, tree: Any) -> None:
        with pytest.raises(pykka.ActorDeadError):
            tree.child("a").ask(message)

    return act


def _stop_from_outside(stage: Stage, tree: Any) -> None:
    tree.child("a").actor_ref.stop(block=False)


def _stop_all(stage: Stage, tree: Any) -> None:
    pykka.ActorRegistry.stop_all(block=True, timeout=5)  # noqa: TID251 - what foreign code does


ENDINGS = [
    # a crash in a tell, of any class
    (_tell(raising(ValueError("bad"))), {}, EndKind.CRASH, "ValueError: bad"),
    (_tell(raising(RecursionError())), {}, EndKind.CRASH, "RecursionError"),
    (_tell(raising(MemoryError())), {}, EndKind.CRASH, "MemoryError"),
    (_tell(raising(SystemExit(3))), {}, EndKind.FATAL, "SystemExit: 3"),
    (_tell(raising(KeyboardInterrupt())), {}, EndKind.FATAL, "KeyboardInterrupt"),
    (_tell(raising(GeneratorExit())), {}, EndKind.FATAL, "GeneratorExit"),
    # a fatal one in an ask ends the actor, and does not end the asker
    (_ask(raising(SystemExit(3))), {}, EndKind.FATAL, "SystemExit: 3"),
    (_ask(raising(KeyboardInterrupt())), {}, EndKind.FATAL, "KeyboardInterrupt"),
    # by itself
    (_tell(_stop_itself), {}, EndKind.NORMAL, ""),
    # from outside
    (_stop_from_outside, {}, EndKind.OUTSIDE_STOP, ""),
    (_stop_all, {}, EndKind.OUTSIDE_STOP, ""),
    # a cleanup that fails
    (_tell(_stop_itself), {"on_stop": raising(OSError("busy"))}, EndKind.CLEANUP_FAILED, "OSError: busy"),
    (_stop_from_outside, {"on_stop": raising(SystemExit())}, EndKind.CLEANUP_FAILED, "SystemExit"),
    # a crash whose on_failure fails as well: the first reason stays
    (_tell(raising(ValueError("bad"))), {"on_failure": raising(KeyError("k"))}, EndKind.CRASH, "ValueError: bad"),
    (_tell(raising(ValueError("bad"))), {"on_failure": raising(SystemExit())}, EndKind.CRASH, "ValueError: bad"),
]


@pytest.mark.parametrize(("act", "hooks", "kind", "error"), ENDINGS)
def test_an_end_is_seen_once_and_the_child_restarted(
    stage: Stage, act: Callable[[Stage, Any], None], hooks: dict[str, Any], kind: EndKind, error: str
) -> None:
    tree = stage.tree(stage.child(kwargs=hooks), stage.child("sibling"))
    act(stage, tree)
    ended = stage.witness.wait_for_end("a", 1)
    assert (ended.failure.kind, ended.failure.error) == (kind, error)
    stage.witness.wait_for(lambda: tree.report("a").state is ChildState.RUNNING and tree.report("a").incarnation == 2)
    assert tree.child("a").ask("still there") == "still there"
    assert tree.child("sibling").ask("me too") == "me too"
    tree.stop()
    ends = [e for e in stage.witness.events if isinstance(e, ChildEnded) and e.path == "a"]
    assert [e.incarnation for e in ends] == [1, 2]


def test_a_flag_raised_behind_the_back_of_pykka_is_an_end_like_any_other(stage: Stage) -> None:
    tree = stage.tree(stage.child(start=_Vanishes))
    tree.child("a").tell("vanish")
    assert stage.witness.wait_for_end("a", 1).failure.kind is EndKind.NORMAL


STARTS = [
    ({"constructor": raising(ValueError("no"))}, EndKind.START_FAILED, "ValueError: no"),
    ({"constructor": raising(SystemExit())}, EndKind.START_FATAL, "SystemExit"),
    ({"on_start": raising(OSError("port busy"))}, EndKind.START_FAILED, "OSError: port busy"),
    ({"on_start": raising(KeyboardInterrupt())}, EndKind.START_FATAL, "KeyboardInterrupt"),
    ({"nonsense": 1}, EndKind.START_FAILED, "TypeError"),
]


@pytest.mark.parametrize(("hooks", "kind", "error"), STARTS)
def test_a_start_that_fails_is_told_apart(stage: Stage, hooks: dict[str, Any], kind: EndKind, error: str) -> None:
    flags = SupervisorFlags(retry_first_start=True, intensity=Intensity(1, 60), on_meltdown=Park(60))
    tree = stage.tree(stage.child(kwargs=hooks), flags=flags)
    ended = stage.witness.wait_for_end("a", 1)
    assert ended.failure.kind is kind
    assert ended.failure.error.startswith(error)
    stage.witness.wait_for_state(tree, "a", ChildState.FAILED)


def test_a_start_that_returns_something_else_is_a_failed_start(stage: Stage) -> None:
    flags = SupervisorFlags(retry_first_start=True)
    stage.tree(stage.child(start=lambda: "no actor", restart=Restart.TEMPORARY), flags=flags)
    failure = stage.witness.wait_for_end("a", 1).failure
    assert failure.error == "TypeError: start must return a SupervisedActor or IGNORE, not str"


def test_an_exception_in_an_ask_goes_to_the_asker_and_is_counted(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    with pytest.raises(ZeroDivisionError):
        tree.child("a").ask(lambda _: 1 / 0)
    report = tree.report("a")
    assert (report.state, report.incarnation, report.ask_failures) == (ChildState.RUNNING, 1, 1)


def test_by_choice_an_exception_in_an_ask_also_ends_the_actor(stage: Stage) -> None:
    tree = stage.tree(stage.child(ask_failures_end=True))
    with pytest.raises(ZeroDivisionError):
        tree.child("a").ask(lambda _: 1 / 0)
    assert stage.witness.wait_for_end("a", 1).failure.kind is EndKind.CRASH
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
    assert tree.report("a").ask_failures == 1


def test_a_proxy_call_that_fails_names_its_method(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    tree.child("a").actor_ref.proxy().no_such_thing = 1
    tree.child("a").actor_ref.proxy().on_receive.defer(raising(ValueError("deferred")))
    failure = stage.witness.wait_for_end("a", 1).failure
    assert (failure.kind, failure.message_kind) == (EndKind.CRASH, "call on_receive")


class _Order:
    """A message with something private in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, actor: object) -> None:
        raise ValueError("refused")


def test_a_crash_tells_the_kind_of_its_message_and_not_its_content(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    tree.child("a").tell(_Order("a secret"))
    failure = stage.witness.wait_for_end("a", 1).failure
    assert failure.message_kind == "_Order"
    assert "raise ValueError" in failure.traceback
    assert "a secret" not in repr(failure)


class _EvilError(Exception):
    def __str__(self) -> str:
        raise SystemExit


def test_an_exception_whose_text_raises_is_described_all_the_same(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    tree.child("a").tell(raising(_EvilError()))
    assert stage.witness.wait_for_end("a", 1).failure.error == "_EvilError: <its text raised SystemExit>"
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)


def test_a_deep_recursion_is_reported_short(stage: Stage) -> None:
    def dive(actor: object) -> None:
        dive(actor)

    tree = stage.tree(stage.child())
    tree.child("a").tell(dive)
    failure = stage.witness.wait_for_end("a", 1).failure
    assert failure.error.startswith("RecursionError")
    assert len(failure.traceback) < 10_000


def test_a_thread_that_cannot_be_had_is_a_failed_start(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = stage.tree(stage.child(backoff=Backoff(5, 5, jitter=0)))

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("supervisor.runner.threading.Thread.start", refuse)
        tree.child("a").tell(_stop_itself)
        stage.witness.wait_for_end("a", 1)
        stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
        stage.clock.advance(5)
        assert stage.witness.wait_for_end("a", 2).failure.kind is EndKind.NO_THREAD
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    stage.clock.advance(5)
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)


def test_foreign_code_that_stops_all_actors_leaves_no_orphan_and_counts_against_nobody(stage: Stage) -> None:
    flags = SupervisorFlags(intensity=Intensity(1, 1000))
    tree = stage.tree(*(stage.child(f"c{n}") for n in range(8)), flags=flags)
    assert all(pykka.ActorRegistry.stop_all(timeout=5))  # noqa: TID251 - what foreign code does
    for n in range(8):
        stage.witness.wait_for_end(f"c{n}", 1)
        stage.witness.wait_for_state(tree, f"c{n}", ChildState.RUNNING)
    assert {report.incarnation for report in tree.which_children()} == {2}
    tree.stop()
    assert pykka.ActorRegistry.get_all() == []  # noqa: TID251 - what foreign code sees


def test_an_actor_that_stops_all_actors_from_a_handler_does_not_wait_for_itself(stage: Stage) -> None:
    tree = stage.tree(stage.child(), stage.child("b"))
    tree.child("a").tell(lambda _: pykka.ActorRegistry.stop_all())  # noqa: TID251 - what foreign code does
    assert stage.witness.wait_for_end("a", 1).failure.kind is EndKind.NORMAL
    assert stage.witness.wait_for_end("b", 1).failure.kind is EndKind.OUTSIDE_STOP
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)


def test_a_failing_cleanup_while_being_stopped_is_reported_and_not_restarted(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_stop": raising(OSError("busy"))}))
    tree.terminate_child("a")
    report = tree.report("a")
    assert (report.state, report.incarnation) == (ChildState.STOPPED, 1)
    assert report.last_failure is not None
    assert report.last_failure.kind is EndKind.CLEANUP_FAILED


def test_on_failure_is_called_after_a_crash_and_on_stop_is_not(stage: Stage) -> None:
    called: list[str] = []
    hooks = {"on_stop": lambda _: called.append("on_stop"), "on_failure": lambda _: called.append("on_failure")}
    tree = stage.tree(stage.child(kwargs=hooks, restart=Restart.TEMPORARY))
    tree.child("a").tell(raising(ValueError()))
    stage.witness.wait_for_end("a", 1)
    assert called == ["on_failure"]


def test_an_on_failure_that_hangs_is_left_behind_and_the_crash_stays_the_reason(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_failure": stage.hang()}, shutdown_seconds=2))
    tree.child("a").tell(raising(ValueError("bad")))
    stage.wait_for_hang()
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(2.25)
    assert stage.witness.wait_for_end("a", 1).failure.error == "ValueError: bad"
    stage.witness.wait_for(lambda: tree.report("a").state is ChildState.RUNNING)
    assert (tree.report("a").incarnation, tree.report("a").abandoned) == (2, 1)


def test_an_on_stop_that_hangs_after_the_actor_stopped_itself_is_left_behind(stage: Stage) -> None:
    tree = stage.tree(stage.child(kwargs={"on_stop": stage.hang()}, shutdown_seconds=BRUTAL))
    tree.child("a").tell(_stop_itself)
    stage.wait_for_hang()
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.clock.advance(0.25)
    assert stage.witness.wait_for_end("a", 1).failure.kind is EndKind.ABANDONED


def test_an_ask_is_answered_whatever_happens_to_its_target(stage: Stage) -> None:
    tree = stage.tree(stage.child(), stage.child("b"))
    tree.child("a").tell(stage.hang())
    stage.wait_for_hang()
    pending = [tree.child("a").ask_later("queued") for _ in range(3)]
    tree.child("a").tell(raising(SystemExit()))
    late = tree.child("a").ask_later("behind the end")
    stage.release()
    assert [each.get(timeout=10) for each in pending] == ["queued"] * 3
    with pytest.raises(pykka.ActorDeadError):
        late.get(timeout=10)


class _OddLoop(SupervisedActor):
    def _actor_loop(self) -> None:
        raise KeyError("a loop of its own")


def test_whatever_escapes_is_still_an_end(stage: Stage) -> None:
    flags = SupervisorFlags(retry_first_start=True)
    stage.tree(stage.child(start=_OddLoop, restart=Restart.TEMPORARY), flags=flags)
    failure = stage.witness.wait_for_end("a", 1).failure
    assert (failure.kind, failure.error) == (EndKind.FATAL, "KeyError: 'a loop of its own'")
    assert pykka.ActorRegistry.get_all() == []  # noqa: TID251 - a ref left there is asked, and never answers


def test_an_exception_of_several_is_told_whole(stage: Stage) -> None:
    def chain(_actor: object) -> None:
        try:
            raising(OSError("the cause"))(_actor)
        except OSError as error:
            error.add_note("a note")
            raise ValueError("the effect") from error

    def group(_actor: object) -> None:
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

    tree = stage.tree(stage.child())
    for incarnation, (message, words) in enumerate(
        ((chain, ("the cause", "a note")), (group, ("one", "two"))), start=1
    ):
        stage.witness.wait_for(lambda n=incarnation: tree.report("a").incarnation == n)  # type: ignore[misc]
        stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)
        tree.child("a").tell(message)
        text = stage.witness.wait_for_end("a", incarnation).failure.traceback
        assert all(word in text for word in words)


def test_many_different_crashes_do_not_fill_the_memory() -> None:
    for number in range(3 * life._EXPLAINED):
        life.explain(ValueError(number))
    assert len(life._explained) <= life._EXPLAINED


def test_an_actor_that_waits_for_its_own_answer_is_told_so(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    ref = tree.child("a")
    with pytest.raises(pykka.ActorDeadError, match="waits for its own answer"):
        ref.ask(lambda _: ref.ask("me"))


def test_a_dead_actors_old_ref_answers_and_does_not_hang(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    old = tree.child("a").actor_ref
    tree.restart_child("a")
    with pytest.raises(pykka.ActorDeadError):
        old.ask("anybody?", timeout=10)
    with pytest.raises(pykka.ActorDeadError):
        old.actor_inbox.put(_envelope("straight into the inbox, past is_alive()"))
    answer = old.actor_class._create_future()
    old.actor_inbox.put(_envelope("the same as an ask", answer))
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=10)


def _envelope(message: object, reply_to: "pykka.Future[Any] | None" = None) -> Any:
    from pykka._envelope import Envelope  # noqa: PLC0415 - the seam that is tested

    return Envelope(message, reply_to=reply_to)


def test_the_sender_of_a_fatal_ask_gets_a_child_down(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    with pytest.raises(ChildDown):
        tree.child("a").ask(raising(SystemExit()))
