"""What `doctor` looks at: each check tells in one sentence what is well, what to watch and what to mend."""

import platform
import shutil
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import Any, Final

from club import DatabaseError, check, same
from config import (
    SecretError,
    Settings,
    SettingsError,
    SettingsNotFoundError,
    StationSettings,
    find_settings_file,
    load,
)
from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service import doctor_computer
from service.channel.client import NotRunning, ask, computer_name, find
from service.club_database import database_of
from service.doctor_database import clocks, dangers, doubtful_objections, failed_runs, waiting_emails
from service.doctor_modem import cautions, condition, modem_of
from service.doctor_sensors import sensor_ports
from service.findings import Finding, Level
from service.instance import running
from service.paths import Folders, UnsafePath, folders
from service.roster import settings_schema
from service.version import version
from service.words import AGGREGATE, word

# https://sqlite.org/wal.html: a WAL that is reset while another connection checkpoints can corrupt the database.
_FIXED_SQLITE: Final = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
_LITTLE_SPACE: Final = 1_000_000_000
_NO_SPACE: Final = 100_000_000
_SLOW_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 5.0


def _only_station(home: Folders) -> str | None:
    """Return the station that runs here for this user, when it is the only one."""
    stations = [holder.station for holder in running(home)]
    return stations[0] if len(stations) == 1 else None


class Examination:
    """One run of all checks; a check that fails hinders no other."""

    def __init__(
        self, config: Path | None, station: str | None, environment: Mapping[str, str], language: str | None = None
    ) -> None:
        self.config = config
        self._station = station
        self.environment = environment
        self._language = language
        self.settings: Settings | None = None
        self.status: Mapping[str, Any] | None = None
        self._here: StationSettings | None = None

    def findings(self) -> Iterator[Finding]:
        """Run the checks in order and give what they find."""
        yield from self._versions()
        yield from doctor_computer.system(self.environment)
        home: Folders | None = None
        try:
            home = folders(self.environment)
        except UnsafePath as error:
            yield Finding("folders", Level.PROBLEM, error.sentence)
        else:
            yield from self._folders(home)
            self._station = self._station or _only_station(home)
        yield from self._settings()
        if self.settings is not None:
            yield from self._database(self.settings)
        if home is not None:
            yield from self._modem(home)
            yield from self._running(home)
        yield from doctor_computer.autostart(self.environment)
        yield from doctor_computer.ports(self.settings, self._station or computer_name())

    def _versions(self) -> Iterator[Finding]:
        packages = ", ".join(f"{name} {_version_of(name)}" for name in ("pykka", "SQLAlchemy", "cattrs"))
        yield Finding(
            "versions",
            Level.OK,
            Sentence.of(
                "Heitz Service {version} on Python {python} ({packages}), {system}",
                version=version(),
                python=platform.python_version(),
                packages=packages,
                system=platform.platform(),
            ),
        )
        if is_sqlite_sound(sqlite3.sqlite_version_info):
            sentence = Sentence.of("SQLite {version}", version=sqlite3.sqlite_version)
            yield Finding("sqlite", Level.OK, sentence)
        else:
            yield Finding(
                "sqlite",
                Level.WARNING,
                Sentence.of(
                    "SQLite {version} can, very rarely, damage a database that several programs write: "
                    "install 3.51.3 or newer (or 3.50.7, 3.44.6)",
                    version=sqlite3.sqlite_version,
                ),
            )

    def _folders(self, home: Folders) -> Iterator[Finding]:
        try:
            for folder in dict.fromkeys((home.state, home.runtime, home.logs)):
                with tempfile.TemporaryFile(dir=folder) as file:
                    file.write(b"x" * 4096)
        except OSError as error:
            yield Finding(
                "folders",
                Level.PROBLEM,
                Sentence.of(
                    "nothing can be written in {folder} ({reason}): free space or give this user the right",
                    folder=home.state,
                    reason=system_words(error),
                ),
            )
        else:
            sentence = Sentence.of("{folder} is this user's alone and can be written", folder=home.state)
            yield Finding("folders", Level.OK, sentence)
        yield from _space(home.state)

    def _settings(self) -> Iterator[Finding]:
        try:
            file = find_settings_file(self.config, self.environment)
            settings = load(file, settings_schema())
        except SettingsError as error:
            for problem in error.problems:
                yield Finding("settings", Level.PROBLEM, problem.as_sentence())
            return
        except SettingsNotFoundError as error:
            yield Finding("settings", Level.PROBLEM, error.sentence)
            return
        self.settings = settings
        self._language = self._language or str(settings.club.language)
        yield Finding("settings", Level.OK, Sentence.of("the settings file {file} is in order", file=file))
        if sys.platform != "win32" and stat.S_IMODE(file.stat().st_mode) & 0o044:
            yield Finding(
                "settings",
                Level.WARNING,
                Sentence.of(
                    "other users of this computer can read {file}: write secrets as keyring:, env: or file:, "
                    "or close it with chmod 600",
                    file=file,
                ),
            )
        try:
            station = settings.station(self._station or computer_name())
        except SentenceError as error:
            yield Finding("station", Level.PROBLEM, error.sentence)
        else:
            self._here = station
            yield Finding("station", Level.OK, Sentence.of("this station is {station}", station=station.name))
            yield from sensor_ports({sensor.name: sensor.port for sensor in station.tables.get("sensors") or ()})

    def _database(self, settings: Settings) -> Iterator[Finding]:
        begun = monotonic()
        try:
            database = database_of(settings)
        except (DatabaseError, SecretError) as error:
            yield Finding("database", Level.PROBLEM, error.sentence)
            return
        try:
            status = check(database)
            database.write(lambda _connection: None)  # read by anybody, it may still be closed to this user's writing
        except DatabaseError as error:
            yield Finding("database", Level.PROBLEM, error.sentence)
        else:
            seconds = monotonic() - begun
            sentence = Sentence.of(
                "the database {where} answers in {ms} ms (revision {revision})",
                where=database.where,
                ms=round(seconds * 1000),
                revision=status.revision,
            )
            yield Finding("database", Level.OK if seconds < _SLOW_SECONDS else Level.WARNING, sentence)
            yield from doctor_computer.durability(str(settings.club.database))
            yield from dangers(database)
            yield from clocks(database)
            yield from failed_runs(database)
            yield from waiting_emails(database)
            yield from doubtful_objections(database)
        finally:
            database.dispose()
        if str(settings.club.database).startswith("sqlite"):
            yield from _space(Path(database.where).parent)

    def _modem(self, home: Folders) -> Iterator[Finding]:
        modem = None if self.settings is None or self._here is None else modem_of(self.settings, self._here)
        if modem is None or self._here is None:
            return
        yield from cautions(modem)
        if not any(same(holder.station, self._here.name) for holder in running(home)):  # else its program has the port
            yield from condition(modem, self._here.name, home)

    def _running(self, home: Folders) -> Iterator[Finding]:
        try:
            holder = find(self._station, home)
            request = {"command": "status", "language": self._language}
            status = ask(holder, request, home, seconds=_ANSWER_SECONDS).answer
        except NotRunning as error:
            yield Finding("program", Level.WARNING, error.sentence)
            return
        except SentenceError as error:
            yield Finding("program", Level.PROBLEM, error.sentence)
            return
        self.status = status
        well = status.get("state") == "active"
        yield Finding(
            "program",
            Level.OK if well else Level.PROBLEM,
            Sentence.of(
                "the station {station} runs in process {pid}, {state}: `heitz-service status` shows more",
                station=holder.station,
                pid=holder.pid,
                state=word(AGGREGATE, str(status.get("state"))),
            ),
        )
        yield from doctor_computer.icon(status)
        yield from doctor_computer.paused(status)
        yield from doctor_computer.failures(status, self._language or "en")


def is_sqlite_sound(library: tuple[int, int, int]) -> bool:
    """Tell whether this SQLite is free of the fault of resetting the WAL: 3.51.3 on, 3.50.7 on, 3.44.6 on."""
    branches = {fixed[:2]: fixed for fixed in _FIXED_SQLITE}
    return library >= branches.get(library[:2], _FIXED_SQLITE[-1])


def _space(folder: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # the folder is missing: who needs it has said so
    megabytes = free // 1_000_000
    if free >= _LITTLE_SPACE:
        yield Finding("disk", Level.OK, Sentence.of("{mb} MB are free in {folder}", mb=megabytes, folder=folder))
        return
    sentence = Sentence.of("only {mb} MB are free in {folder}: make room", mb=megabytes, folder=folder)
    yield Finding("disk", Level.PROBLEM if free < _NO_SPACE else Level.WARNING, sentence)


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "-"
