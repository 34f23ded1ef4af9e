"""Column types that mean the same on every engine, and what a table or a unique column needs on each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    String,
    Unicode,
    UnicodeText,
)
from sqlalchemy.dialects import mssql, mysql
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType


class _RawDatetime(UserDefinedType[Any]):
    """SQLite's DATETIME left as it is: SQLAlchemy's own type raises on text that another program wrote badly."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "DATETIME"  # the name makes ODBC programs see a timestamp


class Instant(TypeDecorator[Any]):
    """An instant that other programs write or read as a plain UTC literal, `2026-11-24 08:00:00`.

    Takes aware datetimes; gives back whatever the row holds (text on SQLite, a naive datetime elsewhere): read it with
    `club.reading.instant`, which tells a bad one from a good one without raising for the other rows.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of one engine."""
        match dialect.name:
            case "sqlite":
                return dialect.type_descriptor(_RawDatetime())
            case "mssql":
                return dialect.type_descriptor(mssql.DATETIME2(precision=3))  # type: ignore[no-untyped-call]
            case "mysql" | "mariadb":
                return dialect.type_descriptor(mysql.DATETIME())
            case _:
                return dialect.type_descriptor(DateTime(timezone=False))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into the engine's plain UTC value."""
        if value is None:
            return None
        plain = value.astimezone(UTC).replace(tzinfo=None)
        return plain.strftime("%Y-%m-%d %H:%M:%S") if dialect.name == "sqlite" else plain


# SQLite numbers rows by itself only for a column that is exactly INTEGER PRIMARY KEY.
Id: Final = BigInteger().with_variant(Integer(), "sqlite")

LongText: Final = (
    UnicodeText()
    .with_variant(mysql.MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
    .with_variant(mssql.NVARCHAR(None), "mssql")
)

Bytes: Final = (
    LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb").with_variant(mssql.VARBINARY("max"), "mssql")  # type: ignore[no-untyped-call]
)


def Code(length: int) -> String:  # noqa: N802  # reads as the type that it makes
    """Return a short ASCII column: binary collation, so that `=` and ORDER BY mean the same on every engine."""
    return (
        String(length)
        .with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
        .with_variant(mssql.VARCHAR(length, collation="Latin1_General_BIN2"), "mssql")
    )


def Word(length: int) -> Unicode:  # noqa: N802  # reads as the type that it makes
    """Return a short Unicode column that compares exactly: `é` is not `e`, `A` is not `a`."""
    return (
        Unicode(length)
        .with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
        .with_variant(mssql.NVARCHAR(length, collation="Latin1_General_100_BIN2"), "mssql")
    )


# MariaDB's default character set may be latin1.
table_options: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "mysql_engine": "InnoDB",
        "mariadb_engine": "InnoDB",
        "mysql_charset": "utf8mb4",
        "mariadb_charset": "utf8mb4",
    }
)
# SQLite gives a deleted row's id again unless told not to, and an id that returns would be taken for the old message.
numbered_table_options: Final[Mapping[str, Any]] = MappingProxyType({**table_options, "sqlite_autoincrement": True})


def unique_when_given(name: str, column: Column[Any]) -> Index:
    """Return a unique index that any number of NULLs pass: SQL Server alone would let one through."""
    return Index(name, column, unique=True, mssql_where=column.is_not(None))
