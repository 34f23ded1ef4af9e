"""Has the station do what a person asked for, each in a thread of its own, and tells what came of it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any, Final

import attrs

from config.own_program import own_command
from config.sentence import Sentence, SentenceError
from service.channel.client import ask, find
from service.paths import Folders
from service.window.actions import Action, Kind, request_of
from service.words import duration, outcome_word

logger = logging.getLogger(__name__)

_ANSWER_SECONDS: Final = 40.0
_COMMAND_SECONDS: Final = 60.0


class CommandFailed(SentenceError):  # noqa: N818 - what the reader sees
    """A command of the program failed; its text is its own sentence."""


@attrs.frozen
class Told:
    """What came of an action, for the line at the bottom; `is_good` chooses its picture."""

    text: str
    is_good: bool


@attrs.frozen
class Station:
    """Which station is asked, from where, and in which language; `settings` is its settings file, when known."""

    folders: Folders
    name: str | None
    language: str
    settings: str | None = None

    def ask(self, request: dict[str, Any], seconds: float | None = _ANSWER_SECONDS) -> dict[str, Any]:
        """Send a request to the program and return its answer. Raises SentenceError."""
        holder = find(self.name, self.folders)
        return ask(holder, {**request, "language": self.language}, self.folders, seconds=seconds).answer

    def command(self, *words: str, seconds: float = _COMMAND_SECONDS) -> Any:
        """Run a command of the program that goes to the club's database, and return its JSON. Raises SentenceError.

        In a process of its own: the database's drivers are half a second and forty megabytes that the window spares.
        """
        settings = ["--config", self.settings] if self.settings else []
        line = own_command(*words, *settings, "--json", "--lang", self.language)
        try:
            ended = subprocess.run(  # noqa: S603 - our own program
                line,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandFailed("the club database did not answer in time: try again later") from error
        try:
            return json.loads(ended.stdout)
        except ValueError as error:
            said = ended.stderr.decode("utf-8", "replace").strip().removeprefix("heitz-service: ")
            raise CommandFailed("{text}", text=said or "?") from error


def start_station(station: Station) -> None:
    """Start the station's program and its guard, apart from this process: they outlive the window. Raises OSError.

    Without the guard a program that a person stopped and started again would stay away when it dies.
    """
    from service.autostart.stopped import forget  # noqa: PLC0415 - for this alone, all the ways of starting are loaded

    forget(station.folders)
    words = ["autostart", "run"]
    if station.settings:
        words += ["--config", station.settings]
    if station.name:
        words += ["--station", station.name]
    detached = 0x00000008 | 0x00000200 if sys.platform == "win32" else 0  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
    guard = subprocess.Popen(  # noqa: S603 - our own program
        own_command(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=detached,
    )
    Thread(target=guard.wait, name="guard", daemon=True).start()  # else its end would leave a zombie


def perform(station: Station, action: Action, seconds: float | None) -> Told:
    """Do an action and return what came of it; waits for as long as the program takes."""
    language = station.language
    try:
        request = request_of(action, seconds=seconds, by=_user())
        if request is None:
            answer = station.command("handover", action.operation)
            return Told(str(answer.get("sentence")), bool(answer.get("is_done")))
        answer = station.ask(request, None if action.kind is Kind.RUN_NOW else _ANSWER_SECONDS)
    except SentenceError as error:
        return Told(_said(Sentence.of("{title}: {text}", title=action.title, text=error.sentence), language), False)
    return Told(_said(_sentence(action, answer, language), language), answer.get("outcome") != "failed")


def _sentence(action: Action, answer: dict[str, Any], language: str) -> Sentence:
    match action.kind:
        case Kind.RUN_NOW:
            return Sentence.of(
                "{operation}: {outcome} in {duration}{summary}",
                operation=action.title,
                outcome=outcome_word(str(answer.get("outcome")), language),
                duration=duration(float(answer.get("seconds") or 0), language),
                summary=f", {answer['summary']}" if answer.get("summary") else "",
            )
        case Kind.PAUSE:
            reason = answer.get("reason") or ""
            return Sentence.of("{title}: {text}", title=action.title, text=reason)
        case Kind.RESUME:
            return Sentence.of("{title} works again", title=action.title)
        case _:
            return Sentence.of("{title} was restarted", title=action.title)


def _said(sentence: Sentence, language: str) -> str:
    return sentence.render(language)


def _user() -> str:
    return os.environ.get("USERNAME") or os.environ.get("USER") or ""


def in_the_background(work: Callable[[], Any], tell: Callable[[Any], None], name: str) -> None:
    """Do some work in a thread and tell what it returns, or the SentenceError that it raised."""

    def run() -> None:
        try:
            result = work()
        except SentenceError as error:
            result = error
        except Exception as error:
            logger.exception("what was asked for failed", extra={"event": "window.action_failed"})
            result = CommandFailed("it failed ({kind}): the window's log says more", kind=type(error).__name__)
        tell(result)

    Thread(target=run, name=name, daemon=True).start()


def history(station: Station, *, failures: bool = False) -> Sequence[dict[str, Any]]:
    """Return the last runs of every station of the club. Raises SentenceError."""
    words = ["history", "--limit", "200", *(["--failures"] if failures else [])]
    return list(station.command(*words).get("runs", ()))
