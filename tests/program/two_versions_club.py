"""The sample club on a database server."""

import sys
from pathlib import Path
from typing import Any, Final

from database_servers import Server
from sqlalchemy import text

from club import Database
from club.migrations import initialise
from tests.program import sample_club

SECONDS: Final = 90.0


class ServerClub(sample_club.Club):
    """A club whose database is one of a server's, or a file where there is no server."""

    def __init__(self, folder: Path, server: Server | None, root: Path = sample_club.ROOT) -> None:
        super().__init__(folder)
        self.root = root
        self.address = f"sqlite:///{self.database}"
        if server is not None:
            name = f"program{abs(hash(folder)) % 10**9}"
            server.administer(f"CREATE DATABASE {name}")
            self.address = server.url(name)
        self._open = Database(self.address, busy_seconds=60)

    def write_settings(self, email: str = "", smtp: str = "", more: str = "") -> None:
        super().write_settings(email, smtp, more)
        said = self.settings.read_text("utf-8")
        self.settings.write_text(said.replace("sqlite:///club.db", self.address), "utf-8")

    def make_database(self, revisions: Any = None) -> None:
        initialise(self._open, *([revisions] if revisions else []))

    def do(self, statement: str, **values: Any) -> None:
        self._open.write(lambda connection: connection.execute(text(statement), values))

    def rows(self, statement: str) -> list[Any]:
        return self._open.read(lambda connection: list(connection.execute(text(statement))))

    def states(self) -> dict[str, int]:
        return dict(self.rows("SELECT state, count(*) FROM email GROUP BY state"))

    def write_emails(self, *recipients: str, **columns: Any) -> None:
        for each in recipients:
            self.do("INSERT INTO email (recipient, subject, text_body) VALUES (:to, 'Séance', 'Bonjour')", to=each)

    def state_is(self, state: str, *words: str, operation: str = "email") -> None:
        """Wait until the operation is in that state."""
        self.wait_until(lambda: self.operation(operation, *words)["state"] == state, SECONDS)

    def close(self) -> None:
        super().close()
        self._open.dispose()

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "PYTHONPATH": str(self.root)}

    def spawn(self, command: list[str], **streams: Any) -> Any:
        if command[:3] == [sys.executable, "-m", "service"]:
            command = ["env", "-C", str(self.root), *command]
        return super().spawn(command, **streams)
