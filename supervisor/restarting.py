"""When a failed child of one supervisor is started again: intensity, backoff, parking, no stampede."""

from supervisor.backoff import Park
from supervisor.body import Surroundings
from supervisor.child import Child
from supervisor.gate import Gate
from supervisor.intensity import RestartWindow
from supervisor.life import End
from supervisor.plan import await_turn
from supervisor.specs import SupervisorFlags
from supervisor.states import EndKind


class Restarts:
    """The counters of one supervisor, and the starts that they allow."""

    def __init__(self, flags: SupervisorFlags, around: Surroundings) -> None:
        self._flags = flags
        self._around = around
        self._window = RestartWindow(flags.intensity)
        self._gate = Gate(flags.max_concurrent_starts, around.engine)

    def reset(self) -> None:
        """Forget all failures, and who waits to start."""
        self._window.clear()
        self._gate.clear()

    def left(self, child: Child) -> None:
        """Give the place of a child that is up, or down, or not to be started, to the next."""
        self._gate.leave(child)

    def note_run(self, child: Child) -> None:
        """Forget a child's failures if the incarnation that has just ended was a good run.

        Nothing was scheduled to reset them, so a reset can never come too late, for another incarnation.
        """
        if child.up_at is not None:
            if self._around.clock.monotonic() - child.up_at >= child.spec.backoff.reset_seconds:
                child.attempts, child.is_parked = 0, False
            child.up_at = None

    def delay(self, child: Child, kind: EndKind) -> float | None:
        """Count a failure and return the seconds until the next attempt; None when the supervisor has to give up.

        A stop from outside is no fault of the child's, and `ActorRegistry.stop_all` stops all at once: not counted.
        """
        counts = kind is not EndKind.OUTSIDE_STOP
        is_too_often = counts and self._window_of(child).add(self._around.clock.monotonic())
        match self._flags.on_meltdown:
            case Park(cool_down_seconds=seconds) if is_too_often or child.is_parked:
                child.is_parked = True
                return seconds
            case _ if is_too_often:
                return None
        seconds = child.spec.backoff.delay(child.attempts, self._around.random.random)
        child.attempts += counts
        return seconds

    def meltdown(self, child: Child, end: End) -> End:
        """Return the end of a supervisor whose children failed too often."""
        intensity = self._flags.intensity
        text = (
            f"more than {intensity.max_restarts} restarts within {intensity.period_seconds} seconds, "
            f"the last of {child.path}: {end.error}"
        )
        return End(EndKind.INTENSITY, text, end.error_type, end.traceback)

    def start_in(self, child: Child, seconds: float) -> None:
        """Start a child again, alone, in so many seconds."""
        if seconds > 0:
            await_turn(child, seconds, self._around)
            child.alarm = self._around.engine.alarm(seconds, lambda: self._start(child))
        else:
            self._start(child)

    def _start(self, child: Child) -> None:
        child.cancel_alarm()
        if self._gate.enter(child, lambda: self._start(child)):
            child.restarts += 1
            child.body.start()
        else:
            await_turn(child, 0, self._around)

    def _window_of(self, child: Child) -> RestartWindow:
        if not isinstance(self._flags.on_meltdown, Park):
            return self._window
        if child.window is None:
            child.window = RestartWindow(self._flags.intensity)
        return child.window
