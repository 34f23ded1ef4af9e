"""Who wants no more marketing by e-mail: kept by address, or by the token that a click brought back."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from club.database import Database
from club.reading import instant_or_none, legible, shortened
from club.tables import email_opt_out

_SOURCE: Final = 100


@attrs.frozen
class EmailOptOut:
    """One objection; `address` is None as long as only its token is known."""

    address: str | None = attrs.field(repr=False)
    token: str | None = attrs.field(repr=False)
    at: datetime | None
    source: str | None


def normalised(address: str) -> str:
    """Return an address as it is kept and compared: NFC, lower case.

    RFC 5321 §2.4 lets a server tell `Lea` from `lea`; none does, and who objects means both.
    """
    return unicodedata.normalize("NFC", address.strip()).lower()


class EmailOptOuts:
    """Keeps objections; needs no lease. Raises DatabaseAway and DatabaseUnfit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_out(self, address: str, token: str | None) -> bool:
        """Return whether the owner of the address wants no marketing, by the address or by its token.

        A token that is recognised has its address written beside it: it holds when the secret behind tokens changes.
        """
        c = email_opt_out.c
        wanted = normalised(address)
        condition = c.address == wanted if token is None else or_(c.address == wanted, c.token == token)
        rows = self._database.read(lambda connection: connection.execute(select(c.address).where(condition)).all())
        if rows and token is not None and all(row.address is None for row in rows):
            statement = update(email_opt_out).where(c.token == token, c.address.is_(None)).values(address=wanted)
            self._write(lambda connection: connection.execute(statement).rowcount == 1)
        return bool(rows)

    def add(self, address: str, source: str) -> bool:
        """Take an address out of marketing; False: it was out already, and stays as it is."""
        c = email_opt_out.c
        wanted = normalised(address)

        def work(connection: Connection) -> bool:
            if connection.execute(select(c.id).where(c.address == wanted)).first() is not None:
                return False
            connection.execute(insert(email_opt_out).values(address=wanted, source=shortened(source, _SOURCE)))
            return True

        return self._write(work)

    def add_token(self, token: str, source: str) -> bool:
        """Take whoever the token stands for out of marketing; False: it was known already."""
        c = email_opt_out.c

        def work(connection: Connection) -> bool:
            if connection.execute(select(c.id).where(c.token == token)).first() is not None:
                return False
            connection.execute(insert(email_opt_out).values(token=token, source=shortened(source, _SOURCE)))
            return True

        return self._write(work)

    def remove(self, address: str, token: str | None = None) -> bool:
        """Let an address have marketing again; False: it was not out."""
        c = email_opt_out.c
        wanted = normalised(address)
        condition = c.address == wanted if token is None else or_(c.address == wanted, c.token == token)
        return self._database.write(
            lambda connection: connection.execute(delete(email_opt_out).where(condition)).rowcount > 0
        )

    def list(self, limit: int = 100) -> tuple[EmailOptOut, ...]:
        """Return who wants no marketing, the newest first."""
        c = email_opt_out.c
        statement = select(email_opt_out).order_by(c.at.desc(), c.id.desc()).limit(limit)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            EmailOptOut(_text(row.address), _text(row.token), instant_or_none(row.at), _text(row.source))
            for row in rows
        )

    def _write(self, work: Callable[[Connection], bool]) -> bool:
        try:
            return self._database.write(work)
        except IntegrityError:  # another program wrote the same at this moment: now its row is seen
            return False


def _text(value: Any) -> str | None:
    return None if value is None else legible(value)
