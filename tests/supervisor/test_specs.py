"""Specs that cannot work are refused before anything starts, naming field and child."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from supervisor import (
    BRUTAL,
    INFINITY,
    AutoShutdown,
    Backoff,
    ChildSpec,
    Directive,
    Escalate,
    Intensity,
    Mailbox,
    Park,
    Restart,
    SpecError,
    Stash,
    Strategy,
    SupervisorFlags,
    Tree,
    supervisor_spec,
)
from supervisor.testing import Puppet


def child(id: Any = "a", **fields: Any) -> ChildSpec:  # noqa: A002
    return ChildSpec(**{"id": id, "start": Puppet, **fields})


wrong: Any = {"limit": 1.5, "word": "park"}  # what a type checker would have refused

FIELDS = [
    (lambda: child(""), "id", "ChildSpec"),
    (lambda: child("a/b"), "id", "a/b"),
    (lambda: child(7), "id", "7"),
    (lambda: child(start="Puppet"), "start", "a"),
    (lambda: child(restart="permanent"), "restart", "a"),
    (lambda: child(significant="yes"), "significant", "a"),
    (lambda: child(shutdown_seconds=-1), "shutdown_seconds", "a"),
    (lambda: child(shutdown_seconds="brutal"), "shutdown_seconds", "a"),
    (lambda: child(shutdown_seconds=True), "shutdown_seconds", "a"),
    (lambda: child(interrupt_seconds=float("inf")), "interrupt_seconds", "a"),
    (lambda: child(start_timeout_seconds=0), "start_timeout_seconds", "a"),
    (lambda: child(hang_timeout_seconds=float("nan")), "hang_timeout_seconds", "a"),
    (lambda: child(backoff=5), "backoff", "a"),
    (lambda: child(directives={ValueError: "stop"}), "directives", "a"),
    (lambda: child(directives={"ValueError": Directive.STOP}), "directives", "a"),
    (lambda: child(mailbox=100), "mailbox", "a"),
    (lambda: Mailbox(limit=0), "limit", "Mailbox"),
    (lambda: Mailbox(limit=wrong["limit"]), "limit", "Mailbox"),
    (lambda: Mailbox(while_down=wrong["word"]), "while_down", "Mailbox"),
    (lambda: Mailbox(2, Stash(3)), "while_down", "Mailbox"),
    (lambda: Stash(0), "limit", "Stash"),
    (lambda: Backoff(5, 1), "min_seconds", "Backoff"),
    (lambda: Backoff(-1, 1), "min_seconds", "Backoff"),
    (lambda: Backoff(factor=0.5), "factor", "Backoff"),
    (lambda: Backoff(jitter=1.1), "jitter", "Backoff"),
    (lambda: Backoff(reset_after_seconds=-1), "reset_after_seconds", "Backoff"),
    (lambda: Intensity(-1, 5), "max_restarts", "Intensity"),
    (lambda: Intensity(wrong["limit"], 5), "max_restarts", "Intensity"),
    (lambda: Intensity(1, 0), "period_seconds", "Intensity"),
    (lambda: Park(0), "cool_down_seconds", "Park"),
    (lambda: SupervisorFlags(strategy=wrong["word"]), "strategy", "SupervisorFlags"),
    (lambda: SupervisorFlags(on_meltdown=wrong["word"]), "on_meltdown", "SupervisorFlags"),
    (lambda: SupervisorFlags(max_concurrent_starts=0), "max_concurrent_starts", "SupervisorFlags"),
    (lambda: supervisor_spec("s", SupervisorFlags(), (), drain=True), "drain", "s"),
    (lambda: supervisor_spec("s", SupervisorFlags(), (), start=Puppet), "start", "s"),
]


@pytest.mark.parametrize(("make", "field", "owner"), FIELDS)
def test_a_field_that_makes_no_sense_is_refused(make: Callable[[], Any], field: str, owner: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert (caught.value.field, caught.value.child) == (field, owner)
    assert field in str(caught.value)


def _significant(**fields: Any) -> ChildSpec:
    return child(significant=True, restart=Restart.TRANSIENT, **fields)


QUICK = Backoff(0, 0)
ALL = Strategy.ONE_FOR_ALL

WHOLES = [
    # duplicate ids, at any depth
    (SupervisorFlags(), [child(), child()], "id", "a"),
    (SupervisorFlags(), [supervisor_spec("s", SupervisorFlags(), [child(), child()])], "id", "s/a"),
    # contradictory significance
    (SupervisorFlags(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT), [child(significant=True)], "significant", "a"),
    (SupervisorFlags(), [_significant()], "significant", "a"),
    # a backoff that makes the intensity unreachable
    (SupervisorFlags(intensity=Intensity(5, 10)), [child(backoff=Backoff(3, 3))], "backoff", "a"),
    (
        SupervisorFlags(intensity=Intensity(3, 60), on_meltdown=Park(9)),
        [child(backoff=Backoff(30, 30))],
        "backoff",
        "a",
    ),
    # a shutdown that does (erlang/otp issue 4648)
    (SupervisorFlags(intensity=Intensity(5, 60)), [child(shutdown_seconds=60)], "shutdown_seconds", "a"),
    (SupervisorFlags(ALL, Intensity(5, 60)), [child(shutdown_seconds=12, backoff=QUICK)], "shutdown_seconds", "a"),
]


@pytest.mark.parametrize(("flags", "specs", "field", "path"), WHOLES)
def test_a_supervisor_that_cannot_work_as_written_is_refused(
    flags: SupervisorFlags, specs: list[ChildSpec], field: str, path: str
) -> None:
    with pytest.raises(SpecError) as caught:
        Tree(flags, specs)
    assert (caught.value.field, caught.value.child) == (field, path)


GOOD = [
    (SupervisorFlags(), []),
    (SupervisorFlags(), [child()]),  # the defaults go together
    (SupervisorFlags(on_meltdown=Park()), [child()]),
    (SupervisorFlags(ALL), [child("a"), child("b")]),
    # one child alone is too slow, the siblings together are not: the window is theirs
    (SupervisorFlags(intensity=Intensity(3, 60)), [child(name, backoff=Backoff(30, 30)) for name in "ab"]),
    # a temporary child is never restarted: nothing to reach
    (SupervisorFlags(intensity=Intensity(5, 1)), [child(restart=Restart.TEMPORARY)]),
    (SupervisorFlags(), [child(shutdown_seconds=INFINITY), child("b", shutdown_seconds=BRUTAL)]),
]


@pytest.mark.parametrize(("flags", "specs"), GOOD)
def test_a_supervisor_that_can_work_is_taken(flags: SupervisorFlags, specs: list[ChildSpec]) -> None:
    Tree(flags, specs)


def test_specs_are_frozen_and_comparable() -> None:
    spec = child(kwargs={"x": 1})
    assert spec == child(kwargs={"x": 1})
    assert hash(spec) == hash(child(kwargs={"x": 1}))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        spec.id = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        spec.kwargs["y"] = 2  # type: ignore[index]


def test_the_spec_of_a_supervisor_waits_for_its_children_and_is_never_called() -> None:
    spec = supervisor_spec("s", SupervisorFlags(on_meltdown=Escalate()), [child()])
    assert spec.shutdown_seconds is INFINITY
    assert spec.supervisor is not None
    with pytest.raises(NotImplementedError):
        spec.start()
