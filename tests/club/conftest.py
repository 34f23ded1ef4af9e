"""A real SQLite club in a temporary folder, whose clocks the test moves."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import event

from club import EMAIL, Database, Journal, Lease, Outbox, OutboxDesk, Times, migrations


@attrs.define
class Clocks:
    """The clock of the database, in epoch ms, and that of the stations, in seconds since they started."""

    database_ms: int = 1_795_502_400_000
    station_seconds: float = 1000.0

    def pass_(self, seconds: float) -> None:
        self.database_ms += int(seconds * 1000)
        self.station_seconds += seconds

    def step_database(self, seconds: float) -> None:
        self.database_ms += int(seconds * 1000)


@attrs.define
class Club:
    """A club's database and what a test does with it."""

    file: Path
    clocks: Clocks = attrs.field(factory=Clocks)
    _open: list[Database] = attrs.field(factory=list)

    def database(self, kind: Callable[..., Database] = Database, **options: Any) -> Database:
        """Open the database the way a station does, with the test's clock in it."""
        database = kind(f"sqlite:///{self.file}", **{"busy_seconds": 0.2, **options})
        event.listen(database.engine, "connect", self._give_clock)
        self._open.append(database)
        return database

    def _give_clock(self, connection: sqlite3.Connection, _record: Any) -> None:
        connection.create_function("julianday", 1, lambda _: 2440587.5 + (self.clocks.database_ms + 0.5) / 86_400_000)

    def lease(self, station: str = "ACCUEIL", process: str | None = None, **options: Any) -> Lease:
        database = options.pop("database", None) or self.database()
        times = {name: options.pop(name) for name in ("ttl", "margin", "clock") if name in options}
        times.setdefault("clock", lambda: self.clocks.station_seconds)
        return Lease(database, "email", station, process or f"process-{station}", times=Times(**times), **options)

    def outbox(self, station: str = "ACCUEIL", journal: Journal | None = None, **options: Any) -> Outbox:
        """Return a recovered outbox under a lease that was just taken."""
        database = options.pop("database", None) or self.database()
        lease = self.lease(station, database=database, **options)
        assert lease.acquire()
        outbox = Outbox(database, EMAIL, lease, journal=journal)
        outbox.recover()
        return outbox

    def desk(self) -> OutboxDesk:
        return OutboxDesk(self.database(), EMAIL)

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement as a program in any language would: without SQLAlchemy, without knowing Service."""
        connection = sqlite3.connect(self.file, isolation_level=None)
        connection.text_factory = bytes if "as bytes" in statement else str
        try:
            return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    def write(self, recipient: str = "lea@example.org", **columns: Any) -> int:
        """Insert one e-mail with plain SQL and return its id."""
        values = {"recipient": recipient, "subject": "Bonjour", "text_body": "À bientôt", **columns}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        row = self.sql(f"INSERT INTO email ({names}) VALUES ({marks}) RETURNING id", *values.values())
        return int(row[0][0])

    def state(self, message_id: int) -> str:
        return str(self.sql("SELECT state FROM email WHERE id = ?", message_id)[0][0])

    def states(self) -> dict[str, int]:
        return dict(self.sql("SELECT state, count(*) FROM email GROUP BY state"))

    def close(self) -> None:
        for database in self._open:
            database.dispose()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "club.db"
    database = Database(f"sqlite:///{file}")
    migrations.initialise(database)
    database.dispose()
    return file


@pytest.fixture
def new_club(template: Path, tmp_path: Path) -> Iterator[Callable[[], Club]]:
    """Make clubs, each with an empty database of its own: for tests that need several, such as property-based ones."""
    clubs: list[Club] = []

    def make() -> Club:
        file = tmp_path / f"club-{len(clubs)}.db"
        shutil.copy(template, file)
        clubs.append(Club(file))
        return clubs[-1]

    yield make
    for club in clubs:
        club.close()


@pytest.fixture
def club(new_club: Callable[[], Club]) -> Club:
    return new_club()
