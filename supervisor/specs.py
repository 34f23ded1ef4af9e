"""What a supervisor is told about its children and about itself: frozen, and checked when made."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs
from attrs.validators import deep_iterable, instance_of

from config.sentence import Sentence
from supervisor.backoff import Backoff, Escalate, Park
from supervisor.checks import at_least, finite, one_of, positive, refuse, unless_none, whole
from supervisor.errors import SpecError
from supervisor.intensity import Intensity
from supervisor.states import INFINITY, AutoShutdown, Directive, Restart, Shutdown, Strategy

_NO_KWARGS: Final[Mapping[str, Any]] = MappingProxyType({})
_NO_DIRECTIVES: Final[Mapping[type[BaseException], Directive]] = MappingProxyType({})


def _frozen_mapping(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(mapping))


@attrs.frozen(slots=True)
class Raise:
    """While the child is down, sending to it raises `ChildDown` with the time of the next attempt."""


@attrs.frozen(slots=True)
class Stash:
    """While the child is down, up to `limit` messages wait in order; the tells that were queued when it fell, too."""

    limit: int = attrs.field(validator=[whole, at_least(1)])


@attrs.frozen(slots=True)
class Reply:
    """While the child is down, every ask is answered with `value`; tells are dropped and counted."""

    value: Any = None


@attrs.frozen(slots=True)
class Mailbox:
    """How many messages may wait for the child (None: any number), and what becomes of them while it is down."""

    limit: int | None = attrs.field(default=None, validator=unless_none(whole, at_least(1)))
    while_down: Raise | Stash | Reply = attrs.field(factory=Raise, validator=one_of((Raise, Stash, Reply)))

    def __attrs_post_init__(self) -> None:
        if isinstance(self.while_down, Stash) and self.limit is not None and self.while_down.limit > self.limit:
            problem = Sentence.of(
                "keeps {kept} messages for a mailbox of {limit}", kept=self.while_down.limit, limit=self.limit
            )
            raise refuse(self, "while_down", problem)


def _an_id(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not isinstance(value, str) or not value or "/" in value or value != value.strip():
        raise refuse(
            instance, attribute.name, Sentence.of("must be a word without a slash, not {value}", value=repr(value))
        )


def _a_shutdown(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not isinstance(value, Shutdown):
        finite(instance, attribute, value)
        at_least(0)(instance, attribute, value)


def _directives(instance: object, attribute: "attrs.Attribute[Any]", value: Mapping[Any, Any]) -> None:
    for kind, directive in value.items():
        if not (isinstance(kind, type) and issubclass(kind, BaseException) and isinstance(directive, Directive)):
            raise refuse(
                instance,
                attribute.name,
                Sentence.of("maps exception classes to directives, not {kind} to {value}", kind=kind, value=directive),
            )


def _callable(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not callable(value):
        raise refuse(instance, attribute.name, Sentence.of("must be callable, not {value}", value=repr(value)))


def _arguments(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(values)


@attrs.frozen(slots=True, kw_only=True)
class ChildSpec:
    """What a supervisor must know to start, watch, stop and restart one child (OTP `child_spec()`).

    `start(*args, **kwargs)` is called in the child's own new thread and returns a `SupervisedActor` (normally `start`
    is its class) or `IGNORE`. After `shutdown_seconds` without obeying a stop, the child's `interrupt()` is called;
    after `interrupt_seconds` more it is abandoned. `BRUTAL` goes to `interrupt()` at once, `INFINITY` waits for ever.
    `drain` lets the child handle what is in its mailbox before it stops. `hang_timeout_seconds` None: not watched.
    `directives` choose by exception class, the most specific first, over what `restart` says.
    `ask_failures_end`: an exception in the handling of an ask ends the actor too, not only the ask.
    """

    id: str = attrs.field(validator=_an_id)
    start: Callable[..., Any] = attrs.field(validator=_callable)
    args: tuple[Any, ...] = attrs.field(default=(), converter=_arguments)
    kwargs: Mapping[str, Any] = attrs.field(default=_NO_KWARGS, converter=_frozen_mapping, hash=False)
    restart: Restart = attrs.field(default=Restart.PERMANENT, validator=one_of(Restart))
    significant: bool = attrs.field(default=False, validator=one_of(bool))
    shutdown_seconds: float | Shutdown = attrs.field(default=5.0, validator=_a_shutdown)
    interrupt_seconds: float = attrs.field(default=0.25, validator=[finite, at_least(0)])
    drain: bool = attrs.field(default=False, validator=one_of(bool))
    start_timeout_seconds: float | None = attrs.field(default=30.0, validator=unless_none(finite, positive))
    hang_timeout_seconds: float | None = attrs.field(default=None, validator=unless_none(finite, positive))
    backoff: Backoff = attrs.field(factory=Backoff, validator=one_of(Backoff))
    directives: Mapping[type[BaseException], Directive] = attrs.field(
        default=_NO_DIRECTIVES, converter=_frozen_mapping, validator=_directives, hash=False
    )
    mailbox: Mailbox = attrs.field(factory=Mailbox, validator=one_of(Mailbox))
    ask_failures_end: bool = attrs.field(default=False, validator=one_of(bool))

    @property
    def supervisor(self) -> "SupervisorStart | None":
        """What makes this child a supervisor; None for a worker."""
        return self.start if isinstance(self.start, SupervisorStart) else None

    def start_with(self, other: "ChildSpec") -> "ChildSpec":
        """Return this spec with the `start` of another one: to compare all but that."""
        return attrs.evolve(self, start=other.start)

    def directive_for(self, error: type[BaseException] | None) -> Directive | None:
        """Return the directive of the most specific class that `directives` names for an exception class."""
        if error is None:
            return None
        return next((self.directives[base] for base in error.__mro__ if base in self.directives), None)


@attrs.frozen(slots=True)
class SupervisorFlags:
    """How a supervisor treats its children (OTP `sup_flags()`).

    `intensity` is shared by the children when `on_meltdown` is `Escalate()`, and counted for each child alone when it
    is `Park(...)`, so that a parked child leaves its siblings untouched. `max_concurrent_starts` bounds how many
    restarts are under way at once. `retry_first_start`: a child that fails its very first start does not fail its
    supervisor (as in OTP) but is tried again like after any failure.
    """

    strategy: Strategy = attrs.field(default=Strategy.ONE_FOR_ONE, validator=one_of(Strategy))
    intensity: Intensity = attrs.field(factory=Intensity, validator=one_of(Intensity))
    on_meltdown: Escalate | Park = attrs.field(factory=Escalate, validator=one_of((Escalate, Park)))
    auto_shutdown: AutoShutdown = attrs.field(default=AutoShutdown.NEVER, validator=one_of(AutoShutdown))
    max_concurrent_starts: int = attrs.field(default=8, validator=[whole, at_least(1)])
    retry_first_start: bool = attrs.field(default=False, validator=one_of(bool))


def _specs(children: Iterable[ChildSpec]) -> tuple[ChildSpec, ...]:
    return tuple(children)


@attrs.frozen(slots=True)
class SupervisorStart:
    """The `start` of a child that is itself a supervisor."""

    flags: SupervisorFlags = attrs.field(validator=instance_of(SupervisorFlags))
    children: tuple[ChildSpec, ...] = attrs.field(
        converter=_specs, validator=deep_iterable(instance_of(ChildSpec), instance_of(tuple))
    )

    def __call__(self) -> None:
        """Never called: a supervisor is run by its tree, not by a thread of its own."""
        raise NotImplementedError


def supervisor_spec(
    id: str,  # noqa: A002 - the field's own word
    flags: SupervisorFlags,
    children: Iterable[ChildSpec] = (),
    **fields: Any,
) -> ChildSpec:
    """Return the spec of a sub-supervisor; `fields` are those of `ChildSpec`. It stops when its children have."""
    for nonsense in ("start", "args", "kwargs", "mailbox", "drain", "hang_timeout_seconds", "ask_failures_end"):
        if nonsense in fields:
            raise SpecError(nonsense, id, Sentence.of("means nothing for a supervisor"))
    defaults: dict[str, Any] = {"shutdown_seconds": INFINITY, "start_timeout_seconds": None}
    return ChildSpec(id=id, start=SupervisorStart(flags, children), **{**defaults, **fields})
