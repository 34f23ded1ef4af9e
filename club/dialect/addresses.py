"""Addresses of servers: their password taken out, so that nothing that is printed can hold it."""

import re
from typing import Final

from sqlalchemy import URL

_PASSWORD: Final = re.compile(r"(?i)(?:^|(?<=;))\s*(?:PWD|PASSWORD)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*);?")
_NAMED: Final = r"(?i)(?:^|;)\s*(?:{})\s*=\s*\{{?([^;}}]*)"


def given(url: URL) -> str:
    """Return the whole connection string that an address gives as `odbc_connect`, empty when it gives none."""
    return one(url.query.get("odbc_connect", ""))


def one(value: str | tuple[str, ...]) -> str:
    """Return a parameter of an address, the last one when it is written several times."""
    return value if isinstance(value, str) else value[-1]


def split_password(url: URL) -> tuple[URL, str | None]:
    """Return an address without its password, and the password, also out of an `odbc_connect`."""
    connection, password = given(url), url.password
    if found := _PASSWORD.search(connection):
        raw = found[1].strip()
        password = raw[1:-1].replace("}}", "}") if raw.startswith("{") else raw
        url = url.update_query_dict({"odbc_connect": _PASSWORD.sub("", connection)})
    # Not set(password=None), which leaves it.
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query), password


def describe(url: URL) -> str:
    """Return the engine's name and place for people: never the user, the password or an ODBC string."""
    host, database = url.host, url.database
    if connection := given(url):
        host = host or _named(connection, "SERVER|DSN")
        database = database or _named(connection, "DATABASE|DB")
    place = f"{host or ''}/{database or ''}".strip("/")
    return f"{url.get_backend_name()} {place}".strip()


def _named(connection: str, names: str) -> str:
    found = re.search(_NAMED.format(names), connection)
    return found[1].strip() if found else ""
