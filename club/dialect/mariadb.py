"""MariaDB over ODBC. Each line of the set-up is a trap that was met on a real server."""

import re
from typing import Any, Final

import pyodbc
from sqlalchemy import URL

from club.dialect import odbc
from club.dialect.addresses import describe, given
from club.dialect.connecting import Limits, Opener, Traits, untested, version_of
from club.dialect.meanings import disagree_on_encryption
from club.errors import DatabaseUnfit
from config.sentence import Sentence

NEEDED: Final = (10, 6)  # SKIP LOCKED
TESTED: Final = (10, 11)
_FOUND_ROWS: Final = 2
_AT_ONCE: Final = 1 << 30
_DRIVERS: Final = r"MariaDB( ODBC [\d.]+ Driver| Unicode)?"
_FORCED_TLS: Final = re.compile(r"(?i)(^|;)\s*FORCETLS\s*=\s*\{?\s*(1|true|yes)")
_STRICT: Final = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"


def opener(url: URL, password: str | None, limits: Limits) -> Opener:
    """Return what opens a connection; the address may name a host, an ODBC data source, or a whole `odbc_connect`."""
    ours: dict[str, object] = {
        "PWD": password,
        "CHARSET": "utf8mb4",
        "OPTION": _FOUND_ROWS,  # else an UPDATE that changes nothing counts 0 rows, as if the lease were lost
        # pyodbc's own timeouts are not obeyed: a server that accepts and is silent would be waited for without end.
        "CONN_TIMEOUT": limits.connect_seconds,
        "READ_TIMEOUT": limits.silence_seconds,
        "WRITE_TIMEOUT": limits.silence_seconds,
    }

    def connect() -> tuple[Any, Traits]:
        said = _text(url, ours)
        connection = pyodbc.connect(said, timeout=limits.connect_seconds)
        try:
            if _FORCED_TLS.search(said):
                _refuse_plain(connection, describe(url))
            return connection, _set_up(connection, limits)
        except BaseException:
            connection.close()
            raise

    return connect


def _text(url: URL, ours: dict[str, object]) -> str:
    if text := given(url):
        return odbc.completed(text, ours)
    if url.database is None and "driver" not in url.query:
        return odbc.connection_string({"DSN": url.host, "UID": url.username}, url, ours)
    first = {
        "DRIVER": odbc.driver_of(url, _DRIVERS, "MariaDB Connector/ODBC"),
        # SQLAlchemy writes `Server=host,3307`, which is SQL Server's way.
        "SERVER": url.host,
        "PORT": url.port or url.query.get("port"),
        "DATABASE": url.database,
        "UID": url.username,
    }
    return odbc.connection_string(first, url, ours)


def _refuse_plain(connection: pyodbc.Connection, where: str) -> None:
    # The driver's FORCETLS is a wish: with a server that has no encryption Connector/ODBC 3.1.15 goes on without.
    status = "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'"
    if not connection.execute(status).fetchval():
        raise disagree_on_encryption(where)


def _set_up(connection: pyodbc.Connection, limits: Limits) -> Traits:
    connection.maxwrite = _AT_ONCE  # long texts sent in pieces arrive damaged, and nothing says so: pyodbc issue 1375
    cursor = connection.cursor()
    version, flush, binlog, sync_binlog, encoding = cursor.execute(
        "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog, @@character_set_client"
    ).fetchone()
    if "mariadb" not in version.lower():
        raise DatabaseUnfit("the server is MySQL {version}: use MariaDB, PostgreSQL or SQL Server", version=version)
    if version_of(version) < NEEDED:
        raise DatabaseUnfit(
            "MariaDB {version} is too old: update the server to 10.11 or newer", version=version.split("-")[0]
        )
    if encoding != "utf8mb4":  # an address or a data source that says so: names would become question marks, silently
        raise DatabaseUnfit(
            "the connection to the database is set to the encoding {encoding}, which cannot hold every name: "
            "take CHARSET={encoding} out of the address, or out of the ODBC data source",
            encoding=encoding,
        )
    cursor.execute(
        f"SET SESSION max_statement_time={limits.statement_seconds}, innodb_lock_wait_timeout={limits.lock_seconds}, "
        f"lock_wait_timeout={limits.lock_seconds}, "  # for a table that is being changed; a day, if nobody says less
        f"idle_transaction_timeout={limits.idle_seconds}, sql_mode='{_STRICT}', time_zone='+00:00'"
    )
    cursor.close()
    connection.rollback()
    return Traits(version, (*dangers(flush, binlog, sync_binlog), *untested("MariaDB", version, TESTED)))


def dangers(flush: int, binlog: int, sync_binlog: int) -> tuple[Sentence, ...]:
    """Return what may make this server forget what it has promised: a message would go out twice."""
    found = []
    if flush != 1:
        found.append(
            Sentence.of(
                "the server forgets the last moments when it stops hard, so that messages may be sent twice: "
                "set {setting} in its configuration",
                setting="innodb_flush_log_at_trx_commit = 1",
            )
        )
    if binlog and sync_binlog != 1:
        found.append(
            Sentence.of(
                "the server forgets the last moments when it stops hard, so that messages may be sent twice: "
                "set {setting} in its configuration",
                setting="sync_binlog = 1",
            )
        )
    return tuple(found)
