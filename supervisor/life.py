"""One incarnation of a child: what its thread and the supervisor share about it."""

import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from supervisor.clock import Clock, SystemClock, Timer, Timers
from supervisor.errors import Fenced
from supervisor.states import EndKind

if TYPE_CHECKING:
    from supervisor.actor import SupervisedActor

_ERROR_LENGTH: Final = 500
_TRACEBACK_FRAMES: Final = 30
_TRACEBACK_LENGTH: Final = 8_000
_EXPLAINED: Final = 128
_explained: dict[tuple[object, ...], str] = {}


class _Current(threading.local):
    life: "Life | None" = None


_current = _Current()


def current_life() -> "Life | None":
    """Return the incarnation whose thread this is; None in a thread that is no child's."""
    return _current.life


def refuse_the_fenced() -> None:
    """Raise `Fenced` if the calling thread belongs to an abandoned incarnation."""
    life = _current.life
    if life is not None and not life.fence.is_open:
        life.fence.check()


class Fence:
    """What keeps an abandoned incarnation from sending and writing: whoever acts for it asks `check()` first."""

    __slots__ = ("incarnation", "is_open", "path")

    def __init__(self, path: str, incarnation: int) -> None:
        self.path = path
        self.incarnation = incarnation
        self.is_open = True

    def check(self) -> None:
        """Return if the incarnation is still the child's own.

        Raises:
            Fenced: it was abandoned.

        """
        if not self.is_open:
            raise Fenced(self.path, self.incarnation)

    def close(self) -> None:
        """Refuse from now on; a fence is never opened again."""
        self.is_open = False


class End:
    """How an incarnation ended, as its own thread saw it: texts, so that no frame of the dead stays alive."""

    __slots__ = ("error", "error_type", "exception", "kind", "message_kind", "origin", "traceback")

    def __init__(
        self,
        kind: EndKind,
        error: str = "",
        error_type: type[BaseException] | None = None,
        traceback: str = "",
        message_kind: str | None = None,
    ) -> None:
        self.kind = kind
        self.error = error
        self.error_type = error_type
        self.traceback = traceback
        self.message_kind = message_kind
        self.origin: str | None = None  # the path of the child whose failed start this was
        self.exception: BaseException | None = None  # only of a failed start, for whoever waits for it

    @classmethod
    def of(cls, kind: EndKind, error: BaseException, message_kind: str | None = None) -> "End":
        """Return the end that an exception made; runs the exception's own code, so only the child's thread calls it."""
        end = cls(kind, describe(error), type(error), explain(error), message_kind)
        if kind.is_failed_start:
            end.exception = error
        return end


def describe(error: BaseException) -> str:
    """Return the class and text of an exception, short; an exception whose text raises is described all the same."""
    try:
        text = str(error)
    except BaseException as worse:  # noqa: BLE001 - a child's own __str__ may raise anything
        text = f"<its text raised {type(worse).__name__}>"
    name = type(error).__name__
    return f"{name}: {text}"[:_ERROR_LENGTH] if text else name


def explain(error: BaseException) -> str:
    """Return the traceback as text, the innermost frames kept when it is long.

    A crash that repeats is formatted once: formatting takes longer than all the rest of a restart.
    """
    try:
        key = _place_of(error)
        known = None if key is None else _explained.get(key)
        if known is not None:
            return known
        text = "".join(traceback.format_exception(error, limit=-_TRACEBACK_FRAMES))
    except BaseException as worse:  # noqa: BLE001 - as above: groups and notes may raise
        return f"<its traceback raised {type(worse).__name__}>"
    text = text if len(text) <= _TRACEBACK_LENGTH else "…" + text[-_TRACEBACK_LENGTH:]
    if key is not None:
        if len(_explained) >= _EXPLAINED:
            _explained.clear()
        _explained[key] = text
    return text


def _place_of(error: BaseException) -> tuple[object, ...] | None:
    """Return what a traceback's text is made of; None when it is made of more than one exception."""
    if error.__cause__ or error.__context__ or hasattr(error, "__notes__") or isinstance(error, BaseExceptionGroup):
        return None
    place: list[object] = [type(error), str(error)]
    walked = error.__traceback__
    while walked is not None:
        place += (walked.tb_frame.f_code, walked.tb_lineno)
        walked = walked.tb_next
    return tuple(place)


class Life:
    """The shared state of one incarnation.

    Its thread writes what it is doing, the supervisor reads it and asks it to stop; every field is written by one side
    only, so no lock is needed. `post` hands an event to the supervisor from any thread.
    """

    __slots__ = (
        "_own_timers",
        "actor",
        "ask_failures",
        "ask_failures_end",
        "beats",
        "busy_with",
        "clock",
        "drain",
        "end",
        "extended_until",
        "fence",
        "ident",
        "incarnation",
        "is_over",
        "mailbox_limit",
        "native_id",
        "on_down",
        "on_ending",
        "on_up",
        "path",
        "patient_until",
        "return_leftovers",
        "stop_asked",
        "timers",
    )

    def __init__(self, path: str, incarnation: int, clock: Clock | None = None, timers: Timers | None = None) -> None:
        self.path = path
        self.incarnation = incarnation
        self.clock = clock or SystemClock()
        self.timers = timers
        self.fence = Fence(path, incarnation)
        self.stop_asked = threading.Event()
        self.actor: SupervisedActor | None = None
        self.ident: int | None = None
        self.native_id: int | None = None
        self.busy_with: object = None  # the message being handled; None when idle
        self.beats = 0  # grows with each message and heartbeat: a watchdog that sees it grow sees life
        self.extended_until = 0.0
        self.patient_until = 0.0  # no hang before, whatever the spec says; ends with the message
        self.ask_failures = 0
        self.ask_failures_end = False
        self.drain = False
        self.mailbox_limit: int | None = None
        self.end: End | None = None
        self.is_over = False
        self._own_timers: set[Timer] = set()
        self.on_up: Callable[[], None] = _nothing
        self.on_ending: Callable[[], None] = _nothing
        self.on_down: Callable[[], None] = _nothing
        self.return_leftovers: Callable[[list[Any]], None] = _ignore

    def enter(self) -> None:
        """Make the calling thread this incarnation's own."""
        _current.life = self
        self.ident = threading.get_ident()
        self.native_id = threading.get_native_id()

    def leave(self) -> None:
        """Take the calling thread away from it; its timers are cancelled."""
        for timer in tuple(self._own_timers):
            timer.cancel()
        self._own_timers.clear()
        self.busy_with = None
        _current.life = None

    def let_go(self) -> None:
        """Drop the actor and the calls back: the supervisor is done with it."""
        self.actor = None
        self.on_up = self.on_ending = self.on_down = _nothing
        self.return_leftovers = _ignore

    def conclude(self, kind: EndKind, error: BaseException | None = None, message_kind: str | None = None) -> None:
        """Note how it ended: the first reason stays, what went wrong after it is added to its text."""
        if self.end is None:
            self.end = End(kind) if error is None else End.of(kind, error, message_kind)
        elif error is not None:
            self.end.traceback += f"\nand then ({kind}):\n{explain(error)}"
            if not self.end.error:
                self.end.kind, self.end.error, self.end.error_type = kind, describe(error), type(error)

    def keep_timer(self, timer: Timer) -> None:
        """Remember a timer that must die with the incarnation."""
        self._own_timers.add(timer)

    def forget_timer(self, timer: Timer) -> None:
        """Forget a timer that rang or was cancelled."""
        self._own_timers.discard(timer)


def _nothing() -> None:
    pass


def _ignore(_leftovers: list[Any]) -> None:
    pass
