"""What the child shows in windows of its own: the menu, words under the pointer, a question, help, an alert.

Tk belongs to the main thread and is loaded when it is first wanted: most icons are looked at and never clicked. Where
Tk cannot show something (it is missing, or there is no font at all) that is told, and a right click opens the window.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any, Final

from actors.tray.child.stand import Wishes
from actors.tray.face import Face, Words

_HOVER_SECONDS: Final = 0.45
_PUMP_MS: Final = 25
_SHOWN_MS: Final = 12_000

DeskJob = Callable[[], None]


class Desk:
    """The child's main thread: a queue of jobs, and Tk's loop while something of it is on the screen."""

    def __init__(self, wishes: Wishes, failed: Callable[[BaseException], None]) -> None:
        self._wishes = wishes
        self._failed = failed
        self._jobs: queue.SimpleQueue[DeskJob | None] = queue.SimpleQueue()
        self._sheets: Any = None
        self._is_broken = False
        self._hover = 0

    # -- from any thread ---------------------------------------------------------------------------------------------

    def menu(self, face: Face, x: int, y: int) -> None:
        """Show the menu at a place of the screen."""
        self._want(lambda sheets: sheets.menu(face.menu, x, y, self._wishes.chosen), otherwise="open")

    def hover(self, face: Face, x: int, y: int) -> None:
        """Show the words of the icon when the pointer has rested for a moment; one that passes by loads nothing."""
        self._hover += 1
        number = self._hover

        def show(sheets: Any) -> None:
            if number == self._hover:
                sheets.words(face.tooltip, x, y)

        def rested() -> None:
            if number == self._hover:
                self._want(show)

        timer = threading.Timer(_HOVER_SECONDS, rested)
        timer.daemon = True
        timer.start()

    def leave(self) -> None:
        """Take the words away."""
        self._hover += 1
        if self._sheets is not None:
            self._want(lambda sheets: sheets.no_words())

    def ask(self, words: Words, yes: Callable[[], None]) -> None:
        """Ask whether to stop, with the harmless answer in front."""
        self._want(lambda sheets: sheets.question(words, yes), otherwise="open")

    def help(self, words: Words) -> None:
        """Show what the icons mean."""
        self._want(lambda sheets: sheets.help(words), otherwise="open")

    def alert(self, title: str, text: str, picture: str, otherwise: Callable[[], None]) -> None:
        """Show an alert in the corner for some seconds; a click opens the window."""

        def show() -> None:
            sheets = self._ready()
            if sheets is None:
                otherwise()
            else:
                sheets.alert(title, text, picture, _SHOWN_MS, lambda: self._wishes.chosen("open"))

        self._jobs.put(show)

    def do(self, job: DeskJob) -> None:
        """Have something done in the main thread that may take some seconds."""
        self._jobs.put(job)

    def close(self) -> None:
        """End `run`."""
        self._jobs.put(None)

    # -- the main thread ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the jobs until closed; while a sheet is on the screen Tk's loop runs, else nothing does."""
        while True:
            job = self._jobs.get()
            if job is None or not self._did(job):
                return
            if self._sheets is not None and not self._serve():
                return

    def _serve(self) -> bool:
        """Run Tk's loop until nothing is shown; False: closed meanwhile."""
        sheets, is_open = self._sheets, True

        def pump() -> None:
            nonlocal is_open
            while True:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None or not self._did(job):
                    is_open = False
                    break
            if is_open and sheets.is_anything_shown():
                sheets.after(_PUMP_MS, pump)
            else:
                sheets.end_loop()

        pump()
        sheets.loop()
        return is_open

    def _did(self, job: DeskJob) -> bool:
        try:
            job()
        except Exception as error:  # noqa: BLE001 - the edge of the desk: what Tk raises must not end the icon
            self._failed(error)
        return True

    def _want(self, job: Callable[[Any], None], otherwise: str = "") -> None:
        def run() -> None:
            sheets = self._ready()
            is_shown = False
            try:
                if sheets is not None:
                    job(sheets)
                    is_shown = True
            finally:  # a computer without any font shows no menu; what fails is told by `_did`
                if not is_shown and otherwise:
                    self._wishes.chosen(otherwise)

        self._jobs.put(run)

    def _ready(self) -> Any:
        if self._sheets is None and not self._is_broken:
            try:
                from actors.tray.child.sheets import Sheets  # noqa: PLC0415 - 10 MB that most never want

                self._sheets = Sheets()
            except Exception as error:  # noqa: BLE001 - no tkinter, no display: each has an exception of its own
                self._is_broken = True
                self._failed(error)
        return self._sheets
