"""`run`: the station in the foreground."""

import argparse
import importlib

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.options import RunOptions


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "run",
        Sentence.of("run this station until it is stopped"),
        "run",
        "run --config heitz-service.toml --station ACCUEIL --headless",
        run=_run,
    )
    parser.config_option()
    parser.option("--station", metavar="NAME", help=Sentence.of("the station; by default the computer's name"))
    parser.option("--headless", action="store_true", help=Sentence.of("show no icon and no window"))


def _run(options: argparse.Namespace, console: Console) -> int:
    from config import SettingsError, SettingsNotFoundError, UnknownStationError  # noqa: PLC0415
    from service.settings_file import UnfitSettings, told  # noqa: PLC0415

    program = importlib.import_module("service.run")
    wanted = RunOptions(
        config=options.config,
        station=options.station,
        headless=options.headless,
        debug=getattr(options, "debug", False),
    )
    try:
        return int(program.run(wanted))
    except SettingsError as error:
        raise told(error, console) from error
    except (SettingsNotFoundError, UnknownStationError) as error:
        raise UnfitSettings(error.sentence) from error
