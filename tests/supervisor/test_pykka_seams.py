"""The private seams of pykka that the runtime stands on are still what they were; another pykka is refused."""

import inspect
import threading
from importlib import metadata
from typing import Any

import pykka
import pytest
from pykka import _actor, _ref, messages
from pykka._envelope import Envelope

from supervisor import SupervisedActor, UnsupportedPykka
from supervisor.inbox import Answer, Inbox
from supervisor.seams import TESTED, check_version, kind_of
from supervisor.testing import Puppet


def test_this_pykka_is_a_tested_one() -> None:
    check_version(metadata.version("pykka"))


@pytest.mark.parametrize("version", ["4.4.2", "4.6", "4.6.0rc1", "5.0", "3.1.1", "nonsense", ""])
def test_a_pykka_outside_the_tested_range_is_refused_with_a_sentence(version: str) -> None:
    with pytest.raises(UnsupportedPykka, match=r"tested with pykka 4\.5 up to, not including, 4\.6.*install a tested"):
        check_version(version)


@pytest.mark.parametrize("version", ["4.5.0", "4.5.99"])
def test_a_pykka_inside_the_tested_range_is_taken(version: str) -> None:
    check_version(version)
    assert TESTED == ((4, 5), (4, 6))


class _Plain(pykka.ThreadingActor):
    """pykka's own actor, its inbox ours, to see what pykka does with it."""

    use_daemon_thread = True

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    @staticmethod
    def _create_future() -> Answer:
        return Answer()

    def on_receive(self, message: Any) -> Any:
        return message


def test_an_actor_takes_its_inbox_and_future_from_the_two_factories() -> None:
    ref = _Plain.start()
    assert isinstance(ref.actor_inbox, Inbox)
    assert isinstance(ref.ask("x", block=False), Answer)
    ref.stop(timeout=10)


def test_a_ref_puts_envelopes_with_message_and_reply_to() -> None:
    put: list[Envelope[Any]] = []

    class _Spy(Inbox):
        def put(self, envelope: Envelope[Any], /) -> None:
            put.append(envelope)

    actor = _Plain()
    actor.actor_ref.actor_inbox = _Spy()
    actor.actor_ref.tell("told")
    future = actor.actor_ref.ask("asked", block=False)
    actor.actor_ref.stop(block=False)
    assert [(type(e.message).__name__, e.reply_to is None) for e in put] == [
        ("str", True),
        ("str", False),
        ("_ActorStop", False),
    ]
    assert put[1].reply_to is future


def test_the_loop_is_three_overridable_parts_run_by_start_actor_loop() -> None:
    source = inspect.getsource(_actor.Actor._actor_loop)
    for part in ("_actor_loop_setup", "_actor_loop_running", "_actor_loop_teardown"):
        assert f"self.{part}()" in source
    assert "target=self._actor_loop" in inspect.getsource(pykka.ThreadingActor._start_actor_loop)
    assert "obj._start_actor_loop()" in inspect.getsource(_actor.Actor.start)


def test_handle_receive_knows_stop_call_get_set_and_the_rest() -> None:
    actor = _Plain()
    assert actor._handle_receive("plain") == "plain"
    assert actor._handle_receive(messages.ProxyCall(("on_receive",), ("called",), {})) == "called"
    assert actor._handle_receive(messages.ProxyGetAttr(("use_daemon_thread",))) is True
    actor._handle_receive(messages.ProxySetAttr(("colour",), "red"))
    assert actor.colour == "red"  # type: ignore[attr-defined]
    actor._handle_receive(messages._ActorStop())
    assert actor.actor_stopped.is_set()


def test_is_alive_is_the_stopped_flag_that_actor_and_ref_share() -> None:
    actor = _Plain()
    assert actor.actor_ref.actor_stopped is actor.actor_stopped
    assert actor.actor_ref.is_alive()
    actor.actor_stopped.set()
    assert not actor.actor_ref.is_alive()


def test_stopping_leaves_the_registry_then_raises_the_flag_then_cleans_up() -> None:
    seen: list[tuple[bool, bool]] = []

    class _Watching(_Plain):
        def on_stop(self) -> None:
            seen.append((self.actor_ref in pykka.ActorRegistry.get_all(), self.actor_stopped.is_set()))  # noqa: TID251

    ref = _Watching.start()
    ref.stop(timeout=10)
    assert seen == [(False, True)]


def test_a_stop_converts_a_dead_actors_error_to_false_and_makes_its_future_without_arguments() -> None:
    source = inspect.getsource(_ref.ActorRef.stop)
    assert "ask_future.__class__()" in source
    assert "except ActorDeadError" in source
    ref = _Plain.start()
    assert ref.stop(timeout=10) is True
    assert ref.stop(timeout=10) is False


def test_a_future_keeps_its_result_and_lock_where_the_answer_looks_for_them() -> None:
    future = pykka.ThreadingFuture[int]()
    assert future._result is None
    assert future._get_hook is None
    with future._condition, future._condition:  # it can be entered again by the one who holds it
        future.set(1)
    assert future._result is not None


def test_an_answer_keeps_the_first_result_and_drops_the_rest_in_silence() -> None:
    answer = Answer()
    answer.set("first")
    answer.set("second")
    answer.set_exception((ValueError, ValueError(), None))
    assert answer.get(timeout=10) == "first"


def test_kinds_of_messages_are_named_without_their_content() -> None:
    kinds = [
        kind_of(message)
        for message in (
            messages.ProxyCall(("a", "b"), ("secret",), {}),
            messages.ProxyGetAttr(("x",)),
            messages.ProxySetAttr(("y",), "secret"),
            messages._ActorStop(),
            "secret",
        )
    ]
    assert kinds == ["call a.b", "get x", "set y", "stop", "str"]


# -- a supervised actor outside a tree works like any of pykka's


def test_outside_a_tree_a_supervised_actor_works_like_any_other() -> None:
    ticked, stopped = threading.Event(), threading.Event()
    ref = Puppet.start(on_stop=lambda _: stopped.set())
    assert ref.ask("hello", timeout=10) == "hello"
    assert ref.ask(lambda actor: (actor.path, actor.incarnation, actor.fence.is_open), timeout=10) == (
        "Puppet",
        0,
        True,
    )
    ref.ask(lambda actor: actor.tell_self_after(0, lambda _: ticked.set()), timeout=10)
    assert ticked.wait(10)
    ref.ask(lambda actor: actor.heartbeat(), timeout=10)
    assert ref.stop(timeout=10) is True
    assert stopped.is_set()
    assert ref.stop(timeout=10) is False


def test_outside_a_tree_an_actor_whose_thread_cannot_be_had_is_no_zombie(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    before = pykka.ActorRegistry.get_all()  # noqa: TID251 - what pykka would leave there
    with pytest.raises(RuntimeError):
        Puppet.start()
    assert pykka.ActorRegistry.get_all() == before  # noqa: TID251 - as above


def test_outside_a_tree_a_fatal_error_does_not_stop_the_others() -> None:
    other = Puppet.start()

    def fail(_actor: object) -> None:
        raise SystemExit

    ref = Puppet.start()
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(fail, timeout=10)
    assert other.ask("still here", timeout=10) == "still here"
    other.stop(timeout=10)


def test_an_actor_made_inside_anothers_handler_has_a_life_of_its_own() -> None:
    ref = Puppet.start()
    inner: Any = ref.ask(lambda _: _Named.start(), timeout=10)
    assert inner.ask("who?", timeout=10) == "_Named"
    inner.stop(timeout=10)
    assert ref.ask(lambda actor: actor.path, timeout=10) == "Puppet"
    ref.stop(timeout=10)


class _Named(SupervisedActor):
    def __init__(self) -> None:
        self.known_as = self.path  # before the parent's constructor: the path is known all the same
        super().__init__()

    def on_receive(self, message: object) -> str:
        return self.path


def test_the_default_hooks_do_nothing() -> None:
    ref = _Named.start()
    actor = ref._actor_weakref()
    assert actor is not None
    actor.interrupt()
    assert not actor.is_stopping
    ref.stop(timeout=10)
