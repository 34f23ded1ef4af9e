"""`doctor`: everything that may be wrong on this computer, in one command."""

import argparse
from pathlib import Path
from typing import Final

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit
from service.terminal import wrap

_LOOK: Final = {"ok": ("good", "green"), "warning": ("warning", "yellow"), "problem": ("bad", "red")}


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "doctor",
        Sentence.of("examine this computer: versions, settings, database, disk, rights, the running program"),
        "doctor",
        "doctor --json",
        "doctor --bundle support.zip",
        run=_run,
    )
    parser.option(
        "--bundle",
        metavar="FILE",
        type=Path,
        help=Sentence.of("write what the support needs into a zip file, without secrets and personal data"),
    )
    parser.station_option()
    parser.config_option()
    parser.json_option()


def _run(options: argparse.Namespace, console: Console) -> int:
    from service.doctor import Examination  # noqa: PLC0415
    from service.findings import Level  # noqa: PLC0415
    from service.settings_language import prefer_settings_language  # noqa: PLC0415

    examination = Examination(
        options.config, getattr(options, "station", None), console.environment, console.asked_language
    )
    findings = list(examination.findings())
    prefer_settings_language(console, options.config)  # of a file that is to be mended, too
    documents = [
        {"check": finding.check, "level": str(finding.level), "text": console.text(finding.sentence)}
        for finding in findings
    ]
    if options.bundle is not None:
        from service.bundle import write_bundle  # noqa: PLC0415

        written = write_bundle(options.bundle, examination, documents, console.language)
        if not options.json:
            console.print(
                Sentence.counted(
                    "{file} is written, with {n} file: look into it, then send it to the support",
                    "{file} is written, with {n} files: look into it, then send it to the support",
                    len(written),
                    file=options.bundle,
                )
            )
    if options.json:
        console.print_json({"version": 1, "checks": documents})
    else:
        terminal = console.terminal
        for finding in findings:
            symbol, colour = _LOOK[finding.level]
            mark = terminal.paint(terminal.symbol(symbol), colour)
            for line in wrap(console.text(finding.sentence), terminal.columns - 2):
                console.print(f"{mark} {line}")
                mark = " "
    return Exit.ATTENTION if any(finding.level is Level.PROBLEM for finding in findings) else Exit.OK
