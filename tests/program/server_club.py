"""A whole club whose database is on a real server of its own."""

import sys
from pathlib import Path
from typing import Any, Final

from club import Database
from club.migrations import initialise
from tests.program.sample_club import ROOT, Club

sys.path.insert(0, str(ROOT / "tests/club/lab"))

from database_servers import MariaDB, PostgreSQL, Server, running

__all__ = ["KINDS", "Server", "ServerClub", "running"]

KINDS: Final[dict[str, type[Server]]] = {"mariadb": MariaDB, "postgresql": PostgreSQL}


class ServerClub(Club):
    """A club in the database `club` of a server."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder)
        self.server = server
        self.address = server.url("club")

    def write_settings(self, email: str = "", smtp: str = "", more: str = "") -> None:
        super().write_settings(email, smtp, more)
        text = self.settings.read_text("utf-8").replace("sqlite:///club.db", self.address)
        fresh = self.settings.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.settings)

    def make_database(self) -> None:
        self.server.administer("CREATE DATABASE club")
        database = Database(self.server.url("club"))
        initialise(database)
        database.dispose()

    def write_emails(self, *recipients: str, **columns: Any) -> None:
        names = ["recipient", "subject", "text_body", *columns]
        mark = "%s" if self.server.engine == "postgresql" else "?"
        statement = f"INSERT INTO email ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
        connection = self.server.connect("club")
        try:
            cursor = connection.cursor()
            cursor.executemany(statement, [(each, "Séance", "Bonjour", *columns.values()) for each in recipients])
            cursor.close()
        finally:
            connection.close()

    def rows(self, statement: str) -> list[Any]:
        connection = self.server.connect("club")
        try:
            return [tuple(row) for row in connection.execute(statement).fetchall()]
        finally:
            connection.close()
