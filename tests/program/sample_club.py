"""A whole club in a temporary folder: settings, database, a mail server that logs what it accepts, and stations."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

import psutil

from club import Database
from club.migrations import initialise
from tests.program.leaks import CALM_COMMANDS, files_below, found_in

ROOT: Final = Path(__file__).resolve().parents[2]
SMTP: Final = ROOT / "tests/email/faulty_smtp.py"
PATIENCE_SECONDS: Final = 90.0

SETTINGS: Final = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"

[stations.SERVEUR]
server = true

[stations.ACCUEIL]

[email]
station = "ACCUEIL"
every = "1s"
{email}
[email.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "Forme et Santé <club@example.org>"
{smtp}
"""


class Club:
    """The club and everything that was started for it; `close` ends what still runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.settings = folder / "heitz-service.toml"
        self.database = folder / "club.db"
        self.smtp_log = folder / "smtp.log"
        self.smtp_port = 1
        self._processes: list[subprocess.Popen[str]] = []
        self._shown: list[str] = []

    # -- making it ---------------------------------------------------------------------------------------------------

    def write_settings(self, email: str = "", smtp: str = "", more: str = "") -> None:
        """Replace the settings file atomically, as the Configuration tool does."""
        fresh = self.settings.with_suffix(".new")
        fresh.write_text(SETTINGS.format(port=self.smtp_port, email=email, smtp=smtp) + more, encoding="utf-8")
        fresh.replace(self.settings)

    def make_database(self) -> None:
        database = Database(f"sqlite:///{self.database}")
        initialise(database)
        database.dispose()

    def start_smtp(self) -> "subprocess.Popen[str]":
        port = "0" if self.smtp_port == 1 else str(self.smtp_port)
        command = [sys.executable, str(SMTP), "--log", str(self.smtp_log), "--port", port]
        server = self.spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdout is not None
        self.smtp_port = int(server.stdout.readline())
        return server

    # -- running it --------------------------------------------------------------------------------------------------

    def run(self, station: str = "ACCUEIL") -> "subprocess.Popen[str]":
        """Start a station and return at once."""
        return self.spawn(
            self._command("run", "--config", str(self.settings), "--station", station, "--headless"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def start(self, station: str = "ACCUEIL") -> "subprocess.Popen[str]":
        """Start a station and return when it answers."""
        process = self.run(station)
        self.wait_until(lambda: process.poll() is not None or bool(self.command("status", "--station", station)[1]))
        assert process.poll() is None, process.communicate()
        return process

    def command(self, *words: str) -> tuple[int, str, str]:
        """Run a command to its end and return its exit code, output and errors."""
        ended = subprocess.run(
            self._command(*words),
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=ROOT,
            check=False,
            timeout=90,
        )
        if words[0] in CALM_COMMANDS:
            self._shown.append(f"{ended.stdout}{ended.stderr}")
        return ended.returncode, ended.stdout, ended.stderr

    def status(self, *words: str) -> dict[str, Any]:
        code, out, errors = self.command("status", "--json", *words)
        assert code in (0, 1), errors
        return dict(json.loads(out))

    def operation(self, name: str, *words: str) -> dict[str, Any]:
        return next(operation for operation in self.status(*words)["operations"] if operation["id"] == name)

    def actor(self, path: str) -> dict[str, Any]:
        return next(actor for actor in self.status()["actors"] if actor["path"] == path)

    # -- using it ----------------------------------------------------------------------------------------------------

    def write_emails(self, *recipients: str, **columns: Any) -> None:
        """Write e-mails as another program does."""
        names = ["recipient", "subject", "text_body", *columns]
        statement = f"INSERT INTO email ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        rows = [(each, "Séance", "Bonjour", *columns.values()) for each in recipients]
        with closing(sqlite3.connect(self.database, timeout=60)) as connection, connection:
            connection.executemany(statement, rows)

    def states(self) -> dict[str, int]:
        return dict(self.rows("SELECT state, count(*) FROM email GROUP BY state"))

    def rows(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=60)) as connection:
            return connection.execute(statement).fetchall()

    def copies(self) -> "Counter[str]":
        """Return how often each recipient got a mail, by the server's own log."""
        lines = self.smtp_log.read_text("utf-8").splitlines() if self.smtp_log.exists() else []
        return Counter(recipient for line in lines for recipient in json.loads(line)["recipients"])

    @staticmethod
    def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for what other processes do; fail when it does not come."""
        until = monotonic() + seconds
        while not is_so():
            assert monotonic() < until, "it did not happen"
            Event().wait(0.05)

    def close(self) -> None:
        """End what was started, and see that nothing private was left lying about."""
        for process in reversed(self._processes):
            if process.poll() is None:
                self._shown += arguments_of(process.pid)
                process.kill()
            self._shown += [said or "" for said in process.communicate()]
        shown = {f"what was shown ({place})": text for place, text in enumerate(self._shown)}
        leaks = found_in({**shown, **dict(files_below(self.home))})
        assert not leaks, leaks

    def spawn(self, command: list[str], **streams: Any) -> "subprocess.Popen[str]":
        """Start a process that ends with the club."""
        process = subprocess.Popen(command, text=True, env=self._environment(), cwd=ROOT, **streams)
        self._processes.append(process)
        return process

    # -- inside ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "service", *words]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "HEITZ"))}
        return {**kept, "HEITZ_SERVICE_HOME": str(self.home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}


def arguments_of(pid: int) -> list[str]:
    """Return what a process and its children were started with, for every user of the computer to read."""
    found: list[str] = []
    with suppress(psutil.Error):  # it ends by itself at this moment
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                found.append(" ".join(each.cmdline()))
    return found


def end(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> int:
    """Send a signal to a station and return its exit code."""
    process.send_signal(number)
    process.communicate(timeout=90)
    return process.returncode
