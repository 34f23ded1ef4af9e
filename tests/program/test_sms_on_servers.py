"""On MariaDB and PostgreSQL, too, SMS of other programs leave once, are settled, heard of and looked at."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from gateway_contract import Clock
from gateway_server import Fault, Vendor
from gateway_server import Server as GatewayServer
from test_gateway_ovh import Ovh

from club import Database
from club.migrations import initialise
from tests.program.server_club import KINDS, Server, running
from tests.program.sms_club import SmsClub, numbers, ovh_settings, sms_club
from tests.program.test_sms_kills import has_begun

_NAMES: Final = itertools.count(1)
COUNT: Final = 120
KILLS: Final = 2


class SmsServerClub(SmsClub):
    """A club with a gateway, in a database of its own on a server."""

    place: Server
    name: str

    def write_settings(self, email: str = "", smtp: str = "", more: str = "") -> None:
        super().write_settings(email, smtp, more)
        text = self.settings.read_text("utf-8").replace("sqlite:///club.db", self.place.url(self.name))
        fresh = self.settings.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.settings)

    def make_database(self) -> None:
        self.place.administer(f"CREATE DATABASE {self.name}")
        database = Database(self.place.url(self.name))
        initialise(database)
        database.dispose()

    def write_sms(self, *recipients: str, body: str = "Cours annulé", **columns: Any) -> None:
        names = ["recipient", "body", *columns]
        mark = "%s" if self.place.engine == "postgresql" else "?"
        statement = f"INSERT INTO sms ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
        connection = self.place.connect(self.name)
        try:
            cursor = connection.cursor()
            cursor.executemany(statement, [(each, body, *columns.values()) for each in recipients])
            cursor.close()
        finally:
            connection.close()

    def rows(self, statement: str) -> list[Any]:
        connection = self.place.connect(self.name)
        try:
            return [tuple(row) for row in connection.execute(statement).fetchall()]
        finally:
            connection.close()


@pytest.fixture(scope="module", params=list(KINDS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    from database_servers import Missing  # noqa: PLC0415 - on the path only once server_club is there

    try:
        with running(KINDS[request.param]) as server:
            yield server
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@contextmanager
def club_on(server: Server, folder: Path, vendor: Vendor | None = None) -> Iterator[SmsClub]:
    def make(folder: Path, vendor: Vendor, gateway: GatewayServer) -> SmsServerClub:
        club = SmsServerClub(folder, vendor, gateway)
        club.place, club.name = server, f"sms{next(_NAMES)}"
        return club

    with sms_club(folder, vendor, make) as club:
        yield club


@pytest.fixture
def club(server: Server, tmp_path: Path) -> Iterator[SmsClub]:
    with club_on(server, tmp_path) as club:
        yield club


@pytest.fixture
def ovh_club(server: Server, tmp_path: Path) -> Iterator[SmsClub]:
    clock = Clock()
    clock.at = datetime.now(UTC)
    with club_on(server, tmp_path, Ovh(tmp_path / "gateway.log", clock)) as club:
        club.write_sms_settings(gateway=ovh_settings(club.server.url))
        yield club


def test_sms_leave_once_and_what_came_of_them_is_known(ovh_club: SmsClub) -> None:
    club = ovh_club
    vendor = club.vendor
    assert isinstance(vendor, Ovh)
    first, second, third = numbers(3)
    vendor.faults.append(Fault.LOST_REPLY)
    vendor.incoming[1] = {"id": 1, "sender": third, "message": "Stop svp", "creationDatetime": None}
    vendor.incoming[2] = {"id": 2, "sender": second, "message": "stop ou encore", "creationDatetime": None}
    club.write_sms(first, "06 98 76 00 01", "01 44 55 66 77", body="L'eau est à 22 °C 🏊")
    club.write_sms(third, body="-20 %. STOP au 36180", category="marketing")
    club.start()
    club.wait_until(lambda: club.sms_states() == {"sent": 2, "failed": 2})
    assert club.sms_copies() == {first: 1, second: 1}
    assert {copy["text"] for copy in vendor.copies()} == {"L'eau est à 22 °C 🏊"}
    errors = sorted(error for (error,) in club.rows("SELECT error FROM sms WHERE state = 'failed'"))
    assert errors == [
        "the member answered STOP: no marketing may be sent",
        "the number cannot be used: a landline, which takes no SMS",
    ]
    assert [each["outcome"] for each in club.shown(1)["deliveries"]] == ["uncertain", "sent"]
    assert sorted(club.rows("SELECT number, wish FROM sms_opt_out")) == [(second, "perhaps_stop"), (third, "stop")]
    club.wait_until(lambda: "1 answer may mean STOP" in str(club.operation("sms")["reason"]))
    assert club.command("sms", "opt-out", "remove", second, "--config", str(club.settings))[0] == 0
    club.wait_until(lambda: club.status()["state"] == "active")


def test_kill_9_while_sms_leave_doubles_nothing_and_loses_nothing(club: SmsClub) -> None:
    club.write_sms(*numbers(COUNT))
    kills = 0
    while kills < KILLS and club.sms_states().get("pending", 0) > COUNT // 10:
        station = club.run()
        club.wait_until(partial(has_begun, club, sum(club.sms_copies().values())))
        station.send_signal(signal.SIGKILL)
        station.communicate()
        kills += 1
    assert kills > 0, "it was over before it was killed"
    club.start()
    club.wait_until(lambda: not set(club.sms_states()) & {"pending", "sending", "uncertain"})
    assert club.sms_copies() == dict.fromkeys(numbers(COUNT), 1)
    assert club.sms_states() == {"sent": COUNT}
