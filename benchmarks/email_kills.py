"""Kills the whole program with SIGKILL at random moments of delivery and counts copies by the mail server's own log.

    sh benchmarks/run email_kills [--kills 50] [--mails 2000]

Beside it, under the same treatment, the loop that everybody writes first: yagmail.send, then mark the row as sent. Ends
with 1 when ours doubles or loses one, or leaves more uncertain than kills.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from threading import Event

from tests.program.sample_club import Club

NAIVE = """
import sqlite3, sys, warnings, yagmail
warnings.simplefilter("ignore")
file, port = sys.argv[1], int(sys.argv[2])
rows = sqlite3.connect(file, isolation_level=None, timeout=20)
rows.execute("PRAGMA synchronous=FULL")
client = yagmail.SMTP("club@example.org", host="127.0.0.1", port=port, smtp_ssl=False, smtp_starttls=False,
                      smtp_skip_login=True, timeout=10)
while row := rows.execute("SELECT id, recipient FROM email WHERE state = 'pending' ORDER BY id LIMIT 1").fetchone():
    client.send(row[1], "Seance", "Bonjour")
    rows.execute("UPDATE email SET state = 'sent', attempts = 1 WHERE id = ?", row[:1])
"""


def has_begun(club: Club, copies_before: int) -> bool:
    return sum(club.copies().values()) > copies_before or not club.states().get("pending")


def kill_until_done(club: Club, start: "list[str] | None", kills: int, mails: int) -> int:
    """Start, wait for the first new copy, wait a little more, kill; return how many kills there were."""
    chance = random.Random(20261124)
    done = 0
    share = mails / (kills + 10)
    while done < kills and club.states().get("pending", 0) > 0:
        process = club.run() if start is None else club.spawn(start)
        before = sum(club.copies().values())
        club.wait_until(partial(has_begun, club, before))
        Event().wait(chance.uniform(0, share * 0.0028))
        process.kill()
        process.communicate()
        done += 1
    return done


def report(name: str, club: Club, kills: int, mails: int) -> bool:
    """Print what kills did, and return whether all is well."""
    copies = club.copies()
    states = club.states()
    sent = {recipient for (recipient,) in club.rows("SELECT recipient FROM email WHERE state = 'sent'")}
    uncertain = {recipient for (recipient,) in club.rows("SELECT recipient FROM email WHERE state = 'uncertain'")}
    doubled = sum(1 for count in copies.values() if count > 1)
    lost = len(sent - set(copies)) + (mails - len(sent) - len(uncertain))
    print(
        f"{name:<28} {mails:>6} {kills:>6} {doubled:>8} {lost:>6} {len(uncertain):>10} "
        f"{len(uncertain & set(copies)):>14}   {states}",
        flush=True,
    )
    return not doubled and not lost and len(uncertain) <= kills


def ours(folder: Path, kills: int, mails: int) -> bool:
    club = Club(folder)
    try:
        club.start_smtp()
        club.write_settings()
        club.make_database()
        club.write_emails(*(f"m{n}@example.org" for n in range(mails)))
        done = kill_until_done(club, None, kills, mails)
        club.start()
        club.wait_until(lambda: not set(club.states()) & {"pending", "sending"}, seconds=120)
        return report("Heitz Service", club, done, mails)
    finally:
        club.close()


def naive(folder: Path, kills: int, mails: int) -> None:
    club = Club(folder)
    try:
        club.start_smtp()
        club.make_database()
        club.write_emails(*(f"m{n}@example.org" for n in range(mails)))
        command = [sys.executable, "-c", NAIVE, str(club.database), str(club.smtp_port)]
        done = kill_until_done(club, command, kills, mails)
        subprocess.run(command, check=True, timeout=300)
        report("yagmail, then mark as sent", club, done, mails)
    finally:
        club.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--mails", type=int, default=2000)
    options = parser.parse_args()
    print(f"{'':<28} {'mails':>6} {'kills':>6} {'doubled':>8} {'lost':>6} {'uncertain':>10} {'of them there':>14}")
    with tempfile.TemporaryDirectory() as name:
        is_well = ours(Path(name), options.kills, options.mails)
    with tempfile.TemporaryDirectory() as name:
        naive(Path(name), options.kills, options.mails)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
