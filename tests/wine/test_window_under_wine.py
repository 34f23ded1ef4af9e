"""The status window as a Windows program: it follows a station over the named pipe, hides, and comes back."""

import subprocess

from window_desk import Screen

from tests.desktop.desktop import Desktop, wait_until
from tests.wine.wine import WineClub

CARD = 28


class Shown:
    """The window of a club on a screen."""

    def __init__(self, club: WineClub, screen: Screen) -> None:
        self.club = club
        self.screen = screen
        self.process = self.open()

    def open(self) -> "subprocess.Popen[str]":
        return self.club.started("window", "--station", "ACCUEIL")

    def ids(self) -> list[str]:
        return self.screen.do("search", "--onlyvisible", "--name", "Heitz Service").split()

    def wait_until_shown(self) -> None:
        wait_until(lambda: bool(self.ids()))
        wait_until(lambda: self.screen.do("getactivewindow").strip() in self.ids())

    def wait_until_hidden(self) -> None:
        wait_until(lambda: not self.ids())
        assert self.process.poll() is None, "hiding ends nothing"

    def click(self, right: int, bottom: int) -> None:
        """Click so many pixels from the right and the lower edge."""
        said = self.screen.do("getwindowgeometry", "--shell", self.ids()[0])
        found = dict(line.split("=") for line in said.split())
        place = (str(int(found["WIDTH"]) - right), str(int(found["HEIGHT"]) - bottom))
        self.screen.do("mousemove", "--sync", "--window", self.ids()[0], *place, "click", "1")


def test_the_window_follows_the_station_hides_and_comes_back(club: WineClub, desk: Desktop) -> None:
    station = club.started(*club.words_of_run(), "--headless")
    wait_until(lambda: club.command("status")[0] == 0)
    screen = Screen(desk.environment["DISPLAY"])
    window = Shown(club, screen)
    window.wait_until_shown()
    wait_until(lambda: screen.shows("active", CARD))
    assert not screen.shows("paused", CARD)
    assert club.command("pause", "email", "--reason", "essai")[0] == 0
    wait_until(lambda: screen.shows("paused", CARD))
    assert club.command("resume", "email")[0] == 0
    wait_until(lambda: not screen.shows("paused", CARD))

    window.click(60, 34)  # the button to close
    window.wait_until_hidden()
    assert window.open().wait(90) == 0, "a second one shows the first"
    window.wait_until_shown()
    screen.do("key", "Escape")
    window.wait_until_hidden()
    assert window.open().wait(90) == 0
    window.wait_until_shown()
    screen.do("key", "alt+F4")
    window.wait_until_hidden()
    assert club.command("status")[0] == 0, "the program goes on"

    assert window.open().wait(90) == 0
    window.wait_until_shown()
    assert club.command("stop")[0] == 0
    assert station.wait(90) == 0
    wait_until(lambda: not screen.shows("active", CARD))
    assert window.ids(), "it says that the program has gone"
