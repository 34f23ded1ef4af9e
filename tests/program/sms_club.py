"""A club that sends SMS over HTTP, to a gateway in the test's own process: killing the station leaves it alone."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from club_gateway import ClubGateway, settings_for
from gateway_contract import SECRET
from gateway_server import Server, Vendor, serving
from test_gateway_ovh import CONSUMER

from tests.program.sample_club import Club

ALWAYS: Final = """\
window = { days = "mon-sun", from = "00:00", to = "00:00", public_holidays = true }
charter = "none"
"""
_OVH: Final = """
[sms.gateway]
kind = "http"
provider = "ovh"
url = "{url}/1.0"
service = "sms-ab1-1"
application_key = "app-key"
application_secret = "{secret}"
consumer_key = "{consumer}"
"""


class SmsClub(Club):
    """The club, its gateway, and what the gateway's own log says of copies."""

    def __init__(self, folder: Path, vendor: Vendor, server: Server) -> None:
        super().__init__(folder)
        self.vendor = vendor
        self.server = server

    def write_sms_settings(self, more: str = "", *, hours: str = ALWAYS, gateway: str | None = None) -> None:
        """Write a settings file by which SMS leave, at any hour unless `hours` says otherwise."""
        gateway = settings_for(self.server.url) if gateway is None else gateway
        self.write_settings(more=f'\n[sms]\nstation = "ACCUEIL"\nevery = "1s"\n{hours}{more}\n{gateway}')

    def write_sms(self, *recipients: str, body: str = "Cours annulé", **columns: Any) -> None:
        """Write SMS as another program does."""
        names = ["recipient", "body", *columns]
        statement = f"INSERT INTO sms ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        rows = [(each, body, *columns.values()) for each in recipients]
        with closing(sqlite3.connect(self.database, timeout=20)) as connection, connection:
            connection.executemany(statement, rows)

    def sms_states(self) -> dict[str, int]:
        return dict(self.rows("SELECT state, count(*) FROM sms GROUP BY state"))

    def sms_copies(self) -> "Counter[str]":
        """Return how many copies of an SMS each number got."""
        return Counter(copy["to"] for copy in self.vendor.copies())

    def shown(self, number: int) -> dict[str, Any]:
        """Return what `sms show` says of a message."""
        code, out, errors = self.command("sms", "show", str(number), "--json", "--config", str(self.settings))
        assert code == 0, errors
        return dict(json.loads(out))


def ovh_settings(url: str) -> str:
    """Return the table of OVHcloud's counterpart."""
    return _OVH.format(url=url, secret=SECRET, consumer=CONSUMER)


def numbers(count: int) -> list[str]:
    """Return so many mobile numbers, as E.164."""
    return [f"+3369876{number:04}" for number in range(count)]


@contextmanager
def sms_club(
    folder: Path, vendor: Vendor | None = None, make: Callable[[Path, Vendor, Server], SmsClub] = SmsClub
) -> Iterator[SmsClub]:
    """Make a club with a database, a mail server and a gateway; what was started for it ends with the block."""
    with serving(vendor or ClubGateway(folder / "gateway.log")) as server:
        club = make(folder, server.vendor, server)
        try:
            club.start_smtp()
            club.write_sms_settings()
            club.make_database()
            yield club
        finally:
            club.close()
