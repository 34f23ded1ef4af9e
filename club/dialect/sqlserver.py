"""SQL Server over ODBC. Compiled and reviewed; no real server was tried."""

from typing import Any, Final

import pyodbc
from sqlalchemy import URL

from club.dialect import odbc
from club.dialect.addresses import given
from club.dialect.connecting import Limits, Opener, Traits, version_of
from club.errors import DatabaseUnfit
from config.sentence import Sentence

NEEDED: Final = (13,)  # DATEDIFF_BIG: SQL Server 2016
_DRIVERS: Final = r"ODBC Driver \d+ for SQL Server"


def opener(url: URL, password: str | None, limits: Limits) -> Opener:
    """Return what opens a connection; without a user the Windows account of the program is used."""
    ours: dict[str, object] = {"PWD": password, "APP": "heitz-service"}

    def connect() -> tuple[Any, Traits]:
        connection = pyodbc.connect(_text(url, ours), timeout=limits.connect_seconds)
        try:
            connection.timeout = limits.silence_seconds
            return connection, _set_up(connection, limits)
        except BaseException:
            connection.close()
            raise

    return connect


def _text(url: URL, ours: dict[str, object]) -> str:
    if text := given(url):
        return odbc.completed(text, ours)
    who = {"UID": url.username} if url.username else {"Trusted_Connection": "Yes"}
    if url.database is None and "driver" not in url.query:
        return odbc.connection_string({"DSN": url.host, **who}, url, ours)
    port = url.port or url.query.get("port")
    first = {
        "DRIVER": odbc.driver_of(url, _DRIVERS, "ODBC Driver 18 for SQL Server"),
        "SERVER": f"{url.host},{port}" if port else url.host,
        "DATABASE": url.database,
        **who,
    }
    return odbc.connection_string(first, url, ours)


def _set_up(connection: pyodbc.Connection, limits: Limits) -> Traits:
    cursor = connection.cursor()
    version, durability = cursor.execute(
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS varchar(50)), "
        "(SELECT delayed_durability_desc FROM sys.databases WHERE name = DB_NAME())"
    ).fetchone()
    if version_of(version) < NEEDED:
        raise DatabaseUnfit("SQL Server {version} is too old: update the server to 2016 or newer", version=version)
    cursor.execute(f"SET LOCK_TIMEOUT {limits.lock_seconds * 1000}")
    cursor.execute("SET XACT_ABORT ON")
    cursor.close()
    connection.rollback()
    return Traits(version, dangers(durability))


def dangers(durability: str | None) -> tuple[Sentence, ...]:
    """Return what may make this server forget what it has promised."""
    if durability != "FORCED":  # ALLOWED delays only who asks for it, and Service does not
        return ()
    return (
        Sentence.of(
            "the server forgets the last moments when it stops hard, so that messages may be sent twice: "
            "set {setting} on the database",
            setting="DELAYED_DURABILITY = DISABLED",
        ),
    )
