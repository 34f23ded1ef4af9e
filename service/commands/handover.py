"""`handover`: an exclusive operation goes to another station, at once and in order."""

import argparse
from typing import Final

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console

_WAIT_SECONDS: Final = 30.0
_LONGEST_WAIT_SECONDS: Final = 3600.0


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "handover",
        Sentence.of("have another station do an operation that one station does at a time"),
        "handover email",
        "handover email --to SERVEUR",
        run=_run,
    )
    parser.option("operation", metavar="OPERATION", help=Sentence.of("its name, as `status --club` prints it"))
    parser.option(
        "--to",
        metavar="STATION",
        help=Sentence.of("the station; by default the next one of the settings that runs"),
    )
    parser.option(
        "--wait",
        type=_seconds,
        default=_WAIT_SECONDS,
        metavar="N",
        help=Sentence.of("how many seconds to wait until it is done, 30 by default"),
    )
    parser.config_option()
    parser.json_option()


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= _LONGEST_WAIT_SECONDS:
        raise ValueError(text)
    return value


def _run(options: argparse.Namespace, console: Console) -> int:
    from service.club_handover import hand_over  # noqa: PLC0415 - the database's drivers take half a second

    return hand_over(options, console)
