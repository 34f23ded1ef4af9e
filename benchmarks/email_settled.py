"""Measures the whole way of an e-mail: claimed, built, delivered and settled in the club database, durably, per second.

    sh benchmarks/run email_settled [--mails 600] [--rounds 4]

The floor is smtplib + EmailMessage on one connection, with nothing written down; yagmail.send is the peer. All deliver
1 KB to the same aiosmtpd, in turns: in clear, with STARTTLS + login as providers have it, and the latter 20 ms away
(through a proxy that delays both directions by 10 ms); the best round of each counts.
"""

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/email"))
from email_fixtures import delivery
from email_throughput import (
    BODY,
    DISTANCE,
    RECIPIENT,
    Target,
    Way,
    by_smtplib,
    by_yagmail,
    free_port,
    serving,
    serving_both,
    smtp_settings,
)
from sqlalchemy import insert

from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.settings import EmailSettings
from club import EMAIL, BatchedOutbox, Database, Journal, Lease
from club.migrations import initialise
from club.tables import email

FLOOR = "smtplib + EmailMessage"
PEER = "yagmail.send"
OURS = "Heitz Service, settled durably"


class Club:
    """A club database on disk, and a station that holds the lease."""

    def __init__(self, target: Target) -> None:
        self.database = Database(f"sqlite:///{target.folder / f'club-{target.port}.db'}")
        initialise(self.database)
        lease = Lease(self.database, "email", "BENCH", "bench")
        lease.acquire()
        journal = Journal(target.folder / f"answers-{target.port}", sync=False)
        self.outbox = BatchedOutbox(self.database, EMAIL, lease, journal=journal)
        self.outbox.recover()
        self.settings = EmailSettings(station="BENCH", smtp=smtp_settings(target))
        self._lease = lease

    def rate(self, mails: int) -> float:
        rows = [{"recipient": RECIPIENT, "subject": f"Séance {n}", "text_body": BODY} for n in range(mails)]
        self.database.write(lambda connection: connection.execute(insert(email), rows).rowcount)
        tally = Tally()
        started = time.perf_counter()
        with SmtpSession(self.settings.smtp) as session:
            delivery(self.outbox, session, self.settings, lambda: self._lease.is_held, tally).run()
        if tally != Tally(sent=mails):
            raise RuntimeError(f"not all were sent: {tally}")
        return mails / (time.perf_counter() - started)


def rate_of(way: Way, target: Target, mails: int) -> float:
    with way(target) as deliver:
        started = time.perf_counter()
        for number in range(mails):
            deliver(number)
        return mails / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ResourceWarning)  # yagmail drops a socket with each mail
    with tempfile.TemporaryDirectory() as folder, serving_both(Path(folder)) as (in_clear, in_tls):
        print(f"{'e-mails of 1 KB':<54} {'mails/s':>8} {'to the floor':>13} {'to yagmail':>11}")
        for where, target in (("in clear", in_clear), ("STARTTLS + login", in_tls)):
            show(where, measured(target, options.mails, options.rounds))
        port = free_port()
        with serving([sys.executable, "-c", DISTANCE, str(port), str(in_tls.port), "0.01"], port):
            away = Target(port, in_tls.folder, in_tls.ca_file)
            show("20 ms away", measured(away, max(12, options.mails // 10), options.rounds))


def measured(target: Target, mails: int, rounds: int) -> dict[str, float]:
    club = Club(target)
    best = dict.fromkeys((FLOOR, PEER, OURS), 0.0)
    for _ in range(rounds):
        best[FLOOR] = max(best[FLOOR], rate_of(by_smtplib, target, mails))
        best[PEER] = max(best[PEER], rate_of(by_yagmail, target, mails // 6))
        best[OURS] = max(best[OURS], club.rate(mails))
    return best


def show(where: str, best: dict[str, float]) -> None:
    for way, rate in best.items():
        print(f"{way + ', ' + where:<54} {rate:>8.0f} {rate / best[FLOOR]:>13.2f} {rate / best[PEER]:>11.2f}")


if __name__ == "__main__":
    main()
