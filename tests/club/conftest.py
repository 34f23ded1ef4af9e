"""A real club, on each engine, whose clocks the test moves."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from club_places import FIRST_DAY_MS, ModelPlaces, Place, ServerPlace, SqlitePlace, create
from database_servers import MariaDB, Missing, PostgreSQL, Server, running

from club import EMAIL, Channel, Database, Journal, Lease, Outbox, OutboxDesk, Times, migrations

ENGINES: Final = ("sqlite", "mariadb", "postgresql")
_NAMES: Final = itertools.count(1)


@attrs.define
class Clocks:
    """The clock of the database, in epoch ms, and that of the stations, in seconds since they started."""

    database_ms: int = FIRST_DAY_MS
    station_seconds: float = 1000.0

    def pass_(self, seconds: float) -> None:
        self.database_ms += int(seconds * 1000)
        self.station_seconds += seconds

    def step_database(self, seconds: float) -> None:
        self.database_ms += int(seconds * 1000)


@attrs.define
class Club:
    """A club's database and what a test does with it."""

    place: Place
    clocks: Clocks = attrs.field(factory=Clocks)
    _open: list[Database] = attrs.field(factory=list)

    @property
    def file(self) -> Path:
        assert isinstance(self.place, SqlitePlace)
        return self.place.file

    @file.setter
    def file(self, file: Path) -> None:
        assert isinstance(self.place, SqlitePlace)
        self.place.file = file
        self.place.url = f"sqlite:///{file}"

    def database(self, kind: type[Database] = Database, **options: Any) -> Database:
        """Open the database the way a station does, with the test's clock in it."""
        database = self.place.database(lambda: self.clocks.database_ms, kind, **options)
        self._open.append(database)
        return database

    def lease(self, station: str = "ACCUEIL", process: str | None = None, **options: Any) -> Lease:
        database = options.pop("database", None) or self.database()
        times = {name: options.pop(name) for name in ("ttl", "margin", "clock") if name in options}
        times.setdefault("clock", lambda: self.clocks.station_seconds)
        return Lease(database, "email", station, process or f"process-{station}", times=Times(**times), **options)

    def outbox(self, station: str = "ACCUEIL", journal: Journal | None = None, **options: Any) -> Outbox:
        """Return a recovered outbox under a lease that was just taken."""
        database = options.pop("database", None) or self.database()
        longest_wait = options.pop("longest_wait", None)
        channel = options.pop("channel", EMAIL)
        lease = self.lease(station, database=database, **options)
        assert lease.acquire()
        outbox = Outbox(database, channel, lease, journal=journal, longest_wait=longest_wait)
        outbox.recover()
        return outbox

    def desk(self, channel: Channel = EMAIL) -> OutboxDesk:
        return OutboxDesk(self.database(), channel)

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement as a program in any language would: without SQLAlchemy, without knowing Service."""
        return self.place.sql(self.clocks.database_ms, statement, *parameters)

    def write(self, recipient: str = "lea@example.org", **columns: Any) -> int:
        """Insert one e-mail with plain SQL and return its id."""
        values = {"recipient": recipient, "subject": "Bonjour", "text_body": "À bientôt", **columns}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        row = self.sql(f"INSERT INTO email ({names}) VALUES ({marks}) RETURNING id", *values.values())
        return int(row[0][0])

    def write_sms(self, **columns: Any) -> int:
        """Insert one SMS with plain SQL and return its id."""
        values = {"recipient": "06 39 98 12 34", "body": "Séance annulée", **columns}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        row = self.sql(f"INSERT INTO sms ({names}) VALUES ({marks}) RETURNING id", *values.values())
        return int(row[0][0])

    @property
    def is_file(self) -> bool:
        return isinstance(self.place, SqlitePlace)

    def blocked(self) -> AbstractContextManager[None]:
        """Keep every other program from writing, as one does that forgot its transaction."""
        return self.place.blocked()

    def state(self, message_id: int) -> str:
        return str(self.sql("SELECT state FROM email WHERE id = ?", message_id)[0][0])

    def states(self) -> dict[str, int]:
        return dict(self.sql("SELECT state, count(*) FROM email GROUP BY state"))

    def close(self) -> None:
        for database in self._open:
            database.dispose()
        self.place.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "club.db"
    database = Database(f"sqlite:///{file}")
    migrations.initialise(database)
    database.dispose()
    return file


def _running_or_skipped(kind: type[Server]) -> Iterator[Server]:
    try:
        with running(kind) as server:
            yield server
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture
def server(engine: str, request: pytest.FixtureRequest) -> Server:
    """Return the server of this test's engine."""
    server: Server = request.getfixturevalue(engine)
    return server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    yield from _running_or_skipped(MariaDB)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    yield from _running_or_skipped(PostgreSQL)


@pytest.fixture(scope="session")
def empty_places() -> dict[str, list[ServerPlace]]:
    """Databases of servers that a test has left empty."""
    return {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on every engine, or on those that its mark `engines` names."""
    if "engine" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("engines")
        metafunc.parametrize("engine", mark.args if mark else ENGINES)


@pytest.fixture
def new_place(
    engine: str, request: pytest.FixtureRequest, empty_places: dict[str, list[ServerPlace]], tmp_path: Path
) -> Iterator[Callable[[], Place]]:
    """Make places for clubs on the engine of this test. Who closes one gives it back empty."""
    numbers = itertools.count()

    def make() -> Place:
        if engine == "sqlite":
            return SqlitePlace(request.getfixturevalue("template"), tmp_path / f"club-{next(numbers)}.db")
        free = empty_places.setdefault(engine, [])
        place = free.pop() if free else ServerPlace(request.getfixturevalue(engine), f"club{next(_NAMES)}")
        place.empty()  # a test that failed may have left rows
        given.append(place)
        return place

    given: list[ServerPlace] = []
    yield make
    empty_places.setdefault(engine, []).extend(given)


class AddressedDatabase(Database):
    """A database that tells its address, for the processes that a test starts."""

    address: str


@pytest.fixture
def new_database(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., AddressedDatabase]]:
    """Make databases without tables, that are removed afterwards."""
    made: list[tuple[str, AddressedDatabase]] = []

    def make(**options: Any) -> AddressedDatabase:
        name = f"fresh{next(_NAMES)}"
        if engine == "sqlite":
            url = f"sqlite:///{tmp_path / name}.db"
        else:
            create(request.getfixturevalue(engine), name)
            url = request.getfixturevalue(engine).url(name)
        database = AddressedDatabase(url, **options)
        database.address = url
        database.create()
        made.append((name, database))
        return database

    yield make
    for name, database in made:
        database.dispose()
        if engine != "sqlite":
            force = " WITH (FORCE)" if engine == "postgresql" else ""
            request.getfixturevalue(engine).administer(f"DROP DATABASE {name}{force}")


@pytest.fixture
def model_places(new_place: Callable[[], Place]) -> ModelPlaces:
    return ModelPlaces(new_place)


@pytest.fixture
def club(new_place: Callable[[], Place]) -> Iterator[Club]:
    club = Club(new_place())
    yield club
    club.close()
