"""Has 50 children crash at every start, and measures the processor and the log. Usage: storm.py [SECONDS]"""

import logging
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from supervisor import Backoff, ChildSpec, FileJournal, Intensity, Park, SupervisedActor, SupervisorFlags, Tree

CHILDREN = 50
MEASURED = 10.0


class Crashing(SupervisedActor):
    """Crashes as soon as it runs."""

    def on_start(self) -> None:
        self.actor_ref.tell("crash")

    def on_receive(self, _message: object) -> None:
        raise ValueError("storm")


def _processor_percent(seconds: float) -> float:
    before, began = os.times(), time.perf_counter()
    threading.Event().wait(seconds)
    after, took = os.times(), time.perf_counter() - began
    return 100 * (after.user + after.system - before.user - before.system) / took


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as folder:
        log, journal = Path(folder, "log"), Path(folder, "journal")
        handler = logging.FileHandler(log)
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.INFO)
        specs = [ChildSpec(id=f"c{n}", start=Crashing, backoff=Backoff(0.5, 60)) for n in range(CHILDREN)]
        flags = SupervisorFlags(intensity=Intensity(5, 60), on_meltdown=Park(60))
        tree = Tree(flags, specs, journal=FileJournal(journal, max_bytes=500_000))
        tree.start()
        during = _processor_percent(seconds)
        first = sum(report.restarts for report in tree.which_children())
        after = _processor_percent(MEASURED)
        restarts = sum(report.restarts for report in tree.which_children())
        print(f"{CHILDREN} children that crash at every start, with the default backoff, parked after 5 in a minute")
        print(
            f"processor in the first {seconds:g} s {during:.2f} %, in the next {MEASURED:g} s {after:.2f} % (aim < 2 %)"
        )
        print(f"restarts: {first} in the first {seconds:g} s, {restarts - first} in the next {MEASURED:g} s")
        tree.stop(5)
        lines = log.read_text().count("\n")
        print(
            f"log: {log.stat().st_size / 1024:.0f} KiB, {lines} lines; journal: {journal.stat().st_size / 1024:.0f} KiB"
        )
        logging.getLogger().removeHandler(handler)
        handler.close()


if __name__ == "__main__":
    main()
