"""A station that freezes between the mark and the final dot: when it thaws too late, the dot stays where it is."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
from email_fixtures import StartServer

from club import EMAIL, Database, Lease, Outbox, Times
from club.migrations import initialise

ROOT = Path(__file__).parents[2]
WORKS_SECONDS = 6
"""Longer than a machine that runs much else takes from the lease to the mark."""

STATION = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests/email"]
from email_fixtures import delivery, smtp_settings
from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.settings import EmailSettings
from club import EMAIL, Database, Journal, Lease, Outbox, Times
folder, port = Path(sys.argv[2]), int(sys.argv[3])
database = Database(f"sqlite:///{folder / 'club.db'}", busy_seconds=10)
works = timedelta(seconds=int(sys.argv[4]))
times = Times(ttl=2 * works, margin=works)
PATIENT = dict.fromkeys(("open_timeout", "reply_timeout", "message_timeout"), timedelta(seconds=90))
lease = Lease(database, "email", "ACCUEIL", "one", times=times)
assert lease.acquire()
outbox = Outbox(database, EMAIL, lease, journal=Journal(folder / "answers"))
outbox.recover()
begin = outbox.begin
def begin_and_freeze(message, leaves_as):
    marked = begin(message, leaves_as)
    os.kill(os.getpid(), signal.SIGSTOP)        # the mark is committed, the dot has not left
    return marked
outbox.begin = begin_and_freeze
settings = EmailSettings(station="ACCUEIL", smtp=smtp_settings(port, **PATIENT))
tally = Tally()
with SmtpSession(settings.smtp, may_leave=lambda: lease.is_held) as session:
    delivery(outbox, session, settings, lambda: lease.is_held, tally).run()
print(tally.as_counters())
"""


class Frozen:
    """A station that has marked its one e-mail and was stopped by SIGSTOP before the dot."""

    def __init__(self, folder: Path, port: int, works_seconds: int) -> None:
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}")
        initialise(self.database)
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute("INSERT INTO email (recipient, subject, text_body) VALUES ('a@example.org', 's', 'b')")
        command = [sys.executable, "-c", STATION, str(ROOT), str(folder), str(port), str(works_seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it ended before it froze"
        self.since = monotonic()

    def row(self) -> Any:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute("SELECT state, attempts FROM email").fetchone()

    def thaw(self) -> str:
        """Let it go on, and return what it says that it did."""
        os.kill(self._process.pid, signal.SIGCONT)
        out, _ = self._process.communicate(timeout=90)
        assert self._process.returncode == 0
        return out.strip()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self.database.dispose()


@pytest.fixture
def freeze(tmp_path: Path) -> Iterator[Callable[..., Frozen]]:
    made: list[Frozen] = []

    def make(port: int, works_seconds: int = WORKS_SECONDS) -> Frozen:
        made.append(Frozen(tmp_path, port, works_seconds))
        return made[-1]

    yield make
    for frozen in made:
        frozen.close()


def wait_beyond_the_deadline(frozen: Frozen) -> None:
    Event().wait(frozen.since + WORKS_SECONDS + 0.1 - monotonic())


def test_one_that_thaws_in_time_sends(freeze: Callable[..., Frozen], start_server: StartServer) -> None:
    server = start_server()
    frozen = freeze(server.port, works_seconds=60)
    assert (frozen.row(), len(server.copies)) == (("sending", 1), 0)
    assert frozen.thaw() == "{'sent': 1}"
    assert (frozen.row(), len(server.copies)) == (("sent", 1), 1)


def test_one_that_thaws_too_late_keeps_the_dot_back_and_the_message_waits_again(
    freeze: Callable[..., Frozen], start_server: StartServer
) -> None:
    server = start_server()
    frozen = freeze(server.port)
    wait_beyond_the_deadline(frozen)
    assert frozen.thaw() == "{}"
    assert (frozen.row(), len(server.copies)) == (("pending", 0), 0)


def test_one_that_thaws_after_another_took_over_tells_it_that_nothing_left(
    freeze: Callable[..., Frozen], start_server: StartServer
) -> None:
    server = start_server()
    frozen = freeze(server.port)
    works = timedelta(seconds=WORKS_SECONDS)
    times = Times(ttl=2 * works, margin=works)
    heir = Lease(frozen.database, "email", "SERVEUR", "two", times=times)
    until = monotonic() + 90
    while not heir.acquire():
        assert monotonic() < until
        Event().wait(0.1)
    outbox = Outbox(frozen.database, EMAIL, heir)
    assert outbox.recover().uncertain == 1
    assert frozen.row()[0] == "uncertain"
    assert frozen.thaw() == "{}"
    assert (frozen.row(), len(server.copies)) == (("pending", 0), 0)
    assert [message.text("recipient") for message in outbox.claim()] == ["a@example.org"]
