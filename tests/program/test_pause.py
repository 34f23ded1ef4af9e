"""A pause of the whole program: nothing leaves meanwhile, no standby goes on, and even a kill does not end it."""

import signal

from tests.program.sample_club import Club, end


def test_nothing_leaves_during_a_pause_also_after_a_kill_and_all_leaves_once_after_it(club: Club) -> None:
    club.write_settings(email='standby = ["SERVEUR"]')
    accueil = club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    assert club.command("pause", "email", "--for", "1h", "--reason", "the server moves")[0] == 0
    serveur = club.start("SERVEUR")
    club.write_emails(*(f"member{number}@example.org" for number in range(20)))
    accueil.kill()
    accueil.communicate()
    accueil = club.start()
    at = ("--station", "ACCUEIL")
    club.wait_until(lambda: club.operation("email", *at)["holder"] == "ACCUEIL")  # its own lease, taken up again
    club.wait_until(lambda: str(club.operation("email", *at)["reason"]).endswith(": the server moves"))
    paused = club.operation("email", *at)
    assert (paused["state"], paused["can_pause"]) == ("waiting", False)
    code, out, _ = club.command("status", *at)
    assert code == 1  # it needs attention
    assert "paused until" in out
    code, _, errors = club.command("run-now", "email", *at)
    assert (code, "heitz-service resume email" in errors) == (1, True)
    assert club.states() == {"pending": 20}
    club.wait_until(lambda: club.operation("email", "--station", "SERVEUR")["state"] == "standby")
    assert club.command("resume", "email", *at)[0] == 0
    club.wait_until(lambda: club.states() == {"sent": 20})
    assert set(club.copies().values()) == {1}
    assert (end(accueil), end(serveur)) == (0, 0)


def test_a_station_that_is_stopped_in_a_pause_gives_the_lease_back(club: Club) -> None:
    station = club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    assert club.command("pause", "email")[0] == 0
    assert end(station, signal.SIGTERM) == 0
    assert club.rows("SELECT station FROM lease WHERE name = 'email'") == [("",)]
