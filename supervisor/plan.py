"""Children that move together: those alive stop, then time passes, then all start in order."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from supervisor.body import Surroundings
from supervisor.child import Child, Purpose
from supervisor.engine import Alarm
from supervisor.groups import next_to_stop
from supervisor.states import ChildState, Strategy


class Plan:
    """A supervisor's own start (`is_first`), or the restart of a group; whoever makes it calls `advance`.

    A member that an operator stopped is passed over. `on_done` is called when all members were started.
    """

    def __init__(
        self,
        members: Sequence[Child],
        strategy: Strategy,
        around: Surroundings,
        on_done: Callable[[], None],
        *,
        resume_at: float = 0.0,
    ) -> None:
        self.members = list(members)
        self.resume_at = resume_at
        self.is_first = False
        self.is_starting = False
        self._strategy = strategy
        self._around = around
        self._on_done = on_done
        self._to_start: deque[Child] = deque()
        self._current: Child | None = None
        self._alarm: Alarm | None = None

    @classmethod
    def first(
        cls, members: Sequence[Child], strategy: Strategy, around: Surroundings, on_done: Callable[[], None]
    ) -> "Plan":
        """Return the plan of a supervisor's own start: nobody is alive."""
        plan = cls(members, strategy, around, on_done)
        plan.is_first = plan.is_starting = True
        plan._to_start.extend(members)
        return plan

    def absorbs(self, child: Child) -> bool:
        """Return whether the end of this child is no news: its group is on its way down anyway."""
        return not self.is_starting and child in self.members

    def will_start(self, child: Child) -> bool:
        """Return whether the turn of this child is still to come."""
        return child in self._to_start

    def forget(self, child: Child) -> None:
        """Leave out a child that left the tree."""
        if child in self.members:
            self.members.remove(child)
        if child in self._to_start:
            self._to_start.remove(child)

    def cancel(self) -> None:
        """Take no step any more."""
        self.members.clear()
        self._to_start.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def advance(self) -> None:
        """Take the next step, if there is one to take now; `child_up` and `child_down` come back here."""
        if not self.is_starting and not self._is_time_to_start():
            return
        if self._current is not None and self._current.is_alive and not self._current.is_up:
            return
        while self._to_start:
            child = self._to_start.popleft()
            if not (child.is_alive or child.is_held or child.is_done):
                self._current = child
                child.restarts += not self.is_first
                child.body.start()
                return
        self._on_done()

    def _is_time_to_start(self) -> bool:
        alive = {child.spec.id: child for child in self.members if child.is_alive}
        if alive:
            for id_ in next_to_stop(self._strategy, list(alive)):
                alive[id_].purpose = Purpose.GROUP
                alive[id_].body.stop()
            return False
        seconds = self.resume_at - self._around.clock.monotonic()
        if seconds > 0:
            self._wait(seconds)
            return False
        self.is_starting = True
        self._to_start = deque(self.members)
        for child in self.members:
            child.is_done = False  # OTP starts a transient child again with its group
        return True

    def _wait(self, seconds: float) -> None:
        for child in self.members:
            if not child.is_held:
                await_turn(child, seconds, self._around)
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._around.engine.alarm(seconds, self.advance)


def await_turn(child: Child, seconds: float, around: Surroundings) -> None:
    """Show a child as waiting for its next attempt; a parked one stays FAILED meanwhile."""
    child.next_attempt_at = child.slot.next_attempt_at = around.clock.now() + timedelta(seconds=seconds)
    around.recorder.state(child, ChildState.FAILED if child.is_parked else ChildState.BACKOFF)
