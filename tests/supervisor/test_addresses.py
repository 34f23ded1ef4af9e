"""An address outlives incarnations; what is sent while the child is down is refused, kept or answered, and counted."""

import threading
from contextlib import suppress
from typing import Any

import pykka
import pytest

from supervisor import (
    Backoff,
    ChildDown,
    ChildState,
    Intensity,
    Mailbox,
    MailboxFull,
    MessagesDropped,
    Reply,
    Restart,
    Stash,
    SupervisorFlags,
    Tree,
)
from supervisor.testing import Stage, raising

BOOM = raising(ValueError("boom"))
SLOW = Backoff(10, 10, jitter=0)
FEW = SupervisorFlags(intensity=Intensity(3, 1000))


def _down(stage: Stage, **fields: Any) -> Tree:
    """Return a tree whose child crashed and waits ten seconds."""
    tree = stage.tree(stage.child(backoff=SLOW, **fields), flags=FEW)
    tree.child("a").tell(BOOM)
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    return tree


def _up_again(stage: Stage, tree: Tree) -> None:
    stage.clock.advance(10)
    stage.witness.wait_for_state(tree, "a", ChildState.RUNNING)


def test_an_address_is_valid_over_restarts(stage: Stage) -> None:
    tree = _down(stage)
    ref = tree.child("a")
    assert repr(ref) == "<ChildRef a>"
    _up_again(stage, tree)
    assert ref.ask(lambda actor: actor.incarnation) == 2


def test_while_down_a_sender_is_told_at_once_when_the_next_attempt_is(stage: Stage) -> None:
    tree = _down(stage)
    for send in (tree.child("a").tell, tree.child("a").ask):
        with pytest.raises(ChildDown, match="the next attempt is at 2026-11-24T08:00:10") as caught:
            send("hello")
        assert caught.value.next_attempt_at == tree.report("a").next_attempt_at
    assert tree.report("a").dropped == 2
    tree.terminate_child("a")
    with pytest.raises(ChildDown, match=r"a is not running$"):
        tree.child("a").tell("hello")


def test_a_stash_keeps_messages_in_order_up_to_its_limit(stage: Stage) -> None:
    tree = _down(stage, mailbox=Mailbox(while_down=Stash(3)))
    handled: list[int] = []
    ref = tree.child("a")
    for n in range(2):
        ref.tell(lambda _, n=n: handled.append(n))
    answer = ref.ask_later("asked while down")
    ref.tell("one too many")
    with pytest.raises(ChildDown):
        ref.ask("also too many")
    assert (tree.report("a").mailbox, tree.report("a").dropped) == (3, 2)
    _up_again(stage, tree)
    assert answer.get(timeout=10) == "asked while down"
    assert handled == [0, 1]
    stage.witness.wait_for(lambda: bool([e for e in stage.witness.events if isinstance(e, MessagesDropped)]))
    assert sum(e.count for e in stage.witness.events if isinstance(e, MessagesDropped)) == 2


def test_a_stash_keeps_what_was_queued_when_the_child_fell_before_what_came_later(stage: Stage) -> None:
    tree = stage.tree(stage.child(backoff=SLOW, mailbox=Mailbox(while_down=Stash(10))), flags=FEW)
    handled: list[str] = []
    ref = tree.child("a")
    ref.tell(stage.hang())
    stage.wait_for_hang()
    ref.tell(BOOM)
    ref.tell(lambda _: handled.append("queued"))
    lost = ref.ask_later("an ask that was queued is failed, not kept")
    stage.release()
    stage.witness.wait_for_state(tree, "a", ChildState.BACKOFF)
    ref.tell(lambda _: handled.append("later"))
    _up_again(stage, tree)
    ref.ask("all before this was handled")
    assert handled == ["queued", "later"]
    with pytest.raises(pykka.ActorDeadError):
        lost.get(timeout=10)


def test_what_was_queued_comes_before_what_was_sent_while_the_child_was_ending(stage: Stage) -> None:
    hooks = {"on_failure": stage.hang()}
    tree = stage.tree(stage.child(mailbox=Mailbox(while_down=Stash(10)), kwargs=hooks))
    handled: list[str] = []
    ref = tree.child("a")
    busy, go = threading.Event(), threading.Event()

    def crash_later(_actor: object) -> None:
        busy.set()
        go.wait(10)
        raise ValueError("boom")

    ref.tell(crash_later)
    assert busy.wait(10)
    for word in ("first", "second"):
        ref.tell(lambda _, word=word: handled.append(word))
    go.set()
    stage.wait_for_hang()
    ref.tell(lambda _: handled.append("third"))
    stage.release()
    stage.witness.wait_for_end("a", 1)
    ref.ask("all before this was handled")
    assert handled == ["first", "second", "third"]


def test_what_is_stashed_for_a_child_that_goes_for_good_is_answered(stage: Stage) -> None:
    tree = _down(stage, mailbox=Mailbox(while_down=Stash(5)))
    ref = tree.child("a")
    answer = ref.ask_later("?")
    ref.tell("lost")
    tree.terminate_child("a")
    tree.delete_child("a")
    with pytest.raises(ChildDown):
        answer.get(timeout=10)
    with pytest.raises(ChildDown):
        ref.tell("too late")


def test_what_is_stashed_when_the_tree_stops_is_answered(stage: Stage) -> None:
    tree = _down(stage, mailbox=Mailbox(while_down=Stash(5)))
    answer = tree.child("a").ask_later("?")
    tree.stop()
    with pytest.raises(ChildDown):
        answer.get(timeout=10)


def test_a_fixed_reply_answers_asks_and_counts_tells(stage: Stage) -> None:
    tree = _down(stage, mailbox=Mailbox(while_down=Reply("come back later")))
    assert tree.child("a").ask("anybody?") == "come back later"
    tree.child("a").tell("into the void")
    assert tree.report("a").dropped == 1


def test_a_full_mailbox_refuses_and_counts(stage: Stage) -> None:
    tree = stage.tree(stage.child(mailbox=Mailbox(limit=2)))
    ref = tree.child("a")
    ref.tell(stage.hang())
    stage.wait_for_hang()
    ref.tell("1")
    ref.tell("2")
    with pytest.raises(MailboxFull, match=r"the mailbox of a is full \(2 messages\)"):
        ref.tell("3")
    with pytest.raises(MailboxFull):
        ref.ask("4")
    with pytest.raises(MailboxFull):
        ref.actor_ref.tell("by pykka's own ref")
    assert tree.report("a").mailbox == 2
    assert tree.report("a").dropped == 1  # an ask was told
    tree.begin_stop()  # a stop always finds room
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPING)
    stage.release()
    assert tree.wait(10) is not None


def test_dropped_messages_are_reported_once(stage: Stage) -> None:
    tree = stage.tree(stage.child(restart=Restart.TRANSIENT))
    ref = tree.child("a")
    ref.tell(stage.hang())
    stage.wait_for_hang()
    ref.tell(lambda actor: actor.stop())
    for _ in range(5):
        ref.tell("never handled")
    stage.release()
    stage.witness.wait_for_state(tree, "a", ChildState.STOPPED)
    tree.stop()
    assert [e.count for e in stage.witness.events if isinstance(e, MessagesDropped)] == [5]


def test_no_ask_is_lost_while_a_child_crashes_all_the_time(stage: Stage) -> None:
    tree = stage.tree(stage.child(), flags=SupervisorFlags(intensity=Intensity(10**6, 1000)))
    ref = tree.child("a")
    outcomes = {"answered": 0, "refused": 0}
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                ref.ask("?", timeout=20)
                outcomes["answered"] += 1
            except pykka.ActorDeadError:
                outcomes["refused"] += 1

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    while tree.report("a").incarnation < 30 or not all(outcomes.values()):
        with suppress(ChildDown):
            ref.tell(BOOM)
    over.set()
    for asker in askers:
        asker.join(30)
        assert not asker.is_alive()


def test_a_message_to_oneself_later_dies_with_the_incarnation(stage: Stage) -> None:
    handled: list[int] = []
    tree = stage.tree(stage.child())
    ref = tree.child("a")

    def note(actor: Any) -> None:
        handled.append(actor.incarnation)

    timers = ref.ask(lambda actor: [actor.tell_self_after(seconds, note) for seconds in (1, 5, 9)])
    stage.clock.advance(1)
    ref.ask("the first is handled")
    timers[1].cancel()
    stage.clock.advance(5)
    ref.ask("the second was cancelled")
    assert handled == [1]
    assert stage.clock.due_in() == pytest.approx(3)
    tree.restart_child("a")
    assert stage.clock.due_in() is None
    stage.clock.advance(100)
    ref.ask("the third died with its incarnation")
    assert handled == [1]


def test_a_timer_that_rings_into_a_full_mailbox_harms_nothing(stage: Stage) -> None:
    tree = stage.tree(stage.child(mailbox=Mailbox(limit=1)))
    ref = tree.child("a")
    ref.ask(lambda actor: actor.tell_self_after(1, "tick"))
    ref.tell(stage.hang())
    stage.wait_for_hang()
    emptied = threading.Event()
    ref.tell(lambda _: emptied.set())
    stage.clock.advance(1)
    stage.release()
    assert emptied.wait(10)
    assert ref.ask("still there") == "still there"
