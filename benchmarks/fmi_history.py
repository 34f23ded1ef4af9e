"""Fills the club database with a year of minutes of 8 zones: how large it is, and how long a day takes to read.

    .venv/bin/python benchmarks/fmi_history.py [--days 365] [--zones 8] [--reads 100]

Each day is 15 hours open, with the passages of a club that has about 5,000; the nights are quiet. The rows are those
that the stations' own writing makes: one day is written by it, minute by minute, and compared. Beside it the same year
with one row a minute. On SQLite; ends with 1 when a day takes longer than 100 ms.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import event, insert

from actors.fmi.days import Days
from actors.fmi.reckoning import SettingsReckoner
from actors.fmi.zones import SensorRule, ZoneRule
from club import Attendance, AttendanceDesk, Database, Reading, SensorChange, SensorKey, migrations
from club.attendance_tables import attendance_minute

MINUTE = timedelta(minutes=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST_MS = 100.0


def passages(dice: Random, share: float) -> list[tuple[int, int]]:
    """Return who comes and goes in each minute of a day: most at seven in the evening, nobody at night."""
    day, inside = [], 0
    for minute in range(1440):
        hour = minute / 60
        busy = share * max(0.0, 1 - abs(hour - 19) / 4) + share / 3 * max(0.0, 1 - abs(hour - 12) / 2)
        is_open = 7 <= hour < 22
        came = sum(dice.random() < busy for _ in range(6)) if is_open and hour < 21 else 0
        left = min(inside + came, sum(dice.random() < busy for _ in range(6)) if is_open and hour < 21 else 9)
        inside += came - left
        day.append((came, left))
    return day


def rows(zone: str, begins_at: datetime, day: list[tuple[int, int]], *, sparse: bool) -> Iterator[dict[str, Any]]:
    """Give the rows of a day, as the history has them."""
    last: dict[str, Any] | None = None
    present = 0
    for number, (came, left) in enumerate(day):
        present += came - left
        row = {
            "zone": zone,
            "minute_at": begins_at + number * MINUTE,
            "minutes": 1,
            "present": present,
            "known": 1,
            "estimated": 0,
            "entries": came,
            "exits": left,
            "uncertainty": 12 if present else 0,
            "present_limit": 250,
        }
        is_quiet = last is not None and not (last["entries"] or last["exits"] or came or left)
        if sparse and is_quiet and last is not None and last["uncertainty"] == row["uncertainty"]:
            last["minutes"] += 1
            continue
        if last is not None:
            yield last
        last = row
    if last is not None:
        yield last


def fill(file: Path, zones: int, days: int, *, sparse: bool) -> tuple[int, int]:
    """Fill a database with history, and return its rows and passages."""
    database = Database(f"sqlite:///{file}")
    migrations.initialise(database)
    dice, written, people = Random(1), 0, 0
    for number in range(days):
        batch: list[dict[str, Any]] = []
        for zone in range(zones):
            day = passages(dice, 0.6 / (zone + 1))
            people += sum(came + left for came, left in day)
            batch += rows(f"zone{zone}", FIRST + timedelta(days=number), day, sparse=sparse)
        written += len(batch)
        with database.engine.begin() as connection:
            connection.execute(insert(attendance_minute), batch)
    database.dispose()  # the last connection writes what is beside the file into it
    return written, people


def written_day(folder: Path) -> int:
    """Return how many rows a day makes when a station writes it, minute by minute."""
    database, now = Database(f"sqlite:///{folder / 'day.db'}"), [FIRST]

    def give(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")
        connection.create_function("julianday", 1, lambda _: 2440587.5 + (now[0].timestamp() * 1000 + 0.5) / 86_400_000)

    event.listen(database.engine, "connect", give)
    migrations.initialise(database)
    reckoner = SettingsReckoner((ZoneRule("zone0", limit=250),), (SensorRule(SensorKey("A", "a"), "zone0"),), Days(UTC))
    attendance, entries, exits = Attendance(database, "A"), 0, 0
    for came, left in passages(Random(1), 0.6):
        entries, exits = entries + came, exits + left
        readings = [Reading(now[0], entries, exits)] if came or left else []
        attendance.write([SensorChange("a", "zone0", known=True, readings=readings, since_at=FIRST)], now[0], reckoner)
        now[0] += MINUTE
    count = database.read(
        lambda connection: connection.exec_driver_sql("SELECT count(*) FROM attendance_minute").scalar()
    )
    database.dispose()
    return int(count or 0)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--zones", type=int, default=8)
    parser.add_argument("--reads", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_station, told = written_day(folder), len(list(rows("z", FIRST, passages(Random(1), 0.6), sparse=True)))
        print(f"one day of one zone, written by a station: {by_station} rows; as filled in here: {told}")
        print(f"{arguments.zones} zones, {arguments.days} days:")
        slowest = 0.0
        for sparse in (True, False):
            file = folder / f"{sparse}.db"
            written, people = fill(file, arguments.zones, arguments.days, sparse=sparse)
            size = file.stat().st_size / 1e6
            database = Database(f"sqlite:///{file}")
            desk, dice, took = AttendanceDesk(database), Random(2), []
            for _ in range(arguments.reads):
                begin = FIRST + timedelta(days=dice.randrange(arguments.days))
                began = perf_counter()
                day = desk.history(f"zone{dice.randrange(arguments.zones)}", begin, begin + timedelta(days=1))
                took.append((perf_counter() - began) * 1000)
                assert len(day) == 1440
            way = "quiet minutes together" if sparse else "a row for each minute"
            print(f"{way}: {written} rows of {people} passages, {size:.0f} MB;", end=" ")
            print(f"a day of one zone is read in {median(took):.1f} ms, {max(took):.1f} at most")
            slowest = max(slowest, median(took)) if sparse else slowest
            database.dispose()
    return 0 if slowest <= LONGEST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
