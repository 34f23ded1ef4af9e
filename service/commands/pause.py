"""`pause` and `resume`: an operation does nothing for a while, because a person wants so."""

import argparse
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands
from service.channel.client import Reply, ask, find
from service.console import Console
from service.exit_codes import Exit
from service.paths import folders
from service.words import instant

_ANSWER_SECONDS: Final = 15.0


class UnfitDuration(SentenceError):  # noqa: N818 - what the reader sees
    """What `--for` says is no duration."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the commands."""
    pause = commands.add(
        "pause",
        Sentence.of("pause an operation for a while, or until it is resumed"),
        "pause email --for 1h",
        'pause sms --reason "the modem is being replaced"',
        run=_pause,
    )
    resume = commands.add(
        "resume",
        Sentence.of("end the pause of an operation"),
        "resume email",
        run=_resume,
    )
    for parser in (pause, resume):
        parser.option("operation", metavar="OPERATION", help=Sentence.of("its name, as `status` prints it"))
    pause.option(
        "--for",
        dest="length",
        metavar="WHEN",
        help=Sentence.of("how long, such as 30min, 1h or 2d; by default until it is resumed"),
    )
    pause.option("--reason", metavar="TEXT", default="", help=Sentence.of("why, for those who see the pause"))
    for parser in (pause, resume):
        parser.station_option()
        parser.json_option()


def _pause(options: argparse.Namespace, console: Console) -> int:
    request = {
        "command": "pause",
        "operation": options.operation,
        "seconds": _seconds(options.length),
        "by": user_name(),
        "reason": options.reason,
    }
    reply = _asked(options, console, request)
    if not options.json:
        until = reply.answer.get("paused_until")
        now = datetime.now().astimezone()
        console.print(
            Sentence.of(
                "{operation} is paused until {until}; `heitz-service resume {operation}` ends the pause sooner",
                operation=options.operation,
                until=instant(until, now, console.language),
            )
            if until
            else Sentence.of(
                "{operation} is paused until somebody says `heitz-service resume {operation}`",
                operation=options.operation,
            )
        )
    return Exit.OK


def _resume(options: argparse.Namespace, console: Console) -> int:
    reply = _asked(options, console, {"command": "resume", "operation": options.operation})
    if not options.json:
        console.print(
            Sentence.of("{operation} goes on", operation=options.operation)
            if reply.answer.get("resumed")
            else Sentence.of("{operation} was not paused", operation=options.operation)
        )
    return Exit.OK


def user_name() -> str:
    """Return the name of the user of this computer, for those who ask who did it; empty where there is none."""
    import getpass  # noqa: PLC0415 - for these two commands

    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""


def _asked(options: argparse.Namespace, console: Console, request: dict[str, Any]) -> Reply:
    home = folders(console.environment)
    holder = find(getattr(options, "station", None), home)
    request["language"] = console.asked_language
    reply = ask(holder, request, home, seconds=_ANSWER_SECONDS)
    console.prefer(reply.language)
    if options.json:
        console.print_json(reply.answer)
    return reply


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    from config.problem import ValueRefusedError  # noqa: PLC0415
    from config.units import parse_duration  # noqa: PLC0415 - the other command needs none

    try:
        return parse_duration(text).total_seconds()
    except ValueRefusedError as error:
        raise UnfitDuration("--for {text}: {problem}", text=text, problem=error.sentence) from error
