"""The one owner of the icon: hands what the program tells to the loop's thread, and says what happens there."""

import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

from actors.tray.child.alerting import notify_by_dbus
from actors.tray.child.desk import Desk
from actors.tray.child.link import Link
from actors.tray.child.stand import Docking, Stand, Wishes
from actors.tray.face import HELP, QUIT, SESSION_ENDS, Face, Words, face_from_json, words_from_json

_LOOK_AGAIN_SECONDS: Final = (0.05, 0.15, 0.4, 1.4, 1.0)
"""The pauses before measuring again after the icon moved: a host needs a moment to take it in."""


class MakeStand(Protocol):
    """Makes the icon of a back end; raises what it raises without a display."""

    def __call__(self, wishes: Wishes, face: Face) -> Stand:
        """Make it; it is shown by `run`."""


class Owner:
    """Between the program and the icon; the faces that come while one is drawn are one redraw."""

    def __init__(self, link: Link, make: MakeStand) -> None:
        self._link = link
        self._make = make
        self.desk = Desk(self, self._failed_aside)
        self._stand: Stand | None = None
        self._words: Words | None = None
        self._face: Face | None = None
        self._drawn = 0
        self._is_drawing_wanted = False
        self._lock = threading.Lock()
        self._docking: Docking | None = None
        self._has_face = threading.Event()
        self._moved = threading.Event()

    # -- what the program tells; the link's thread -------------------------------------------------------------------

    def receive(self, told: dict[str, Any]) -> None:
        """Do what a line of the program says; one of a later version is passed over."""
        if "words" in told:
            self._words = words_from_json(told["words"])
        if "face" in told:
            self._set_face(face_from_json(told["face"]))
        if "ping" in told:
            self._post(lambda: self._pong(told["ping"]))
        if "alert" in told:
            alert = told["alert"]
            self._alert(str(alert["title"]), str(alert["text"]), str(alert["picture"]))

    def _set_face(self, face: Face) -> None:
        with self._lock:
            self._face = face
            is_wanted, self._is_drawing_wanted = self._is_drawing_wanted, True
        self._has_face.set()
        if not is_wanted:
            self._post(self._draw)

    # -- the loop's thread -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Make the icon when the first face is there, and serve it to its end."""
        self._has_face.wait()
        threading.Thread(target=self._look_again, name="tray-look", daemon=True).start()
        with self._lock:
            face = self._face
            self._is_drawing_wanted = False
        if face is None:
            return
        stand = self._make(self, face)
        self._stand = stand
        stand.post(self._draw)  # what came while it was made
        self._link.say("up", back_end=stand.back_end)
        stand.run()

    def stop(self) -> None:
        """Take the icon away; from any thread."""
        stand = self._stand
        if stand is not None:
            stand.post(stand.stop)

    def _draw(self) -> None:
        with self._lock:
            face = self._face
            self._is_drawing_wanted = False
        if face is not None and self._stand is not None:
            self._stand.show(face)
            self._drawn += 1
            self._link.say("drawn", picture=face.picture, count=self._drawn)

    def _pong(self, number: object) -> None:
        self._measure()
        self._link.say("pong", number=number)

    def _measure(self) -> None:
        if self._stand is None:
            return
        docking = self._stand.measure()
        if docking != self._docking:
            self._docking = docking
            self._link.say("docking", state=docking.state, host=docking.host)

    def _post(self, job: Callable[[], None]) -> None:
        if self._stand is not None:
            self._stand.post(job)

    # -- Wishes ------------------------------------------------------------------------------------------------------

    def chosen(self, what: str) -> None:
        """Say what was chosen; help and the question before stopping are the child's own."""
        if what == SESSION_ENDS:
            self._link.say("chosen", what=QUIT)
        elif what == HELP and self._words is not None:
            self.desk.help(self._words)
        elif what == QUIT and self._words is not None:
            self.desk.ask(self._words, lambda: self._link.say("chosen", what=QUIT))
        else:
            self._link.say("chosen", what=what)

    def menu_wanted(self, face: Face, x: int, y: int) -> None:
        """Show the menu of our own."""
        self.desk.menu(face, x, y)

    def hovered(self, face: Face, x: int, y: int) -> None:
        """Show the words of our own."""
        self.desk.hover(face, x, y)

    def left(self) -> None:
        """Take the words away."""
        self.desk.leave()

    def docking_changed(self) -> None:
        """Measure now, and a little later again."""
        self._measure()
        self._moved.set()

    def _look_again(self) -> None:
        """Measure some more times after each move; the thread's own loop, one for all moves."""
        while True:
            self._moved.wait()
            self._moved.clear()
            for seconds in _LOOK_AGAIN_SECONDS:
                if self._moved.wait(seconds):
                    break  # moved again: begin anew
                self._post(self._measure)

    # -- alerts ------------------------------------------------------------------------------------------------------

    def _alert(self, title: str, text: str, picture: str) -> None:
        """Show an alert in the best way there is: the back end's, the desktop's service, a window of our own."""

        def by_stand() -> None:
            if self._stand is not None and self._stand.notify(title, text):
                self._link.say("alerted", way=self._stand.back_end)
            else:
                self.desk.do(by_desktop)

        def by_desktop() -> None:
            if notify_by_dbus("Heitz Service", title, text, picture):
                self._link.say("alerted", way="dbus")
            else:
                self.desk.alert(title, text, picture, otherwise=lambda: self._link.say("alerted", way=""))
                self._link.say("alerted", way="window")

        self._post(by_stand)

    def _failed_aside(self, error: BaseException) -> None:
        """Tell what failed beside the icon: a menu, a window; the icon stays."""
        self._link.say("aside", kind=type(error).__name__, text=str(error)[:300])
