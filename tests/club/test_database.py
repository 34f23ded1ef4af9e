"""Bad databases: one sentence each, told as weather or as something that someone must mend, within the time allowed."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exc, text

from club import Database, DatabaseAway, DatabaseUnfit, Stations, check, migrations
from club.dialect import sqlite
from club.schema import KNOWN_REVISION
from config.sentence import SentenceError

pytestmark = pytest.mark.engines("sqlite")  # those of servers are in test_server_*.py


def _database(path: Path) -> Database:
    return Database(f"sqlite:///{path}", busy_seconds=0.1)


def _use(path: Path) -> None:
    database = _database(path)
    try:
        check(database)
    finally:
        database.dispose()


def test_a_missing_database_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnfit, match=r"there is no database .*club.db: if there was one, .* for a new club run"):
        _use(tmp_path / "club.db")
    assert not (tmp_path / "club.db").exists()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnfit, match=r"the folder of the database .* does not exist"):
        _use(tmp_path / "nowhere" / "club.db")
    with pytest.raises(DatabaseUnfit, match=r"the folder of the database .* does not exist"):
        migrations.initialise(_database(tmp_path / "nowhere" / "club.db"))


def _of_station(database: Database) -> str:
    return database.read(lambda connection: str(connection.execute(text("SELECT name FROM station")).scalar_one()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not replace an open file")
def test_a_file_put_in_the_place_of_an_open_one_is_the_database_from_then_on(club: Any, tmp_path: Path) -> None:
    database = club.database()
    Stations(database).beat("OLD", "p", "1", "active")
    assert _of_station(database) == "OLD"
    other = _database(tmp_path / "other.db")
    migrations.initialise(other)
    Stations(other).beat("NEW", "p", "1", "active")
    other.dispose()
    for beside in ("-wal", "-shm"):  # of the old file: SQLite would play them into the new one
        club.file.with_name(club.file.name + beside).unlink()
    (tmp_path / "other.db").replace(club.file)
    assert _of_station(database) == "NEW"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete an open file")
def test_an_open_database_that_is_deleted_is_missed(club: Any) -> None:
    database = club.database()
    check(database)
    club.file.unlink()
    with pytest.raises(DatabaseUnfit, match="there is no database"):
        check(database)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnfit, match="is a folder: name a file in it"):
        _use(tmp_path)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "club.db"
    file.write_bytes(b"Sehr geehrte Damen und Herren," * 100)
    with pytest.raises(DatabaseUnfit, match="is not a SQLite database"):
        _use(file)


def test_a_damaged_database_is_told(club: Any) -> None:
    database = club.database()
    club.write()
    club.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(club.file.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    club.file.write_bytes(content)
    with pytest.raises(DatabaseUnfit, match="is damaged: restore the last backup"):
        database.read(lambda connection: connection.execute(text("SELECT * FROM email")).all())


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    (tmp_path / "club.db").touch()
    with pytest.raises(DatabaseUnfit, match="has no tables of the club: run heitz-service database init"):
        _use(tmp_path / "club.db")
    with pytest.raises(DatabaseUnfit, match="has no tables of the club"):
        migrations.upgrade(_database(tmp_path / "club.db"))


def test_tables_of_another_version_are_told(club: Any) -> None:
    club.sql("ALTER TABLE email DROP COLUMN source")
    with pytest.raises(DatabaseUnfit, match="are not those of this version"):
        club.database().read(lambda connection: connection.execute(text("SELECT source FROM email")))


def test_a_newer_database_is_refused_with_the_version_that_it_asks_for(club: Any) -> None:
    club.sql("INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (99, 'r', 98, '7.2.0')")
    with pytest.raises(DatabaseUnfit, match=r"is of a newer version: install Heitz Service 7\.2\.0 or newer"):
        check(club.database())


def test_a_newer_database_that_still_admits_this_version_is_used(club: Any) -> None:
    club.sql("INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (99, 'r', 1, '0.1.0')")
    assert check(club.database()).revision == 99
    assert migrations.upgrade(club.database()).after == 99


def test_an_older_database_is_told(club: Any) -> None:
    club.sql("DELETE FROM club_schema")
    with pytest.raises(DatabaseUnfit, match="is of an older version: run heitz-service database upgrade"):
        check(club.database())


def test_a_locked_database_is_weather_and_the_wait_is_bounded(club: Any) -> None:
    database = club.database(busy_seconds=0.2)
    blocker = sqlite3.connect(club.file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(DatabaseAway, match="is locked by another program"):
        database.write(lambda connection: connection.execute(text("SELECT 1")))
    assert time.monotonic() - began < 60, "the wait has an end"
    assert database.read(lambda connection: connection.execute(text("SELECT 1")).scalar()) == 1, "reading goes on"
    blocker.execute("ROLLBACK")
    blocker.close()
    database.write(lambda connection: connection.execute(text("DELETE FROM email")))


def test_a_database_that_another_program_has_to_itself_is_weather(tmp_path: Path) -> None:
    file = tmp_path / "club.db"
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("CREATE TABLE t (a)")
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseAway, match="is locked"):
        _use(file)
    blocker.close()


def test_a_full_disk_is_weather_and_leaves_nothing_half_written(club: Any) -> None:
    database = club.database()

    def fill(connection: Any) -> None:
        connection.execute(text("PRAGMA max_page_count = 60"))
        for _ in range(100):
            connection.execute(text("INSERT INTO email (recipient, subject) VALUES (:body, 's')"), {"body": "x" * 4000})

    with pytest.raises(DatabaseAway, match=r"the disk of the database .* is full: free some space"):
        database.write(fill)
    assert club.states() == {}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become a user without rights")
def test_a_read_only_database_is_told(club: Any, tmp_path: Path) -> None:
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from club import Database, Stations, DatabaseUnfit, DatabaseAway\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: Stations(Database('sqlite:///' + sys.argv[1], busy_seconds=0.1)).beat('A', 'p', '1', 'active')\n"
        "except (DatabaseUnfit, DatabaseAway) as error: print(type(error).__name__, error)\n"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    root = str(Path(__file__).parents[2])
    for leave_files in (False, True):
        if leave_files:  # a WAL that another user has open
            club.database().write(lambda connection: connection.execute(text("DELETE FROM email")))
        done = subprocess.run(
            [sys.executable, "-c", program, str(club.file), root],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        assert done.stdout.startswith("DatabaseUnfit the database"), done.stdout + done.stderr
        assert "is read-only: give this user the right to write" in done.stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("club.db", "cannot be read: write one like"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:////server/share/club.db", "lies on a network share"),
        (r"sqlite:///\\server\share\club.db", "lies on a network share"),
        ("oracle://user:hunter2@host/x", "is not known here: install its driver"),
        ("klingon://host/x", "is not known here: install its driver"),
    ],
)
def test_an_address_that_cannot_work_here_is_refused_at_once(url: str, said: str) -> None:
    if url.startswith("sqlite:////server"):
        url = url.replace("sqlite:////", "sqlite://///")
    with pytest.raises(DatabaseUnfit, match=said) as refused:
        Database(url)
    assert "hunter2" not in str(refused.value)


MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/nas rw,relatime shared:9 - cifs //nas/club rw,vers=3.0
31 30 8:2 / /mnt/nas/own rw,relatime - ext4 /dev/sdb1 rw
32 22 0:41 / /srv/le\040club rw,relatime - nfs4 nas:/club rw
33 22 0:42 / /home rw,relatime - nfs nas:/home rw
34 22 8:3 / /home rw,relatime - ext4 /dev/sdc1 rw
"""


@pytest.mark.parametrize(
    ("path", "is_share"),
    [
        ("/var/lib/club.db", False),
        ("/mnt/nas/heitz/club.db", True),
        ("/mnt/nasty/club.db", False),  # another folder, whose name begins alike
        ("/mnt/nas/own/club.db", False),  # a disk of one's own beneath the share
        ("/srv/le club/club.db", True),
        ("/home/club.db", False),  # mounted over the share
    ],
)
def test_a_share_of_another_computer_is_known_by_what_is_mounted_there(path: str, is_share: bool) -> None:  # noqa: FBT001
    assert sqlite.is_on_share(Path(path), MOUNTS.strip()) is is_share


def test_a_database_on_a_mounted_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 22 0:40 / {tmp_path}/nas rw - nfs4 nas:/club rw\n", "utf-8")
    monkeypatch.setattr(sqlite, "_MOUNTS", mounts)
    with pytest.raises(DatabaseUnfit, match="lies on a network share, where SQLite damages itself"):
        Database(f"sqlite:///{tmp_path}/nas/club.db")
    Database(f"sqlite:///{tmp_path}/own/club.db").dispose()


def test_a_password_is_never_printed() -> None:
    database = Database("mssql+pyodbc://service@host/club?driver=x", "hunter2")
    printed = f"{database!r} {database.where} {database.engine!r} {database.engine.url}"
    assert "hunter2" not in printed
    assert database.where == "mssql host/club"
    database = Database("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dhunter2")
    assert "hunter2" not in f"{database!r} {database.where}"
    database.create()
    database.dispose()


def test_errors_do_not_print_addresses(club: Any) -> None:
    with pytest.raises(exc.IntegrityError) as raised:
        club.database().write(
            lambda connection: connection.execute(
                text("INSERT INTO email (recipient, subject) VALUES (:a, NULL)"), {"a": "lea@example.org"}
            )
        )
    assert "lea@example.org" not in str(raised.value)


def test_a_mistake_in_a_statement_is_not_taken_for_weather(club: Any) -> None:
    with pytest.raises(exc.OperationalError, match="syntax error"):
        club.database().read(lambda connection: connection.execute(text("SELEKT")))


def test_every_connection_is_durable_and_checks_its_keys(club: Any) -> None:
    def pragmas(connection: Any) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    assert club.database().read(pragmas) == ["wal", 2, 1]


def test_a_program_that_keeps_every_connection_waits_a_bounded_time(club: Any) -> None:
    database = club.database(pool_size=1, busy_seconds=0.1)
    entered, leave = threading.Event(), threading.Event()

    def keep(_connection: Any) -> None:
        entered.set()
        leave.wait(120)

    keeper = threading.Thread(target=lambda: database.read(keep))
    keeper.start()
    assert entered.wait(90)
    with pytest.raises(DatabaseAway, match="keeps every connection of this program waiting"):
        database.read(lambda _connection: None)
    leave.set()
    keeper.join(90)


def test_what_the_engine_undid_is_run_again(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    database = club.database(busy_seconds=2)
    tries = []

    def work(connection: Any) -> str:
        tries.append(1)
        if len(tries) < 3:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorname = "SQLITE_BUSY_SNAPSHOT"
            raise exc.OperationalError("x", None, error)
        return "done"

    assert database.write(work) == "done"
    assert len(tries) == 3


def test_threads_share_one_database(club: Any) -> None:
    database = club.database(busy_seconds=10)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(10):
                database.write(
                    lambda connection: connection.execute(
                        text("INSERT INTO email (recipient, subject) VALUES ('a', 's')")
                    )
                )
        except SentenceError as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(150)
    assert not failures
    assert club.states() == {"pending": 60}


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("SQLITE_IOERR_READ", DatabaseAway, "the disk of the database"),
        ("SQLITE_PERM", DatabaseUnfit, "is refused"),
        ("SQLITE_READONLY_DBMOVED", DatabaseUnfit, "is read-only"),
        ("SQLITE_CANTOPEN", DatabaseAway, "cannot be opened"),
    ],
)
def test_errors_that_cannot_be_provoked_here_are_told_too(
    club: Any, name: str, kind: type[Exception], said: str
) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorname = name
    verdict = sqlite.judge(error, club.file)
    assert verdict is not None
    assert isinstance(verdict.error, kind)
    assert said in str(verdict.error)


@pytest.mark.parametrize(
    ("version", "warned"),
    [
        ((3, 40, 1), "WAL-reset"),
        ((3, 44, 6), None),
        ((3, 50, 6), "WAL-reset"),
        ((3, 50, 7), None),
        ((3, 51, 2), "WAL-reset"),
        ((3, 52, 0), None),
    ],
)
def test_versions_of_sqlite_that_can_damage_a_database_are_known(
    version: tuple[int, int, int], warned: str | None
) -> None:
    assert sqlite.warning_of(version) == warned


def test_the_doctor_can_ask_what_endangers_a_database(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 40, 1))
    (danger,) = club.database().warnings()
    assert "has a rare defect" in str(danger)
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 51, 3))
    assert club.database().warnings() == ()


def test_a_servers_error_is_judged_as_a_servers() -> None:
    database = Database("mssql+pyodbc://host/club?driver=x")
    verdict = database._judge(exc.OperationalError("x", None, RuntimeError("08S01")))
    assert verdict is not None
    assert isinstance(verdict.error, DatabaseAway)


def test_a_path_with_spaces_accents_and_signs_is_opened(club: Any, tmp_path: Path) -> None:
    folder = tmp_path / "Forme & Santé 100% #1"
    folder.mkdir()
    club.file = club.file.rename(folder / "club.db")
    assert check(club.database()).revision == KNOWN_REVISION


def test_importing_the_club_does_not_import_alembic() -> None:
    program = "import club, sys; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False).returncode == 0
