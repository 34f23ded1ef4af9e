"""SQL Server, as far as it goes without one: what it is asked, its addresses, and what it would tell."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pyodbc
import pytest
from pinned_sql import compiled

from club import Database, DatabaseAway, DatabaseUnfit, check
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


@pytest.fixture
def peer() -> Iterator[Callable[[bytes], int]]:
    """Open ports whose peer answers these bytes to whatever it hears, and hangs up."""
    listening: list[socket.socket] = []
    accepted: list[socket.socket] = []

    def answer(listener: socket.socket, said: bytes) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                accepted.append(connection)
                with connection:
                    connection.recv(4096)
                    connection.sendall(said)

    def open_port(said: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)
        threading.Thread(target=answer, args=(listener, said), daemon=True).start()
        return int(listener.getsockname()[1])

    yield open_port
    for each in listening:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
    for each in accepted:
        each.close()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20, b"\0" * 300], ids=["end", "http", "zeros"]
)
def test_what_is_no_sql_server_becomes_one_sentence_within_the_timeout(
    peer: Callable[[bytes], int], said: bytes
) -> None:
    """A real driver, FreeTDS, led as far as it goes; not to silence, of which it does not always see the end."""
    if "FreeTDS" not in pyodbc.drivers():
        pytest.skip("the ODBC driver FreeTDS (package tdsodbc) is not installed")
    database = Database(
        f"mssql+pyodbc://sa@127.0.0.1:{peer(said)}/club?driver=FreeTDS&TDS_Version=7.4", "pässword", busy_seconds=1
    )
    began = monotonic()
    with pytest.raises(DatabaseAway, match=r"mssql 127\.0\.0\.1/club does not answer: check the network"):
        database.read(lambda _connection: None)
    assert monotonic() - began < 60
    database.dispose()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid:1433"])
def test_where_nothing_listens_becomes_one_sentence(host: str) -> None:
    if "FreeTDS" not in pyodbc.drivers():
        pytest.skip("the ODBC driver FreeTDS (package tdsodbc) is not installed")
    database = Database(f"mssql+pyodbc://sa@{host}/club?driver=FreeTDS&TDS_Version=7.4", "x", busy_seconds=1)
    with pytest.raises(DatabaseAway, match="does not answer: check the network and the server"):
        database.read(lambda _connection: None)
    database.dispose()
