"""For tests of what runs in a tree: a clock that moves when told, and a way to wait for what happens."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

from supervisor.actor import SupervisedActor
from supervisor.backoff import Backoff
from supervisor.clock import Timer
from supervisor.intensity import Intensity
from supervisor.journal import Journal
from supervisor.reports import ChildEnded, Event, Observer
from supervisor.specs import ChildSpec, SupervisorFlags
from supervisor.states import ChildState
from supervisor.tree import Tree

PATIENCE_SECONDS: Final = 10.0


class _FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """A clock with timers, both moved by `advance` only; give it to a `Tree` as its `clock`."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)) -> None:
        self._lock = threading.RLock()
        self._began_at = now
        self._seconds = 0.0
        self._numbers = itertools.count()
        self._heap: list[tuple[float, int, _FakeTimer]] = []
        self.after_each: list[Callable[[], object]] = []

    def monotonic(self) -> float:
        """Return the seconds that were advanced."""
        return self._seconds

    def now(self) -> datetime:
        """Return the instant."""
        return self._began_at + timedelta(seconds=self._seconds)

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call back during the `advance` that reaches `at`."""
        timer = _FakeTimer(callback)
        with self._lock:
            heapq.heappush(self._heap, (at, next(self._numbers), timer))
        return timer

    def close(self) -> None:
        """Forget all timers."""
        with self._lock:
            self._heap.clear()

    def due_in(self) -> float | None:
        """Return the seconds until the next timer; None without one."""
        with self._lock:
            while self._heap and self._heap[0][2].callback is None:
                heapq.heappop(self._heap)
            return max(0.0, self._heap[0][0] - self._seconds) if self._heap else None

    def advance(self, seconds: float) -> None:
        """Move on, ringing each timer at its own time, in order.

        What a timer brings about may set the next one, which may be due as well: the calls of `after_each`, made
        before the first and after each, wait for that.
        """
        target = self._seconds + seconds
        self._settle()
        while (callback := self._next_until(target)) is not None:
            callback()
            self._settle()
        with self._lock:
            self._seconds = max(self._seconds, target)

    def _settle(self) -> None:
        for wait in self.after_each:
            wait()

    def jump(self, seconds: float) -> None:
        """Move on like a computer that slept: every timer that fell due rings only now."""
        with self._lock:
            self._seconds += seconds
        self.advance(0)

    def _next_until(self, target: float) -> Callable[[], None] | None:
        with self._lock:
            while self._heap and self._heap[0][0] <= target:
                at, _, timer = heapq.heappop(self._heap)
                if timer.callback is not None:
                    self._seconds = max(self._seconds, at)
                    callback, timer.callback = timer.callback, None
                    return callback
            return None


class Witness:
    """An observer that remembers all events, and can wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        """Remember an event."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, is_true: Callable[[], bool], timeout: float = PATIENCE_SECONDS) -> None:
        """Return once a condition holds, looked at after each event.

        Raises:
            AssertionError: it did not within `timeout` seconds of real time.

        """
        with self._changed:
            if not self._changed.wait_for(is_true, timeout):
                raise AssertionError(f"it did not happen within {timeout} seconds; the last events: {self.events[-8:]}")

    def wait_for_end(self, path: str, incarnation: int) -> ChildEnded:
        """Wait until an incarnation of a child has ended, and return the event."""
        found: list[ChildEnded] = []

        def has_ended() -> bool:
            found[:] = [
                event
                for event in self.events
                if isinstance(event, ChildEnded) and (event.path, event.incarnation) == (path, incarnation)
            ]
            return bool(found)

        self.wait_for(has_ended)
        return found[0]

    def wait_for_state(self, tree: Tree, path: str, *states: ChildState) -> None:
        """Wait until a child is in one of the states."""
        self.wait_for(lambda: tree.report(path).state in states)


Hook = Callable[["Puppet"], Any]


class Puppet(SupervisedActor):
    """An actor whose hooks and messages are functions given by the test; they are called with the actor.

    A message that is not callable is returned as its answer.
    """

    def __init__(
        self,
        constructor: Hook | None = None,
        on_start: Hook | None = None,
        on_stop: Hook | None = None,
        on_failure: Hook | None = None,
        interrupt: Hook | None = None,
    ) -> None:
        super().__init__()
        self._hooks = {"on_start": on_start, "on_stop": on_stop, "on_failure": on_failure, "interrupt": interrupt}
        if constructor is not None:
            constructor(self)

    def _call(self, name: str) -> None:
        hook = self._hooks[name]
        if hook is not None:
            hook(self)

    def on_start(self) -> None:
        """Call the test's function."""
        self._call("on_start")

    def on_stop(self) -> None:
        """Call the test's function."""
        self._call("on_stop")

    def on_failure(self, *_exc_info: object) -> None:
        """Call the test's function."""
        self._call("on_failure")

    def interrupt(self) -> None:
        """Call the test's function."""
        self._call("interrupt")

    def on_receive(self, message: Any) -> Any:
        """Call the message, or return it."""
        return message(self) if callable(message) else message


class Stage:
    """What a test plays on: a clock, a witness, trees that are taken down, hangs that are let go."""

    def __init__(self) -> None:
        self._threads_before = set(threading.enumerate())
        self.clock = FakeClock()
        self.witness = Witness()
        self._trees: list[Tree] = []
        self._hangs: list[threading.Event] = []
        self.hanging = threading.Semaphore(0)

    def tree(
        self,
        *children: ChildSpec,
        flags: SupervisorFlags | None = None,
        start: bool = True,
        observers: tuple[Observer, ...] = (),
        journal: Journal | None = None,
        max_abandoned: int | None = 32,
    ) -> Tree:
        """Return a tree, started."""
        tree = Tree(
            flags or SupervisorFlags(intensity=Intensity(15, 1000)),
            children,
            clock=self.clock,
            observers=(self.witness, *observers),
            journal=journal,
            max_abandoned=max_abandoned,
        )
        self._trees.append(tree)
        self.clock.after_each.append(lambda: tree._engine.call(_nothing))  # noqa: SLF001 - it waits for all steps
        if start:
            tree.start(PATIENCE_SECONDS)
        return tree

    @staticmethod
    def child(id: str = "a", **fields: Any) -> ChildSpec:  # noqa: A002 - the field's own word
        """Return the spec of a puppet that restarts at once, unless told otherwise."""
        return ChildSpec(**{"id": id, "start": Puppet, "backoff": Backoff(0, 0), **fields})

    def hang(self) -> Callable[[object], None]:
        """Return a hook that blocks until `release`, and says that it does."""
        released = threading.Event()
        self._hangs.append(released)

        def block(_actor: object) -> None:
            self.hanging.release()
            released.wait(3 * PATIENCE_SECONDS)

        return block

    def wait_for_hang(self) -> None:
        """Return once a hook of `hang` blocks."""
        if not self.hanging.acquire(timeout=PATIENCE_SECONDS):
            raise AssertionError("nothing came to hang")

    def release(self) -> None:
        """Let all hangs go."""
        for each in self._hangs:
            each.set()

    def take_down(self) -> None:
        """Stop everything, and see that no thread is left behind."""
        self.release()
        for tree in self._trees:
            tree.begin_stop()
            for _ in range(int(PATIENCE_SECONDS / 0.05)):
                if not tree.is_started or tree.wait(0.05) is not None:
                    break
                self.clock.advance(1000)  # whatever hangs for another reason is left behind
            tree.stop(0)
        for thread in set(threading.enumerate()) - self._threads_before:
            thread.join(PATIENCE_SECONDS)
            if thread.is_alive():
                raise AssertionError(f"the thread {thread.name} was left behind")


def _nothing() -> None:
    pass


def raising(error: BaseException) -> Callable[[object], NoReturn]:
    """Return a hook that raises."""

    def hook(_actor: object) -> NoReturn:
        raise error.with_traceback(None)  # the same object, raised again, would drag its whole past along

    return hook
