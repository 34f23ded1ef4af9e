"""The words of supervision: restart types, strategies, directives, states and ways to end. A leaf: imports nothing."""

from enum import Enum, StrEnum, unique
from typing import Final


@unique
class Restart(StrEnum):
    """When a child that ended is started again (OTP `supervisor`, restart types)."""

    PERMANENT = "permanent"  # always
    TRANSIENT = "transient"  # only after an abnormal end
    TEMPORARY = "temporary"  # never; its spec is forgotten


@unique
class Directive(StrEnum):
    """What an exception class asks for, whatever the restart type would allow."""

    RESTART = "restart"
    STOP = "stop"
    ESCALATE = "escalate"


@unique
class Strategy(StrEnum):
    """Who is restarted beside the child that failed (OTP `supervisor`, restart strategies)."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


@unique
class AutoShutdown(StrEnum):
    """Whether significant children that end by themselves end their supervisor (OTP 24)."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


@unique
class ChildState(StrEnum):
    """Where a child is in its life; the values are those of the status document."""

    STARTING = "starting"
    RUNNING = "running"
    BACKOFF = "backoff"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    HUNG = "hung"
    ABANDONED = "abandoned"


@unique
class EndKind(StrEnum):
    """How one incarnation ended."""

    NORMAL = "normal"  # it stopped itself
    SHUTDOWN = "shutdown"  # its supervisor or an operator stopped it
    OUTSIDE_STOP = "outside_stop"  # foreign code stopped it: `ref.stop()`, `ActorRegistry.stop_all()`
    AUTO_SHUTDOWN = "auto_shutdown"  # a supervisor whose significant children ended
    IGNORED = "ignored"  # its start declined
    CRASH = "crash"  # an Exception in a handler
    FATAL = "fatal"  # SystemExit, KeyboardInterrupt and the like in a handler
    START_FAILED = "start_failed"  # an Exception in the constructor or in on_start
    START_FATAL = "start_fatal"  # the same with a BaseException
    START_TIMEOUT = "start_timeout"
    NO_THREAD = "no_thread"  # the operating system refused a thread
    CLEANUP_FAILED = "cleanup_failed"  # on_stop raised
    HUNG = "hung"
    ABANDONED = "abandoned"  # it did not end when told to
    INTENSITY = "intensity"  # a supervisor whose children failed too often
    ESCALATED = "escalated"  # a supervisor that a directive ended

    @property
    def is_abnormal(self) -> bool:
        """Whether a transient child is restarted after it."""
        return self not in _ORDERLY

    @property
    def is_failed_start(self) -> bool:
        """Whether the child never came up."""
        return self in _FAILED_STARTS


_ORDERLY: Final = frozenset(
    {EndKind.NORMAL, EndKind.SHUTDOWN, EndKind.OUTSIDE_STOP, EndKind.AUTO_SHUTDOWN, EndKind.IGNORED}
)
_FAILED_STARTS: Final = frozenset({EndKind.START_FAILED, EndKind.START_FATAL, EndKind.START_TIMEOUT, EndKind.NO_THREAD})


@unique
class Shutdown(Enum):
    """The two ways to stop that are not a number of seconds."""

    BRUTAL = "brutal"
    INFINITY = "infinity"


BRUTAL: Final = Shutdown.BRUTAL
INFINITY: Final = Shutdown.INFINITY


@unique
class Ignored(Enum):
    """The type of `IGNORE`."""

    IGNORE = "ignore"


IGNORE: Final = Ignored.IGNORE
"""What a `start` returns to decline: the child is kept as stopped and nobody is alarmed."""
