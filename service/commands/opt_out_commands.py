"""The commands `opt-out list|add|remove` of a channel: who wants no more marketing by it."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from config.sentence import Sentence
from service.argument_parser import Commands, counting_number
from service.console import Console
from service.exit_codes import Exit
from service.terminal import Terminal

_LIMIT: Final = 100
SOURCE: Final = "command line"
"""Who is kept as having said so."""

Run = Callable[[argparse.Namespace, Console], int]
Render = Callable[[Sequence[Mapping[str, Any]], Terminal, str, datetime], str]


@attrs.frozen(kw_only=True)
class OptOuts:
    """What the commands of a channel are called and do.

    `recipient` names what a recipient is in options, `plural` several of them, `example` is one. `change` is asked of
    both `add` and `remove`: the options have `is_out`.
    """

    channel: str
    recipient: str
    plural: str
    example: str
    purpose: Sentence
    listing: Sentence
    whole: Sentence
    adding: Sentence
    removing: Sentence
    whom_to_add: Sentence
    whom_to_remove: Sentence
    show: Run
    change: Run


def add_opt_outs(commands: Commands, words: OptOuts) -> None:
    """Add the commands."""
    name = f"{words.channel} opt-out"
    adds, removes = f"{name} add {words.example}", f"{name} remove {words.example}"
    inner = Commands(commands.add("opt-out", words.purpose, f"{name} list", adds), "opt_out_command")
    listing = inner.add("list", words.listing, f"{name} list", run=words.show)
    listing.option(
        "--limit",
        type=counting_number,
        default=_LIMIT,
        metavar="N",
        help=Sentence.of("at most so many, 100 by default"),
    )
    listing.option(f"--{words.plural}", dest="is_whole", action="store_true", help=words.whole)
    adding = inner.add("add", words.adding, adds, run=words.change)
    removing = inner.add("remove", words.removing, removes, run=words.change)
    for parser, whom, is_out in ((adding, words.whom_to_add, True), (removing, words.whom_to_remove, False)):
        parser.option("recipient", metavar=words.recipient.upper(), help=whom)
        parser.set_defaults(is_out=is_out)
    for parser in (listing, adding, removing):
        parser.config_option()
        parser.json_option()


def tell_opt_outs(
    options: argparse.Namespace, console: Console, documents: Sequence[Mapping[str, Any]], render: Render
) -> int:
    """Print who wants no more marketing; return the exit code."""
    if options.json:
        console.print_json({"version": 1, "opt_outs": documents})
    else:
        console.print(render(documents, console.terminal, console.language, datetime.now().astimezone()))
    return Exit.OK


def tell_change(
    options: argparse.Namespace, console: Console, said: Sentence, shown: Mapping[str, str], *, is_changed: bool
) -> int:
    """Print what `add` or `remove` did, `shown` naming the recipient as others may see it; return the exit code."""
    if options.json:
        console.print_json({"version": 1, **shown, "opted_out": options.is_out, "changed": is_changed})
    else:
        console.print(said)
    return Exit.OK
