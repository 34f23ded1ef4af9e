"""What other programs make of a lost reply, under the treatment that lost_reply gives to ours: copies, and the wait.

yagmail is a loop of `send` with a timeout of 2 s (without one it would wait for ever). Postfix is Debian's package, its
own settings in a folder and its tries 5 s apart instead of 300; it needs root. It is watched for 25 s, and would go on
for five days. gammu-smsd is Debian's package on SQLite with MaxRetries 3, SendTimeout 5 s and RetryTimeout 1 s; its
default is one retry. With its files backend, of which its manual says that MaxRetries has no effect, it goes on for
ever: 8 copies of a lost one in 420 s, 215 in 220 s by a modem that lies, and the second SMS never left.

benchmarks/run unpacks postfix and libdbd-sqlite3 below build/peers: the former drives out opensmtpd, which tests need.
"""

import math
import os
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event

import attrs
import yagmail
from copies_seen import CopiesSeen
from faulty_smtp import Behaviour, FaultySmtp
from sms_modem import GOOD, a_modem, air

UNPACKED = Path(__file__).resolve().parents[1] / "build/peers/debian"
DRIVER = "usr/lib/*/dbd/libdbdsqlite3.so"
SCHEMA = Path("/usr/share/doc/gammu-smsd/examples/sqlite.sql")
POSTFIX_WATCHED_SECONDS = 25.0
SMSD_PATIENCE_SECONDS = 420.0
LATE_SECONDS = 5.0
LIMIT_SECONDS = 2.0
USERS = ("daemon", "games", "nobody")
"""Whose rights daemons have, whose group the queue, whose rights deliveries: the package makes users of its own."""
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {folder}
mail_owner = {users[0]}
setgid_group = {users[1]}
default_privs = {users[2]}
import_environment = LD_LIBRARY_PATH MAIL_CONFIG TZ
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = relay.club.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
smtp_tls_security_level = none
smtpd_tls_security_level = none
relayhost = [127.0.0.1]:{sink}
smtp_data_done_timeout = {limit}s
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 5s
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
SMSD = """
[gammu]
port = {folder}/modem
connection = at115200
[smsd]
service = sql
driver = sqlite3
driverspath = {drivers}
dbdir = {folder}/
database = smsd.db
logfile = {folder}/log
loopsleep = 1
maxretries = 3
retrytimeout = 1
sendtimeout = 5
checkbattery = 0
checksignal = 0
"""
QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming"),
    *("maildrop", "pid", "private", "public", "saved", "trace"),
)


@attrs.frozen
class Seen:
    """What a peer made of it; `seconds` until the second message, less the limit, None: never in the time it had."""

    name: str
    wrong: str
    copies: int
    seconds: float | None
    limit_seconds: float
    said: str


def by_yagmail() -> Iterator[Seen]:
    warnings.simplefilter("ignore", ResourceWarning)  # yagmail drops a socket with each mail
    for wrong, word, limit in (("lost", "close", 0.0), ("late", "late", LIMIT_SECONDS)):
        first, following = f"dot-{word}@example.org", "next@example.org"
        with FaultySmtp(Behaviour(late_seconds=LATE_SECONDS)) as server, CopiesSeen(server.recipients) as seen:
            client = yagmail.SMTP(
                "club@example.org",
                host="127.0.0.1",
                port=server.port,
                smtp_ssl=False,
                smtp_starttls=False,
                smtp_skip_login=True,
                timeout=LIMIT_SECONDS,
            )
            client.set_logging(None)
            answers = [client.send(recipient, "Séance", "Bonjour") for recipient in (first, following)]
            seen.wait_for(following, 10)
            client.close()
        seconds = _less(seen.between(first, following), limit)
        yield Seen("a loop on yagmail", wrong, seen.count(first), seconds, limit, f"send returns {answers[0]!r}")


def by_postfix() -> Iterator[Seen]:
    root = Path("/") if shutil.which("postfix", path="/usr/sbin") else UNPACKED
    if not (root / "usr/lib/postfix/sbin/master").exists() or os.geteuid() != 0:
        print("Postfix is not here: benchmarks/run unpacks it below build/peers where apt-get may; it needs root")
        return
    for wrong, word, limit in (("lost", "close", 0.0), ("late", "late", LIMIT_SECONDS)):
        first, following = f"dot-{word}@example.org", "next@example.org"
        with (
            FaultySmtp(Behaviour(late_seconds=LATE_SECONDS)) as server,
            CopiesSeen(server.recipients) as seen,
            tempfile.TemporaryDirectory() as name,
            _postfix(Path(name), root, server.port, limit or 600.0) as port,
        ):
            for recipient in (first, following):
                _hand_in(port, recipient)
            seen.wait_for(first, 30)
            Event().wait(POSTFIX_WATCHED_SECONDS)
            said = "says it may be sent more than once" if _warns(Path(name)) else "in its queue, for five days"
        seconds = _less(seen.between(first, following), limit)
        yield Seen(f"Postfix, {POSTFIX_WATCHED_SECONDS:.0f} s", wrong, seen.count(first), seconds, limit, said)


def by_gammu_smsd() -> Iterator[Seen]:
    drivers = next((each.parent for root in (UNPACKED, Path("/")) for each in root.glob(DRIVER)), None)
    if shutil.which("gammu-smsd") is None or not SCHEMA.exists() or drivers is None:
        print("gammu-smsd is not here: install the Debian packages gammu-smsd and libdbd-sqlite3")
        return
    for wrong, ending, limit in (("lost", "92", 5.0), ("late", "95", 5.0), ("lying", "94", 0.0)):
        first = GOOD[:-2] + ending
        with tempfile.TemporaryDirectory() as name:
            seen, said = _smsd(Path(name), drivers, first)
        yield Seen("gammu-smsd", wrong, seen.count(first), _less(seen.between(first, GOOD), limit), limit, said)


def _smsd(folder: Path, drivers: Path, first: str) -> tuple[CopiesSeen, str]:
    """Give gammu-smsd two SMS, and return the copies of both and what it says of the first."""
    with closing(sqlite3.connect(folder / "smsd.db")) as rows, rows:
        rows.executescript(SCHEMA.read_text())
        rows.executemany(
            "INSERT INTO outbox (DestinationNumber, TextDecoded, CreatorID, Coding) "
            "VALUES (?, 'Cours annule', 'bench', 'Default_No_Compression')",
            [(first,), (GOOD,)],
        )
    (folder / "air").touch()
    (folder / "smsdrc").write_text(SMSD.format(folder=folder, drivers=drivers))
    with (
        a_modem(folder),
        CopiesSeen(lambda: air(folder)) as seen,
        subprocess.Popen(
            ["gammu-smsd", "-c", str(folder / "smsdrc")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as smsd,
    ):
        until = time.perf_counter() + SMSD_PATIENCE_SECONDS
        while time.perf_counter() < until and not (seen.first(GOOD) is not None and _said_by_smsd(folder, first)):
            Event().wait(1)
        smsd.kill()
    said = _said_by_smsd(folder, first)
    return seen, "says " + ", ".join(sorted(set(said))) if said else "in its outbox"


def _said_by_smsd(folder: Path, recipient: str) -> list[str]:
    """Return what gammu-smsd has written of its SMS to somebody; nothing while it goes on."""
    with closing(sqlite3.connect(folder / "smsd.db", timeout=20)) as rows:
        found = rows.execute("SELECT Status FROM sentitems WHERE DestinationNumber = ?", (recipient,))
        return [status for (status,) in found]


PEERS: dict[str, Callable[[], Iterator[Seen]]] = {
    "yagmail": by_yagmail,
    "postfix": by_postfix,
    "gammu-smsd": by_gammu_smsd,
}


@contextmanager
def _postfix(folder: Path, root: Path, sink: int, limit: float) -> Iterator[int]:
    """Run Postfix's master with a queue of its own, and yield the port that takes mails."""
    folder.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = MAIN.format(folder=folder, root=str(root).rstrip("/"), users=USERS, sink=sink, limit=int(limit))
    (folder / "main.cf").write_text(config)
    (folder / "master.cf").write_text(MASTER.format(port=port))
    for name in ("queue", "data", *(f"queue/{each}" for each in QUEUES)):
        (folder / name).mkdir()
        if name not in ("queue", "queue/pid"):
            shutil.chown(folder / name, USERS[0])
    for name in ("maildrop", "public"):
        shutil.chown(folder / "queue" / name, group=USERS[1])
    libraries = ":".join(str(path) for path in (root / "usr/lib/postfix", *(root / "usr/lib").glob("*-linux-gnu")))
    environment = {**os.environ, "MAIL_CONFIG": str(folder), "LD_LIBRARY_PATH": libraries}
    with (folder / "said").open("wb") as said:
        master = subprocess.Popen(
            [str(root / "usr/lib/postfix/sbin/master"), "-c", str(folder), "-d"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        until = time.perf_counter() + 30
        while master.poll() is None and not _listens(port) and time.perf_counter() < until:
            Event().wait(0.05)
        if not _listens(port):
            logs = [path.read_text() for path in (folder / "said", folder / "maillog") if path.exists()]
            raise RuntimeError("Postfix does not start: " + "\n".join(logs))
        yield port
    finally:
        master.terminate()
        master.wait()


def _hand_in(port: int, recipient: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.sendmail("club@example.org", [recipient], b"Subject: Seance\r\n\r\nBonjour\r\n")


def _warns(folder: Path) -> bool:
    log = folder / "maillog"
    return log.exists() and "may be sent more than once" in log.read_text()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _less(seconds: float, limit: float) -> float | None:
    return None if math.isnan(seconds) else max(0.0, seconds - limit)
