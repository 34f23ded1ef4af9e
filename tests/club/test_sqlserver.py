"""SQL Server, as far as it goes without one: what it is asked, its addresses, and what it would tell."""

import re
from pathlib import Path
from typing import Any

import pyodbc
import pytest
from pinned_sql import compiled

from club import Database, DatabaseUnfit, check
from club.dialect import sqlserver
from club.dialect.connecting import Limits

PINNED = Path(__file__).with_name("sqlserver.sql")


def test_what_sql_server_is_asked_is_what_was_reviewed() -> None:
    """No real server was tried: a statement that changes is to be read by somebody who knows T-SQL.

    Then: .venv/bin/python tests/club/lab/pinned_sql.py > tests/club/sqlserver.sql
    """
    assert compiled("mssql+pyodbc://") == PINNED.read_text("utf-8")


def test_what_sql_server_is_asked_is_in_its_language() -> None:
    pinned = PINNED.read_text("utf-8")
    foreign = r"(?i)\bLIMIT\b|SELECT EXISTS|FOR UPDATE|RETURNING|ROW_NUMBER|\bTRUE\b|IF NOT EXISTS|\bNOW\(|\|\|"
    assert re.findall(foreign, pinned) == []
    assert len(pinned.split("\n\n")) > 60, "the day asks all that there is to ask"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (
            "mssql+pyodbc://heitz@server:1433/club?driver=ODBC+Driver+18+for+SQL+Server&Encrypt=yes",
            ["DRIVER=ODBC Driver 18 for SQL Server", "SERVER=server,1433", "UID=heitz", "PWD={p}}w;d}", "Encrypt=yes"],
        ),
        ("mssql://server/club?driver=x", ["SERVER=server", "Trusted_Connection=Yes", "DATABASE=club"]),
        ("mssql+pyodbc://heitz@club_dsn", ["DSN=club_dsn", "UID=heitz"]),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BSERVER%3Ds%3BAPP%3Dmine", ["DRIVER=x;SERVER=s;APP=mine;PWD="]),
    ],
)
def test_the_address_of_a_sql_server_becomes_its_connection_string(
    url: str, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(connection: str, **options: Any) -> None:
        asked.append(f"{connection};timeout={options['timeout']}")
        raise pyodbc.InterfaceError("28000", "[28000] Login failed for user. (18456) (SQLDriverConnect)")

    monkeypatch.setattr("pyodbc.connect", refuse)
    database = Database(url, "p}w;d")
    with pytest.raises(DatabaseUnfit, match="refuses the user or the password"):
        check(database)
    for part in [*parts, "timeout=3"]:
        assert part in asked[0]


@pytest.mark.parametrize(
    ("version", "durability", "said"),
    [("13.0.5026.0", "ALLOWED", []), ("16.0.1000.6", "FORCED", ["DELAYED_DURABILITY = DISABLED"])],
)
def test_what_a_sql_server_tells_is_weighed(version: str, durability: str, said: list[str]) -> None:
    traits = sqlserver._set_up(_SqlServer((version, durability)), Limits.of(5))
    assert traits.version == version
    for danger, part in zip(traits.dangers, said, strict=True):
        assert part in str(danger)


def test_a_sql_server_that_is_too_old_is_told() -> None:
    with pytest.raises(DatabaseUnfit, match=r"SQL Server 12.* is too old: update the server to 2016 or newer"):
        sqlserver._set_up(_SqlServer(("12.0.2000.8", "DISABLED")), Limits.of(5))


class _SqlServer:
    """Answers the questions of the set-up as the manual says."""

    def __init__(self, row: tuple[str, str]) -> None:
        self._row = row

    def cursor(self) -> Any:
        return self

    def execute(self, _statement: str) -> Any:
        return self

    def fetchone(self) -> tuple[str, str]:
        return self._row

    def close(self) -> None: ...

    def rollback(self) -> None: ...
