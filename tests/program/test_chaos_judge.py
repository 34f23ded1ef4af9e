"""The judge of the chaos finds each wrong that it looks for."""

import pytest
from chaos.counterpart import Acceptance
from chaos.judge import FinalRow, Verdict, judge


def row(number: int, state: str = "sent", token: int = 10, error: str | None = None) -> FinalRow:
    return FinalRow(number, state, token, error)


def took(*what: tuple[str, int]) -> list[Acceptance]:
    return [Acceptance(float(at), station, number) for at, (station, number) in enumerate(what)]


def complaints(verdict: Verdict) -> set[str]:
    found = ("doubled", "lost", "returned", "backwards", "shared")
    return {name for name in found if getattr(verdict, name)}


def test_a_clean_run_is_clean() -> None:
    verdict = judge(
        4,
        took(("A", 1), ("A", 2), ("B", 3)),
        [row(1), row(2, "uncertain", error="no answer"), row(3, token=11), row(4, "failed", error="450")],
    )
    assert verdict.is_clean
    assert (verdict.uncertain, verdict.uncertain_arrived, verdict.accepted) == (1, 1, 3)


@pytest.mark.parametrize(
    ("accepted", "rows", "wrong"),
    [
        pytest.param([("A", 1), ("B", 1)], [row(1)], "doubled", id="accepted twice"),
        pytest.param([], [], "lost", id="a message without a row"),
        pytest.param([], [row(1)], "lost", id="sent, and never accepted"),
        pytest.param([], [row(1, "pending")], "lost", id="without an end"),
        pytest.param([], [row(1, "sending")], "lost", id="left in the middle"),
        pytest.param([], [row(1, "failed")], "lost", id="failed without a reason"),
        pytest.param([("A", 1)], [row(1, "failed", error="no")], "returned", id="failed, and accepted all the same"),
        pytest.param(
            [("A", 1), ("B", 2), ("A", 3)],
            [row(1), row(2, token=11), row(3, token=10)],
            "backwards",
            id="the old holder goes on after the new one has begun",
        ),
        pytest.param([("A", 1), ("B", 2)], [row(1), row(2)], "shared", id="two stations under one token"),
    ],
)
def test_a_wrong_is_found(accepted: list[tuple[str, int]], rows: list[FinalRow], wrong: str) -> None:
    verdict = judge(max(1, len(rows)), took(*accepted), rows)
    assert complaints(verdict) == {wrong}
    assert not verdict.is_clean
