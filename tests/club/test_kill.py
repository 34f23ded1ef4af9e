"""Real processes, real kill -9: what the other side received is compared with what the database says."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from club import EMAIL, Database, Lease, Outbox, Times

ROOT = Path(__file__).parents[2]
MESSAGES = 150
KILLS = 12

Start = Callable[..., "subprocess.Popen[Any]"]


@pytest.fixture
def started() -> Iterator[Start]:
    """Start programs, each of which has ended when the test has, frozen or not."""
    processes: list[subprocess.Popen[Any]] = []

    def start(program: str, *arguments: str, **options: Any) -> "subprocess.Popen[Any]":
        command = [sys.executable, "-c", program, str(ROOT), *arguments]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, **options))
        return processes[-1]

    yield start
    for process in processes:
        with process:
            process.kill()


STATION = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from club import EMAIL, Database, Journal, Lease, Outbox, Sent
folder = Path(sys.argv[2])
database = Database(sys.argv[3], busy_seconds=60)
with open(folder / "processes", "a+") as known:    # as the instance lock keeps them
    known.seek(0)
    predecessors = known.read().split()
    known.write(f"{os.getpid()}-{len(predecessors)}\\n")
lease = Lease(database, "email", "ACCUEIL", f"{os.getpid()}-{len(predecessors)}", predecessors=predecessors)
assert lease.acquire()
outbox = Outbox(database, EMAIL, lease, journal=Journal(folder / "answers"))
outbox.recover()
received = os.open(folder / "received", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def send(message):
    os.write(received, b"%d\\n" % message.id)      # the provider has it, whatever happens to us
    os.write(1, b".")
previous = None
while claimed := outbox.claim(20):
    for message in claimed:
        may_send = outbox.begin(message) if previous is None else outbox.settle_and_begin(previous, Sent("r"), message)
        if may_send:
            send(message)
            previous = message
    outbox.settle(previous, Sent("r"))
    previous = None
os.write(1, b"done")
"""


def test_kill_9_at_random_doubles_nothing_and_loses_nothing(club: Any, started: Start, tmp_path: Path) -> None:
    rows = ", ".join(f"('member{number}@example.org', 's', 't')" for number in range(MESSAGES))
    club.sql(f"INSERT INTO email (recipient, subject, text_body) VALUES {rows}")
    chosen = random.Random(20261124)
    most_kills = KILLS if club.is_file else KILLS // 2
    kills = 0
    while True:
        station = started(STATION, str(tmp_path), club.place.url, bufsize=0)
        assert station.stdout is not None
        sends = chosen.randint(1, 2 * MESSAGES // most_kills) if kills < most_kills else MESSAGES
        seen = 0
        while seen < sends and station.stdout.read(1) == b".":  # the kill comes at a send, not at a time
            seen += 1
        if kills == most_kills or seen < sends:
            station.communicate(timeout=150)
            assert station.returncode == 0
            break
        station.send_signal(signal.SIGKILL)
        station.wait(timeout=150)
        station.stdout.close()
        kills += 1
    received = Counter((tmp_path / "received").read_text().split())
    states = dict(club.sql("SELECT id, state FROM email"))
    counts = Counter(states.values())
    assert max(received.values()) == 1, "doubled"
    assert {int(number) for number in received} >= {number for number, state in states.items() if state == "sent"}
    # Killed between the mark and the provider: nobody has it, and the row says that this is not known.
    unknown = {number for number, state in states.items() if state == "uncertain"}
    assert set(states) - {int(number) for number in received} <= unknown, "lost"
    assert counts["sent"] + counts["uncertain"] == MESSAGES
    assert counts["uncertain"] <= kills
    assert kills > 2


FROZEN = """
import sys
sys.path.insert(0, sys.argv[1])
from datetime import timedelta
from club import EMAIL, Database, Lease, LeaseLost, Outbox, Sent, Times
database = Database(sys.argv[2], busy_seconds=60)
# Long enough to live through a claim and a mark on a computer that has no time.
lease = Lease(database, "email", "ACCUEIL", "one", times=Times(timedelta(seconds=9), timedelta(seconds=0.3)))
assert lease.acquire()
outbox = Outbox(database, EMAIL, lease)
outbox.recover()
first, second = outbox.claim()
assert outbox.begin(first)
print("begun", flush=True)
sys.stdin.readline()
try:
    outbox.begin(second)
except LeaseLost:
    print("refused", outbox.settle(first, Sent("late")), flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX can freeze a process")
def test_a_station_that_was_frozen_is_refused_and_its_late_answer_is_taken(club: Any, started: Start) -> None:
    first, second = club.write(), club.write()
    frozen = started(FROZEN, club.place.url, stdin=subprocess.PIPE, text=True)
    assert frozen.stdout is not None
    assert frozen.stdout.readline() == "begun\n"
    frozen.send_signal(signal.SIGSTOP)
    database = Database(club.place.url, busy_seconds=60)
    heir = Lease(database, "email", "SERVEUR", "two", times=Times(timedelta(seconds=9), timedelta(seconds=0.3)))
    pause = threading.Event()
    while not heir.acquire():
        pause.wait(0.05)
    outbox = Outbox(database, EMAIL, heir)
    assert outbox.recover().uncertain == 1
    (message,) = outbox.claim()
    assert message.id == second
    heir.renew()
    assert outbox.begin(message)
    frozen.send_signal(signal.SIGCONT)
    told, _ = frozen.communicate("go\n", timeout=90)
    assert told == "refused True\n"
    assert (club.state(first), club.state(second)) == ("sent", "sending")
    database.dispose()
