"""The installer's pages: their statements make a user who can do a station's whole life and no more; their TLS."""

import os
import pwd
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from database_servers import MariaDB, PostgreSQL, Server

from club import EMAIL, Database, DatabaseUnfit, Lease, Occurrences, Outbox, Runs, Sent, Stations, check, migrations
from club.migrations import runner

PAGES = Path(__file__).parents[2] / "docs/how-to"
PASSWORD = "a-long-password"  # the page's own

pytestmark = pytest.mark.engines("mariadb", "postgresql")


def _statements(engine: str, title: str, name: str) -> list[str]:
    """Return the statements of the page's block under a heading, for a database and users of this test."""
    page = (PAGES / f"database-{engine}.md").read_text("utf-8")
    _, _, section = page.partition(f"\n## {title}\n")
    block = re.search(r"```sql\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    assert block, title
    script = re.sub(r"--.*", "", block[1]).replace("192.168.1.%", "127.0.0.1")
    script = re.sub(r"\bclub\b", name, script)
    script = re.sub(r"\bheitz(_admin)?\b", rf"{name}_heitz\1", script)
    return [statement.strip() for statement in script.split(";") if statement.strip()]


@pytest.fixture
def page(engine: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Do what a heading's block says, as the administrator; the name is the database's and begins the users'."""
    server: Server = request.getfixturevalue(engine)
    name = "leastright"

    def do(title: str) -> None:
        database = name if "in the database" in title else ""
        server.administer(*_statements(engine, title, name), database=database)

    yield do
    users = [f"{name}_heitz", f"{name}_heitz_admin"]
    if engine == "mariadb":
        server.administer(f"DROP DATABASE {name}", *(f"DROP USER IF EXISTS {user}@'127.0.0.1'" for user in users))
    else:
        server.administer(f"DROP DATABASE {name} WITH (FORCE)", *(f"DROP ROLE IF EXISTS {user}" for user in users))


def _open(server: Server, user: str) -> Database:
    return Database(server.url("leastright", f"leastright_{user}"), PASSWORD)


def test_the_user_that_the_page_makes_lives_a_stations_whole_life_and_changes_no_table(
    engine: str, page: Callable[[str], None], request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(engine)
    page("Create the database and its users")
    if engine == "postgresql":
        page("Give the rights, in the database itself")
    daily, admin = _open(server, "heitz"), _open(server, "heitz_admin")
    with pytest.raises(DatabaseUnfit, match="`heitz-service database init --sql`"):
        migrations.initialise(daily)
    migrations.initialise(admin, runner.REVISIONS[:1])
    with pytest.raises(DatabaseUnfit, match="`heitz-service database upgrade --sql --from 1`"):
        migrations.upgrade(daily)
    assert migrations.upgrade(admin).before == 1
    check(daily)
    daily.write(lambda connection: connection.execute(EMAIL.messages.insert().values(recipient="a@x.fr", subject="é")))
    Stations(daily).beat("ACCUEIL", "one", "0.1.0", "active", ["email"])
    held = Lease(daily, "email", "ACCUEIL", "one")
    assert held.acquire()
    outbox = Outbox(daily, EMAIL, held)
    outbox.recover()
    (message,) = outbox.claim()
    assert outbox.begin(message)
    assert outbox.settle(message, Sent("<1@club>"))
    outbox.expire()
    held.renew()
    duty = Occurrences(daily, "email", "ACCUEIL", "one", held)
    run = duty.begin("2026-11-24T08:00", "once more")
    assert run is not None
    assert duty.finish(run, "ok", "done")
    Runs(daily, "ACCUEIL", "one").purge(timedelta(days=-1))
    held.release()
    daily.dispose()
    admin.dispose()


@pytest.fixture
def encrypted(engine: str, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server with a certificate for 127.0.0.1, and the file of the authority that signed it."""
    server = {"mariadb": MariaDB, "postgresql": PostgreSQL}[engine]()
    try:
        server.prepare()
        authority = trustme.CA()
        pair = authority.issue_cert("127.0.0.1")
        pair.cert_chain_pems[0].write_to_path(server.folder / "cert.pem")
        pair.private_key_pem.write_to_path(server.folder / "key.pem")
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        for file in ("cert.pem", "key.pem"):
            if os.geteuid() == 0:
                os.chown(server.folder / file, pwd.getpwnam("nobody").pw_uid, -1)
            (server.folder / file).chmod(0o600)
        files = (f"{server.folder}/cert.pem", f"{server.folder}/key.pem")
        server.options = {
            "mariadb": (f"--ssl-cert={files[0]}", f"--ssl-key={files[1]}"),
            "postgresql": ("ssl=on", f"ssl_cert_file={files[0]}", f"ssl_key_file={files[1]}"),
        }[engine]
        server.start()
        server.administer("CREATE DATABASE club")
        yield server, tmp_path / "ca.pem"
    finally:
        server.stop()


def _cipher(database: Database, engine: str) -> str:
    asked = {
        "mariadb": "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME='Ssl_cipher'",
        "postgresql": "SELECT coalesce((SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()), '')",
    }[engine]
    return str(database.read(lambda connection: connection.exec_driver_sql(asked).scalar()))


def test_the_pages_options_encrypt_and_know_the_server(
    engine: str, encrypted: tuple[Server, Path], tmp_path: Path
) -> None:
    server, authority = encrypted
    page = (PAGES / f"database-{engine}.md").read_text("utf-8")
    found = re.search(r"\?((?:FORCETLS|sslmode)=\S*C:/Heitz/ca\.pem)", page)
    assert found
    wanted = dict(option.split("=", 1) for option in found[1].split("&"))
    foreign = tmp_path / "foreign.pem"
    trustme.CA().cert_pem.write_to_path(foreign)

    def opened(ca: Path) -> Database:
        query = {name: value.replace("C:/Heitz/ca.pem", str(ca)) for name, value in wanted.items()}
        return Database(server.url("club", **query))

    good, bad = opened(authority), opened(foreign)
    assert _cipher(good, engine)
    with pytest.raises(DatabaseUnfit, match="do not agree on encryption"):
        _cipher(bad, engine)
    good.dispose()
    bad.dispose()


def test_a_server_without_encryption_is_refused_when_the_address_asks_for_it(
    engine: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(engine)
    query = {"mariadb": {"FORCETLS": "1"}, "postgresql": {"sslmode": "require"}}[engine]
    database = Database(server.url("", **query) if engine == "mariadb" else server.url("postgres", **query))
    with pytest.raises(DatabaseUnfit, match="do not agree on encryption"):
        _cipher(database, engine)
    database.dispose()
