"""The actor that a supervisor can supervise: pykka's, with a loop that no exception escapes unseen."""

import threading
from contextlib import suppress
from typing import Any, ClassVar, Self, cast

import pykka

from supervisor.clock import ThreadTimers, Timer, Timers
from supervisor.errors import ChildDown, MailboxFull
from supervisor.inbox import Answer, Inbox, fail
from supervisor.life import Fence, Life, current_life
from supervisor.seams import Envelope, kind_of, register, unregister
from supervisor.states import EndKind


class SupervisedActor(pykka.ThreadingActor):
    """An actor with pykka's hooks, and what a supervised one needs.

    Constructor, `on_start`, `on_receive`, `on_stop` and `on_failure` run in the thread of the incarnation. `on_stop`
    is not called after a crash, `on_failure` only then; neither is called when `on_start` failed, nor for an abandoned
    incarnation. An exception in an ask goes to the asker and does not end the actor, unless its spec says so.
    Outside a tree it works like any pykka actor, on a daemon thread.
    """

    use_daemon_thread: ClassVar[bool] = True
    _life: Life

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._adopt(current_life() or Life(type(self).__name__, 0))

    # -- for the actor's own code ------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Where the child stands in its tree, for example `fmi/entree`."""
        return self._life_now.path

    @property
    def incarnation(self) -> int:
        """The number of this start of the child, from 1; a replacement has a greater one."""
        return self._life_now.incarnation

    @property
    def fence(self) -> Fence:
        """What refuses the incarnation once it is abandoned; hand `fence.check` to whatever writes on its behalf."""
        return self._life_now.fence

    @property
    def is_stopping(self) -> bool:
        """Whether the supervisor asked it to stop: a long run looks at it between two steps."""
        return self._life_now.stop_asked.is_set()

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait, at most so long, and return True as soon as a stop is asked: the way to sleep in an actor."""
        return self._life_now.stop_asked.wait(seconds)

    def heartbeat(self) -> None:
        """Tell the watchdog that a long run is getting on.

        Raises:
            Fenced: the incarnation was abandoned and must end.

        """
        life = self._life_now
        life.beats += 1
        life.fence.check()

    def extend_timeout(self, seconds: float) -> None:
        """Ask for so many seconds from now before a start, a handler or a stop is held to be hung."""
        life = self._life_now
        life.fence.check()
        life.extended_until = max(life.extended_until, life.clock.monotonic() + seconds)

    def allow_wait(self, seconds: float) -> None:
        """Say that what this handler does next may wait so long for somebody else; 0: that is over.

        Counts as a heartbeat, holds until it is said anew or the message is handled, and gives no time to a stop.

        Raises:
            Fenced: the incarnation was abandoned and must end.

        """
        life = self._life_now
        life.beats += 1
        life.fence.check()
        life.patient_until = life.clock.monotonic() + seconds if seconds > 0 else 0.0

    def tell_self_after(self, seconds: float, message: Any) -> Timer:
        """Send a message to this incarnation later; the timer dies with it. Return a handle with `cancel()`."""
        life = self._life_now
        life.fence.check()
        timers = life.timers
        if timers is None:
            timers = life.timers = ThreadTimers(life.clock)
        return _OwnTimer(life, timers, self, life.clock.monotonic() + seconds, message)

    def interrupt(self) -> None:
        """Unblock the thread: shut the socket down, cancel the read, end the child process.

        Hook, called from another thread when the stop message is not obeyed in time. It must not wait.
        """

    # -- the seams of pykka ------------------------------------------------------------------------------------------

    @property
    def _life_now(self) -> Life:
        """The incarnation, also inside a constructor that did not call its parent's yet."""
        life: Life | None = self.__dict__.get("_life") or current_life()
        return life if life is not None else self._adopt(Life(type(self).__name__, 0))

    def _adopt(self, life: Life) -> Life:
        self._life = life
        if "actor_inbox" in self.__dict__:
            self._inbox.life = life
        return life

    @property
    def _inbox(self) -> Inbox:
        return cast(Inbox, self.actor_inbox)

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    @staticmethod
    def _create_future() -> Answer:
        return Answer()

    @classmethod
    def _is_overridden(cls, hook: str) -> bool:
        return getattr(cls, hook) is not getattr(SupervisedActor, hook)

    def _start_actor_loop(self) -> None:
        """Run outside a tree (`SomeActor.start()`): a life of its own, reported to nobody."""
        life = self._adopt(Life(type(self).__name__, 0))

        def run() -> None:
            life.enter()
            try:
                self._actor_loop()
            finally:
                self._cast_off()
                life.leave()
                if life.timers is not None:
                    life.timers.close()

        try:
            threading.Thread(target=run, name=str(self), daemon=self.use_daemon_thread).start()
        except BaseException:
            # pykka leaves a ref behind that says it is alive and never answers.
            unregister(self.actor_ref)
            self.actor_stopped.set()
            raise

    def _actor_loop(self) -> None:
        """Live from `on_start` to the end, and leave the reason in the life; whoever runs it casts it off after."""
        life = self._life
        try:
            self.on_start()
        except BaseException as error:  # noqa: BLE001 - the worker edge: every end is seen
            life.conclude(EndKind.START_FAILED if isinstance(error, Exception) else EndKind.START_FATAL, error)
            return
        if life.fence.is_open:
            life.on_up()
            self._actor_loop_running()

    def _actor_loop_running(self) -> None:
        life, inbox, stopped = self._life, self._inbox, self.actor_stopped
        while not stopped.is_set():
            envelope = inbox.get()
            life.busy_with = envelope.message
            life.beats += 1
            life.patient_until = 0.0
            try:
                response = self._handle_receive(envelope.message)
            except BaseException as error:  # noqa: BLE001 - the worker edge: every end is seen
                self._handle_exception(envelope, error)
            else:
                if envelope.reply_to is not None:
                    envelope.reply_to.set(response)
            life.busy_with = None
            envelope = response = None  # type: ignore[assignment]  # an idle actor keeps no message alive

    def _handle_exception(self, envelope: "Envelope[Any]", error: BaseException) -> None:
        life = self._life
        is_fatal = not isinstance(error, Exception)
        if envelope.reply_to is not None:
            life.ask_failures += 1
            # A SystemExit handed on would end the asker, too.
            fail(envelope, ChildDown(life.path) if is_fatal else error)
            if not is_fatal and not life.ask_failures_end:
                return
        life.conclude(EndKind.FATAL if is_fatal else EndKind.CRASH, error, kind_of(envelope.message))
        unregister(self.actor_ref)
        self.actor_stopped.set()
        if not life.fence.is_open or not self._is_overridden("on_failure"):
            return
        life.on_ending()
        try:
            self.on_failure(type(error), error, error.__traceback__)
        except BaseException as worse:  # noqa: BLE001 - the worker edge: every end is seen
            life.conclude(EndKind.CRASH, worse)

    def _stop(self) -> None:
        """Leave the registry, raise the flag, clean up: pykka's order."""
        life = self._life
        unregister(self.actor_ref)
        self.actor_stopped.set()
        kind = EndKind.SHUTDOWN if life.stop_asked.is_set() else self._inbox.stopped_by
        if not life.fence.is_open or not self._is_overridden("on_stop"):
            life.conclude(kind)
            return
        if kind is not EndKind.SHUTDOWN:
            life.on_ending()
        try:
            self.on_stop()
        except BaseException as error:  # noqa: BLE001 - the worker edge: every end is seen
            life.conclude(EndKind.CLEANUP_FAILED, error)
        else:
            life.conclude(kind)

    def _cast_off(self) -> None:
        """Make sure that nobody waits for an incarnation that was abandoned, or is over; it may be called again."""
        unregister(self.actor_ref)
        self.actor_stopped.set()
        self._life.return_leftovers(self._inbox.close())

    def _be_born(self, life: Life) -> Self:
        """Belong to a child of a tree; called by the runner between the constructor and the loop."""
        self._adopt(life)
        register(self.actor_ref)
        return self


class _OwnTimer:
    """A timer of `tell_self_after`."""

    def __init__(self, life: Life, timers: Timers, actor: SupervisedActor, at: float, message: Any) -> None:
        self._life = life
        self._inbox = actor._inbox  # noqa: SLF001 - one module, one actor
        self._message = message
        life.keep_timer(self)
        self._timer = timers.call_at(at, self._ring)

    def cancel(self) -> None:
        """Make sure that the message is not sent."""
        self._timer.cancel()
        self._life.forget_timer(self)

    def _ring(self) -> None:
        self._life.forget_timer(self)
        with suppress(pykka.ActorDeadError, MailboxFull):  # it has just ended, or is behind with its work already
            self._inbox.put(Envelope(self._message))
