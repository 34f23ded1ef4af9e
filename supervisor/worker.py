"""A child that is an actor: its incarnations, its start timeout, and the ladder by which it is stopped."""

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from supervisor.actor import SupervisedActor
from supervisor.body import Surroundings
from supervisor.child import Child
from supervisor.life import End, Life
from supervisor.recorder import stack_of
from supervisor.reports import AbandonedThreadEnded, Interrupted, ThreadAbandoned
from supervisor.runner import launch
from supervisor.seams import Envelope, StopMessage, kind_of
from supervisor.states import BRUTAL, ChildState, EndKind, Shutdown

if TYPE_CHECKING:
    from supervisor.supervision import Supervisor

_log = logging.getLogger(__name__)


class Worker:
    """The body of a child whose spec starts an actor."""

    children: Final[Mapping[str, Child]] = MappingProxyType({})

    def __init__(self, child: Child, around: Surroundings) -> None:
        self.child = child
        self._around = around
        self.life: Life | None = None
        self._is_interrupted = False
        self._verdict: End | None = None  # what the end will be called, when it was found guilty before it ended

    # -- starting ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a new incarnation in a thread of its own."""
        child, around = self.child, self._around
        spec = child.spec
        child.cancel_alarm()
        child.incarnation += 1
        child.next_attempt_at = None
        self._verdict = None
        self._is_interrupted = False
        life = Life(child.path, child.incarnation, around.clock, around.timers)
        life.drain = spec.drain
        life.mailbox_limit = spec.mailbox.limit
        life.ask_failures_end = spec.ask_failures_end
        life.return_leftovers = child.slot.take_back
        engine = around.engine
        up, ending, down = self._step(life, self._up), self._step(life, self._ending), self._step(life, self._down)
        life.on_up = lambda: engine.post(up)
        life.on_ending = lambda: engine.post(ending)
        life.on_down = lambda: engine.post(down)
        self.life = life
        around.recorder.state(child, ChildState.STARTING)
        try:
            launch(spec, life)
        except (RuntimeError, MemoryError) as error:
            life.end = End(EndKind.NO_THREAD, f"{type(error).__name__}: {error}", type(error))
            life.is_over = True
            engine.post(down)  # not at once: a refused thread must not become a loop inside this step
            return
        if spec.start_timeout_seconds is not None:
            child.alarm = engine.alarm(spec.start_timeout_seconds, self._start_timed_out)

    @staticmethod
    def _step(life: Life, handle: Callable[[Life], None]) -> Callable[[], None]:
        return lambda: handle(life)

    def _up(self, life: Life) -> None:
        child = self.child
        if life is not self.life or child.state is not ChildState.STARTING or life.actor is None:
            return  # an old incarnation, or one that was told to stop before it was ready
        child.cancel_alarm()
        around = self._around
        around.recorder.state(child, ChildState.RUNNING)
        child.up_since_at = child.since_at
        child.up_at = around.clock.monotonic()
        child.slot.attach(life.actor.actor_ref)
        around.recorder.dropped(child)
        if child.spec.hang_timeout_seconds is not None:
            around.watchdog.watch(life, child.spec.hang_timeout_seconds, self.hung)
        self._parent.child_up(child)

    def _start_timed_out(self) -> None:
        life = self._living
        left = life.extended_until - self._around.clock.monotonic()
        if left > 0:
            self.child.alarm = self._around.engine.alarm(left, self._start_timed_out)
            return
        seconds = self.child.spec.start_timeout_seconds
        stack = self._around.recorder.hangs(self.child.path, life, "starting")
        self._verdict = End(EndKind.START_TIMEOUT, f"not ready within {seconds} seconds", None, stack)
        self.stop()

    # -- hanging -----------------------------------------------------------------------------------------------------

    def hung(self, life: Life) -> None:
        """Report a handler that makes no progress, and stop its actor."""
        child = self.child
        if life is not self.life or child.state is not ChildState.RUNNING:
            return
        message = life.busy_with
        doing = kind_of(message)
        stack = self._around.recorder.hangs(child.path, life, f"handling {doing}")
        error = f"busy with {doing} for more than {child.spec.hang_timeout_seconds} seconds"
        self._verdict = End(EndKind.HUNG, error, None, stack, doing)
        self._around.recorder.state(child, ChildState.HUNG)
        self.stop()

    # -- stopping ----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Send the stop message and set the ladder up; a second stop changes nothing."""
        life = self._living
        if life.stop_asked.is_set():
            return
        self._leave_running()
        life.stop_asked.set()
        actor = life.actor
        if actor is not None:
            actor.actor_inbox.put(Envelope(StopMessage()))
        self._set_ladder_up()

    def _ending(self, life: Life) -> None:
        """Watch an end that it began by itself: on_stop or on_failure runs now, and may hang like any stop."""
        if life is self.life and not life.stop_asked.is_set():
            self._leave_running()
            self._set_ladder_up()

    def _leave_running(self) -> None:
        child = self.child
        child.cancel_alarm()
        child.slot.detach()
        if self.life is not None:
            self._around.watchdog.unwatch(self.life)
        if child.state is not ChildState.HUNG:
            self._around.recorder.state(child, ChildState.STOPPING)

    def _set_ladder_up(self) -> None:
        seconds = self.child.spec.shutdown_seconds
        if seconds is BRUTAL:
            self._interrupt_now()
        elif not isinstance(seconds, Shutdown):
            self.child.alarm = self._around.engine.alarm(seconds, self._interrupt)

    def _interrupt(self) -> None:
        """Second rung, unless the actor asked for more time."""
        left = self._living.extended_until - self._around.clock.monotonic()
        if left > 0:
            self.child.alarm = self._around.engine.alarm(left, self._interrupt)
        else:
            self._interrupt_now()

    def _interrupt_now(self) -> None:
        """Have the actor unblock its thread."""
        life = self._living
        self._is_interrupted = True
        around = self._around
        around.recorder.event(Interrupted(life.path, life.incarnation, around.clock.now()))
        actor = life.actor
        if actor is not None and actor._is_overridden("interrupt"):  # noqa: SLF001 - the actor's own module family
            _call_interrupt(actor, life)
        # Also without a hook there is this moment: a stop that was obeyed just now may end by itself.
        self.child.alarm = self._around.engine.alarm(self.child.spec.interrupt_seconds, self._abandon)

    def _abandon(self) -> None:
        """Last rung: fence the thread off and leave it behind."""
        life, child, around = self._living, self.child, self._around
        child.cancel_alarm()
        stack = stack_of(life)
        life.fence.close()
        life.stop_asked.set()
        self.life = None
        actor = life.actor
        if actor is not None:
            actor._cast_off()  # noqa: SLF001 - the actor's own module family
        child.ask_failures += life.ask_failures
        around.recorder.dropped(child)
        child.abandoned += 1
        around.abandoned[life] = None
        around.recorder.event(
            ThreadAbandoned(child.path, life.incarnation, around.clock.now(), len(around.abandoned), stack)
        )
        _log.error(
            "%s does not stop: its thread is left behind, fenced",
            child.path,
            extra={"event": "child.abandoned", "path": child.path, "incarnation": life.incarnation},
        )
        end = self._verdict or life.end or End(EndKind.ABANDONED, "did not stop when told to", None, stack)
        around.check_abandoned()
        self._parent.child_down(child, end, abandoned=True)

    def force(self) -> None:
        """Stop it brutally, whatever rung it is on."""
        self.stop()
        if not self._is_interrupted:
            self.child.cancel_alarm()
            self._interrupt_now()

    # -- ending ------------------------------------------------------------------------------------------------------

    def _down(self, life: Life) -> None:
        child, around = self.child, self._around
        if life is not self.life:
            if life in around.abandoned:
                del around.abandoned[life]
                life.let_go()
                child.abandoned -= 1
                around.recorder.event(
                    AbandonedThreadEnded(child.path, life.incarnation, around.clock.now(), len(around.abandoned))
                )
                self._parent.abandoned_thread_ended(child)
            return
        child.cancel_alarm()
        child.slot.detach()
        around.watchdog.unwatch(life)
        self.life = None
        self._count(life)
        self._parent.child_down(child, self._verdict or life.end or End(EndKind.NORMAL), abandoned=False)

    def _count(self, life: Life) -> None:
        """Keep what the report needs of an ended incarnation, and break its cycles so that it is freed now."""
        self.child.ask_failures += life.ask_failures
        self._around.recorder.dropped(self.child)
        life.let_go()

    @property
    def _parent(self) -> "Supervisor":
        return cast("Supervisor", self.child.parent)  # only the root has none, and it is no worker

    @property
    def _living(self) -> Life:
        return cast(Life, self.life)  # alarms and stops reach a worker only while it has one


def _call_interrupt(actor: SupervisedActor, life: Life) -> None:
    """Call the hook in a thread of its own: it is foreign code, and may hang as well."""

    def call() -> None:
        try:
            actor.interrupt()
        except BaseException:  # noqa: BLE001 - the worker edge: foreign code may raise anything
            _log.warning(
                "interrupt() of %s raised",
                life.path,
                exc_info=True,
                extra={"event": "child.interrupt_raised", "path": life.path},
            )

    try:
        threading.Thread(target=call, name=f"{life.path}#{life.incarnation} interrupt", daemon=True).start()
    except (RuntimeError, MemoryError):
        _log.warning(
            "no thread to interrupt %s", life.path, extra={"event": "child.not_interrupted", "path": life.path}
        )
