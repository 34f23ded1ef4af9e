"""A supervisor: starts its children in order, decides what follows each end, and stops them."""

from collections.abc import Callable

from supervisor.body import Body, Surroundings
from supervisor.child import Child, Purpose
from supervisor.decisions import Follow, what_follows
from supervisor.groups import next_to_stop, restarted_with
from supervisor.life import End
from supervisor.plan import Plan
from supervisor.restarting import Restarts
from supervisor.specs import ChildSpec, SupervisorStart
from supervisor.states import BRUTAL, AutoShutdown, ChildState, EndKind, Restart, Strategy
from supervisor.validation import join


class Supervisor:
    """The body of a child that is a supervisor, and of the root."""

    def __init__(
        self, child: Child, start: SupervisorStart, around: Surroundings, make_body: "Callable[[Child], Body]"
    ) -> None:
        self.child = child
        self.flags = start.flags
        self.around = around
        self.make_body = make_body
        self.children: dict[str, Child] = {}
        self.dynamic: set[str] = set()
        self.plan: Plan | None = None
        self.ending: End | None = None  # why it is stopping its children: its own end will be called so
        self._restarts = Restarts(start.flags, around)
        for spec in start.children:
            self.add(spec)

    # -- the children it has -----------------------------------------------------------------------------------------

    def add(self, spec: ChildSpec) -> Child:
        """Put a child in, stopped, as the last one."""
        child = Child(spec, join(self.child.path, spec.id), self, self.around.clock.now())
        for failure in self.around.recorder.remembered(child.path):
            child.remember(failure)
        child.body = self.make_body(child)
        self.children[spec.id] = child
        return child

    def remove(self, child: Child) -> None:
        """Take a child that is not alive out."""
        child.cancel_alarm()
        self._restarts.left(child)
        for below in (child, *child.descendants()):
            below.slot.close()
            self.around.recorder.dropped(below)
            self.around.recorder.forget(below)
        self.children.pop(child.spec.id, None)
        self.dynamic.discard(child.spec.id)
        if self.plan is not None:
            self.plan.forget(child)

    def put_in_order(self, ids: list[str]) -> None:
        """Start and stop in this order from now on; children not named keep theirs, after the others."""
        first = {id_: self.children[id_] for id_ in ids}
        self.children = {**first, **{id_: each for id_, each in self.children.items() if id_ not in first}}

    # -- its own start and stop, as a body ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the children in order; it is up when all are. Those that were added while it ran are forgotten."""
        self.child.cancel_alarm()
        self.child.incarnation += 1
        self.child.next_attempt_at = None
        self.ending = None
        self._restarts.reset()
        for id_ in tuple(self.dynamic):
            self.remove(self.children[id_])
        for child in self.children.values():
            self.take_next_spec(child)
            child.is_held = child.is_done = child.is_parked = False
            child.attempts = 0
            child.window = None
        self.around.recorder.state(self.child, ChildState.STARTING)
        if self.child.spec.start_timeout_seconds is not None:
            self.child.alarm = self.around.engine.alarm(self.child.spec.start_timeout_seconds, self._start_timed_out)
        self.plan = Plan.first(tuple(self.children.values()), self.flags.strategy, self.around, self._all_started)
        self.plan.advance()

    def _start_timed_out(self) -> None:
        seconds = self.child.spec.start_timeout_seconds
        self.wind_up(End(EndKind.START_TIMEOUT, f"its children were not ready within {seconds} seconds"))

    def stop(self) -> None:
        """Stop the children, then end; a second stop changes nothing."""
        if self.child.spec.shutdown_seconds is BRUTAL:
            self.force()
        else:
            self.wind_up(End(EndKind.SHUTDOWN))

    def force(self) -> None:
        """Stop all below at the same time, brutally."""
        self.wind_up(End(EndKind.SHUTDOWN))
        ending = self.ending
        for child in reversed(tuple(self.children.values())):
            if self.ending is ending and child.is_alive:
                child.body.force()

    def wind_up(self, end: End) -> None:
        """Stop the children, and then end like this; once begun, a second call changes nothing."""
        if self.ending is not None:
            return
        self.ending = end
        self._drop_plan()
        self._restarts.reset()
        child = self.child
        child.cancel_alarm()
        self.around.recorder.state(child, ChildState.STOPPING)
        seconds = child.spec.shutdown_seconds
        if isinstance(seconds, int | float):
            child.alarm = self.around.engine.alarm(seconds, self.force)
        for below in self.children.values():
            if not below.is_alive:
                below.cancel_alarm()
                below.is_parked = False
                below.next_attempt_at = below.slot.next_attempt_at = None
                below.settle_up(end)
                if below.state is ChildState.BACKOFF:
                    self.around.recorder.state(below, ChildState.STOPPED)  # BACKOFF -> STOPPED, at once
        self._go_on_stopping()

    def _go_on_stopping(self) -> None:
        end, child = self.ending, self.child
        if end is None or child.state is not ChildState.STOPPING:
            return
        alive = [below for below in self.children.values() if below.is_alive]
        if alive:
            for id_ in next_to_stop(self.flags.strategy, [below.spec.id for below in alive]):
                below = self.children[id_]
                if self.ending is end and below.is_alive:  # a supervisor below may have ended, and all with it, at once
                    below.body.stop()
        else:
            child.cancel_alarm()
            self._report_end(end)

    def _report_end(self, end: End) -> None:
        if self.child.parent is not None:
            self.child.parent.child_down(self.child, end, abandoned=False)
        else:
            self.around.on_root_end(end)

    def advance(self) -> None:
        """Have the children that move together take their next step."""
        if self.plan is not None:
            self.plan.advance()

    def _all_started(self) -> None:
        is_first = self.plan is not None and self.plan.is_first
        self._drop_plan()
        if is_first:
            self._is_up()

    def _drop_plan(self) -> None:
        if self.plan is not None:
            self.plan.cancel()
            self.plan = None

    def _is_up(self) -> None:
        child = self.child
        child.cancel_alarm()
        self.around.recorder.state(child, ChildState.RUNNING)
        child.up_since_at = child.since_at
        child.up_at = self.around.clock.monotonic()
        if child.parent is not None:
            child.parent.child_up(child)
        else:
            self.around.on_root_up()

    # -- what children report ----------------------------------------------------------------------------------------

    def child_up(self, child: Child) -> None:
        """Go on: a child is ready."""
        child.is_on_trial = False
        child.settle_up(None)
        self._restarts.left(child)
        self.advance()

    def child_down(self, child: Child, end: End, *, abandoned: bool) -> None:
        """Decide what follows: an incarnation of a child has ended, or was left behind."""
        recorder = self.around.recorder
        purpose, child.purpose = child.purpose, Purpose.NONE
        self._restarts.left(child)
        self._restarts.note_run(child)
        recorder.ended(child, end, child.attempts + 1)
        rest = ChildState.ABANDONED if abandoned else ChildState.STOPPED
        if self.ending is not None:
            recorder.state(child, rest)
            child.settle_up(end)
            child.settle_down()
            if purpose is Purpose.REMOVE:
                self.remove(child)
            self._go_on_stopping()
            return
        is_absorbed = self.plan is not None and self.plan.absorbs(child)
        match purpose:
            case Purpose.NONE if not is_absorbed:
                self._decide(child, end, rest)
            case Purpose.NONE | Purpose.GROUP:
                self._rest(child, ChildState.BACKOFF)
            case Purpose.HALT:
                child.is_held = True
                child.settle_up(end)
                self._rest(child, rest)
            case Purpose.RESTART:
                recorder.state(child, rest)
                self.start_fresh(child)
            case Purpose.REMOVE:
                recorder.state(child, rest)
                self.remove(child)
        child.settle_down()
        self.advance()

    def start_fresh(self, child: Child) -> None:
        """Start a child that is down as if nothing had ever failed: the will of an operator, or of a new spec."""
        child.cancel_alarm()
        self._restarts.left(child)
        child.is_held = child.is_done = child.is_parked = False
        child.attempts = 0
        child.window = None
        self.take_next_spec(child)
        child.body.start()

    def take_next_spec(self, child: Child) -> None:
        """Let what reload brought hold for a child that is down."""
        if child.next_spec is None:
            return
        old = {below.path: below.slot for below in child.descendants()}
        child.spec, child.next_spec = child.next_spec, None
        child.slot.mailbox = child.spec.mailbox
        child.body = self.make_body(child)
        for below in child.descendants():
            below.slot = old.pop(below.path, below.slot)  # addresses outlive a new spec of the supervisor above them
            below.slot.mailbox = below.spec.mailbox
        for slot in old.values():
            slot.close()

    def abandoned_thread_ended(self, child: Child) -> None:
        """Note that a thread which was left behind has ended after all."""
        if child.state is ChildState.ABANDONED and child.abandoned == 0:
            self.around.recorder.state(child, ChildState.STOPPED)  # ABANDONED -> STOPPED

    def rest_at_once(self, child: Child) -> None:
        """Have a child that is down wait for nothing any more."""
        child.cancel_alarm()
        self._restarts.left(child)
        child.is_parked = False
        child.next_attempt_at = child.slot.next_attempt_at = None
        self._rest(child, child.state if child.state is ChildState.ABANDONED else ChildState.STOPPED)

    def _rest(self, child: Child, state: ChildState) -> None:
        """Leave it down; a temporary one is forgotten."""
        self.around.recorder.state(child, state)
        if child.spec.restart is Restart.TEMPORARY:
            self.remove(child)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def _decide(self, child: Child, end: End, rest: ChildState) -> None:
        if child.is_on_trial and end.kind.is_failed_start:
            child.settle_up(end)
            self.around.recorder.state(child, rest)
            self.remove(child)
            return
        if end.kind is EndKind.IGNORED:
            child.is_done = True
            child.is_on_trial = False
            child.settle_up(None)
            self._rest(child, rest)
            return
        child.settle_up(end)
        is_first = self.plan is not None and self.plan.is_first
        if is_first and end.kind.is_failed_start and not self.flags.retry_first_start:
            self.around.recorder.state(child, rest)
            self.wind_up(failed_start_of(child, end))
            return
        match what_follows(child.spec, end.kind, end.error_type):
            case Follow.RESTART:
                self._restart(child, end)
            case Follow.REST:
                child.is_done, child.is_parked = True, False
                self._rest(child, rest)
                self._check_significant(child)
            case Follow.FAIL:
                child.is_held, child.is_parked = True, False
                self._rest(child, ChildState.FAILED)
                self._check_significant(child)
            case Follow.ESCALATE:
                self.around.recorder.state(child, ChildState.FAILED)
                self.wind_up(End(EndKind.ESCALATED, f"{child.path}: {end.error}", end.error_type, end.traceback))

    def _restart(self, child: Child, end: End) -> None:
        seconds = self._restarts.delay(child, end.kind)
        if seconds is None:
            self.around.recorder.state(child, ChildState.FAILED)
            self.wind_up(self._restarts.meltdown(child, end))
        elif self.flags.strategy is Strategy.ONE_FOR_ONE:
            self._restarts.start_in(child, seconds)
        else:
            self._restart_group(child, seconds)

    def _restart_group(self, child: Child, seconds: float) -> None:
        """Plan the restart of all that depend on a child; it replaces a plan that was under way."""
        resume_at = self.around.clock.monotonic() + seconds
        is_first = False
        if self.plan is not None:
            is_first = self.plan.is_first
            if not self.plan.is_starting:
                # A member that waits already does not come up any earlier because another one failed.
                resume_at = max(resume_at, self.plan.resume_at)
        self._drop_plan()
        ids = restarted_with(self.flags.strategy, list(self.children), child.spec.id)
        members = [self.children[id_] for id_ in ids]
        self.plan = Plan(members, self.flags.strategy, self.around, self._all_started, resume_at=resume_at)
        self.plan.is_first = is_first
        self.around.recorder.state(child, ChildState.FAILED if child.is_parked else ChildState.BACKOFF)

    def _check_significant(self, child: Child) -> None:
        if not child.spec.significant:
            return
        others = (other for other in self.children.values() if other is not child and other.spec.significant)
        match self.flags.auto_shutdown:
            case AutoShutdown.ANY_SIGNIFICANT:
                self.wind_up(End(EndKind.AUTO_SHUTDOWN))
            case AutoShutdown.ALL_SIGNIFICANT if not any(other.is_wanted for other in others):
                self.wind_up(End(EndKind.AUTO_SHUTDOWN))
            case _:
                pass


def failed_start_of(child: Child, end: End) -> End:
    """Return the end of a supervisor whose child failed its first start; the child's own reason stays readable."""
    kind = end.kind if end.kind.is_failed_start else EndKind.START_FAILED
    text = end.error if end.origin else f"{child.path}: {end.error}"
    failed = End(kind, text, end.error_type, end.traceback)
    failed.origin = end.origin or child.path
    failed.exception = end.exception
    return failed
