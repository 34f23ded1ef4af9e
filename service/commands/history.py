"""`history`: past runs and failures of the operations, on every station of the club."""

import argparse
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands, counting_number
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from club import Run

_UNITS: Final = {"min": "minutes", "h": "hours", "d": "days", "j": "days"}
_LIMIT: Final = 100


class UnknownOperation(SentenceError):  # noqa: N818 - what the reader sees
    """No operation has that name: an empty history would say that it never ran."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "history",
        Sentence.of("show past runs and failures"),
        "history",
        "history email --since 2d",
        "history --since 2026-11-24 --failures --json",
        run=_run,
    )
    parser.option("operation", metavar="OPERATION", nargs="?", help=Sentence.of("only the runs of this operation"))
    parser.option(
        "--since",
        metavar="WHEN",
        type=since,
        help=Sentence.of("only what began since then: 30min, 12h, 7d, a day or an instant (2026-11-24T08:00)"),
    )
    parser.option("--failures", action="store_true", help=Sentence.of("only what failed or was interrupted"))
    parser.option(
        "--limit",
        type=counting_number,
        default=_LIMIT,
        metavar="N",
        help=Sentence.of("at most so many, 100 by default"),
    )
    parser.config_option()
    parser.json_option()


def since(text: str) -> datetime:
    """Return the instant that a user means, aware; ValueError otherwise. A day begins on the reader's clock."""
    match = re.fullmatch(r"(\d{1,6})\s*(min|h|d|j)", text)
    try:
        if match:
            return datetime.now().astimezone() - timedelta(**{_UNITS[match[2]]: int(match[1])})
        return datetime.fromisoformat(text).astimezone()
    except (OverflowError, OSError) as error:  # OSError: Windows knows no day before 1970
        raise ValueError(text) from error


def _run(options: argparse.Namespace, console: Console) -> int:
    from actors.operation import unknown_operation  # noqa: PLC0415
    from club import Runs  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.rendering_lists import render_history  # noqa: PLC0415
    from service.words import OWN_WORK  # noqa: PLC0415

    is_known = options.operation is None or options.operation in OWN_WORK
    unknown = None if is_known else unknown_operation(options.operation)
    if unknown is not None:
        raise UnknownOperation(unknown)
    with club_database(options, console) as (database, _):
        runs = Runs(database, "", "").history(
            options.operation, options.since, failures=options.failures, limit=options.limit
        )
    documents = [_as_json(run) for run in runs]
    if options.json:
        console.print_json({"version": 1, "runs": documents})
    else:
        now = datetime.now().astimezone()
        console.print(render_history(documents, console.terminal, console.language, now))
    return Exit.OK


def _as_json(run: "Run") -> dict[str, Any]:
    return {
        "id": run.id,
        "operation": run.operation,
        "occurrence": run.occurrence,
        "station": run.station,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": run.seconds,
        "outcome": run.outcome,
        "summary": run.summary,
    }
