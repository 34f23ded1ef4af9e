"""The specs of a supervisor judged as a whole, before anything starts: ids, significance, limits that work. Pure."""

from collections.abc import Iterable, Sequence

from config.sentence import Sentence
from supervisor.backoff import Backoff, Park
from supervisor.errors import SpecError
from supervisor.intensity import Intensity
from supervisor.specs import ChildSpec, SupervisorFlags
from supervisor.states import AutoShutdown, Restart, Shutdown, Strategy

_ENOUGH_TO_COUNT = 10_000  # no window needs more; keeps the count of a zero backoff finite


def join(parent: str, child: str) -> str:
    """Return the path of a child of `parent` (the root's path is empty)."""
    return f"{parent}/{child}" if parent else child


def check_specs(flags: SupervisorFlags, specs: Sequence[ChildSpec], path: str = "") -> None:
    """Refuse a supervisor that cannot work as written, sub-supervisors included.

    Raises:
        SpecError: the first thing wrong, with the field and the path of the child.

    """
    seen: set[str] = set()
    for spec in specs:
        child = join(path, spec.id)
        if spec.id in seen:
            raise SpecError("id", child, Sentence.of("is given twice"))
        seen.add(spec.id)
        check_child(flags, spec, path)
        if spec.supervisor is not None:
            check_specs(spec.supervisor.flags, spec.supervisor.children, child)
    _check_reach(flags, specs, path)


def check_child(flags: SupervisorFlags, spec: ChildSpec, path: str) -> None:
    """Refuse a child that contradicts itself or its supervisor's flags."""
    child = join(path, spec.id)
    if spec.significant and spec.restart is Restart.PERMANENT:
        raise SpecError("significant", child, Sentence.of("contradicts restart permanent: it is always started again"))
    if spec.significant and flags.auto_shutdown is AutoShutdown.NEVER:
        raise SpecError("significant", child, Sentence.of("contradicts auto_shutdown never of its supervisor"))
    if spec.restart is not Restart.TEMPORARY:
        _check_shutdown(flags, spec, child)


def _check_shutdown(flags: SupervisorFlags, spec: ChildSpec, child: str) -> None:
    """Refuse a shutdown so long that too many restarts never fall into one period (erlang/otp issue 4648)."""
    if isinstance(spec.shutdown_seconds, Shutdown):
        return
    period = flags.intensity.period_seconds
    restarts = 1 if flags.strategy is Strategy.ONE_FOR_ONE else max(1, flags.intensity.max_restarts)
    if spec.shutdown_seconds * restarts >= period:
        raise SpecError(
            "shutdown_seconds",
            child,
            Sentence.of(
                "{shutdown} is so long that {restarts} restarts never happen within the period of {period} seconds",
                shutdown=spec.shutdown_seconds,
                restarts=flags.intensity.max_restarts + 1,
                period=period,
            ),
        )


def failures_within(backoff: Backoff, period_seconds: float, enough: int) -> int:
    """Return how often one child can fail within a period, at its fastest; counted up to `enough`.

    Fastest is to fail at once each time, or to run just long enough for the backoff to be reset.
    """
    after_reset = backoff.reset_seconds + backoff.shortest_delay(0)
    elapsed, failures = 0.0, 0
    while elapsed < period_seconds and failures < enough:
        elapsed += min(backoff.shortest_delay(failures), after_reset)
        failures += 1
    return failures


def _check_reach(flags: SupervisorFlags, specs: Iterable[ChildSpec], path: str) -> None:
    """Refuse an intensity that the children's backoff makes unreachable: the meltdown would be a dead letter."""
    restarted = [spec for spec in specs if spec.restart is not Restart.TEMPORARY]
    if isinstance(flags.on_meltdown, Park):
        for spec in restarted:
            check_reach(flags.intensity, [spec], path)
    elif restarted:
        check_reach(flags.intensity, restarted, path)


def check_reach(intensity: Intensity, specs: Sequence[ChildSpec], path: str) -> None:
    """Refuse if all of `specs` failing as fast as their backoff lets them never are too many."""
    too_many = intensity.max_restarts + 1
    enough = min(too_many, _ENOUGH_TO_COUNT)
    counts = [failures_within(spec.backoff, intensity.period_seconds, enough) for spec in specs]
    if sum(counts) >= enough:
        return
    slowest = specs[counts.index(min(counts))]
    raise SpecError(
        "backoff",
        join(path, slowest.id),
        Sentence.of(
            "is so slow that {failures} failures never happen within {period} seconds: the intensity is never reached",
            failures=too_many,
            period=intensity.period_seconds,
        ),
    )
