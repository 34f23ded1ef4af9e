"""The command line: which command was asked for, in which language, and its exit code.

Only the module of the command that was asked for is imported: `status` answers within 80 ms because it pays for
nothing else.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Final

from config.sentence import LANGUAGES, Sentence, SentenceError
from service.argument_parser import Commands, Parser
from service.console import Console, OutputLost, standard_console
from service.exit_codes import Exit

# The module of each command, in the order of the help.
_MODULES: Final = {
    "run": "run",
    "status": "status",
    "restart": "control",
    "run-now": "control",
    "stop": "control",
    "pause": "pause",
    "resume": "pause",
    "handover": "handover",
    "history": "history",
    "config": "config",
    "database": "database",
    "email": "email",
    "sms": "sms",
    "autostart": "autostart",
    "fmi": "fmi",
    "window": "window",
    "doctor": "doctor",
    "demo": "demo",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (the process's own by default) and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    console = standard_console(_asked_language(words))
    if not {"-h", "--help"}.isdisjoint(words):
        _prefer_settings_language(console)
    try:
        options = _options(words, console)
    except SystemExit as end:  # argparse has said what is wrong, or shown the help
        return int(end.code or 0)
    try:
        code = int(options.run(options, console))
        console.flush()
    except SentenceError as error:
        _prefer_settings_language(console, getattr(options, "config", None))
        console.error(error.sentence)
        _show_origin(options)
        if isinstance(error, OutputLost):
            _forget_output()
        return int(getattr(error, "exit_code", Exit.ATTENTION))
    except KeyboardInterrupt:
        console.error(Sentence.of("interrupted"))
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - the edge of the command line: no traceback for people
        console.error(
            Sentence.of(
                "the command failed ({kind}: {error}): try again with --debug and send what it shows to the support",
                kind=type(error).__name__,
                error=error,
            )
        )
        _show_origin(options)
        return Exit.ATTENTION
    return code


def _options(words: Sequence[str], console: Console) -> argparse.Namespace:
    """Return what was asked for; a wrong command line is told in the club's language, which is looked for only then."""
    try:
        with redirect_stderr(StringIO()):
            return _parser(words, console.language).parse_args(words)
    except SystemExit as end:
        if end.code != Exit.USAGE:
            raise
    _prefer_settings_language(console)
    return _parser(words, console.language).parse_args(words)


def _prefer_settings_language(console: Console, config: object = None) -> None:
    """Speak the club's language also when there was no program to tell it; for help and errors, which may take time."""
    from service.settings_language import prefer_settings_language  # noqa: PLC0415

    prefer_settings_language(console, config if isinstance(config, Path) else None)


def _parser(words: Sequence[str], language: str) -> Parser:
    parser = Parser(
        prog="heitz-service",
        language=language,
        description=Sentence.of("The automatic work of a club: runs it, shows it, mends it.").render(language),
        epilog=Sentence.of("example:").render(language) + "\n  heitz-service status",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help=Sentence.of("show the version").render(language))
    commands = Commands(parser)
    asked = next((word for word in words if word in _MODULES), None)
    names = _MODULES.values() if asked is None or _is_general(words) else (_MODULES[asked],)
    for name in dict.fromkeys(names):
        importlib.import_module(f"service.commands.{name}").add(commands)
    return parser


def _is_general(words: Sequence[str]) -> bool:
    """Tell whether the words before the command may need the whole list: anything but the options of every command."""
    for word in words:
        if word in _MODULES:
            return False
        if word not in {"--debug", "--lang", *LANGUAGES} and not word.startswith("--lang="):
            return True
    return True


def _asked_language(words: Sequence[str]) -> str | None:
    """Return what `--lang` says, before argparse: the help and its errors are already in that language."""
    for index, word in enumerate(words):
        value = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang" and index + 1 < len(words):
            value = words[index + 1]
        if value in LANGUAGES:
            return value
    return None


def _show_origin(options: argparse.Namespace) -> None:
    if getattr(options, "debug", False):
        import traceback  # noqa: PLC0415

        traceback.print_exc()


def _forget_output() -> None:
    """Give the output a place to go: its own is lost (`status | head`), and the flush at exit would complain."""
    import os  # noqa: PLC0415

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Version(argparse.Action):
    """Print the version; its number is looked up only when asked for."""

    def __call__(self, *_: object) -> None:
        from service.version import version  # noqa: PLC0415

        sys.stdout.write(f"heitz-service {version()}\n")
        sys.exit(Exit.OK)
