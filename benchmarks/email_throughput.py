"""Measures e-mails of 1 KB per second on one connection: smtplib, yagmail, and ours with a durable commit for each.

All ways deliver to the same servers, in turns, several rounds; the best round of each counts, for the machine is
shared. The servers, each in a process of its own: aiosmtpd in clear, aiosmtpd with STARTTLS and login as a club's
provider asks it, and smtp-sink where Debian's postfix is installed. Ratios are to smtplib + EmailMessage.
"""

import argparse
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import yagmail

from actors.email.adapters.message import Draft, build, message_id
from actors.email.adapters.smtp import SmtpSession
from actors.email.addresses import parse_mailbox, parse_recipients
from actors.email.attempt import End
from actors.email.settings import Security, SmtpSettings

SENDER = "Forme et Santé <club@example.org>"
RECIPIENT = "Jeanne Martin <jeanne.martin@example.org>"
_LINE = "Bonjour, votre séance de demain est confirmée ; à bientôt au club.\n"
BODY = (_LINE * (1000 // len(_LINE) + 1))[:1000]
SERVER = """
import sys
from aiosmtpd.controller import UnthreadedController
import asyncio
class Handler:
    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 queued"
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
controller = UnthreadedController(Handler(), hostname="127.0.0.1", port=int(sys.argv[1]), loop=loop)
controller.begin()
loop.run_forever()
"""

Deliver = Callable[[int], None]


@contextmanager
def by_smtplib(port: int, _folder: Path) -> Iterator[Deliver]:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=30) as connection:

        def deliver(number: int) -> None:
            message = EmailMessage(policy=SMTP)
            message["From"] = SENDER
            message["To"] = RECIPIENT
            message["Subject"] = f"Séance {number}"
            message["Message-ID"] = f"<{number}@example.org>"
            message["Date"] = datetime.now(UTC)
            message.set_content(BODY)
            connection.sendmail("club@example.org", ["jeanne.martin@example.org"], message.as_bytes())

        yield deliver


@contextmanager
def by_yagmail(port: int, _folder: Path) -> Iterator[Deliver]:
    client = yagmail.SMTP(
        "club@example.org", host="127.0.0.1", port=port, smtp_ssl=False, smtp_starttls=False, smtp_skip_login=True,
        timeout=30, local_hostname="localhost",
    )  # fmt: skip

    def deliver(number: int) -> None:
        client.send("jeanne.martin@example.org", f"Séance {number}", BODY, message_id=f"<{number}@example.org>")

    yield deliver
    client.close()


def by_ours(commits: int) -> Callable[[int, Path], "contextmanager[Deliver]"]:
    @contextmanager
    def ours(port: int, folder: Path) -> Iterator[Deliver]:
        settings = SmtpSettings(host="127.0.0.1", port=port, security=Security.NONE, sender=SENDER)
        sender = parse_mailbox(SENDER)
        created_at = datetime.now(UTC)
        database = sqlite3.connect(folder / f"outbox-{time.monotonic_ns()}.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE mark (id INTEGER PRIMARY KEY, state TEXT)")

        with SmtpSession(settings) as session:

            def deliver(number: int) -> None:
                recipients = parse_recipients(RECIPIENT, 50).mailboxes
                identity = message_id("Forme et Santé", number, created_at, None, sender)
                draft = Draft(recipients, f"Séance {number}", identity, created_at, BODY)

                def mark() -> None:
                    database.execute("INSERT OR REPLACE INTO mark VALUES (?, 'sending')", (number,))

                attempt = session.send(build(draft, sender, 20_000_000), mark)
                if attempt.end is not End.ACCEPTED:
                    raise RuntimeError(f"not accepted: {attempt}")
                if commits > 1:
                    database.execute("UPDATE mark SET state = 'sent' WHERE id = ?", (number,))

            yield deliver
        database.close()

    return ours


WAYS = {
    "smtplib + EmailMessage, one connection": by_smtplib,
    "yagmail.send": by_yagmail,
    "ours, 1 durable commit per message": by_ours(1),
    "ours, 2 durable commits per message": by_ours(2),
}


def measure(way: Callable[..., "contextmanager[Deliver]"], port: int, folder: Path, seconds: float) -> float:
    with way(port, folder) as deliver:
        deliver(0)
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            count += 1
            deliver(count)
        return count / (time.perf_counter() - started)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int) -> Iterator[int]:
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        ends_at = time.monotonic() + 10
        while time.monotonic() < ends_at:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                continue
            break
        try:
            yield port
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each way in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smtp-sink", default=shutil.which("smtp-sink"), help="path of postfix's smtp-sink")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ResourceWarning)  # yagmail drops a socket with each mail

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        servers = {"aiosmtpd": stack.enter_context(serving([sys.executable, "-c", SERVER, str(port)], port))}
        if options.smtp_sink:
            port = free_port()
            sink = [options.smtp_sink, "-u", "nobody", f"127.0.0.1:{port}", "100"]
            servers["smtp-sink"] = stack.enter_context(serving(sink, port))
        print(f"{'server':<10} {'way':<40} {'mails/s':>8} {'ratio':>6}")
        for server, port in servers.items():
            best = dict.fromkeys(WAYS, 0.0)
            for _ in range(options.rounds):
                for name, way in WAYS.items():
                    best[name] = max(best[name], measure(way, port, folder, options.seconds))
            floor = best["smtplib + EmailMessage, one connection"]
            for name, rate in best.items():
                print(f"{server:<10} {name:<40} {rate:>8.0f} {rate / floor:>6.2f}")


if __name__ == "__main__":
    main()
