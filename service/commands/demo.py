"""`demo`: the main job, shown on a sample club that is gone afterwards."""

import argparse
import importlib

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.options import DemoOptions


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "demo",
        Sentence.of("show the program at work on a sample club, and leave nothing behind"),
        "demo",
        "demo --seconds 40",
        run=_run,
    )
    parser.option(
        "--seconds", type=_positive, metavar="N", help=Sentence.of("how long to show it, about 20 by default")
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def _run(options: argparse.Namespace, console: Console) -> int:
    demonstration = importlib.import_module("service.demo")
    debug = getattr(options, "debug", False)
    return int(demonstration.run(DemoOptions(options.seconds, console.language, debug)))
