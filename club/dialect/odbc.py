"""ODBC connection strings, made from an address and what Service itself must have in them."""

import re
from collections.abc import Mapping
from typing import Final

import pyodbc
from sqlalchemy import URL

from club.dialect.addresses import one
from club.errors import DatabaseUnfit

_PLAIN: Final = re.compile(r"[\w.,:\\/ -]+")


def driver_of(url: URL, wanted: str, install: str) -> str:
    """Return the driver that the address names, else the newest installed one whose name fits the pattern `wanted`."""
    if named := one(url.query.get("driver", "")):
        return named
    found = [name for name in pyodbc.drivers() if re.fullmatch(wanted, name)]
    if not found:
        raise DatabaseUnfit("no ODBC driver for this database is installed: install {driver}", driver=install)
    newest: str = max(found, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    return newest


def connection_string(first: Mapping[str, object], url: URL, then: Mapping[str, object]) -> str:
    """Return `first`, what the address adds in its query, and `then` where the address says nothing else."""
    said = {name: one(value) for name, value in url.query.items() if name.lower() not in ("driver", "port")}
    known = {name.lower() for name in said}
    rest = {name: value for name, value in then.items() if name.lower() not in known}
    parts = {**first, **said, **rest}
    return ";".join(f"{name}={_value(str(value))}" for name, value in parts.items() if value is not None)


def completed(text: str, then: Mapping[str, object]) -> str:
    """Return a given connection string with `then` added where it says nothing else."""
    rest = {
        name: value
        for name, value in then.items()
        if value is not None and not re.search(rf"(?i)(^|;)\s*{name}\s*=", text)
    }
    return ";".join([text.strip(" ;"), *(f"{name}={_value(str(value))}" for name, value in rest.items())])


def _value(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else "{" + text.replace("}", "}}") + "}"
