"""An upgrade on a large club, per engine: its time, and how long it keeps a program waiting that writes all the while.

.venv/bin/python benchmarks/upgrade_large.py [--engine sqlite|mariadb|postgresql] [--rows 1000000]
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from outbox_claim import ONE_TO_A_MILLION, fill, place_of
from sqlalchemy import text

from club import Database, DatabaseError, migrations
from club.migrations import runner

EVERY_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 5.0  # what a station waits for a lock before it calls the database away
INSERT = text("INSERT INTO email (recipient, subject, text_body) VALUES ('w@example.org', 'Votre cours', 'Bonjour')")


class Writer:
    """A program that writes a message every 50 ms, and how long each took; `failed`: those that were given up."""

    def __init__(self, address: str) -> None:
        self.waits: list[float] = []
        self.failed = 0
        self._database = Database(address)
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        while len(self.waits) < 10:
            self._told.wait(EVERY_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._told.wait(10 * EVERY_SECONDS)
        self._told.set()
        self._thread.join()
        self._database.dispose()

    def _write(self) -> None:
        while not self._told.wait(EVERY_SECONDS):
            began = time.perf_counter()
            try:
                self._database.write(lambda connection: connection.execute(INSERT))
            except DatabaseError:
                self.failed += 1
            self.waits.append(time.perf_counter() - began)


def upgraded(address: str, revisions: tuple[ModuleType, ...]) -> tuple[float, Writer]:
    """Upgrade while a writer writes; return the seconds that it took, and the writer."""
    database = Database(address)
    with Writer(address) as writer:
        writer.waits.clear()
        began = time.perf_counter()
        migrations.upgrade(database, revisions)
        seconds = time.perf_counter() - began
    database.dispose()
    return seconds, writer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ONE_TO_A_MILLION)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    engines = [options.engine] if options.engine else list(ONE_TO_A_MILLION)
    return max([measure(engine, options.rows) for engine in engines])


def measure(engine: str, rows: int) -> int:
    """Upgrade a club of that size on an engine, print what it took, and return 1 when the writer waited too long."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests/club/lab"))
    import worst_case  # noqa: PLC0415

    with place_of(engine) as make:
        place: tuple[str, Callable[[], Any]] = make("club")
        address, connect = place
        database = Database(address, busy_seconds=30)
        migrations.initialise(database, runner.REVISIONS[:1])
        database.dispose()
        fill(connect(), engine, rows * 9 // 10, rows // 20, rows // 20)
        print(f"{engine}, {rows:,} e-mails{'upgrade':>32}{'longest wait of a writer':>30}{'refused':>10}")
        worst = 0.0
        for label, revisions in (
            ("from revision 1 to the newest", runner.REVISIONS),
            ("and a column and an index of email", (*runner.REVISIONS, worst_case)),
        ):
            seconds, writer = upgraded(address, revisions)
            print(f"{label:<40}{seconds:14.2f} s{max(writer.waits):28.3f} s{writer.failed:10}")
            worst = max(worst, max(writer.waits) if not writer.failed else 99.0)
    return 0 if worst <= LONGEST_WAIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
