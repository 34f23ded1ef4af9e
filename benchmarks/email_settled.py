"""Measures the whole way of an e-mail: claimed, built, delivered and settled in the club database, durably, per second.

    .venv/bin/python benchmarks/email_settled.py [--mails 600] [--rounds 4]

The floor is smtplib + EmailMessage on one connection, with nothing written down; yagmail.send is the peer. All deliver
1 KB to the same aiosmtpd, in turns; the best round of each counts.
"""

import argparse
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

from email_throughput import BODY, RECIPIENT, SENDER, SERVER, Target, Way, by_smtplib, by_yagmail, free_port, serving
from sqlalchemy import insert

from actors.email.adapters.smtp import SmtpSession
from actors.email.delivery import Delivery, Sender, Tally
from actors.email.settings import EmailSettings, Security, SmtpSettings
from club import EMAIL, Database, Journal, Lease, Outbox
from club.migrations import initialise
from club.tables import email

FLOOR = "smtplib + EmailMessage, one connection"


class Club:
    """A club database on disk, and a station that holds the lease."""

    def __init__(self, folder: Path, port: int) -> None:
        self.database = Database(f"sqlite:///{folder / 'club.db'}")
        initialise(self.database)
        lease = Lease(self.database, "email", "BENCH", "bench")
        lease.acquire()
        journal = Journal(folder / "answers", sync=False)
        self.outbox = Outbox(self.database, EMAIL, lease, journal=journal)
        self.outbox.recover()
        smtp = SmtpSettings(host="127.0.0.1", port=port, security=Security.NONE, sender=SENDER)
        self.settings = EmailSettings(station="BENCH", smtp=smtp)
        self._lease = lease

    def rate(self, mails: int) -> float:
        rows = [{"recipient": RECIPIENT, "subject": f"Séance {n}", "text_body": BODY} for n in range(mails)]
        self.database.write(lambda connection: connection.execute(insert(email), rows).rowcount)
        tally = Tally()
        sender = Sender("Forme et Santé", "fr", lambda: datetime.now(UTC))
        started = time.perf_counter()
        with SmtpSession(self.settings.smtp) as session:
            Delivery(self.outbox, session, self.settings, sender, lambda: self._lease.is_held, tally).run()
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
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as name,
        serving([sys.executable, "-c", SERVER, str(port), ""], port),
    ):
        folder = Path(name)
        target = Target(port, folder)
        club = Club(folder, port)
        best = dict.fromkeys((FLOOR, "yagmail.send", "Heitz Service, settled durably"), 0.0)
        for _ in range(options.rounds):
            best[FLOOR] = max(best[FLOOR], rate_of(by_smtplib, target, options.mails))
            best["yagmail.send"] = max(best["yagmail.send"], rate_of(by_yagmail, target, options.mails // 4))
            ours = "Heitz Service, settled durably"
            best[ours] = max(best[ours], club.rate(options.mails))
        print(f"{'e-mails of 1 KB':<40} {'mails/s':>8} {'to the floor':>13} {'to yagmail':>11}")
        for way, rate in best.items():
            print(f"{way:<40} {rate:>8.0f} {rate / best[FLOOR]:>13.2f} {rate / best['yagmail.send']:>11.2f}")


if __name__ == "__main__":
    main()
