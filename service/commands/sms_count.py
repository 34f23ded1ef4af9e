"""`sms count TEXT`: how many SMS a text makes, and why."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from actors.sms.alphabet import Character
    from actors.sms.reckoning import Reckoning


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "count",
        Sentence.of("tell how many SMS a text makes, which characters cost more, and what near ones would save"),
        'sms count "Votre séance de 18 h est annulée"',
        "sms count - < text.txt",
        run=_count,
    )
    parser.option("text", metavar="TEXT", help=Sentence.of("the text; - reads it from the input"))
    parser.json_option()


def _count(options: argparse.Namespace, console: Console) -> int:
    from actors.sms.reckoning import lines_of, reckon  # noqa: PLC0415
    from service.settings_language import prefer_settings_language  # noqa: PLC0415

    prefer_settings_language(console)  # nothing else of them is needed
    text = sys.stdin.read().removesuffix("\n") if options.text == "-" else options.text
    found = reckon(text)
    if options.json:
        console.print_json(_document(found, console))
    else:
        for line in lines_of(found):
            console.print(line)
    return Exit.OK if found.objection is None else Exit.ATTENTION


def _document(found: "Reckoning", console: Console) -> dict[str, Any]:
    saving = found.saving
    return {
        "version": 1,
        "characters": found.characters,
        "alphabet": found.alphabet.name.lower(),
        "units": found.units,
        "parts": found.parts,
        "room": found.room,
        "offending": [_character(each) for each in found.offending],
        "unsendable": [_character(each) for each in found.unsendable],
        "folded": None
        if saving is None
        else {
            "text": saving.text,
            "parts": saving.parts,
            "replacements": [
                {"character": each.character, "by": each.by, "times": each.times} for each in saving.replacements
            ],
        },
        "objection": None if found.objection is None else console.text(found.objection),
    }


def _character(each: "Character") -> dict[str, Any]:
    return {"character": each.character, "name": each.name, "positions": [place + 1 for place in each.positions]}
