"""What the tests of delivery share: an outbox over a database of its own, and a courier that does as it is told."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from actors.delivery.courier import Courier, Ready, Result, Settled
from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from club import EMAIL, BatchedOutbox, Database, Journal, Lease, Message, Outbox, Sent, Times
from club.migrations import initialise

NOW_AT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)

Prepare = Callable[[Message], Ready[Message]]
Send = Callable[[Message, Callable[[], bool]], Result]


def accept(message: Message, mark: Callable[[], bool]) -> Result:
    """Send as a provider that takes everything."""
    assert mark()
    return Result(Settled(Sent(f"r{message.id}")))


class ScriptedCourier(Courier[Message]):
    """Delivers into a list. By recipient, `prepares` and `sends` say what else is to happen."""

    def __init__(self) -> None:
        self.prepares: dict[str, Prepare] = {}
        self.sends: dict[str, Send] = {}
        self.any_send: Send = accept
        self.may: Callable[[Message], bool] = lambda _message: True
        self.asked: list[str] = []
        """Whom `send` was called for."""
        self.life: list[str] = []
        self.before: Callable[[Tally], None] = lambda _tally: None
        self.opening_at: datetime | None = None
        self.hurries = 0

    def prepare(self, message: Message) -> Ready[Message]:
        wanted = self.prepares.get(message.text("recipient"))
        return message if wanted is None else wanted(message)

    def identity(self, message: Message) -> str:
        return f"ours-{message.id}"

    def send(self, parcel: Message, mark: Callable[[], bool]) -> Result:
        self.asked.append(parcel.text("recipient"))
        return self.sends.get(parcel.text("recipient"), self.any_send)(parcel, mark)

    def may_leave(self, parcel: Message) -> bool:
        return self.may(parcel)

    def opens_at(self) -> datetime | None:
        return self.opening_at

    def be_quick(self) -> None:
        self.hurries += 1

    def interrupt(self) -> None:
        self.life.append("interrupt")

    def open(self) -> None:
        self.life.append("open")

    def before_run(self, tally: Tally) -> None:
        self.life.append("before_run")
        self.before(tally)

    def after_run(self, tally: Tally) -> None:
        self.life.append(f"after_run {tally.sent}")

    def rest(self) -> None:
        self.life.append("rest")

    def close(self) -> None:
        self.life.append("close")


@attrs.define
class Clock:
    """A monotonic clock that goes on when it is told, or waited on."""

    seconds: float = 100.0
    waits: list[float] = attrs.field(factory=list)

    def __call__(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class Post:
    """One station's outbox over a database of its own, a courier, and runs over the two."""

    def __init__(self, folder: Path, kind: type[Outbox] = BatchedOutbox) -> None:
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}", busy_seconds=0.2)
        initialise(self.database)
        # Its clock stands still: it must not run out on a computer that has no time for the test.
        self.lease = Lease(self.database, "email", "ACCUEIL", "process", times=Times(clock=lambda: 0.0))
        assert self.lease.acquire()
        self.journal = Journal(folder / "answers", sync=False, boot="this one")
        self.outbox = kind(self.database, EMAIL, self.lease, journal=self.journal)
        self.outbox.recover()
        self.courier = ScriptedCourier()
        self.clock = Clock()
        self.brake = Brake(self.clock)
        self.claims: list[int] = []
        """How many rows each claim took."""
        self._claim = self.outbox.claim
        self.outbox.claim = self._counted_claim  # type: ignore[method-assign]
        self.goes_on: Callable[[], bool] = lambda: True
        self.outside: list[bool] = [False]
        self.may_leave: Callable[[], bool] = lambda: self.lease.is_held

    def _counted_claim(self, limit: int = 100) -> list[Message]:
        taken = self._claim(limit)
        self.claims.append(len(taken))
        return taken

    def write(self, *recipients: str, **columns: Any) -> None:
        names = ("recipient", "subject", "text_body", *columns)
        statement = f"INSERT INTO email ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        rows = [(recipient, "s", "b", *columns.values()) for recipient in recipients]
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.executemany(statement, rows)

    def run(self, **terms: Any) -> Tally:
        tally = Tally()
        self.delivery(tally, **terms).run()
        return tally

    def delivery(self, tally: Tally, **terms: Any) -> Delivery[Message]:
        reins = Reins(
            self.goes_on,
            self.may_leave,
            waits_outside=self.outside.append,
            now=lambda: NOW_AT,
            clock=self.clock,
            wait=self.clock.wait,
        )
        return Delivery(self.outbox, self.courier, reins, tally, Terms(**terms), self.brake)

    def asked(self, columns: str) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(f"SELECT {columns} FROM email ORDER BY id").fetchall()

    def states(self) -> list[str]:
        return [state for (state,) in self.asked("state")]

    def close(self) -> None:
        self.journal.close()
        self.database.dispose()


def names(count: int) -> Sequence[str]:
    return [f"m{number}" for number in range(count)]


MORNING_AT = NOW_AT + timedelta(hours=10)
