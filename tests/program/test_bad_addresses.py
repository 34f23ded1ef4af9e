"""A running station is given one bad address after the other: each is one sentence in `status`, the rest runs on."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from database_servers import Missing

from tests.program.server_club import KINDS, ServerClub, running

ADMIT: Final = {
    "mariadb": [
        "CREATE USER guarded@'127.0.0.1' IDENTIFIED BY 'right'",
        "GRANT SELECT ON club.* TO guarded@'127.0.0.1'",
        "CREATE DATABASE bare",
    ],
    "postgresql": ["CREATE ROLE guarded LOGIN PASSWORD 'right'", "CREATE DATABASE bare"],
}
READ_ONLY: Final = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded"


@pytest.fixture(params=tuple(KINDS))
def club(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerClub]:
    try:
        with running(KINDS[request.param]) as server:
            club = ServerClub(tmp_path, server)
            try:
                club.start_smtp()
                club.make_database()
                server.administer(*ADMIT[server.engine])
                yield club
            finally:
                club.close()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def _is_told(club: ServerClub, said: str) -> bool:
    return said in str(club.operation("email")["reason"])


def _bad_addresses(club: ServerClub) -> list[tuple[str, str]]:
    server = club.server
    guarded = server.url("club", "guarded:{password}")
    found = [
        (club.address.replace(f":{server.port}", ":1"), "does not answer: check the network and the server"),
        (club.address.replace("127.0.0.1", "no-such-host.invalid"), "is not found: check its name in the settings"),
        (server.url("zorglub"), "that this user may open: create it"),
        (server.url("bare"), "has no tables of the club: run heitz-service database init"),
        (guarded.format(password="wrong"), "refuses the user or the password: correct the settings"),
        (guarded.format(password="right"), "give it the right to read and write the club's tables"),
    ]
    if server.engine == "mariadb":
        return [*found, (server.url("club", driver="Zorglub"), "is not installed: install it, or correct its name")]
    server.administer(READ_ONLY, database="club")
    server.administer("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    return [*found, (server.url("latin"), "keeps its text as LATIN1")]


def test_each_bad_address_is_told_by_its_remedy_and_the_good_one_needs_no_restart(club: ServerClub) -> None:
    good = club.address
    bad = _bad_addresses(club)
    club.address, _ = bad[0]
    club.write_settings()
    station = club.start()
    for address, said in bad:
        club.address = address
        club.write_settings()
        club.wait_until(partial(_is_told, club, said))
        status = club.status()
        assert status["state"] == "attention"
        assert {actor["state"] for actor in status["actors"]} == {"running"}, "nothing has crashed"
        assert "Traceback" not in str(status)
        assert "wrong" not in str(status["operations"])
    club.address = good
    club.write_settings()
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.status()["state"] == "active")
    assert station.poll() is None


def test_an_engine_that_is_not_known_is_told_and_the_last_good_settings_go_on(club: ServerClub) -> None:
    club.write_settings()
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    club.address = "oracle://127.0.0.1/club"
    club.write_settings()
    club.wait_until(lambda: club.status()["config"]["problem"] is not None)
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})


def test_a_station_that_starts_while_its_server_is_down_says_so_and_catches_up(club: ServerClub) -> None:
    club.write_settings()
    club.write_emails("a@example.org")
    club.server.kill()
    club.start()
    club.wait_until(lambda: "does not answer" in str(club.operation("email")["reason"]))
    since = club.operation("email")["since"]
    club.wait_until(lambda: club.actor("leases")["mailbox"] == 0)
    assert club.operation("email")["since"] == since, "it tells since when"
    club.server.start()
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: club.status()["state"] == "active")
    lines = (club.home / "logs" / "accueil.log").read_text("utf-8")
    assert lines.count("database.away") == lines.count("database.back") == 1
