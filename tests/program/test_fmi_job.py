"""Attendance by the whole program: sensors on pseudo-terminals, the database, the status, and what people are told."""

import json
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fmi_rig import Cable, living
from sensor_simulators import Answering, Turnstile

from actors.fmi.simulation.sensor import SimulatedSensor
from actors.serial_port import open_port
from tests.program.fmi_club import Pool, a_pool
from tests.program.sample_club import Club, end


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with a_pool(tmp_path) as pool:
        yield pool


def incarnations(pool: Pool) -> dict[str, tuple[str, int]]:
    return {actor["path"]: (actor["up_since"], actor["restarts"]) for actor in pool.status()["actors"]}


def test_who_comes_and_goes_is_in_the_database_and_in_the_status(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(12)
    pool.wait_present(12)  # else who goes out may be seen first, with nobody inside
    pool.pass_out(5)
    pool.wait_present(7)
    status = pool.status()
    assert {actor["path"] for actor in status["actors"]} >= {"fmi", "fmi/zones", "fmi/entree", "fmi/sortie"}
    zone = status["fmi"]["zones"][0]
    assert (zone["name"], zone["present"], zone["known"], zone["limit"]) == ("bassin", 7, True, 250)
    assert status["state"] == "active"
    pool.wait_until(lambda: [each["in"] for each in pool.status()["fmi"]["sensors"]] == [12, 0])
    assert pool.operation("fmi")["counters"] == {"entries": 12, "exits": 5}
    code, out, _ = pool.command("status")
    assert code == 0
    assert "7 of 250" in out


def test_nobody_is_lost_when_the_program_is_restarted_or_killed_with_its_sensors_powered(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(10)
    pool.wait_present(10)
    end(pool._processes[-1])
    assert pool.present() == (10, False)  # nobody looks: the number is none
    pool.pass_in(4)
    pool.pass_out(1)
    station = pool.start()
    pool.wait_until(lambda: pool.zone()["known"])  # its ports are open: what is said before that is heard by nobody
    pool.pass_in(1)  # a sensor tells its count when somebody passes
    pool.pass_out(1)
    pool.wait_present(13)
    end(station, signal.SIGKILL)
    pool.pass_in(2)
    pool.start()
    pool.wait_until(lambda: pool.zone()["known"])
    pool.pass_in(1)
    pool.wait_present(16)


def test_an_unplugged_sensor_makes_the_zone_unknown_and_comes_back_by_itself(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(10)
    pool.wait_present(10)
    before = incarnations(pool)
    pool.unplug("entree")
    pool.wait_until(lambda: pool.present() == (10, False))
    pool.pass_out(3)  # the other sensor counts on
    pool.wait_until(lambda: pool.present() == (7, False))
    status = pool.status()
    assert status["state"] == "attention"
    assert "entree" in pool.operation("fmi")["reason"]
    pool.cables["entree"].plug_in()
    pool.wait_until(lambda: pool.present() == (7, True))
    pool.pass_in(2)
    pool.wait_present(9)
    assert pool.zone()["estimated_since"] is not None  # somebody may have come in meanwhile
    assert incarnations(pool) == before  # weather, not a crash


def test_a_crash_or_a_restart_of_one_sensors_actor_is_its_own_and_loses_nobody(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(3)
    pool.wait_present(3)
    before = incarnations(pool)
    code, _, errors = pool.command("restart", "fmi/entree")
    assert code == 0, errors
    pool.pass_in(2)
    pool.wait_present(5)
    after = incarnations(pool)
    assert {path for path in before if before[path] != after[path]} == {"fmi/entree"}


def test_changed_settings_touch_only_the_sensor_that_they_concern(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(3)
    pool.wait_present(3)
    before = incarnations(pool)
    pool.write_pool(entree_more="largest_step = 400")
    pool.wait_until(lambda: incarnations(pool) != before)
    pool.wait_until(lambda: all(since for since, _ in incarnations(pool).values()))  # the actor is up again
    after = incarnations(pool)
    assert {path for path in before if before[path] != after[path]} == {"fmi/entree"}
    pool.pass_in(1)
    pool.wait_present(4)
    pool.write_pool(limit=4, entree_more="largest_step = 400")
    pool.wait_until(lambda: pool.zone().get("limit") == 4)
    assert incarnations(pool)["fmi/entree"] == after["fmi/entree"]


def test_while_the_database_is_away_everybody_is_counted_and_written_later(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(2)
    pool.wait_present(2)
    with closing(sqlite3.connect(pool.database, timeout=20, isolation_level=None)) as busy:
        busy.execute("BEGIN EXCLUSIVE")
        pool.pass_in(5)
        pool.pass_out(1)
        pool.wait_until(lambda: pool.operation("fmi")["state"] == "waiting")
        assert not pool.zone()["known"]
        busy.execute("ROLLBACK")
    pool.wait_present(6)
    pool.wait_until(lambda: pool.operation("fmi")["state"] == "active")


def test_each_crossing_is_told_once_by_rows_of_the_outbox_whatever_restarts(pool: Pool) -> None:
    pool.write_pool(limit=10, more='[fmi.alerts]\nsms = ["0612345678"]\nemail = ["direction@example.org"]')
    pool.begin_counting()
    pool.pass_in(10)
    pool.wait_until(lambda: len(pool.rows("SELECT 1 FROM sms")) == 1)
    assert "10 inside, of 10 allowed (100 %)" in pool.rows("SELECT body FROM sms")[0][0]
    assert pool.rows("SELECT recipient FROM email") == [("direction@example.org",)]
    end(pool._processes[-1], signal.SIGKILL)
    station = pool.start()
    pool.wait_until(lambda: pool.zone()["known"])
    for _ in range(2):
        pool.pass_in(1)
        pool.wait_present(11)
        pool.pass_out(1)
        pool.wait_present(10)
    pool.wait_until(lambda: "bassin" in str(pool.operation("fmi")["reason"]))
    assert len(pool.rows("SELECT body, reference FROM sms")) == 1, pool.rows("SELECT body, reference FROM sms")
    assert end(station) == 0


def test_a_person_corrects_the_number_and_it_is_traced(pool: Pool) -> None:
    pool.begin_counting()
    pool.pass_in(9)
    pool.wait_present(9)
    words = ("fmi", "correct", "bassin", "--present", "7", "--author", "Anne", "--reason", "counted")
    code, out, errors = pool.command(*words, "--config", str(pool.settings), "--json")
    assert code == 0, errors
    answer = json.loads(out)
    assert (answer["applied"], answer["before"], answer["after"]) == (True, 9, 7)
    assert pool.present() == (7, True)
    with closing(sqlite3.connect(pool.database, timeout=20)) as club, club:  # as another program does
        club.execute(
            "INSERT INTO attendance_correction (zone, delta, author, reason) VALUES ('bassin', 2, 'Accès', 'garden')"
        )
    pool.wait_present(9)
    code, out, _ = pool.command("fmi", "history", "bassin", "--config", str(pool.settings))
    assert "Anne" in out
    assert "Accès" in out


def test_a_zone_with_sensors_on_two_stations_is_one_number(pool: Pool, tmp_path: Path) -> None:
    cable = Cable(tmp_path / "jardin")
    pool.cables["jardin"] = cable
    pool.sensors["jardin"] = SimulatedSensor("jardin", cable)
    server = (
        f'[[stations.SERVEUR.sensors]]\nname = "jardin"\ndriver = "terabee"\nport = "{cable.port}"\nzone = "bassin"\n'
    )
    pool.write_pool(server=server)
    with living(pool.sensors["jardin"]):
        pool.start("ACCUEIL")
        pool.wait_until(lambda: pool.present() == (0, False))
        server_station = pool.start("SERVEUR")
        pool.wait_until(lambda: pool.present() == (0, True))
        for sensor in pool.sensors.values():
            sensor.show()
        pool.wait_until(lambda: len(pool.rows("SELECT 1 FROM fmi_sensor WHERE memory IS NOT NULL")) == 3)
        pool.pass_in(5)
        pool.wait_present(5)
        pool.pass_out(2, "jardin")
        pool.wait_present(3)
        at_server = ("--station", "SERVEUR")
        pool.wait_until(lambda: pool.status(*at_server)["fmi"]["zones"][0]["present"] == 3)
        assert end(server_station) == 0
        pool.wait_until(lambda: pool.present() == (3, False))  # one of its doors is watched by nobody


def test_attendance_has_no_run_to_be_done(pool: Pool) -> None:
    pool.start()
    code, _, errors = pool.command("run-now", "fmi")
    assert code == 1
    assert "works all the time" in errors


def test_a_port_that_is_taken_or_has_no_sensor_is_said_and_leaves_the_other_alone(pool: Pool) -> None:
    taken = open_port(pool.cables["entree"].port)
    try:
        pool.start()
        pool.wait_until(lambda: "in use" in str(reasons(pool).get("entree")))
        pool.wait_until(lambda: reasons(pool).get("sortie", "not read yet") is None)
    finally:
        taken.close()
    pool.wait_until(lambda: reasons(pool) == {"entree": None, "sortie": None})  # it is free again
    with babbling(pool.cables["sortie"], pool):
        pool.wait_until(lambda: "damaged" in str(reasons(pool).get("sortie")))
        assert reasons(pool)["entree"] is None


def reasons(pool: Pool) -> dict[str, str | None]:
    rows = pool.rows("SELECT name, reason FROM fmi_sensor WHERE reason IS NOT NULL OR known = 1")
    return dict(rows)


@contextmanager
def babbling(cable: Cable, pool: Pool) -> Iterator[None]:
    """Have what is no sensor send at the port, as at a wrong speed; the sensor that was there is silent."""
    quiet, noisy = pool.sensors.pop("sortie"), threading.Event()
    quiet.outlet = Deaf(cable)

    def babble() -> None:
        while not noisy.wait(0.02):
            cable.write(bytes(range(128, 256)))

    thread = threading.Thread(target=babble)
    thread.start()
    try:
        yield
    finally:
        noisy.set()
        thread.join()


class Deaf:
    """An outlet that sends nothing."""

    def __init__(self, cable: Cable) -> None:
        self.port = cable.port

    def write(self, frames: bytes) -> None:
        pass

    def close(self) -> None:
        pass


TURNSTILE = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[[stations.ACCUEIL.sensors]]
name = "tourniquet"
driver = "tpw321"
port = "{port}"
zone = "bassin"
may_forbid = true
every = "200ms"
[fmi.zones.bassin]
limit = 3
"""
FREE, FORBIDDEN = b"\x30\x31", b"\x32\x31"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_full_zone_closes_its_turnstile_and_the_programs_end_opens_it(tmp_path: Path, number: int) -> None:
    turnstile = Turnstile()
    with Cable(tmp_path / "tourniquet") as cable:
        device = Answering(cable, turnstile)
        club = Club(tmp_path)
        try:
            club.settings.write_text(TURNSTILE.format(port=cable.port), "utf-8")
            club.make_database()
            station = club.start()
            club.wait_until(lambda: club.rows("SELECT known FROM attendance") == [(1,)])
            turnstile.entries += 3
            club.wait_until(lambda: turnstile.mode == FORBIDDEN)
            end(station, number)
            club.wait_until(lambda: turnstile.mode == FREE)
        finally:
            club.close()
            device.close()
