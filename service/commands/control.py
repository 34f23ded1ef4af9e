"""`restart`, `run-now` and `stop`: what an operator asks of the running station."""

import argparse
from threading import Event
from time import monotonic
from typing import Any, Final

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands
from service.channel.client import NoAnswer, Reply, ask, find
from service.console import Console
from service.exit_codes import Exit
from service.instance import Holder, is_held
from service.paths import Folders, folders
from service.progress import Progress
from service.words import ACTOR, duration, outcome_word, state_word

_RESTART_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 60.0
_BETWEEN_LOOKS_SECONDS: Final = 0.05


class StillRunning(SentenceError):  # noqa: N818 - what the reader sees
    """The program was told to stop and is still there."""


def add(commands: Commands) -> None:
    """Add the commands."""
    restart = commands.add(
        "restart",
        Sentence.of("restart one actor, whatever its state"),
        "restart email",
        "restart leases --lang fr",
        run=_restart,
    )
    restart.option("actor", metavar="ACTOR", help=Sentence.of("its path, as `status` prints it"))
    run_now = commands.add(
        "run-now",
        Sentence.of("run an operation once, at once"),
        "run-now email",
        "run-now email --json",
        run=_run_now,
    )
    run_now.option("operation", metavar="OPERATION", help=Sentence.of("its name, as `status` prints it"))
    run_now.option("--dry-run", action="store_true", help=Sentence.of("show what it would do, where it can"))
    stop = commands.add("stop", Sentence.of("stop the running station in order"), "stop", run=_stop)
    for parser in (restart, run_now, stop):
        parser.station_option()
        parser.json_option()


def _restart(options: argparse.Namespace, console: Console) -> int:
    request = {"command": "restart", "actor": options.actor}
    reply = _asked(options, console, request, seconds=_RESTART_SECONDS)
    if not options.json:
        state = state_word(ACTOR, str(reply.answer.get("state")), console.language)
        console.print(
            Sentence.of("{actor} was restarted: {state}", actor=reply.answer.get("path", options.actor), state=state)
        )
    return Exit.OK


def _run_now(options: argparse.Namespace, console: Console) -> int:
    request = {"command": "run-now", "operation": options.operation, "dry_run": options.dry_run}
    with Progress(console) as progress:
        reply = _asked(options, console, request, seconds=None, progress=progress)
    outcome = str(reply.answer.get("outcome"))
    if not options.json:
        summary = reply.answer.get("summary")
        console.print(
            Sentence.of(
                "{operation}: {outcome} in {duration}{summary}",
                operation=options.operation,
                outcome=outcome_word(outcome, console.language),
                duration=duration(float(reply.answer.get("seconds") or 0), console.language),
                summary=f", {summary}" if summary else "",
            )
        )
    return Exit.ATTENTION if outcome == "failed" else Exit.OK


def _stop(options: argparse.Namespace, console: Console) -> int:
    home = folders(console.environment)
    holder = find(getattr(options, "station", None), home)
    try:
        _asked(options, console, {"command": "stop"}, seconds=_RESTART_SECONDS)
    except NoAnswer:
        if is_held(home.of(holder.station).lock):  # else it ended before its answer was out
            raise
    if not _is_gone(holder, home):
        raise StillRunning(
            "the station {station} was told to stop and still runs after {duration}: look at `heitz-service status`, "
            "or end process {pid}",
            station=holder.station,
            duration=duration(_STOP_SECONDS, console.language),
            pid=holder.pid,
        )
    if not options.json:
        console.print(Sentence.of("the station {station} has stopped", station=holder.station))
    return Exit.OK


def _asked(
    options: argparse.Namespace,
    console: Console,
    request: dict[str, Any],
    *,
    seconds: float | None,
    progress: Progress | None = None,
) -> Reply:
    home = folders(console.environment)
    holder = find(getattr(options, "station", None), home)
    request["language"] = console.asked_language
    report = progress.show if progress is not None and not options.json else _ignore
    reply = ask(holder, request, home, seconds=seconds, on_progress=report)
    console.prefer(reply.language)
    if options.json:
        console.print_json(reply.answer)
    return reply


def _ignore(_step: dict[str, Any], _language: str) -> None:
    pass


def _is_gone(holder: Holder, home: Folders) -> bool:
    lock = home.of(holder.station).lock
    deadline = monotonic() + _STOP_SECONDS
    while is_held(lock):
        if monotonic() > deadline:
            return False
        Event().wait(_BETWEEN_LOOKS_SECONDS)
    return True
