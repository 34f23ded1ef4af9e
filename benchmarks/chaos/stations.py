"""The stations of a chaos club: real programs, each in a folder of its own, that are killed, frozen and restarted."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import psutil

from chaos import faketime

NAMES: Final = ("ACCUEIL", "SERVEUR", "BASSIN")
"""The preferred station, and those that stand by, in this order."""

_STOP_SECONDS: Final = 70
"""More than the program takes when something in it hangs, and it says so by its exit code."""

SETTINGS: Final = """
[club]
name = "Forme et Santé"
language = "en"
database = "{database}"

[stations.SERVEUR]
server = true
[stations.ACCUEIL]
[stations.BASSIN]

[email]
station = "ACCUEIL"
standby = ["SERVEUR", "BASSIN"]
every = "1s"
retry_after = "2s"
retry_at_most = "5s"
greylist_after = "5s"
max_attempts = 3

[email.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "Forme et Santé <club@example.org>"
"""


@attrs.define(eq=False)
class Station:
    """One station: its folder, its clock, and its program, which may be down."""

    name: str
    folder: Path
    root: Path
    """Where the program's code is."""
    process: "subprocess.Popen[bytes] | None" = None
    most_bytes: int = 0

    def prepare(self, database: str, smtp_port: int) -> None:
        """Write its copy of the club's settings file: only the ends of its cables differ from the others'."""
        self.folder.mkdir()
        self.settings.write_text(SETTINGS.format(database=database, port=smtp_port), encoding="utf-8")
        self.step(0)

    @property
    def settings(self) -> Path:
        return self.folder / "heitz-service.toml"

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def step(self, seconds: int) -> None:
        """Step its clock to so many seconds beside the true one."""
        faketime.step(self.folder / "clock", seconds)

    def start(self) -> None:
        if self.is_up:
            return
        command = [sys.executable, "-m", "service", "run", "--config", str(self.settings), "--station", self.name]
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command, "--headless"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.root,  # `-m` looks here first: a scratch copy runs its own code
                env=self._environment(),
            )

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait(15)

    def freeze(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)

    def end(self) -> int | None:
        """Stop it in order and return its exit code; None when it was down already."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # what all its threads do is then in its output
            return self.process.wait(15)

    def weigh(self) -> None:
        """Note how much memory it has."""
        if self.process is None or self.process.poll() is not None:
            return
        try:
            taken = int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return
        self.most_bytes = max(self.most_bytes, taken)

    def log_lines(self) -> list[str]:
        files = sorted((self.folder / "home").glob("logs/*"))
        return [line for file in files for line in file.read_text("utf-8", "replace").splitlines()]

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "HEITZ"))}
        return {
            **kept,
            **faketime.environment(self.folder / "clock"),
            "PYTHONFAULTHANDLER": "1",
            "HEITZ_SERVICE_HOME": str(self.folder / "home"),
            "PYTHONPATH": str(self.root),
        }
