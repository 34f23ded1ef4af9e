"""A station of a sample club with an icon on a test's own desktop."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

import psutil

from tests.desktop.desktop import PATIENCE_SECONDS, Desktop

ROOT: Final = Path(__file__).resolve().parents[2]
SMTP: Final = ROOT / "tests/email/faulty_smtp.py"

SETTINGS: Final = """
[club]
name = "Forme et Santé"
language = "{language}"
database = "sqlite:///club.db"

[stations.ACCUEIL]
server = true

[presence]
alert_after = "1s"
{presence}

[email]
station = "ACCUEIL"
every = "1s"
[email.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "Forme et Santé <club@example.org>"
{more}
"""


class IconClub:
    """The station's files, its mail server, its program."""

    program: tuple[str, ...] = (sys.executable, "-m", "service")

    def __init__(self, folder: Path, desk: Desktop) -> None:
        self.folder = folder
        self.desk = desk
        self.settings = folder / "heitz-service.toml"
        self.log = folder / "smtp.log"
        self.port = 1
        self._server: subprocess.Popen[bytes] | None = None
        self.environment = {**desk.environment, "HEITZ_SERVICE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}

    def prepare(self, *, language: str = "en", presence: str = "", more: str = "") -> None:
        """Write the settings, make the database, start the mail server."""
        self.folder.mkdir(exist_ok=True)
        command = (sys.executable, str(SMTP), "--log", str(self.log), "--port", "0")
        server = self._server = self.desk.start(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdout is not None
        self.port = int(server.stdout.readline())
        self.write_settings(language=language, presence=presence, more=more)
        code, _, errors = self.command("database", "init", "--config", str(self.settings))
        assert code == 0, errors

    def write_settings(self, *, language: str = "en", presence: str = "", more: str = "") -> None:
        fresh = self.settings.with_suffix(".new")
        text = SETTINGS.format(language=language, presence=presence, port=self.port, more=more)
        fresh.write_text(text, "utf-8")
        fresh.replace(self.settings)

    def run(self, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start the station's program."""
        command = (*self.program, "run", "--config", str(self.settings), "--station", "ACCUEIL")
        kept = {**self.environment, **environment}
        return self.desk.start(*command, *words, env={key: value for key, value in kept.items() if value}, cwd=ROOT)

    def command(self, *words: str) -> tuple[int, str, str]:
        ended = subprocess.run(
            (*self.program, *words),
            env={**self.environment, "LC_ALL": "C.UTF-8"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return ended.returncode, ended.stdout, ended.stderr

    def status(self) -> dict[str, Any]:
        _, out, _ = self.command("status", "--json")
        return dict(json.loads(out)) if out else {}

    def where_is_the_icon(self) -> str:
        return str(self.status().get("tray", {}).get("state"))

    def break_mail_server(self) -> None:
        """End the mail server: e-mails wait from now on."""
        assert self._server is not None
        self.desk.end(self._server)

    def write_email(self, recipient: str) -> None:
        """Write an e-mail as another program does."""
        with closing(sqlite3.connect(self.folder / "club.db", timeout=20)) as connection, connection:
            connection.execute(
                "INSERT INTO email (recipient, subject, text_body) VALUES (?, 'Séance', 'Bonjour')", (recipient,)
            )

    def received(self) -> list[str]:
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [recipient for line in lines for recipient in json.loads(line)["recipients"]]


def icon_process(program: "subprocess.Popen[bytes]") -> psutil.Process | None:
    """Return the process that shows the icon of a program."""
    try:
        children = psutil.Process(program.pid).children()
        return next((each for each in children if "actors.tray.child" in each.cmdline()), None)
    except psutil.Error:
        return None


def a_new_icon_process(program: "subprocess.Popen[bytes]", old: int) -> psutil.Process:
    """Wait for the process that replaced one, and return it."""
    until = monotonic() + PATIENCE_SECONDS
    while True:
        found = icon_process(program)
        if found is not None and found.pid != old:
            return found
        assert monotonic() < until, "no other process came"
        Event().wait(0.02)
