"""A real server is stopped under a station for minutes, and messages written on its return: all delivered once.

PYTHONPATH=. .venv/bin/python benchmarks/database_away.py [--engine mariadb|postgresql …] [--minutes 10]
"""

import argparse
import sys
import tempfile
from pathlib import Path
from threading import Event
from time import monotonic

import psutil

from tests.program.server_club import KINDS, ServerClub, running

MESSAGES = 500
MEMORY_MIB = 2.0
LOG_LINES = 20


def measure(engine: str, minutes: float) -> bool:
    """Print what one outage did, and return whether all is as it should be."""
    with tempfile.TemporaryDirectory() as folder, running(KINDS[engine]) as server:
        club = ServerClub(Path(folder), server)
        try:
            club.start_smtp()
            club.write_settings()
            club.make_database()
            station = psutil.Process(club.start().pid)
            club.write_emails(*(f"before{number}@example.org" for number in range(MESSAGES)))
            club.wait_until(lambda: club.states() == {"sent": MESSAGES}, 120)
            log = club.home / "logs" / "accueil.log"
            lines, memory, used = len(log.read_text("utf-8").splitlines()), _mib(station), _seconds(station)
            server.kill()
            away = Event().wait
            club.wait_until(lambda: club.operation("email")["state"] == "waiting", 60)
            reason = club.operation("email")["reason"]
            away(minutes * 60)
            answered = monotonic()
            club.status()
            answered = monotonic() - answered
            grown, spent = _mib(station) - memory, _seconds(station) - used
            server.start()
            back = monotonic()
            club.write_emails(*(f"after{number}@example.org" for number in range(MESSAGES)))
            club.wait_until(lambda: club.states() == {"sent": 2 * MESSAGES}, 180)
            delivered = monotonic() - back
            club.wait_until(lambda: club.operation("email")["state"] == "active")
            told = len(log.read_text("utf-8").splitlines()) - lines
            copies = club.copies()
        finally:
            club.close()
    doubled, lost = sum(count > 1 for count in copies.values()), 2 * MESSAGES - len(copies)
    print(f"{engine}, away {minutes:g} min: {reason}")
    print(f"  delivered {len(copies)}, doubled {doubled}, lost {lost}, the last {delivered:.1f} s after the return")
    print(
        f"  memory {memory:.1f} MiB, grown by {grown:+.1f} while away; processor {100 * spent / (minutes * 60):.2f} %; "
        f"`status` in {answered:.2f} s; {told} log lines from begin to end"
    )
    return doubled == 0 and lost == 0 and grown < MEMORY_MIB and told <= LOG_LINES


def _mib(process: psutil.Process) -> float:
    return float(process.memory_full_info().uss / 2**20)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=tuple(KINDS), nargs="*", default=tuple(KINDS))
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    reached = [measure(engine, options.minutes) for engine in options.engine]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
