"""Measures a station with nothing to do: exec to the first answer, memory, processor.

PYTHONPATH=. .venv/bin/python benchmarks/station_idle.py [--seconds 60]
"""

import argparse
import tempfile
import time
from pathlib import Path
from threading import Event

import psutil

from service.channel.client import NoAnswer, NotRunning, ask, find
from service.paths import HOME_VARIABLE, folders
from tests.program.sample_club import Club

START_ROUNDS = 5


def first_answer(club: Club) -> "tuple[float, int]":
    """Start a station and return the seconds until it answered, and its process."""
    home = folders({HOME_VARIABLE: str(club.home)})
    begun = time.perf_counter()
    process = club.run()
    while True:
        try:
            ask(find("ACCUEIL", home), {"command": "status"}, home)
        except (NotRunning, NoAnswer):
            Event().wait(0.002)
        else:
            return time.perf_counter() - begun, process.pid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        club = Club(Path(name))
        try:
            club.start_smtp()
            club.write_settings(email="", smtp="")
            club.settings.write_text(club.settings.read_text("utf-8").replace('every = "1s"', 'every = "60s"'), "utf-8")
            club.make_database()
            starts, pid = [], 0
            for round_ in range(START_ROUNDS):
                seconds, pid = first_answer(club)
                starts.append(seconds)
                if round_ < START_ROUNDS - 1:
                    club.command("stop")
            station = psutil.Process(pid)
            Event().wait(5)
            before = station.cpu_times()
            Event().wait(options.seconds)
            after = station.cpu_times()
            used = after.user + after.system - before.user - before.system
            memory = station.memory_full_info()
            print(
                f"exec -> first answer, best / median of {START_ROUNDS}: "
                f"{min(starts):.2f} / {sorted(starts)[START_ROUNDS // 2]:.2f} s   (aim < 1 s)"
            )
            print(
                f"memory: {memory.rss / 2**20:.1f} MiB resident, {memory.uss / 2**20:.1f} MiB its own   (aim <= 60 MiB)"
            )
            print(f"processor: {100 * used / options.seconds:.3f} % over {options.seconds:.0f} s   (aim < 0.1 %)")
            print(f"threads: {station.num_threads()}")
        finally:
            club.close()


if __name__ == "__main__":
    main()
