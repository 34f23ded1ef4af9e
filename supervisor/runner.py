"""The thread of one incarnation: construct, start, serve, and report the end exactly once."""

import threading
from typing import Literal

from pykka import ActorRef

from supervisor.actor import SupervisedActor
from supervisor.life import Life
from supervisor.seams import Envelope, StopMessage
from supervisor.specs import ChildSpec
from supervisor.states import IGNORE, EndKind, Ignored


def launch(spec: ChildSpec, life: Life) -> None:
    """Start the incarnation's own daemon thread.

    Raises:
        RuntimeError, MemoryError: the operating system has no thread to give.

    """
    threading.Thread(target=_run, args=(spec, life), name=f"{life.path}#{life.incarnation}", daemon=True).start()


def _run(spec: ChildSpec, life: Life) -> None:
    life.enter()
    try:
        _live(spec, life)
    except BaseException as error:  # noqa: BLE001 - the worker edge: nothing escapes, or the end would not be seen
        life.conclude(EndKind.FATAL, error)
        if life.actor is not None:  # its own loop did not get to it: an ask of a ref left behind would wait for ever
            life.actor._cast_off()  # noqa: SLF001 - the runner and the actor are two halves of one seam
    finally:
        if life.end is None:
            life.conclude(EndKind.NORMAL)
        if life.actor is not None:
            life.actor._cast_off()  # noqa: SLF001 - the runner and the actor are two halves of one seam
        life.leave()
        life.is_over = True
        life.on_down()  # prepared before the thread began: it must work even when no memory is left


def _live(spec: ChildSpec, life: Life) -> None:
    try:
        actor = _made_by(spec)
    except BaseException as error:  # noqa: BLE001 - the worker edge: told apart and reported
        life.conclude(EndKind.START_FAILED if isinstance(error, Exception) else EndKind.START_FATAL, error)
        return
    if actor is IGNORE:
        life.conclude(EndKind.IGNORED)
    elif life.stop_asked.is_set() or not life.fence.is_open:
        life.conclude(EndKind.SHUTDOWN)  # nothing starts once a stop was asked: on_start is not called
    else:
        actor._be_born(life)  # noqa: SLF001 - the runner and the actor are two halves of one seam
        life.actor = actor
        if life.stop_asked.is_set():  # asked between the check above and now: whoever asked saw no actor to tell
            actor.actor_inbox.put(Envelope(StopMessage()))
        actor._actor_loop()  # noqa: SLF001 - as above


def _made_by(spec: ChildSpec) -> SupervisedActor | Literal[Ignored.IGNORE]:
    """Return a fresh actor that was not started, or IGNORE; refuse everything else that a `start` may return."""
    actor: object = spec.start(*spec.args, **spec.kwargs)
    if actor is IGNORE:
        return IGNORE
    if isinstance(actor, ActorRef):
        actor.stop(block=False)  # it runs already, unsupervised, and would go on without end
        raise TypeError("start must return an actor that was not started: give its class, not the start() of its class")
    if not isinstance(actor, SupervisedActor):
        raise TypeError(f"start must return a SupervisedActor or IGNORE, not {type(actor).__qualname__}")
    if "actor_inbox" not in vars(actor):
        raise TypeError(f"{type(actor).__qualname__} does not call the __init__ of its parent")
    if actor.actor_stopped.is_set():
        raise TypeError("start returned an actor that has lived already: make a new one each time")
    return actor
