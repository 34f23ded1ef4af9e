"""Three stations and one database: the work moves on command, in order, and back when its station returns."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from club import Database, lease_rows, want
from tests.program.sample_club import Club, end

STATIONS = ("ACCUEIL", "SERVEUR", "BASSIN")
AT_A_TIME = 500


class ThreeStations:
    """The club's three stations, and the lease as anybody reads it."""

    def __init__(self, club: Club, email: str = "") -> None:
        self.club = club
        club.write_settings(email=f'standby = ["SERVEUR", "BASSIN"]\n{email}', more="\n[stations.BASSIN]\n")
        self.database = Database(f"sqlite:///{club.database}")

    def start(self) -> None:
        self.processes = {station: self.club.start(station) for station in STATIONS}
        self.club.wait_until(lambda: len(self.club.rows("SELECT name FROM station WHERE plan IS NOT NULL")) == 3)
        self.club.wait_until(lambda: self.is_at("ACCUEIL"))

    def is_at(self, station: str) -> bool:
        row = lease_rows(self.database).get("email")
        return row is not None and row.station == station

    def wish(self, station: str) -> None:
        """Wish until it is written: the token moves when a holder takes up its work."""
        self.club.wait_until(
            lambda: want(self.database, "email", station, seen_token=lease_rows(self.database)["email"].token)
        )

    def state(self, station: str) -> str:
        return str(self.club.operation("email", "--station", station)["state"])


@pytest.fixture
def three(club: Club) -> Iterator[ThreeStations]:
    three = ThreeStations(club)
    yield three
    three.database.dispose()


def test_the_work_moves_in_the_midst_of_a_campaign_and_nothing_is_doubled_lost_or_uncertain(
    three: ThreeStations,
) -> None:
    three.start()
    club = three.club
    addresses: list[str] = []

    def is_at_while_there_is_work(station: str) -> bool:
        """The campaign goes on until the work has moved, however quick the computer is."""
        if pending(club) < AT_A_TIME:
            more = [f"member{len(addresses) + number}@example.org" for number in range(AT_A_TIME)]
            club.write_emails(*more)
            addresses.extend(more)
        return three.is_at(station)

    club.wait_until(lambda: is_at_while_there_is_work("ACCUEIL"))
    for station in ("BASSIN", "SERVEUR", "ACCUEIL", "BASSIN"):
        before = sum(club.copies().values())
        club.wait_until(lambda before=before: sum(club.copies().values()) > before)  # type: ignore[misc]
        three.wish(station)
        club.wait_until(partial(is_at_while_there_is_work, station))
    club.wait_until(lambda: club.states() == {"sent": len(addresses)})
    assert club.copies() == dict.fromkeys(addresses, 1)
    assert len(club.rows("SELECT DISTINCT station FROM email")) > 1, "it never moved while there was work"
    club.wait_until(lambda: (three.state("BASSIN"), three.state("ACCUEIL")) == ("active", "standby"))
    assert end(three.processes["BASSIN"]) == 0
    club.wait_until(lambda: three.is_at("ACCUEIL"))  # given back in order: nobody waits for its end


def pending(club: Club) -> int:
    return club.states().get("pending", 0)


def test_stations_with_contradicting_files_say_so_and_one_of_them_works(three: ThreeStations) -> None:
    club = three.club
    club.start("ACCUEIL")
    club.wait_until(lambda: three.is_at("ACCUEIL"))
    other = club.settings.with_name("other.toml")
    text = club.settings.read_text("utf-8")
    other.write_text(text.replace('station = "ACCUEIL"', 'station = "BASSIN"').replace(', "BASSIN"]', "]"), "utf-8")
    first, club.settings = club.settings, other
    club.start("BASSIN")
    club.settings = first

    def said(station: str) -> tuple[str, str]:
        status = json.loads(club.command("status", "--json", "--station", station)[1])
        email = next(each for each in status["operations"] if each["id"] == "email")
        return status["state"], str(email["reason"])

    club.wait_until(lambda: "put the same file" in said("BASSIN")[1])
    assert said("BASSIN")[1] == (
        "the settings file here lets BASSIN, SERVEUR do it, that of ACCUEIL lets ACCUEIL, SERVEUR, BASSIN: "
        "put the same file on both"
    )
    three.wish("BASSIN")  # a person may, for its own file lets it
    club.wait_until(lambda: said("ACCUEIL")[1].startswith("the settings file here lets ACCUEIL"))
    club.wait_until(lambda: said("BASSIN")[1].endswith("put the same file on both"))
    assert said("BASSIN")[1] == (
        "the settings file here lets BASSIN, SERVEUR do it, that of ACCUEIL lets ACCUEIL, SERVEUR, BASSIN: "
        "put the same file on both"
    )
    club.wait_until(lambda: (said("ACCUEIL")[0], said("BASSIN")[0]) == ("attention", "attention"))
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})
    assert club.rows("SELECT station FROM email") == [("BASSIN",)]
