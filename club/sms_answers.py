"""What members answer, each taken once, and who wants no more marketing."""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

import attrs
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from club.database import Database
from club.reading import instant_or_none, legible, shortened
from club.sms_tables import sms_opt_out, sms_received

Wish: TypeAlias = Literal["stop", "perhaps_stop", "return", "none"]

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_IN_ONE_STATEMENT: Final = 500
_WORDS: Final = 200


@attrs.frozen
class Received:
    """An SMS that came in: `sender` as the provider writes it, `number` the same as E.164 when it is one.

    `identity` tells it from any other; None: sender, text and instant do.
    """

    sender: str = attrs.field(repr=False)
    number: str | None = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    wish: Wish
    at: datetime | None = None
    identity: str | None = None

    @property
    def key(self) -> str:
        """Return what makes it this one, without telling who wrote it."""
        if self.identity is not None and len(self.identity) <= _WORDS:
            return shortened(self.identity, _WORDS)
        told = self.identity or f"{self.sender}\0{self.at}\0{self.body}"
        return sha256(told.encode("utf-8", "replace")).hexdigest()


@attrs.frozen
class OptOut:
    """A number that gets no marketing: since when, by what way, and with which words."""

    number: str = attrs.field(repr=False)
    at: datetime | None
    source: str | None
    words: str | None = attrs.field(default=None, repr=False)
    is_doubtful: bool = False
    """It may be an objection, and counts as one until a person has read the words."""


class SmsAnswers:
    """Keeps what came in and what it asks; needs no lease. Raises DatabaseAway and DatabaseUnfit.

    Numbers are E.164: one that is kept as people type it would never be found, hence ValueError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def receive(self, received: Received, source: str) -> bool:
        """Store an answer and do what it wishes, in one commit; False: it was taken before, and nothing is changed."""
        c = sms_received.c
        values = {
            "identity": received.key,
            "sender": shortened(received.sender, 100),
            "body": shortened(received.body, 10_000),
            "wish": received.wish,
            **({} if received.at is None else {"received_at": received.at}),
        }
        there = select(c.id).where(c.identity == received.key)

        def work(connection: Connection) -> bool:
            if connection.execute(there).first() is not None:
                return False
            connection.execute(insert(sms_received).values(values))
            if received.number is not None and received.wish in ("stop", "perhaps_stop"):
                _add(connection, received.number, source, received.body, received.wish)
            elif received.number is not None and received.wish == "return":
                _remove(connection, received.number)
            return True

        return self._write(work)

    def add(self, number: str, source: str, words: str | None = None) -> bool:
        """Take a number out of marketing, or confirm a doubtful one; False: it was out already, and stays as it is."""
        return self._write(lambda connection: _add(connection, number, source, words))

    def remove(self, number: str) -> bool:
        """Let a number have marketing again; False: it was not out."""
        return self._database.write(lambda connection: _remove(connection, number))

    def refusing(self, numbers: Collection[str]) -> frozenset[str]:
        """Return which of these numbers want no marketing; costs one statement for 500."""
        asked = sorted(set(numbers))
        c = sms_opt_out.c

        def work(connection: Connection) -> frozenset[str]:
            chunks = (asked[first : first + _IN_ONE_STATEMENT] for first in range(0, len(asked), _IN_ONE_STATEMENT))
            return frozenset(
                number
                for chunk in chunks
                for number in connection.execute(select(c.number).where(c.number.in_(chunk))).scalars()
            )

        return self._database.read(work) if asked else frozenset()

    def doubtful(self) -> int:
        """Return how many numbers get no marketing because of words that may mean STOP, and that nobody has judged."""
        statement = select(func.count()).select_from(sms_opt_out).where(sms_opt_out.c.wish == "perhaps_stop")
        return int(self._database.read(lambda connection: connection.execute(statement).scalar()) or 0)

    def opt_outs(self, limit: int = 100, numbers: Iterable[str] = ()) -> tuple[OptOut, ...]:
        """Return who wants no marketing, the newest first; with `numbers` only those."""
        c = sms_opt_out.c
        statement = select(sms_opt_out).order_by(c.at.desc(), c.number).limit(limit)
        if asked := sorted(set(numbers)):
            statement = statement.where(c.number.in_(asked))
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            OptOut(
                legible(row.number),
                instant_or_none(row.at),
                _text(row.source),
                _text(row.words),
                row.wish == "perhaps_stop",
            )
            for row in rows
        )

    def _write(self, work: Callable[[Connection], bool]) -> bool:
        try:
            return self._database.write(work)
        except IntegrityError:  # another station wrote the same at this moment: now its row is seen
            return self._database.write(work)


def _add(connection: Connection, number: str, source: str, words: str | None, wish: Wish = "stop") -> bool:
    if not _E164.fullmatch(number):
        raise ValueError("an objection is kept by its number as E.164")
    c = sms_opt_out.c
    values = {"source": shortened(source, 100), "words": words and shortened(words, _WORDS), "wish": wish}
    there = connection.execute(select(c.wish).where(c.number == number)).scalar()
    if there is None:
        connection.execute(insert(sms_opt_out).values(number=number, **values))
        return True
    if there == "stop" or wish != "stop":
        return False
    if words is None:  # a person has read what the member wrote, and it is to stay
        del values["words"]
    return connection.execute(update(sms_opt_out).where(c.number == number).values(values)).rowcount == 1


def _remove(connection: Connection, number: str) -> bool:
    return connection.execute(delete(sms_opt_out).where(sms_opt_out.c.number == number)).rowcount == 1


def _text(value: Any) -> str | None:
    return None if value is None else legible(value)
