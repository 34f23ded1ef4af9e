"""A short chaos on a real club of three stations; benchmarks/club_chaos.py is the long one (docs/chaos.md)."""

import os
from pathlib import Path

import pytest
from chaos.fence import ROOT, UNFENCED, unfenced_copy
from chaos.run import Options, as_json, run
from chaos.weather import Forecast, Kind
from database_servers import Missing

MESSAGES = 200


@pytest.mark.parametrize("engine", ["sqlite", "mariadb"])
def test_a_club_under_chaos_doubles_nothing_loses_nothing_and_has_one_holder(engine: str, tmp_path: Path) -> None:
    told: list[str] = []
    options = Options(
        engine=engine,
        root=ROOT,
        messages=MESSAGES,
        seconds=18,
        seed=3,
        longest_fault_seconds=6,
        settle_seconds=150,
    )
    try:
        result = run(options, tmp_path, told.append)
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    assert result.is_clean, (told, as_json(result))
    assert sum(result.verdict.states.values()) == MESSAGES
    assert result.verdict.accepted > MESSAGES * 0.9
    assert result.outages, "there was no weather"


def test_the_same_seed_brings_the_same_weather() -> None:
    first, again, other = (Forecast(seed, stations=3, is_server=True).tracks() for seed in (7, 7, 8))
    for name in first:
        faults = [next(first[name]) for _ in range(50)]
        assert faults == [next(again[name]) for _ in range(50)]
        assert faults != [next(other[name]) for _ in range(50)]


def test_every_fault_comes_within_a_round_and_a_short_run_has_none_that_outlasts_a_lease() -> None:
    kinds = set()
    for is_server in (True, False):
        for track in Forecast(1, stations=3, is_server=is_server).tracks().values():
            kinds |= {next(track).kind for _ in range(14)}
        for track in Forecast(1, stations=3, is_server=is_server, longest_seconds=10).tracks().values():
            assert max(next(track).seconds for _ in range(50)) <= 10
    assert kinds == set(Kind)


def test_the_fence_can_be_taken_out_of_a_copy_and_stays_in_the_program(tmp_path: Path) -> None:
    copy = unfenced_copy(tmp_path / "copy")
    for cut in UNFENCED:
        assert cut.old not in (copy / cut.file).read_text("utf-8")
        assert cut.old in (ROOT / cut.file).read_text("utf-8")
