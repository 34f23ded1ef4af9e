"""The outbox on SQLite: a claim of 100 at 10,000 and 1,000,000 rows, and messages settled beside single updates.

.venv/bin/python benchmarks/outbox_claim.py [--rows 1000000] [--messages 2000]
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import bindparam, update

from club import EMAIL, Database, Journal, Lease, Outbox, Sent, migrations

ROUNDS = 40
RATIO_OF_CLAIM = 1.5
RATIO_TO_FLOOR = 0.5


def fill(file: Path, done: int, due: int, later: int) -> None:
    """Fill a club: most of it history, some due, some for tomorrow."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous=OFF")
    insert = "INSERT INTO email (recipient, subject, text_body, state, priority, due_ms) VALUES (?, ?, ?, ?, ?, ?)"
    body = "Bonjour, votre cours de demain est maintenu. " * 4
    tomorrow = int(time.time_ns() / 1e6) + 86_400_000
    for count, state, due_ms in ((done, "sent", 0), (later, "pending", tomorrow), (due, "pending", 0)):
        rows = ((f"member{n}@example.org", "Votre cours", body, state, 1 + n % 2, due_ms) for n in range(count))
        connection.executemany(insert, rows)
        connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def open_outbox(folder: Path, name: str, rows: int, journal: Journal | None = None) -> tuple[Database, Outbox]:
    database = Database(f"sqlite:///{folder / name}.db")
    migrations.initialise(database)
    fill(folder / f"{name}.db", rows * 6 // 10, rows * 2 // 10, rows * 2 // 10)
    lease = Lease(database, "email", "BENCH", "process")
    lease.acquire()
    outbox = Outbox(database, EMAIL, lease, journal=journal)
    outbox.recover()
    return database, outbox


def claim_ms(outbox: Outbox) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        messages = outbox.claim(100)
        times.append((time.perf_counter() - began) * 1000)
        assert len(messages) == 100
        outbox.give_back(messages)
    return statistics.median(times)


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


def best_of(measure: Callable[[], float]) -> float:
    return max(measure() for _ in range(3))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--messages", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_database, small = open_outbox(folder, "small", 10_000)
        large_database, large = open_outbox(folder, "large", options.rows)
        small_ms, large_ms = claim_ms(small), claim_ms(large)
        ratio = large_ms / small_ms
        print(f"claim of 100 at {10_000:>9,} rows   {small_ms:8.2f} ms")
        print(f"claim of 100 at {options.rows:>9,} rows   {large_ms:8.2f} ms   ratio {ratio:.2f}, aim {RATIO_OF_CLAIM}")
        floor = best_of(lambda: updates_per_second(large_database, options.messages))
        plain = best_of(lambda: settled_per_second(large, options.messages))
        print(f"one UPDATE per transaction        {floor:8.0f} /s")
        print(f"messages settled                  {plain:8.0f} /s   ratio {plain / floor:.2f}, aim {RATIO_TO_FLOOR}")
        for label, sync in (("with a journal, not synced", False), ("with a journal, synced", True)):
            journal = Journal(folder / f"answers-{sync}", sync=sync)
            lease = Lease(large_database, "email", "BENCH", "process")
            lease.acquire()
            journalled = Outbox(large_database, EMAIL, lease, journal=journal)
            journalled.recover()
            rate = best_of(lambda outbox=journalled: settled_per_second(outbox, options.messages))  # type: ignore[misc]
            print(f"{label:<33} {rate:8.0f} /s   ratio {rate / floor:.2f}")
            journal.close()
        small_database.dispose()
        large_database.dispose()
    return 0 if ratio <= RATIO_OF_CLAIM and plain / floor >= RATIO_TO_FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
