"""A supervisor: starts its children in order, decides what follows each end, and stops them."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta

import attrs

from supervisor.backoff import Park
from supervisor.body import Body, Surroundings
from supervisor.child import Child, Purpose
from supervisor.engine import Alarm
from supervisor.gate import Gate
from supervisor.groups import next_to_stop, restarted_with
from supervisor.intensity import RestartWindow
from supervisor.life import End
from supervisor.specs import ChildSpec, SupervisorStart
from supervisor.states import BRUTAL, AutoShutdown, ChildState, Directive, EndKind, Restart, Strategy
from supervisor.validation import join


@attrs.define(eq=False)
class Plan:
    """Children that move together: those alive stop, then time passes, then all start in order.

    `is_first` is the supervisor's own start, whose failure is the supervisor's.
    """

    members: list[Child]
    resume_at: float = 0.0
    is_first: bool = False
    is_starting: bool = False
    to_start: deque[Child] = attrs.field(factory=deque)
    current: Child | None = None
    alarm: Alarm | None = None

    def cancel(self) -> None:
        """Wait no more."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None


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
        self.window = RestartWindow(start.flags.intensity)
        self.gate = Gate(start.flags.max_concurrent_starts, around.engine)
        for spec in start.children:
            self.add(spec)

    # -- the children it has -----------------------------------------------------------------------------------------

    def add(self, spec: ChildSpec) -> Child:
        """Put a child in, stopped, as the last one."""
        child = Child(spec, join(self.child.path, spec.id), self, self.around.clock.now())
        child.ends.extend(self.around.recorder.remembered(child.path))
        child.body = self.make_body(child)
        self.children[spec.id] = child
        return child

    def remove(self, child: Child) -> None:
        """Take a child that is not alive out."""
        child.cancel_alarm()
        self.gate.leave(child)
        for below in (child, *descendants(child)):
            below.slot.close()
            self.around.recorder.dropped(below)
            self.around.recorder.forget(below)
        self.children.pop(child.spec.id, None)
        self.dynamic.discard(child.spec.id)
        if self.plan is not None and child in self.plan.members:
            self.plan.members.remove(child)
            if child in self.plan.to_start:
                self.plan.to_start.remove(child)

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
        self.window.clear()
        for id_ in tuple(self.dynamic):
            self.remove(self.children[id_])
        for child in self.children.values():
            child.is_held = child.is_done = child.is_parked = False
            child.attempts = 0
            child.window = None
        self.around.recorder.state(self.child, ChildState.STARTING)
        if self.child.spec.start_timeout_seconds is not None:
            self.child.alarm = self.around.engine.alarm(self.child.spec.start_timeout_seconds, self._start_timed_out)
        members = list(self.children.values())
        self.plan = Plan(members, is_first=True, is_starting=True, to_start=deque(members))
        self.advance()

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
        """End within this step: children that do not obey are abandoned."""
        self.wind_up(End(EndKind.SHUTDOWN))
        for child in reversed(tuple(self.children.values())):
            if child.is_alive:
                child.body.force()

    def wind_up(self, end: End) -> None:
        """Stop the children, and then end like this; once begun, a second call changes nothing."""
        if self.ending is not None:
            return
        self.ending = end
        self._drop_plan()
        self.gate.clear()
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
                if below.state is not ChildState.ABANDONED:
                    self.around.recorder.state(below, ChildState.STOPPED)  # BACKOFF -> STOPPED, at once
        self._go_on_stopping()

    def _go_on_stopping(self) -> None:
        end, child = self.ending, self.child
        if end is None or child.state is not ChildState.STOPPING:
            return
        alive = [below for below in self.children.values() if below.is_alive]
        if alive:
            for id_ in next_to_stop(self.flags.strategy, [below.spec.id for below in alive]):
                self.children[id_].body.stop()
        else:
            child.cancel_alarm()
            self._report_end(end)

    def _report_end(self, end: End) -> None:
        if self.child.parent is not None:
            self.child.parent.child_down(self.child, end, abandoned=False)
        else:
            self.around.on_root_end(end)

    # -- plans: children that move together --------------------------------------------------------------------------

    def advance(self) -> None:
        """Take the next step of the plan, if there is one to take now."""
        plan = self.plan
        if plan is None or (not plan.is_starting and not self._members_are_down(plan)):
            return
        if plan.current is not None and plan.current.is_alive and not plan.current.is_up:
            return
        while plan.to_start:
            child = plan.to_start.popleft()
            if not (child.is_alive or child.is_held or child.is_done):
                plan.current = child
                child.restarts += not plan.is_first
                child.body.start()
                return  # child_up or child_down comes back here
        self._drop_plan()
        if plan.is_first:
            self._is_up()

    def _members_are_down(self, plan: Plan) -> bool:
        """Return whether the members may start: all are down, and the time has come."""
        alive = [child.spec.id for child in plan.members if child.is_alive]
        if alive:
            for id_ in next_to_stop(self.flags.strategy, alive):
                self._stop_for(self.children[id_], Purpose.GROUP)
            return False
        now = self.around.clock.monotonic()
        if now < plan.resume_at:
            self._wait_with(plan, plan.resume_at - now)
            return False
        plan.cancel()
        plan.is_starting = True
        plan.to_start = deque(plan.members)
        for child in plan.members:
            child.is_done = False  # OTP starts a transient child again with its group
        return True

    def _wait_with(self, plan: Plan, seconds: float) -> None:
        for child in plan.members:
            if not child.is_held:
                self.to_backoff(child, seconds, child.state if child.is_parked else ChildState.BACKOFF)
        plan.cancel()
        plan.alarm = self.around.engine.alarm(seconds, self.advance)

    def _drop_plan(self) -> None:
        if self.plan is not None:
            self.plan.cancel()
            self.plan = None

    def _stop_for(self, child: Child, purpose: Purpose) -> None:
        child.purpose = purpose
        child.body.stop()

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
        self.gate.leave(child)
        self.advance()

    def child_down(self, child: Child, end: End, *, abandoned: bool) -> None:
        """Decide what follows: an incarnation of a child has ended, or was left behind."""
        recorder = self.around.recorder
        purpose, child.purpose = child.purpose, Purpose.NONE
        self.gate.leave(child)
        if child.up_at is not None:
            if self.around.clock.monotonic() - child.up_at >= child.spec.backoff.reset_seconds:
                child.attempts, child.is_parked = 0, False
            child.up_at = None
        recorder.ended(child, end, child.attempts + 1)
        rest = ChildState.ABANDONED if abandoned else ChildState.STOPPED
        if self.ending is not None:
            recorder.state(child, rest)
            child.settle_up(end)
            child.settle_down()
            self._go_on_stopping()
            return
        in_group = self.plan is not None and not self.plan.is_starting and child in self.plan.members
        match purpose:
            case Purpose.NONE if not in_group:
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
        self.gate.leave(child)
        child.is_held = child.is_done = child.is_parked = False
        child.attempts = 0
        child.window = None
        self.take_next_spec(child)
        child.body.start()

    def take_next_spec(self, child: Child) -> None:
        """Let what reload brought hold for a child that is down."""
        if child.next_spec is None:
            return
        for below in descendants(child):
            below.slot.close()
        child.spec, child.next_spec = child.next_spec, None
        child.slot.mailbox = child.spec.mailbox
        child.body = self.make_body(child)

    def abandoned_thread_ended(self, child: Child) -> None:
        """Note that a thread which was left behind has ended after all."""
        if child.state is ChildState.ABANDONED and child.abandoned == 0:
            self.around.recorder.state(child, ChildState.STOPPED)  # ABANDONED -> STOPPED

    def rest_at_once(self, child: Child) -> None:
        """Have a child that is down wait for nothing any more."""
        child.cancel_alarm()
        self.gate.leave(child)
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
        match child.spec.directive_for(end.error_type):
            case Directive.STOP:
                child.is_held = True
                self._rest(child, ChildState.FAILED)
                self._check_significant(child)
            case Directive.ESCALATE:
                self.around.recorder.state(child, rest)
                self.wind_up(End(EndKind.ESCALATED, f"{child.path}: {end.error}", end.error_type, end.traceback))
            case Directive.RESTART:
                self._restart(child, end)
            case None if child.spec.restart is Restart.PERMANENT:
                self._restart(child, end)
            case None if child.spec.restart is Restart.TRANSIENT and end.kind.is_abnormal:
                self._restart(child, end)
            case None:
                child.is_done = True
                self._rest(child, rest)
                self._check_significant(child)

    def _restart(self, child: Child, end: End) -> None:
        is_too_often = False
        if end.kind is not EndKind.OUTSIDE_STOP:  # no fault of the child's, and stop_all() stops them all at once
            is_too_often = self._window_of(child).add(self.around.clock.monotonic())
        on_meltdown = self.flags.on_meltdown
        if isinstance(on_meltdown, Park) and (is_too_often or child.is_parked):
            child.is_parked = True
            self._again(child, on_meltdown.cool_down_seconds, ChildState.FAILED)
        elif is_too_often:
            self.around.recorder.state(child, ChildState.FAILED)
            restarts, period = self.flags.intensity.max_restarts, self.flags.intensity.period_seconds
            text = f"more than {restarts} restarts within {period} seconds, the last of {child.path}: {end.error}"
            self.wind_up(End(EndKind.INTENSITY, text, end.error_type, end.traceback))
        else:
            delay = child.spec.backoff.delay(child.attempts, self.around.random.random)
            if end.kind is not EndKind.OUTSIDE_STOP:
                child.attempts += 1
            self._again(child, delay, ChildState.BACKOFF)

    def _window_of(self, child: Child) -> RestartWindow:
        if not isinstance(self.flags.on_meltdown, Park):
            return self.window
        if child.window is None:
            child.window = RestartWindow(self.flags.intensity)
        return child.window

    def _again(self, child: Child, seconds: float, state: ChildState) -> None:
        if self.flags.strategy is Strategy.ONE_FOR_ONE:
            if seconds > 0:
                self.to_backoff(child, seconds, state)
                child.alarm = self.around.engine.alarm(seconds, lambda: self.start_again(child))
            else:
                self.start_again(child)
            return
        ids = restarted_with(self.flags.strategy, list(self.children), child.spec.id)
        resume_at = self.around.clock.monotonic() + seconds
        old = self.plan
        self._drop_plan()
        if old is not None and not old.is_starting:
            # A member that is in backoff already does not come up any earlier because another one failed.
            resume_at = max(resume_at, old.resume_at)
        self.around.recorder.state(child, state)
        self.plan = Plan([self.children[id_] for id_ in ids], resume_at, is_first=old is not None and old.is_first)

    def to_backoff(self, child: Child, seconds: float, state: ChildState) -> None:
        """Have it wait, and say until when."""
        child.next_attempt_at = child.slot.next_attempt_at = self.around.clock.now() + timedelta(seconds=seconds)
        self.around.recorder.state(child, state)

    def start_again(self, child: Child) -> None:
        """Restart one child, as soon as not too many others are starting."""
        child.cancel_alarm()
        if not self.gate.enter(child, lambda: self.start_again(child)):
            self.to_backoff(child, 0, child.state if child.state is ChildState.FAILED else ChildState.BACKOFF)
            return
        child.restarts += 1
        child.body.start()

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


def descendants(child: Child) -> Iterator[Child]:
    """Return all below a child, depth first, in starting order."""
    if isinstance(child.body, Supervisor):
        for below in child.body.children.values():
            yield below
            yield from descendants(below)
