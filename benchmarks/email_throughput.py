"""Measures e-mails of 1 KB per second on one connection: smtplib, yagmail, and ours with a durable commit for each.

All ways deliver to the same servers, in turns, several rounds; the best round of each counts, for the machine is
shared. The servers, each in a process of its own: aiosmtpd in clear, aiosmtpd with STARTTLS, login and PIPELINING as
providers have them, the same 20 ms away, and smtp-sink where Debian's postfix is installed. Ratios are to smtplib +
EmailMessage.
"""

import argparse
import shutil
import smtplib
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import attrs
import trustme
import yagmail

from actors.email.adapters.message import Draft, build, message_id
from actors.email.adapters.smtp import SmtpSession
from actors.email.addresses import parse_mailbox, parse_recipients
from actors.email.attempt import End
from actors.email.settings import Security, SmtpSettings
from config.secret import Secret

SENDER = "Forme et Santé <club@example.org>"
RECIPIENT = "Jeanne Martin <jeanne.martin@example.org>"
_LINE = "Bonjour, votre séance de demain est confirmée ; à bientôt au club.\n"
BODY = (_LINE * (1000 // len(_LINE) + 1))[:1000]
SERVER = """
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
port, certificate = sys.argv[1:]
class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, lines):
        session.host_name = hostname
        return [*lines[:-1], "250-PIPELINING", lines[-1]] if certificate else lines
    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 queued"
context = None
if certificate:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
def make():
    return SMTP(Handler(), hostname="mail.test", tls_context=context, loop=loop,
                authenticator=lambda *_: AuthResult(success=True))
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(loop.create_server(make, "127.0.0.1", int(port)))
loop.run_forever()
"""

DISTANCE = """
import asyncio, sys
here, there, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
async def carry(reader, writer):
    loop = asyncio.get_running_loop()
    while received := await reader.read(65536):
        loop.call_later(seconds, writer.write, received)
    loop.call_later(seconds, writer.close)
async def meet(reader, writer):
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", there)
    await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer), return_exceptions=True)
async def main():
    await (await asyncio.start_server(meet, "127.0.0.1", here)).serve_forever()
asyncio.run(main())
"""


@attrs.frozen
class Target:
    """A server to deliver to; with `ca_file`, by STARTTLS and login."""

    port: int
    folder: Path
    ca_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


Deliver = Callable[[int], None]
Way = Callable[[Target], AbstractContextManager[Deliver]]


@contextmanager
def by_smtplib(target: Target) -> Iterator[Deliver]:
    with smtplib.SMTP("127.0.0.1", target.port, local_hostname="localhost", timeout=30) as connection:
        if target.ca_file:
            connection.starttls(context=target.context())
            connection.login("club", "secret")

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
def by_yagmail(target: Target) -> Iterator[Deliver]:
    client = yagmail.SMTP(
        "club@example.org",
        "secret",
        host="127.0.0.1",
        port=target.port,
        smtp_ssl=False,
        smtp_starttls={"context": target.context()} if target.ca_file else False,
        smtp_skip_login=target.ca_file is None,
        timeout=30,
        local_hostname="localhost",
    )

    def deliver(number: int) -> None:
        client.send("jeanne.martin@example.org", f"Séance {number}", BODY, message_id=f"<{number}@example.org>")

    yield deliver
    client.close()


def smtp_settings(target: Target) -> SmtpSettings:
    """With TLS and login where the target has them, as providers do."""
    login = target.ca_file is not None
    return SmtpSettings(
        host="127.0.0.1",
        port=target.port,
        security=Security.STARTTLS if login else Security.NONE,
        sender=SENDER,
        ca_file=target.ca_file,
        user="club" if login else None,
        password=Secret("secret") if login else None,
    )


def by_ours(*, is_settled_with_the_next: bool) -> Way:
    """Mark before each dot and settle after each answer: apart, or settling the last together with marking the next."""

    @contextmanager
    def ours(target: Target) -> Iterator[Deliver]:
        settings = smtp_settings(target)
        sender = parse_mailbox(SENDER)
        created_at = datetime.now(UTC)
        database = sqlite3.connect(target.folder / f"outbox-{time.monotonic_ns()}.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE mark (id INTEGER PRIMARY KEY, state TEXT)")

        def settle(number: int) -> None:
            database.execute("UPDATE mark SET state = 'sent' WHERE id = ?", (number,))

        with SmtpSession(settings) as session:

            def deliver(number: int) -> None:
                recipients = parse_recipients(RECIPIENT, 50).mailboxes
                identity = message_id("Forme et Santé", number, created_at, None, sender)
                draft = Draft(recipients, f"Séance {number}", identity, created_at, BODY)

                def mark() -> None:
                    database.execute("BEGIN IMMEDIATE")
                    if is_settled_with_the_next:
                        settle(number - 1)
                    database.execute("INSERT INTO mark VALUES (?, 'sending')", (number,))
                    database.execute("COMMIT")

                attempt = session.send(build(draft, sender, 20_000_000), mark)
                if attempt.end is not End.ACCEPTED:
                    raise RuntimeError(f"not accepted: {attempt}")
                if not is_settled_with_the_next:
                    settle(number)

            yield deliver
        database.close()

    return ours


FLOOR = "smtplib + EmailMessage, one connection"
WAYS = {
    FLOOR: by_smtplib,
    "yagmail.send": by_yagmail,
    "ours, settled with the next mark": by_ours(is_settled_with_the_next=True),
    "ours, marked and settled apart": by_ours(is_settled_with_the_next=False),
}


def measure(way: Way, target: Target, seconds: float) -> float:
    with way(target) as deliver:
        deliver(1)
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            count += 1
            deliver(count + 1)
        return count / (time.perf_counter() - started)


def commit_ms(folder: Path) -> float:
    """Return what the disk takes for one commit: where the machine is busy, it decides the rest."""
    database = sqlite3.connect(folder / "alone.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE mark (id INTEGER)")
    took = []
    for number in range(200):
        started = time.perf_counter()
        database.execute("INSERT INTO mark VALUES (?)", (number,))
        took.append(time.perf_counter() - started)
    database.close()
    return statistics.median(took) * 1000


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


@contextmanager
def serving_both(folder: Path) -> Iterator[tuple[Target, Target]]:
    """Serve in clear, and with STARTTLS and login as providers do."""
    authority = trustme.CA()
    ca_file, certificate = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    in_clear, in_tls = free_port(), free_port()
    with (
        serving([sys.executable, "-c", SERVER, str(in_clear), ""], in_clear),
        serving([sys.executable, "-c", SERVER, str(in_tls), str(certificate)], in_tls),
    ):
        yield Target(in_clear, folder), Target(in_tls, folder, ca_file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each way in each round")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--smtp-sink", default=shutil.which("smtp-sink"), help="path of postfix's smtp-sink")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ResourceWarning)  # yagmail drops a socket with each mail

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        in_clear, in_tls = stack.enter_context(serving_both(folder))
        targets = {"aiosmtpd": in_clear, "aiosmtpd TLS+login": in_tls}
        away, in_sink = free_port(), free_port()
        stack.enter_context(serving([sys.executable, "-c", DISTANCE, str(away), str(in_tls.port), "0.01"], away))
        targets["the same, 20 ms away"] = Target(away, folder, in_tls.ca_file)
        if options.smtp_sink:
            sink = [options.smtp_sink, "-u", "nobody", f"127.0.0.1:{in_sink}", "100"]
            stack.enter_context(serving(sink, in_sink))
            targets["smtp-sink"] = Target(in_sink, folder)
        print(f"one durable commit alone: {commit_ms(folder):.2f} ms (median)")
        print(f"{'server':<20} {'way':<40} {'mails/s':>8} {'ratio':>6}")
        for server, target in targets.items():
            best = dict.fromkeys(WAYS, 0.0)
            for _ in range(options.rounds):
                for name, way in WAYS.items():
                    best[name] = max(best[name], measure(way, target, options.seconds))
            for name, rate in best.items():
                print(f"{server:<20} {name:<40} {rate:>8.0f} {rate / best[FLOOR]:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
