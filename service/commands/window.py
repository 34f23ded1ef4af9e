"""`window`: the status window of the station, in a process of its own."""

import argparse
from typing import Final

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.paths import folders

_LEAST, _MOST = 50, 400
_PERCENT: Final = 100.0


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "window",
        Sentence.of("show the station in a window; a second call brings the window to the front"),
        "window",
        "window --scale 150 --lang en",
        run=_run,
    )
    parser.station_option()
    parser.option(
        "--scale",
        type=_percent,
        metavar="N",
        help=Sentence.of("how large, in percent; by default as the screen is set"),
    )


def _percent(text: str) -> float:
    value = float(text.removesuffix("%"))
    if not _LEAST <= value <= _MOST:
        raise ValueError(text)
    return value


def _run(options: argparse.Namespace, console: Console) -> int:
    from service.window.opening import Opening, open_window  # noqa: PLC0415 - other commands need no window

    return open_window(
        Opening(
            folders=folders(console.environment),
            station=getattr(options, "station", None),
            language=console.language,
            asked_language=console.asked_language,
            scale=options.scale / _PERCENT if options.scale is not None else None,
        )
    )
