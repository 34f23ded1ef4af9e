"""`status`: how the running station is, or every station of the club."""

import argparse
from datetime import datetime

from config.sentence import Sentence
from service.argument_parser import Commands
from service.channel.client import ask, find
from service.console import Console
from service.exit_codes import Exit
from service.paths import folders


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "status",
        Sentence.of("show how the running station is: its operations and its actors"),
        "status",
        "status --json",
        "status --club",
        run=_run,
    )
    parser.station_option()
    parser.json_option()
    parser.option("--club", action="store_true", help=Sentence.of("every station of the club, from the database"))
    parser.config_option()


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.club:
        from service.club_status import show_club  # noqa: PLC0415 - the database's drivers take half a second

        return show_club(options, console)
    home = folders(console.environment)
    holder = find(getattr(options, "station", None), home)
    reply = ask(holder, {"command": "status", "language": console.asked_language}, home)
    console.prefer(reply.language)
    if options.json:
        console.print_json(reply.answer)
    else:
        from service.rendering import render_status  # noqa: PLC0415 - programs that read JSON need no page

        now = datetime.now().astimezone()
        console.print(render_status(reply.answer, console.terminal, console.language, now))
    return Exit.OK if reply.answer.get("state") == "active" else Exit.ATTENTION
