"""Messages settled per second on each engine, beside the floor of one UPDATE per transaction, in turns of one run.

PYTHONPATH=. .venv/bin/python benchmarks/outbox_settled.py [--engine sqlite|mariadb|postgresql …] [--rounds 9]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from outbox_claim import RATIO_TO_FLOOR, fill, place_of, settled_per_second, updates_per_second

from club import EMAIL, Database, Journal, Lease, Outbox, migrations

ENGINES = ("sqlite", "mariadb", "postgresql")
PAGE = 300
"""Messages of one turn: short, so that what else the machine does weighs on both sides alike."""


def measure(engine: str, rounds: int, folder: Path) -> bool:
    """Print both rates of an engine, and return whether the ratio reaches the aim."""
    with place_of(engine) as make:
        address, connect = make("settled")
        database = Database(address, busy_seconds=30)
        migrations.initialise(database)
        fill(connect(), engine, done=10_000, due=(rounds + 1) * (PAGE + 200), later=2_000)
        lease = Lease(database, "email", "BENCH", "process")
        lease.acquire()
        journal = Journal(folder / engine, sync=False)  # as a station has it
        outbox = Outbox(database, EMAIL, lease, journal=journal)
        outbox.recover()
        settled_per_second(outbox, 100)
        updates_per_second(database, 100)
        turns = []
        for _ in range(rounds):
            floor = updates_per_second(database, PAGE)
            ours = settled_per_second(outbox, PAGE)
            turns.append((ours, (floor + updates_per_second(database, PAGE)) / 2))
        journal.close()
        database.dispose()
    ratios = sorted(ours / floor for ours, floor in turns)
    ratio = statistics.median(ratios)
    print(
        f"{engine:<11} settled {statistics.median(ours for ours, _ in turns):6.0f} /s   "
        f"one UPDATE per transaction {statistics.median(floor for _, floor in turns):6.0f} /s   "
        f"ratio {ratio:.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}), aim {RATIO_TO_FLOOR}"
    )
    return ratio >= RATIO_TO_FLOOR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, nargs="*", default=ENGINES)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        reached = [measure(engine, options.rounds, Path(name)) for engine in options.engine]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
