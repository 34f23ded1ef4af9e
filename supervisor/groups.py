"""Which children move together, and in which order. Pure."""

from collections.abc import Sequence

from supervisor.states import Strategy


def restarted_with(strategy: Strategy, ids: Sequence[str], failed: str) -> tuple[str, ...]:
    """Return the ids that restart when `failed` does, in starting order; `ids` are all children in that order."""
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return (failed,)
        case Strategy.ONE_FOR_ALL:
            return tuple(ids)
        case Strategy.REST_FOR_ONE:
            return tuple(ids[ids.index(failed) :])


def next_to_stop(strategy: Strategy, alive: Sequence[str]) -> tuple[str, ...]:
    """Return which of the children still alive are to be stopping now, the last started first.

    Children of a one-for-one supervisor do not lean on each other and stop together, so that the slowest one bounds
    the time. The others stop one after the other, because an earlier one may be needed while a later one stops.
    """
    if strategy is Strategy.ONE_FOR_ONE:
        return tuple(reversed(alive))
    return tuple(alive[-1:])
