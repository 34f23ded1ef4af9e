"""The life of the window's process: one window per station, its feed, its actions, and its end."""

import logging
import sys
import tkinter as tk
from datetime import datetime
from functools import partial
from threading import Event
from typing import Any, Final

import attrs

from config.own_program import own_command
from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.channel.client import NotRunning
from service.paths import Folders
from service.window.actions import Action, Kind
from service.window.asking import Station, Told, history, in_the_background, perform, start_station
from service.window.bell import Bell
from service.window.dialogs import Question, choose
from service.window.feed import Feed, Lost, News, Seen
from service.window.frame import Frame, fit
from service.window.text import sentence_case
from service.window.theme import Theme
from service.window.tree import nodes_of
from service.window.view import Head, Page, page_of, page_without
from service.window.vigil import Vigil
from service.window.zones import bars_of

logger = logging.getLogger(__name__)

_FIRST_NEWS_MS: Final = 400
_HIDDEN_MS: Final = 10 * 60 * 1000
"""A hidden window comes back at once for so long; then its memory is worth more."""
_SHOWN_SECONDS: Final = 2.0
_HOUR_SECONDS: Final = 3600.0
_OPEN_END: Final = -1.0
_WHY_SILENT: Final = Sentence.of(
    "It was stopped, or ended by itself: start it here, and tell the support if it does not stay."
)


@attrs.frozen
class Wanted:
    """What the command line says; `name` is the station's until the program tells it."""

    folders: Folders
    station: str | None
    name: str
    language: str
    asked_language: str | None
    scale: float | None


class App:
    """The window as it lives: what arrives is shown, what is asked for is done elsewhere, and hiding ends nothing."""

    def __init__(self, root: tk.Tk, wanted: Wanted) -> None:
        self._root = root
        self._wanted = wanted
        self._look = Theme(root, wanted.scale)
        self._bell = Bell(root)
        self._language = wanted.language
        self._settings: str | None = None
        self._busy: frozenset[tuple[str, str]] = frozenset()
        self._leaving = ""
        self._vigil = Vigil(root, own_command(*sys.argv[1:]))
        head = Head("busy", self._say(Sentence.of("Looking for the program…")), wanted.name)
        self._page = Page(wanted.name, head, ())
        self._frame = Frame(root, self._look, self._language, self)
        self._frame.show(self._page, (), ())
        self._feed = Feed(wanted.folders, wanted.station, wanted.asked_language, self._told)
        root.protocol("WM_DELETE_WINDOW", self.hide)
        root.bind("<Escape>", lambda _: self.hide())
        fit(root, self._look)

    def run(self) -> None:
        """Show the window and return when the process is to end."""
        self._vigil.start()
        self._feed.start()
        self._root.after(_FIRST_NEWS_MS, self._appear)
        self._root.mainloop()

    # -- from other threads --------------------------------------------------------------------------------------------

    def come_to_the_front(self) -> bool:
        """Show the window because somebody asked for a second one; false when Tk's thread does not answer."""
        shown = Event()

        def show() -> None:
            self.show()
            shown.set()

        self._bell.ring(show)
        return shown.wait(_SHOWN_SECONDS)

    def _told(self, news: News) -> None:
        self._bell.ring(partial(self._take, news))

    # -- in Tk's thread ------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Bring the window to the front, whatever it was."""
        if self._leaving:
            self._root.after_cancel(self._leaving)
            self._leaving = ""
            self._feed.resume()
        self._root.deiconify()
        self._root.lift()
        # A window manager that keeps new windows from stealing the keyboard still obeys this for a moment.
        self._root.attributes("-topmost", True)
        self._root.after(200, lambda: self._root.attributes("-topmost", False))
        self._root.focus_force()
        self._frame.focus()

    def hide(self) -> None:
        """Hide the window, ask nothing more, and end the process after a while."""
        if self._leaving:
            return
        self._root.withdraw()
        self._feed.rest()
        self._leaving = self._root.after(_HIDDEN_MS, self._root.quit)

    def act(self, action: Action) -> None:
        """Do something to an operation, after the question that belongs to it."""
        seconds = None
        if action.kind is Kind.PAUSE:
            seconds = self._pause_length(action)
            if seconds is None:
                return
            seconds = None if seconds == _OPEN_END else seconds
        elif action.confirm:
            question = Question(self._say(Sentence.of("Hand over {operation}", operation=action.title)), action.confirm)
            if not self._is_agreed(question, Sentence.of("Hand over")):
                return
        self._do(action, seconds)

    def restart(self, path: str) -> None:
        """Restart an actor."""
        self._do(Action(Kind.RESTART, path, path, ""), None)

    def fetch_history(self, failures: bool) -> None:  # noqa: FBT001 - the value of a check box
        """Fetch the last runs, in a process of their own."""
        work = partial(history, self._station(), failures=failures)
        in_the_background(work, lambda found: self._bell.ring(partial(self._show_history, found)), "history")

    def stop_program(self) -> None:
        """Stop the station's program, after a question."""
        question = Question(
            self._say(Sentence.of("Stop Heitz Service on this station?")),
            self._say(Sentence.of("Nothing is sent, saved or counted here any more until it is started again.")),
        )
        if self._is_agreed(question, Sentence.of("Stop the program")):
            work = partial(self._station().ask, {"command": "stop"})
            said = self._say(Sentence.of("the program has been told to stop"))
            in_the_background(work, lambda came: self._bell.ring(partial(self._tell_plain, came, said)), "stop")

    def start_program(self) -> None:
        """Start the station's program."""
        try:
            start_station(self._station())
        except OSError as error:
            problem = Sentence.of("the program could not be started: {reason}", reason=system_words(error))
            self._frame.tell(self._say(problem), "failed")
        else:
            self._frame.tell(self._say(Sentence.of("The program starts…")), "busy")

    def _take(self, news: News) -> None:
        now = datetime.now().astimezone()
        match news:
            case Seen(status, language):
                self._speak(language)
                was_away = not self._page.head.is_running
                self._settings = (status.get("config") or {}).get("file")
                self._page = page_of(status, language, now)
                self._root.title(self._say(Sentence.of("Heitz Service — {station}", station=self._page.station)))
                self._frame.show(self._page, bars_of(status, language, now), nodes_of(status, language, now))
                if was_away:
                    self._frame.tell("", "active")
            case Lost(error):
                trouble = _WHY_SILENT if isinstance(error, NotRunning) else error.sentence
                self._page = page_without(self._page, self._say(trouble), self._language)
                self._frame.show(self._page, (), ())
        self._appear()

    def _speak(self, language: str) -> None:
        if language == self._language:
            return
        self._language = language
        self._frame.destroy()
        self._frame = Frame(self._root, self._look, language, self)
        self._frame.operations.set_busy(self._busy)

    def _appear(self) -> None:
        if self._root.state() == "withdrawn" and not self._leaving:
            self.show()

    def _do(self, action: Action, seconds: float | None) -> None:
        key = (action.operation, action.kind)
        if key in self._busy:
            return
        self._set_busy(self._busy | {key})
        self._frame.tell(self._say(Sentence.of("{title}: under way…", title=action.title)), "busy")
        work = partial(perform, self._station(), action, seconds)
        in_the_background(work, lambda came: self._bell.ring(partial(self._done, key, came)), "action")

    def _done(self, key: tuple[str, str], came: Told | SentenceError) -> None:
        self._set_busy(self._busy - {key})
        if isinstance(came, Told):
            self._frame.tell(sentence_case(came.text), "active" if came.is_good else "attention")
        else:
            self._tell_plain(came, "")

    def _set_busy(self, busy: frozenset[tuple[str, str]]) -> None:
        self._busy = busy
        self._frame.operations.set_busy(busy)

    def _show_history(self, found: Any) -> None:
        if isinstance(found, SentenceError):
            self._frame.history.tell(found.sentence.render(self._language))
        else:
            self._frame.history.show(found, {row.id: row.title for row in self._page.rows})

    def _tell_plain(self, came: Any, said: str) -> None:
        if isinstance(came, SentenceError):
            self._frame.tell(sentence_case(came.sentence.render(self._language)), "attention")
        else:
            self._frame.tell(sentence_case(said), "busy")

    def _pause_length(self, action: Action) -> float | None:
        question = Question(
            self._say(Sentence.of("Pause {operation}", operation=action.title)),
            self._say(Sentence.of("It does nothing until then, on no station. How long?")),
            "paused",
        )
        answers = [
            (self._say(Sentence.of("1 hour")), _HOUR_SECONDS),
            (self._say(Sentence.of("4 hours")), 4 * _HOUR_SECONDS),
            (self._say(Sentence.of("Until I resume it")), _OPEN_END),
        ]
        return choose(self._root, self._look, question, answers, self._say(Sentence.of("Cancel")))

    def _is_agreed(self, question: Question, yes: Sentence) -> bool:
        answers = [(self._say(yes), True)]
        return bool(choose(self._root, self._look, question, answers, self._say(Sentence.of("Cancel"))))

    def _station(self) -> Station:
        return Station(self._wanted.folders, self._page.station or None, self._language, self._settings)

    def _say(self, sentence: Sentence) -> str:
        return sentence.render(self._language)
