"""The thread of one incarnation: construct, start, serve, and report the end exactly once."""

import threading

from supervisor.actor import SupervisedActor
from supervisor.life import Life
from supervisor.seams import Envelope, StopMessage
from supervisor.specs import ChildSpec
from supervisor.states import IGNORE, EndKind


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
        life.leave()
        life.is_over = True
        life.on_down()  # prepared before the thread began: it must work even when no memory is left


def _live(spec: ChildSpec, life: Life) -> None:
    try:
        actor = spec.start(*spec.args, **spec.kwargs)
        if actor is not IGNORE and not isinstance(actor, SupervisedActor):
            raise TypeError(f"start must return a SupervisedActor or IGNORE, not {type(actor).__qualname__}")  # noqa: TRY301
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
