"""The database's own clock, in SQL: epoch milliseconds for Service, plain UTC date-times for everybody else."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from club.dialect.types import Instant


class _NowMs(FunctionElement[int]):
    name = "now_ms"
    type = BigInteger()
    inherit_cache = True


class _UtcOfMs(FunctionElement[Any]):
    name = "utc_of_ms"
    type = Instant()
    inherit_cache = True


class _ByteLength(FunctionElement[int]):
    name = "byte_length"
    type = BigInteger()
    inherit_cache = True


def now_ms() -> ColumnElement[int]:
    """Return the database's clock: milliseconds since 1970-01-01 UTC, the same all through one statement."""
    return _NowMs()


def utc_of_ms(milliseconds: ColumnElement[int]) -> ColumnElement[Any]:
    """Return the plain UTC date-time (whole seconds) of an instant in epoch milliseconds."""
    return _UtcOfMs(milliseconds)


def utc_now() -> ColumnElement[Any]:
    """Return the database's clock as a plain UTC date-time: what other programs read and compare with."""
    return _UtcOfMs(_NowMs())


def byte_length(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return how many bytes a binary column holds, without reading them."""
    return _ByteLength(column)


# julianday() is stable within one step of a statement, and has about 0.05 ms of resolution.
@compiles(_NowMs, "sqlite")
def _now_sqlite(_element: _NowMs, _compiler: SQLCompiler, **_: Any) -> str:
    return "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))"


# Not UNIX_TIMESTAMP(NOW()): it is ambiguous during the autumn's double hour.
@compiles(_NowMs, "mysql")
@compiles(_NowMs, "mariadb")
def _now_mariadb(_element: _NowMs, _compiler: SQLCompiler, **_: Any) -> str:
    return "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000)"


# Not now(): that is the transaction's start. Not clock_timestamp(): volatile, so never an index condition.
@compiles(_NowMs, "postgresql")
def _now_postgresql(_element: _NowMs, _compiler: SQLCompiler, **_: Any) -> str:
    return "(CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT))"


@compiles(_NowMs, "mssql")
def _now_mssql(_element: _NowMs, _compiler: SQLCompiler, **_: Any) -> str:
    return "(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))"


@compiles(_UtcOfMs, "sqlite")
def _utc_sqlite(element: _UtcOfMs, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(strftime('%Y-%m-%d %H:%M:%S', ({compiler.process(element.clauses, **kw)}) / 1000, 'unixepoch'))"


@compiles(_UtcOfMs, "mysql")
@compiles(_UtcOfMs, "mariadb")
def _utc_mariadb(element: _UtcOfMs, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(TIMESTAMPADD(SECOND, ({compiler.process(element.clauses, **kw)}) DIV 1000, '1970-01-01'))"


@compiles(_UtcOfMs, "postgresql")
def _utc_postgresql(element: _UtcOfMs, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(to_timestamp(({compiler.process(element.clauses, **kw)}) / 1000) AT TIME ZONE 'UTC')"


@compiles(_UtcOfMs, "mssql")
def _utc_mssql(element: _UtcOfMs, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = f"({compiler.process(element.clauses, **kw)}) / 1000"
    # DATEADD takes an int: whole minutes first, so that it does not overflow in 2038.
    return f"(DATEADD(second, ({seconds}) % 60, DATEADD(minute, ({seconds}) / 60, CAST('19700101' AS datetime2(0)))))"


@compiles(_ByteLength)
def _length(element: _ByteLength, compiler: SQLCompiler, **kw: Any) -> str:
    name = {"mssql": "DATALENGTH", "postgresql": "octet_length"}.get(compiler.dialect.name, "LENGTH")
    return f"{name}({compiler.process(element.clauses, **kw)})"
