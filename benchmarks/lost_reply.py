"""Measures what a lost reply costs: the server stores a mail and cuts the line; how soon does the next mail arrive?

PYTHONPATH=. .venv/bin/python benchmarks/lost_reply.py [--rounds 20]
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/email"))
from email_fixtures import delivery
from faulty_smtp import Copy, FaultySmtp

from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.settings import EmailSettings, Security, SmtpSettings
from club import EMAIL, Database, Lease, Outbox
from club.migrations import initialise


class Timed(FaultySmtp):
    """The server that fails as it is told, with the instant of each copy."""

    def __init__(self) -> None:
        super().__init__()
        self.stored_at: list[float] = []

    def store(self, copy: Copy) -> None:
        self.stored_at.append(time.perf_counter())
        super().store(copy)


def one_round(folder: Path) -> tuple[float, dict[str, str], int]:
    file = folder / f"{time.monotonic_ns()}.db"
    database = Database(f"sqlite:///{file}")
    initialise(database)
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.executemany(
            "INSERT INTO email (recipient, subject, text_body) VALUES (?, 'Séance', 'Bonjour')",
            [("dot-close@example.org",), ("next@example.org",)],
        )
    lease = Lease(database, "email", "BENCH", "bench")
    lease.acquire()
    outbox = Outbox(database, EMAIL, lease)
    outbox.recover()
    with Timed() as server:
        smtp = SmtpSettings(host="127.0.0.1", port=server.port, security=Security.NONE, sender="club@example.org")
        settings = EmailSettings(station="BENCH", smtp=smtp)
        for _ in range(2):  # the second run must find nothing to do
            with SmtpSession(smtp) as session:
                delivery(outbox, session, settings, lambda: True, Tally()).run()
        with closing(sqlite3.connect(file)) as rows:
            states = dict(rows.execute("SELECT recipient, state FROM email"))
        database.dispose()
        return server.stored_at[1] - server.stored_at[0], states, len(server.copies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rounds = [one_round(Path(name)) for _ in range(options.rounds)]
    seconds = [took for took, _, _ in rounds]
    expected = {"dot-close@example.org": "uncertain", "next@example.org": "sent"}
    right = sum(states == expected and copies == 2 for _, states, copies in rounds)
    print(f"one copy, its row uncertain, the next mail sent: {right} of {options.rounds} rounds")
    print(
        f"the next mail arrives after {statistics.median(seconds):.3f} s (median), "
        f"{max(seconds):.3f} s at most   (aim < 1 s)"
    )


if __name__ == "__main__":
    main()
