"""`sms opt-out list|add|remove`: who wants no more marketing by SMS."""

import argparse
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Final

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands, counting_number
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from config import Settings

_LIMIT: Final = 100
_SOURCE: Final = "command line"


class NumberProblem(SentenceError):  # noqa: N818 - what the reader sees
    """The number that was given takes no SMS."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "opt-out",
        Sentence.of("list, add or remove numbers that want no more marketing by SMS"),
        "sms opt-out list",
        "sms opt-out add 0612345678",
    )
    inner = Commands(group, "opt_out_command")
    listing = inner.add(
        "list",
        Sentence.of("list the numbers that want no more marketing, the newest first"),
        "sms opt-out list",
        run=_list,
    )
    listing.option(
        "--limit",
        type=counting_number,
        default=_LIMIT,
        metavar="N",
        help=Sentence.of("at most so many, 100 by default"),
    )
    listing.option("--numbers", action="store_true", help=Sentence.of("show telephone numbers whole"))
    adding = inner.add("add", Sentence.of("send a number no more marketing"), "sms opt-out add 0612345678", run=_add)
    removing = inner.add(
        "remove",
        Sentence.of("send a number marketing again, because its owner wants it"),
        "sms opt-out remove 0612345678",
        run=_remove,
    )
    for parser in (adding, removing):
        parser.option("number", metavar="NUMBER", help=Sentence.of("the telephone number; - reads it from the input"))
    for parser in (listing, adding, removing):
        parser.config_option()
        parser.json_option()


def read_number(written: str, settings: "Settings") -> str:
    """Return a number of the command line as E.164. Raises NumberProblem, which does not repeat it.

    With `-` it is read from the input: other users of the computer see the words of a command line.
    """
    from actors.sms.numbers import NumberRefusedError, to_e164  # noqa: PLC0415

    if written == "-":
        written = sys.stdin.readline()
    try:
        return to_e164(written, settings.club.country)
    except NumberRefusedError as error:
        raise NumberProblem("the number cannot be used: {why}", why=error.sentence) from None


def _list(options: argparse.Namespace, console: Console) -> int:
    from actors.sms.numbers import mask  # noqa: PLC0415
    from club import SmsAnswers  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.rendering_lists import render_opt_outs  # noqa: PLC0415

    with club_database(options, console) as (database, _):
        found = SmsAnswers(database).opt_outs(options.limit)
    documents = [
        {
            "number": each.number if options.numbers else mask(each.number),
            "at": each.at.isoformat() if each.at else None,
            "source": each.source,
            "words": each.words,
            "doubtful": each.is_doubtful,
        }
        for each in found
    ]
    if options.json:
        console.print_json({"version": 1, "opt_outs": documents})
    else:
        now = datetime.now().astimezone()
        console.print(render_opt_outs(documents, console.terminal, console.language, now))
    return Exit.OK


def _add(options: argparse.Namespace, console: Console) -> int:
    return _change(options, console, is_out=True)


def _remove(options: argparse.Namespace, console: Console) -> int:
    return _change(options, console, is_out=False)


def _change(options: argparse.Namespace, console: Console, *, is_out: bool) -> int:
    from actors.sms.numbers import mask  # noqa: PLC0415
    from club import SmsAnswers  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    with club_database(options, console) as (database, settings):
        number = read_number(options.number, settings)
        answers = SmsAnswers(database)
        is_changed = answers.add(number, _SOURCE) if is_out else answers.remove(number)
    if options.json:
        console.print_json({"version": 1, "number": mask(number), "opted_out": is_out, "changed": is_changed})
    else:
        console.print(_said(mask(number), is_out=is_out, is_changed=is_changed))
    return Exit.OK


def _said(number: str, *, is_out: bool, is_changed: bool) -> Sentence:
    if is_out:
        if is_changed:
            return Sentence.of("{number} gets no more marketing by SMS", number=number)
        return Sentence.of("{number} got no marketing already", number=number)
    if is_changed:
        return Sentence.of("{number} may get marketing by SMS again", number=number)
    return Sentence.of("{number} was not among those who want no marketing", number=number)
