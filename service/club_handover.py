"""`handover` at the terminal: the wish, the local program told of it, the wait, and what became of it."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, Final

from club import Database, DatabaseAway, Stations, lease_rows
from config.sentence import Sentence, SentenceError
from service.channel.client import ask
from service.club_database import DatabaseProblem, club_database
from service.club_view import ClubView, Found, view
from service.console import Console
from service.exit_codes import Exit
from service.handover import Ending, Goal, choose, told, watch, wish
from service.instance import running
from service.paths import folders
from service.progress import Progress
from service.roster import ROSTER
from service.terminal import Terminal

_ASK_SECONDS: Final = 3.0
_LAST_SECONDS: Final = 1.0


def hand_over(options: argparse.Namespace, console: Console) -> int:
    """Have another station do an operation, wait until it does, and return the exit code."""
    with _unreachable(console), club_database(options, console) as (database, settings):

        def look() -> ClubView:
            found = Found(Stations(database).list(), lease_rows(database))
            return view(settings, [operation.id for operation in ROSTER], found)

        def find(club: ClubView) -> Goal:
            return choose(club, options.operation, options.to, console.language)

        goal: Goal | None = None
        try:
            goal = wish(database, look, find)
            ending = _wait(options, console, database, goal)
        except KeyboardInterrupt:
            if goal is None:
                raise
            console.error(
                Sentence.of(
                    "interrupted; the wish stays: {target} gets {operation} when {holder} has done its work in hand",
                    target=goal.target,
                    operation=goal.operation,
                    holder=goal.holder,
                )
            )
            return Exit.INTERRUPTED
        return _tell(options, console, goal, ending)


def _wait(options: argparse.Namespace, console: Console, database: Database, goal: Goal) -> Ending:
    if goal.is_reached:
        return Ending(is_done=True, seconds=0.0, row=goal.row)
    asking = Thread(target=_tell_the_programs_here, args=(console,), name="look-for-leases", daemon=True)
    asking.start()
    with Progress(console) as progress:
        ending = watch(database, goal, options.wait, _Shown(options, console, goal, progress))
    asking.join(_LAST_SECONDS)
    return ending


def _tell(options: argparse.Namespace, console: Console, goal: Goal, ending: Ending) -> int:
    sentence = told(goal, ending, console.language)
    if options.json:
        console.print_json(_as_json(goal, ending, console.text(sentence)))
    elif ending.is_done:
        console.print(sentence)
    else:
        console.error(sentence)
    return Exit.OK if ending.is_done else Exit.ATTENTION


def _as_json(goal: Goal, ending: Ending, sentence: str) -> dict[str, Any]:
    row = ending.row
    return {
        "version": 1,
        "operation": goal.operation,
        "from": goal.holder,
        "to": goal.target,
        "holder": row.station if row is not None and row.is_current and not ending.is_away else None,
        "is_done": ending.is_done,
        "seconds": round(ending.seconds, 3),
        "sentence": sentence,
    }


class _Shown:
    """Tells a person at a terminal what is waited for, at each look."""

    def __init__(self, options: argparse.Namespace, console: Console, goal: Goal, progress: Progress) -> None:
        self._is_watched = Terminal.of(console.err, console.environment).live and not options.json
        self._progress = progress
        self._seconds = options.wait
        self._language = console.language
        self._message = console.text(
            Sentence.of(
                "{holder} finishes what it has in hand, then {target} does {operation}",
                holder=goal.holder,
                target=goal.target,
                operation=goal.operation,
            )
        )

    def __call__(self, passed: float) -> None:
        if self._is_watched:
            self._progress.show({"message": self._message, "fraction": passed / self._seconds}, self._language)


def _tell_the_programs_here(console: Console) -> None:
    """Have the programs of this computer look at the leases now instead of in a second; one that is down is no error.

    In a thread of its own: a program that is frozen would hold up the look at the database, where the truth is.
    """
    with suppress(SentenceError, OSError):
        home = folders(console.environment)
        for holder in running(home):
            with suppress(SentenceError, OSError):
                ask(holder, {"command": "look-for-leases"}, home, seconds=_ASK_SECONDS)


@contextmanager
def _unreachable(console: Console) -> Iterator[None]:
    """Tell a database that is away, with no program here either, by the exit code of what cannot be reached."""
    try:
        yield
    except DatabaseProblem as problem:
        if isinstance(problem.__cause__, DatabaseAway) and not _is_a_program_here(console):
            raise DatabaseProblem(problem.sentence, Exit.NOT_RUNNING) from problem
        raise


def _is_a_program_here(console: Console) -> bool:
    with suppress(SentenceError, OSError):
        return any(True for _ in running(folders(console.environment)))
    return False
