"""Three stations and one database: the work moves on command, and is replaced when its station goes."""

from collections.abc import Iterator

import pytest

from club import Database, lease_rows, want
from tests.program.sample_club import Club, end

STATIONS = ("ACCUEIL", "SERVEUR", "BASSIN")


class ThreeStations:
    """The club's three stations, each with a home of its own, and the lease as anybody reads it."""

    def __init__(self, club: Club, email: str = 'standby = ["SERVEUR", "BASSIN"]') -> None:
        self.club = club
        club.write_settings(email=email, more="\n[stations.BASSIN]\n")
        self.database = Database(f"sqlite:///{club.database}")

    def holder(self) -> str:
        row = lease_rows(self.database).get("email")
        return row.station if row is not None else ""

    def want(self, station: str) -> None:
        assert want(self.database, "email", station, seen_token=lease_rows(self.database)["email"].token)

    def state(self, station: str) -> str:
        return str(self.club.operation("email", "--station", station)["state"])


@pytest.fixture
def three(club: Club) -> Iterator[ThreeStations]:
    three = ThreeStations(club)
    yield three
    three.database.dispose()


def test_the_work_goes_to_the_station_that_is_wanted_and_stays_there(three: ThreeStations) -> None:
    club = three.club
    processes = {station: club.start(station) for station in STATIONS}
    club.wait_until(lambda: three.state("ACCUEIL") == "active")
    club.wait_until(lambda: len(club.rows("SELECT name FROM station")) == 3)
    three.want("BASSIN")
    club.wait_until(lambda: three.holder() == "BASSIN")
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.wait_until(lambda: three.state("ACCUEIL") == "standby")
    assert end(processes["BASSIN"]) == 0
    club.wait_until(lambda: three.holder() == "ACCUEIL")
