"""The one thread in which a tree decides: it takes events in turn, and never waits for a child."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from supervisor.clock import Clock, Timer, Timers

_log = logging.getLogger(__name__)

T = TypeVar("T")
Step = Callable[[], None]

ANSWER_SECONDS: Final = 10.0
"""How long a question to the engine may take; it is answered in microseconds unless the computer is asleep."""


class Alarm:
    """A step that the engine will take later; cancelled in the engine's thread, it is certain not to be taken."""

    __slots__ = ("_timer", "is_set")

    def __init__(self) -> None:
        self.is_set = True
        self._timer: Timer | None = None

    def arm(self, timers: Timers, at: float, ring: Step) -> None:
        """Ring at the monotonic time `at`, unless cancelled before that."""
        self._timer = timers.call_at(at, ring)

    def cancel(self) -> None:
        """Do not ring, also if the timer has called already."""
        self.is_set = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Engine:
    """Takes steps one by one, in the order posted.

    A step is a closure over engine-only state; that state needs no lock. `after_each` runs after every step: what it
    does (logs, reports) comes after the replacement of a crashed child is under way.
    """

    def __init__(self, clock: Clock, timers: Timers, after_each: Step) -> None:
        self.clock = clock
        self._timers = timers
        self._after_each = after_each
        self._steps: SimpleQueue[Step | None] = SimpleQueue()
        self._questions: deque[Step] = deque()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_closed = False

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="supervisor-engine", daemon=True)
        self._thread.start()

    def post(self, step: Step) -> None:
        """Have a step taken; from any thread, never blocks."""
        self._steps.put(step)

    def alarm(self, seconds: float, step: Step) -> Alarm:
        """Have a step taken in so many seconds; called by steps only."""
        alarm = Alarm()

        def ring() -> None:
            self._steps.put(take)

        def take() -> None:
            if alarm.is_set:
                alarm.is_set = False
                step()

        alarm.arm(self._timers, self.clock.monotonic() + seconds, ring)
        return alarm

    def call(self, function: Callable[[], T]) -> T:
        """Run a function as a step and return what it returns, or raise what it raises; from any thread but its own.

        Before the engine starts and after it ends, the function runs at once in the calling thread.
        """
        with self._lock:
            if self._thread is None or self._is_closed:
                return function()
            answer: Future[T] = Future()
            self._steps.put(lambda: settle(answer, function))
        return answer.result(ANSWER_SECONDS)

    def ask(self, function: Callable[[], T]) -> T:
        """Return what a function that changes nothing returns; it overtakes the steps that wait.

        In a storm hundreds of steps wait, and whoever looks at the tree wants to see the storm, not wait for its end.
        """
        with self._lock:
            if self._thread is None or self._is_closed:
                return function()
            answer: Future[T] = Future()
            self._questions.append(lambda: settle(answer, function))
            self._steps.put(_nothing)
        return answer.result(ANSWER_SECONDS)

    def close(self) -> None:
        """End after the steps posted so far; called by a step."""
        self._steps.put(None)

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while True:
            step = self._steps.get()
            if step is None:
                with self._lock:
                    if self._steps.empty():
                        self._is_closed = True
                        return
                self._steps.put(None)
                continue
            self._take(step)

    def _take(self, step: Step) -> None:
        while self._questions:
            self._questions.popleft()()
        try:
            step()
            self._after_each()
        except Exception:  # noqa: BLE001 - a mistake of the runtime's own must not leave the whole tree blind
            _log.critical("the supervisor made a mistake and goes on", exc_info=True, extra={"event": "engine.mistake"})


def _nothing() -> None:
    pass


def settle(answer: "Future[T]", function: Callable[[], T]) -> None:
    """Put what a function returns or raises into a future."""
    try:
        result: Any = function()
    except Exception as error:  # noqa: BLE001 - handed to whoever asked
        answer.set_exception(error)
    else:
        answer.set_result(result)
