"""The whole program as a Windows program, with its icon in a real panel and its window one click away."""

import json

from tests.desktop.desktop import Desktop, wait_until
from tests.wine.wine import STEADY, WineClub, picture_by_wine, windows_of


def where_is_the_icon(club: WineClub) -> str:
    out = club.command("status", "--json")[1]
    return str(json.loads(out)["tray"]["state"]) if out else ""


def test_the_icon_tells_the_stations_state_opens_the_window_and_goes_with_it(club: WineClub, desk: Desktop) -> None:
    desk.start_host(24, *STEADY)
    station = club.started(*club.words_of_run())
    wait_until(lambda: picture_by_wine(desk.picture()) == "active")
    wait_until(lambda: where_is_the_icon(club) == "docked")
    tray = json.loads(club.command("status", "--json")[1])["tray"]
    assert (tray["back_end"], tray["host"]) == ("win32", "Explorer")
    desk.click()
    wait_until(lambda: bool(windows_of(desk)))
    assert club.command("stop")[0] == 0
    assert station.wait(90) == 0
    wait_until(lambda: not desk.is_docked())
    wait_until(lambda: bool(windows_of(desk)))  # it says that the program has gone
