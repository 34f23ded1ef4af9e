"""The tree as the program holds it: starts it, stops it, asks it."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from random import Random
from typing import Final, TypeVar

from supervisor import operating
from supervisor.address import ChildRef
from supervisor.body import Body, Surroundings
from supervisor.child import ALIVE, Child
from supervisor.clock import Clock, SystemClock, ThreadTimers, Timers
from supervisor.engine import Engine
from supervisor.errors import StartFailed, UnknownChild, WaitsForItself, WrongState
from supervisor.journal import Journal
from supervisor.life import End, current_life, refuse_the_fenced
from supervisor.recorder import Recorder
from supervisor.reporting import count, failure_of, report_of
from supervisor.reports import (
    ChildCounts,
    ChildReport,
    Event,
    Observer,
    Outcome,
    ReloadReport,
    RootEnd,
    StopReport,
)
from supervisor.specs import ChildSpec, SupervisorFlags, SupervisorStart, supervisor_spec
from supervisor.states import ChildState, EndKind
from supervisor.supervision import Supervisor
from supervisor.validation import check_specs
from supervisor.worker import Worker

T = TypeVar("T")

START_SECONDS: Final = 60.0
OPERATION_SECONDS: Final = 60.0
_FORCED_SECONDS: Final = 5.0


class Watch:
    """A callback that is told of one child; `cancel()` ends it."""

    def __init__(self, cancel: Callable[[], None]) -> None:
        self.cancel = cancel


class Tree:
    """A root supervisor, all below it, and the thread that decides for them. It runs once.

    Every method may be called from any thread and is answered while any child hangs. Specs are judged when the tree is
    made (`SpecError`). `observers` are called with each `Event`, in order, on a thread of their own. A `clock` that
    has timers of its own (a test's) is taken for both. With more than `max_abandoned` living threads left behind the
    tree winds up with the outcome `TOO_MANY_ABANDONED`, so that the program can start afresh; None: never.
    """

    def __init__(
        self,
        flags: SupervisorFlags,
        children: Iterable[ChildSpec],
        *,
        clock: Clock | None = None,
        observers: Sequence[Observer] = (),
        journal: Journal | None = None,
        max_abandoned: int | None = 32,
    ) -> None:
        start = SupervisorStart(flags, children)
        spec = supervisor_spec("root", flags, start.children)
        check_specs(flags, start.children)
        clock = clock or SystemClock()
        self._timers: Timers = clock if isinstance(clock, Timers) else ThreadTimers(clock)
        self._recorder = Recorder(clock, tuple(observers), journal)
        self._engine = Engine(clock, self._timers, self._recorder.flush)
        self._around = around = Surroundings(self._engine, self._timers, self._recorder, Random())
        around.max_abandoned = max_abandoned
        around.on_root_up = self._root_is_up
        around.on_root_end = self._root_ended
        around.on_too_many_abandoned = self._too_many_abandoned
        root = Child(spec, "", None, clock.now())
        root.body = self._root = Supervisor(root, start, around, self._body_of)
        self._reason = RootEnd.STOPPED
        self._up: Future[None] = Future()
        self._outcome: Outcome | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._is_started = False

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self, timeout: float | None = START_SECONDS) -> None:
        """Start the children in order and return when all are ready.

        Raises:
            StartFailed: names the child; its exception is the `__cause__`. Those that had started were stopped again.

        """
        with self._lock:
            if self._is_started:
                raise WrongState("", str(self._root.child.state), "start")
            self._is_started = True
        self._engine.start()
        self._engine.post(self._root.start)
        try:
            self._up.result(timeout)
        except TimeoutError as error:
            self.stop(_FORCED_SECONDS)
            raise StartFailed("", "start_timeout", f"not ready within {timeout} seconds") from error
        except StartFailed:
            self._engine.join()
            raise

    def stop(self, timeout: float | None = None) -> StopReport:
        """Stop all in order, in reverse; what still runs after `timeout` seconds is interrupted, and then abandoned.

        Raises:
            WaitsForItself: called by a child of the tree, which would wait for its own end; see `begin_stop`.

        """
        life = current_life()
        if life is not None and life.timers is self._timers:
            raise WaitsForItself(life.path)
        self.begin_stop()
        with self._lock:
            if not self._is_started:
                return StopReport()
        if not self._ended.wait(timeout):
            self._engine.post(self._root.force)
            if not self._ended.wait(_FORCED_SECONDS):
                return StopReport(tuple(report.path for report in self.which_children() if report.state in ALIVE))
        self._engine.join()
        return StopReport(self._outcome.abandoned if self._outcome is not None else ())

    @property
    def is_started(self) -> bool:
        """Whether `start` was called."""
        return self._is_started

    def begin_stop(self) -> None:
        """Have all stopped, and return at once."""
        self._engine.post(self._root.stop)

    def wait(self, timeout: float | None = None) -> Outcome | None:
        """Return why the root ended, as soon as it has; None after `timeout` seconds."""
        self._ended.wait(timeout)
        return self._outcome

    # -- asking ------------------------------------------------------------------------------------------------------

    def child(self, path: str) -> ChildRef:
        """Return the address of a child, valid over its restarts.

        Raises:
            UnknownChild: with the paths that look like it.

        """
        return self._engine.ask(lambda: ChildRef(self._find(path).slot))

    def which_children(self) -> tuple[ChildReport, ...]:
        """Return a report of each child, depth first, in starting order."""
        return self._engine.ask(lambda: tuple(map(report_of, self._root.child.descendants())))

    def report(self, path: str) -> ChildReport:
        """Return the report of one child."""
        return self._engine.ask(lambda: report_of(self._find(path)))

    def count_children(self) -> ChildCounts:
        """Return how many children there are."""
        return self._engine.ask(lambda: count(self._root.child.descendants()))

    def watch(self, path: str, callback: Observer) -> Watch:
        """Call back with every event of one child, on the observers' thread, until cancelled."""
        observers = self._recorder.observers

        def tell(event: Event) -> None:
            if event.path == path:
                callback(event)

        def begin() -> None:
            self._find(path)
            observers.add(tell)

        self._engine.call(begin)
        return Watch(lambda: self._engine.call(lambda: observers.remove(tell)))

    # -- operating ---------------------------------------------------------------------------------------------------

    def start_child(self, spec: ChildSpec, parent: str = "", *, timeout: float = OPERATION_SECONDS) -> ChildRef:
        """Add a child to a running supervisor and return when it is ready.

        Raises:
            SpecError, StartFailed: the child is not there. UnknownChild, WrongState: nor its supervisor.

        """

        def begin() -> "tuple[Future[int], ChildRef]":
            supervisor = self._find_supervisor(parent)
            reply = operating.start_child(supervisor, spec)
            return reply, ChildRef(supervisor.children[spec.id].slot)

        reply, ref = self._operate(begin)
        reply.result(timeout)
        return ref

    def restart_child(self, path: str, *, timeout: float = OPERATION_SECONDS) -> int:
        """Restart a child from any state and return its new incarnation when it is ready.

        Calls made at the same time are one restart. It does not count as one of the restart intensity.

        Raises:
            StartFailed: the new incarnation did not come up; it is tried again like after any failure.
            WaitsForItself: called by the child itself.

        """
        self._refuse_waiting_for(path)
        return self._operate(lambda: operating.restart_child(self._find(path))).result(timeout)

    def terminate_child(self, path: str, *, timeout: float = OPERATION_SECONDS) -> None:
        """Stop a child, return when it has ended; it stays stopped until an operator starts it again."""
        self._refuse_waiting_for(path)
        self._operate(lambda: operating.terminate_child(self._find(path))).result(timeout)

    def delete_child(self, path: str) -> None:
        """Forget a child that is stopped.

        Raises:
            WrongState: it is running, or will be tried again: terminate it first.

        """
        self._operate(lambda: operating.delete_child(self._find(path)))

    def reload(self, specs: Iterable[ChildSpec], parent: str = "") -> ReloadReport:
        """Make the children of a supervisor those of `specs`, touching only what changed; return what will change.

        Raises:
            SpecError: nothing was changed.

        """
        wanted = tuple(specs)
        return self._operate(lambda: operating.reload(self._find_supervisor(parent), wanted))

    # -- inside ------------------------------------------------------------------------------------------------------

    def _operate(self, step: Callable[[], T]) -> T:
        refuse_the_fenced()
        return self._engine.call(step)

    def _refuse_waiting_for(self, path: str) -> None:
        life = current_life()
        if life is not None and life.timers is self._timers and (life.path == path or life.path.startswith(path + "/")):
            raise WaitsForItself(life.path)

    def _body_of(self, child: Child) -> Body:
        start = child.spec.supervisor
        if start is None:
            return Worker(child, self._around)
        return Supervisor(child, start, self._around, self._body_of)

    def _find(self, path: str) -> Child:
        found: Child = self._root.child
        for id_ in path.split("/") if path else ():
            if id_ not in found.body.children:
                from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake; importing must be light

                paths = [child.path for child in self._root.child.descendants()]
                raise UnknownChild(path, get_close_matches(path, paths, n=3))
            found = found.body.children[id_]
        return found

    def _find_supervisor(self, path: str) -> Supervisor:
        body = self._find(path).body
        if not isinstance(body, Supervisor):
            raise WrongState(path, "not a supervisor", "change the children of")
        return body

    def _root_is_up(self) -> None:
        self._up.set_result(None)

    def _too_many_abandoned(self) -> None:
        if self._root.ending is None:
            self._reason = RootEnd.TOO_MANY_ABANDONED
            self._root.wind_up(End(EndKind.ABANDONED, f"{len(self._around.abandoned)} threads were left behind"))

    def _root_ended(self, end: End) -> None:
        root = self._root.child
        self._recorder.state(root, ChildState.STOPPED)
        if self._reason is RootEnd.STOPPED and end.kind is not EndKind.SHUTDOWN:
            self._reason = {EndKind.AUTO_SHUTDOWN: RootEnd.COMPLETED}.get(end.kind, RootEnd.GAVE_UP)
        if not self._up.done():
            self._reason = RootEnd.START_FAILED if end.kind is not EndKind.SHUTDOWN else RootEnd.STOPPED
            error = StartFailed(end.origin or "", str(end.kind), end.error)
            error.__cause__ = end.exception
            self._up.set_exception(error)
        for child in root.descendants():
            child.slot.close()
            self._recorder.dropped(child)
        abandoned = tuple(life.path for life in self._around.abandoned)
        self._outcome = Outcome(self._reason, failure_of(end, self._engine.clock.now()), abandoned)
        self._recorder.flush()
        self._ended.set()
        self._recorder.close()
        self._timers.close()
        self._engine.close()
