"""argparse that speaks the reader's language and ends every error with what to do."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from config.sentence import LANGUAGES, Sentence
from service.exit_codes import Exit
from service.terminal import wrap

Run = Callable[[argparse.Namespace, Any], int]

_COLUMNS: Final = 78
# The words that stand for what the reader is to write.
_PLACES: Final = {
    "ACTOR": Sentence.of("ACTOR"),
    "ADDRESS": Sentence.of("ADDRESS"),
    "COMMAND": Sentence.of("COMMAND"),
    "FILE": Sentence.of("FILE"),
    "NAME": Sentence.of("NAME"),
    "NUMBER": Sentence.of("NUMBER"),
    "OPERATION": Sentence.of("OPERATION"),
    "PORT": Sentence.of("PORT"),
    "STATE": Sentence.of("STATE"),
    "STATION": Sentence.of("STATION"),
    "TEXT": Sentence.of("TEXT"),
    "WHEN": Sentence.of("WHEN"),
}
_MOST: Final = 1 << 63
# What argparse says of a wrong command line, and what we say.
_ERRORS: Final = (
    (
        r"the following arguments are required: (?P<names>.*)",
        Sentence.of("{names} is missing"),
    ),
    (r"unrecognized arguments: (?P<names>.*)", Sentence.of("the argument {names} is not known here")),
    (r"argument (?P<name>.*?): invalid choice: (?P<value>'.*') \(choose from (?P<choices>.*)\)", None),
    (r"argument (?P<name>.*?): expected .*", Sentence.of("the argument {name} needs a value")),
    (
        r"argument (?P<name>.*?): invalid \S+ value: (?P<value>.*)",
        Sentence.of("{value} is not a value for the argument {name}"),
    ),
    (r"one of the arguments (?P<names>.*) is required", Sentence.of("one of {names} is missing")),
    (
        r"argument (?P<name>.*?): not allowed with argument (?P<other>.*)",
        Sentence.of("{name} and {other} exclude each other"),
    ),
    (r"argument (?P<name>.*?): (?P<text>.*)", Sentence.of("the argument {name}: {text}")),
)


def counting_number(text: str) -> int:
    """Read a number from 1 to what a database's key can hold; ValueError otherwise."""
    value = int(text)
    if not 0 < value < _MOST:
        raise ValueError(text)
    return value


class _Layout(argparse.RawDescriptionHelpFormatter):
    """The help's layout: 80 columns, and `usage:` in the reader's language."""

    def __init__(self, prog: str, language: str) -> None:
        super().__init__(prog, max_help_position=30, width=_COLUMNS)
        self._language = language

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Write the usage under our own word for it."""
        ours = Sentence.of("usage: ").render(self._language)
        super().add_usage(usage, actions, groups, ours if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """A parser of one command or group of commands."""

    def __init__(self, *, language: str, **settings: Any) -> None:
        super().__init__(
            add_help=False, allow_abbrev=False, formatter_class=partial(_Layout, language=language), **settings
        )
        self.language = language
        self._positionals.title = Sentence.of("arguments").render(language)
        self._optionals.title = Sentence.of("options").render(language)
        self.option("-h", "--help", action="help", help=Sentence.of("show this help and end"))
        self.option("--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=Sentence.of("speak French or English"))
        self.option(
            "--debug",
            action="store_true",
            default=argparse.SUPPRESS,
            help=Sentence.of("show where in the program an error comes from"),
        )

    def option(self, *names: str, help: Sentence, **settings: Any) -> None:  # noqa: A002 - argparse's own word
        """Add an argument whose help is a sentence."""
        if settings.get("metavar") in _PLACES:
            settings["metavar"] = _PLACES[settings["metavar"]].render(self.language)
        self.add_argument(*names, help=help.render(self.language).replace("%", "%%"), **settings)

    def station_option(self) -> None:
        """Add `--station`, the same for every command that is about one station."""
        self.option(
            "--station",
            metavar="NAME",
            default=argparse.SUPPRESS,
            help=Sentence.of("the station; by default the one that runs here, else the computer's name"),
        )

    def config_option(self) -> None:
        """Add `--config`, the same for every command that reads the settings."""
        self.option(
            "--config",
            metavar="FILE",
            type=Path,
            help=Sentence.of("the settings file; by default HEITZ_SERVICE_CONFIG, the user's folder, the computer's"),
        )

    def json_option(self) -> None:
        """Add `--json`, the same for every command that lists or shows."""
        self.option("--json", action="store_true", help=Sentence.of("print JSON, for programs"))

    def error(self, message: str) -> NoReturn:
        """End with one sentence and the exit code of a usage error."""
        sentence = Sentence.of(
            "{problem}: `{command} --help` shows how", problem=_explained(message), command=self.prog
        )
        sys.stderr.write(f"{self.prog}: {sentence.render(self.language)}\n")
        sys.exit(Exit.USAGE)


class Commands:
    """The commands of a parser, each with its sentence, an example and the function that does it."""

    def __init__(self, parser: Parser, name: str = "command") -> None:
        self._language = parser.language
        self._choices = parser.add_subparsers(
            dest=name,
            metavar=_PLACES["COMMAND"].render(parser.language),
            required=True,
            title=Sentence.of("commands").render(parser.language),
            parser_class=Parser,
        )

    def add(self, name: str, help: Sentence, *examples: str, run: Run | None = None) -> Parser:  # noqa: A002
        """Add a command and return its parser; a group of commands has no `run` of its own."""
        said = help.render(self._language)
        title = Sentence.counted("example:", "examples:", len(examples)).render(self._language)
        parser: Parser = self._choices.add_parser(
            name,
            help=said.replace("%", "%%"),
            description="\n".join(wrap(said[:1].upper() + said[1:] + ".", _COLUMNS)),
            epilog="\n".join([title, *(f"  heitz-service {example}" for example in examples)]),
            language=self._language,
        )
        if run is not None:
            parser.set_defaults(run=run)
        return parser


def _explained(message: str) -> Sentence | str:
    for pattern, sentence in _ERRORS:
        match = re.fullmatch(pattern, message, re.DOTALL)
        if match is None:
            continue
        found = match.groupdict()
        return (
            _unknown_choice(found["value"], found["choices"])
            if sentence is None
            else Sentence.of(sentence.template, **found)
        )
    return message


def _unknown_choice(value: str, choices: str) -> Sentence:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a command line that is wrong anyway

    known = [choice.strip().strip("'") for choice in choices.split(",")]
    near = get_close_matches(value.strip("'"), known, n=1)
    if near:
        return Sentence.of("{value} is not known here, did you mean {near}", value=value, near=near[0])
    return Sentence.of("{value} is not known here, choose from {choices}", value=value, choices=", ".join(known))
