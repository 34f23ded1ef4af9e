"""The outbox on an engine: a claim of 100 at 10,000 and 1,000,000 rows, and messages settled beside single updates.

.venv/bin/python benchmarks/outbox_claim.py [--engine sqlite|mariadb|postgresql] [--rows 1000000] [--messages 1000]
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, update

from club import EMAIL, Database, Journal, Lease, Outbox, Sent, migrations

ROUNDS = 40
RATIO_OF_CLAIM = 1.5
RATIO_TO_FLOOR = 0.5


@contextmanager
def place_of(engine: str) -> Iterator[Callable[[str], tuple[str, Callable[[], Any]]]]:
    """Give what makes an empty database: its address, and what opens a plain connection to it."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield lambda name: (
                f"sqlite:///{Path(folder) / name}.db",
                lambda: sqlite3.connect(Path(folder) / f"{name}.db", isolation_level=None),
            )
        return
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests/club/lab"))
    from database_servers import MariaDB, PostgreSQL, running  # noqa: PLC0415

    with running(MariaDB if engine == "mariadb" else PostgreSQL) as server:

        def make(name: str) -> tuple[str, Callable[[], Any]]:
            server.administer(f"CREATE DATABASE {name}")
            return server.url(name), lambda: server.connect(name)

        yield make


ONE_TO_A_MILLION = {
    "sqlite": "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) {insert} FROM n",
    "mariadb": "{insert} FROM (SELECT seq AS n FROM seq_1_to_{count}) AS n",
    "postgresql": "{insert} FROM generate_series(1, {count}) AS n",
}


def fill(connection: Any, engine: str, done: int, due: int, later: int) -> None:
    """Fill a club: most of it history, some due, some for tomorrow; the engine itself makes the rows."""
    body = "Bonjour, votre cours de demain est maintenu. " * 4
    member = {"mariadb": "CONCAT('member', n, '@example.org')"}.get(engine, "'member' || n || '@example.org'")
    tomorrow = time.time_ns() // 1_000_000 + 86_400_000
    for count, state, due_ms in ((done, "sent", 0), (later, "pending", tomorrow), (due, "pending", 0)):
        insert = (
            "INSERT INTO email (recipient, subject, text_body, state, priority, due_ms) "
            f"SELECT {member}, 'Votre cours', '{body}', '{state}', 1 + n % 2, {due_ms}"
        )
        connection.execute(ONE_TO_A_MILLION[engine].format(count=count, insert=insert))
    for statement in {"postgresql": ["VACUUM ANALYZE email"], "mariadb": ["ANALYZE TABLE email"]}.get(engine, []):
        connection.execute(statement)
    connection.close()


def open_outbox(
    place: tuple[str, Callable[[], Any]], rows: int, journal: Journal | None = None
) -> tuple[Database, Outbox]:
    address, connect = place
    database = Database(address, busy_seconds=30)
    migrations.initialise(database)
    fill(connect(), database.engine.dialect.name, rows * 6 // 10, rows * 2 // 10, rows * 2 // 10)
    lease = Lease(database, "email", "BENCH", "process")
    lease.acquire()
    outbox = Outbox(database, EMAIL, lease, journal=journal)
    outbox.recover()
    return database, outbox


def claim_ms(*outboxes: Outbox) -> list[float]:
    """Return the median of each, measured in turns, so that what else the machine does weighs on all alike."""
    times: list[list[float]] = [[] for _ in outboxes]
    for _ in range(ROUNDS):
        for outbox, its_times in zip(outboxes, times, strict=True):
            began = time.perf_counter()
            messages = outbox.claim(100)
            its_times.append((time.perf_counter() - began) * 1000)
            assert len(messages) == 100
            outbox.give_back(messages)
    return [statistics.median(its_times) for its_times in times]


def settled_per_second(outbox: Outbox, count: int) -> float:
    """Claim, mark and settle, one durable commit per message."""
    began = time.perf_counter()
    settled = 0
    while settled < count:
        previous = None
        for message in outbox.claim(100):
            begun = outbox.begin(message) if previous is None else outbox.settle_and_begin(previous, Sent("r"), message)
            assert begun
            previous = message
            settled += 1
        assert previous is not None
        outbox.settle(previous, Sent("r"))
    return settled / (time.perf_counter() - began)


def updates_per_second(database: Database, count: int) -> float:
    """The floor: one UPDATE by key per durable transaction, nothing else."""
    c = EMAIL.messages.c
    statement = update(EMAIL.messages).where(c.id == bindparam("k")).values(error=bindparam("e"))
    began = time.perf_counter()
    for number in range(count):  # a new value each time: SQLite writes nothing where nothing changes
        values = {"k": number + 1, "e": str(time.perf_counter_ns())}
        database.write(lambda connection, values=values: connection.execute(statement, values))  # type: ignore[misc]
    return count / (time.perf_counter() - began)


def rates_in_turns(database: Database, journals: dict[str, Journal | None], count: int) -> dict[str, float]:
    """Return the best rate of each way, measured in turns, and under "" the floor."""
    rates: dict[str, float] = {}
    for _ in range(5):
        rates[""] = max(rates.get("", 0), updates_per_second(database, count))
        for label, journal in journals.items():
            lease = Lease(database, "email", "BENCH", "process")
            lease.acquire()
            outbox = Outbox(database, EMAIL, lease, journal=journal)
            outbox.recover()
            rates[label] = max(rates.get(label, 0), settled_per_second(outbox, count))
    return rates


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ONE_TO_A_MILLION, default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--messages", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, place_of(options.engine) as make:
        folder = Path(name)
        small_database, small = open_outbox(make("small"), 10_000)
        large_database, large = open_outbox(make("large"), options.rows)
        small_ms, large_ms = claim_ms(small, large)
        ratio = large_ms / small_ms
        print(f"{options.engine}")
        print(f"claim of 100 at {10_000:>9,} rows   {small_ms:8.2f} ms")
        print(f"claim of 100 at {options.rows:>9,} rows   {large_ms:8.2f} ms   ratio {ratio:.2f}, aim {RATIO_OF_CLAIM}")
        journals = {
            "messages settled": None,
            "with a journal, not synced": Journal(folder / "loose", sync=False),
            "with a journal, synced": Journal(folder / "synced"),
        }
        rates = rates_in_turns(large_database, journals, options.messages)
        floor = rates.pop("")
        print(f"{'one UPDATE per transaction':<33} {floor:8.0f} /s")
        for label, rate in rates.items():
            print(f"{label:<33} {rate:8.0f} /s   ratio {rate / floor:.2f}, aim {RATIO_TO_FLOOR}")
        plain = rates["messages settled"]
        for journal in journals.values():
            if journal is not None:
                journal.close()
        small_database.dispose()
        large_database.dispose()
    return 0 if ratio <= RATIO_OF_CLAIM and plain / floor >= RATIO_TO_FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
