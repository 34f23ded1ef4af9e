"""Several real stations on one database: what is due once per club is done by one of them, and known to all."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from club import Database, Occurrences, Runs
from tests.program.sample_club import Club

STATIONS = ("ACCUEIL", "SERVEUR", "BASSIN")
FINISHED = "SELECT occurrence, outcome, station FROM operation_run WHERE operation = 'housekeeping' AND outcome = 'ok'"


def prepare(club: Club) -> None:
    """A club that knows the night before last, and has old runs to remove."""
    club.write_settings(more="[stations.BASSIN]\n")
    database = Database(f"sqlite:///{club.database}")
    night = datetime.now(ZoneInfo("Europe/Paris")) - timedelta(days=2)
    Occurrences(database, "housekeeping", "SERVEUR", "old").skip(f"{night:%Y-%m-%d}T04:10", "a test begins here")
    for _ in range(7):
        Runs(database, "SERVEUR", "old").record("backup", "ok", 1.0)
    database.dispose()
    with closing(sqlite3.connect(club.database)) as connection, connection:
        connection.execute("UPDATE operation_run SET started_ms = 1000 WHERE operation = 'backup'")


@pytest.mark.timeout(170)
def test_a_night_that_was_missed_is_made_up_by_one_of_three_stations(club: Club) -> None:
    prepare(club)
    for station in STATIONS:
        club.start(station)
    club.wait_until(lambda: bool(club.rows(FINISHED)))
    [(occurrence, _, _)] = club.rows(FINISHED)
    assert occurrence.endswith("T04:10")
    assert club.rows("SELECT count(*) FROM operation_run WHERE operation = 'backup'") == [(0,)]
    club.wait_until(lambda: club.rows("SELECT station FROM lease WHERE name = 'housekeeping'") == [("",)])
    code, out, errors = club.command("history", "housekeeping", "--json", "--config", str(club.settings))
    assert code == 0, errors
    assert [run["outcome"] for run in json.loads(out)["runs"]].count("ok") == 1
    for station in STATIONS:
        assert "housekeeping" not in {each["id"] for each in club.status("--station", station)["operations"]}
        assert club.command("stop", "--station", station)[0] == 0
    logs = "".join(path.read_text("utf-8") for path in club.home.rglob("*.log"))
    assert logs.count("schedule.ok") == 1
