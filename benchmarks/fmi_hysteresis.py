"""Lets the number of people walk at random around its limit: alerts with the bands of F.M.I., and without.

    .venv/bin/python benchmarks/fmi_hysteresis.py [--walks 500]

A walk is 5,000 passages of somebody who comes or goes, whichever; the limit is what half of its numbers reach. An alert
is a message of any of the three levels; without bands it is each time that the limit is reached again. Ends with 1 when
the first walk rings more than three times.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/fmi"))

from fmi_walk import told_on_a_walk, walk

from actors.fmi.levels import LevelSettings

PASSAGES = 5000
MOST = 3


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--walks", type=int, default=500)
    walks = parser.parse_args().walks
    first, settings = 0, LevelSettings()
    with_bands: list[int] = []
    without: list[int] = []
    seconds = 0.0
    for seed in range(1, walks + 1):
        numbers = walk(Random(seed), PASSAGES)
        limit = sorted(numbers)[len(numbers) // 2]
        without.append(sum(before < limit <= after for before, after in pairwise(numbers)))
        began = perf_counter()
        with_bands.append(told_on_a_walk(numbers, limit, settings))
        seconds += perf_counter() - began
        first = first or with_bands[0]
    few = sum(alerts <= MOST for alerts in with_bands)
    print(f"the first walk: {first} alerts, {without[0]} without bands")
    print(
        f"{walks} walks: {sum(with_bands) / walks:.1f} alerts on average, {max(with_bands)} at most, "
        f"{few / walks:.0%} of the walks ring {MOST} times or less; without bands {sum(without) / walks:.0f} on average"
    )
    print(f"{seconds / walks / PASSAGES * 1e6:.1f} µs for a passage")
    return 0 if first <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
