"""`sms opt-out list|add|remove`: who wants no more marketing by SMS."""

import argparse
import sys
from typing import TYPE_CHECKING

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands
from service.commands.opt_out_commands import SOURCE, OptOuts, add_opt_outs, tell_change, tell_opt_outs
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from config import Settings


class NumberProblem(SentenceError):  # noqa: N818 - what the reader sees
    """The number that was given takes no SMS."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the commands."""
    whom = Sentence.of("the telephone number; - reads it from the input")
    add_opt_outs(
        commands,
        OptOuts(
            channel="sms",
            recipient="number",
            plural="numbers",
            example="0612345678",
            purpose=Sentence.of("list, add or remove numbers that want no more marketing by SMS"),
            listing=Sentence.of("list the numbers that want no more marketing, the newest first"),
            whole=Sentence.of("show telephone numbers whole"),
            adding=Sentence.of("send a number no more marketing"),
            removing=Sentence.of("send a number marketing again, because its owner wants it"),
            whom_to_add=whom,
            whom_to_remove=whom,
            show=_list,
            change=_change,
        ),
    )


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
            "number": each.number if options.is_whole else mask(each.number),
            "at": each.at.isoformat() if each.at else None,
            "source": each.source,
            "words": each.words,
            "doubtful": each.is_doubtful,
        }
        for each in found
    ]
    return tell_opt_outs(options, console, documents, render_opt_outs)


def _change(options: argparse.Namespace, console: Console) -> int:
    from actors.sms.numbers import mask  # noqa: PLC0415
    from club import SmsAnswers  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    with club_database(options, console) as (database, settings):
        number = read_number(options.recipient, settings)
        answers = SmsAnswers(database)
        is_changed = answers.add(number, SOURCE) if options.is_out else answers.remove(number)
    said = _said(mask(number), is_out=options.is_out, is_changed=is_changed)
    return tell_change(options, console, said, {"number": mask(number)}, is_changed=is_changed)


def _said(number: str, *, is_out: bool, is_changed: bool) -> Sentence:
    if is_out:
        if is_changed:
            return Sentence.of("{number} gets no more marketing by SMS", number=number)
        return Sentence.of("{number} got no marketing already", number=number)
    if is_changed:
        return Sentence.of("{number} may get marketing by SMS again", number=number)
    return Sentence.of("{number} was not among those who want no marketing", number=number)
