"""The frozen program for Windows: it answers, works, and starts its icon and its window by itself."""

import json

from tests.desktop.desktop import Desktop, wait_until
from tests.wine.wine import STEADY, WineClub, picture_by_wine, windows_of


def test_its_commands_answer_before_anything_runs(frozen_club: WineClub) -> None:
    code, said, errors = frozen_club.command("--version")
    assert (code, errors) == (0, "")
    assert said.strip() != "heitz-service 0"
    assert frozen_club.command("status", "--station", "ACCUEIL")[0] == 6
    settings = frozen_club.words_of_run()[2]
    code, said, errors = frozen_club.command("doctor", "--config", settings, "--station", "ACCUEIL", "--json")
    assert (code in (0, 1), errors) == (True, "")
    assert json.loads(said)["checks"]


def test_its_station_works_shows_its_icon_and_opens_its_window(frozen_club: WineClub, desk: Desktop) -> None:
    club = frozen_club
    club.write_emails(*(f"member{number}@example.org" for number in range(10)))
    desk.start_host(24, *STEADY)
    station = club.started(*club.words_of_run())
    wait_until(lambda: picture_by_wine(desk.picture()) == "active")
    wait_until(lambda: set(club.copies().values()) == {1} and len(club.copies()) == 10)
    status = json.loads(club.command("status", "--json")[1])
    assert (status["tray"]["state"], status["tray"]["back_end"]) == ("docked", "win32")
    assert [each["path"] for each in status["actors"] if each["restarts"]] == []
    desk.click()
    wait_until(lambda: bool(windows_of(desk)))
    assert club.command("stop")[0] == 0
    assert station.wait(90) == 0
    wait_until(lambda: not desk.is_docked())
