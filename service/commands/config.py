"""`config check|show|init|schema`: the settings file, checked, shown, begun and described."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from config import Problem


class FileNotWritten(SentenceError):  # noqa: N818 - what the reader sees
    """The commented file could not be written where it was wanted."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "config", Sentence.of("check, show, begin or describe the settings file"), "config check", "config init"
    )
    config = Commands(group, "config_command")
    check = config.add(
        "check",
        Sentence.of("tell every problem of a settings file, with its line and key"),
        "config check",
        "config check heitz-service.toml",
        run=_check,
    )
    check.option("file", metavar="FILE", nargs="?", type=Path, help=Sentence.of("the settings file to check"))
    show = config.add(
        "show",
        Sentence.of("show the settings in force and where each comes from, secrets hidden"),
        "config show",
        run=_show,
    )
    show.option("file", metavar="FILE", nargs="?", type=Path, help=Sentence.of("the settings file to show"))
    for parser in (check, show):
        parser.config_option()  # as every other command has it, though a file alone will do
        parser.json_option()
    init = config.add(
        "init",
        Sentence.of("write a commented settings file to begin with"),
        "config init",
        "config init heitz-service.toml",
        "config init -",
        run=_init,
    )
    init.option(
        "file",
        metavar="FILE",
        nargs="?",
        help=Sentence.of("where to write it, - for the output; by default the user's configuration folder"),
    )
    init.option("--force", action="store_true", help=Sentence.of("replace a file that is there"))
    config.add(
        "schema",
        Sentence.of("print the JSON Schema of the settings file, for editors"),
        "config schema > heitz-service.schema.json",
        run=_schema,
    )


def _check(options: argparse.Namespace, console: Console) -> int:
    from config import SettingsError, load  # noqa: PLC0415
    from service.roster import settings_schema  # noqa: PLC0415
    from service.settings_file import found_file, told  # noqa: PLC0415

    file = found_file(options.file or options.config, console)
    problems: tuple[Problem, ...] = ()
    try:
        settings = load(file, settings_schema())
    except SettingsError as error:
        if not options.json:
            raise told(error, console) from error
        problems = error.problems
    else:
        console.prefer(str(settings.club.language))
    if options.json:
        console.print_json({"file": str(file), "problems": [problem.as_json(console.language) for problem in problems]})
    else:
        console.print(Sentence.of("{file} is in order", file=file))
    return Exit.USAGE if problems else Exit.OK


def _show(options: argparse.Namespace, console: Console) -> int:
    from config.showing import effective, show  # noqa: PLC0415
    from service.settings_file import load_settings  # noqa: PLC0415

    options.config = options.file or options.config
    settings = load_settings(options, console)
    if options.json:
        values = [{"key": entry.key, "value": entry.value, "line": entry.line} for entry in effective(settings)]
        console.print_json({"file": str(settings.file), "settings": values})
    else:
        console.print(show(settings, console.language))
    return Exit.OK


def _init(options: argparse.Namespace, console: Console) -> int:
    from config.example_file import example  # noqa: PLC0415
    from config.finding import usual_places  # noqa: PLC0415
    from service.roster import settings_schema  # noqa: PLC0415

    text = example(settings_schema(), console.language)
    if options.file == "-":
        console.write(text)
        return Exit.OK
    path = Path(options.file).absolute() if options.file else usual_places()[0]
    _write(path, text, replace=options.force)
    console.print(Sentence.of("{file} is written: fill it in, then `heitz-service config check`", file=path))
    return Exit.OK


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write the whole file or none of it, closed to others from its first byte: it will hold secrets."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            if replace or os.name == "nt":
                (fresh.replace if replace else fresh.rename)(path)
            else:
                os.link(fresh, path)  # unlike a rename, this refuses a file that is there
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise FileNotWritten("{file} is there already: name another file, or say --force", file=path) from error
        raise FileNotWritten(
            "{file} can't be written ({reason}): name another file", file=path, reason=system_words(error)
        ) from error


def _schema(_options: argparse.Namespace, console: Console) -> int:
    from config.schema_json import json_schema  # noqa: PLC0415
    from service.roster import settings_schema  # noqa: PLC0415

    console.print_json(json_schema(settings_schema(), console.language))
    return Exit.OK
