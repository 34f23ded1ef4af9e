"""`fmi history`: one day of a zone, as a table, CSV, JSON or a picture, with what was corrected and by whom."""

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.own_program import interpreter
from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from club.attendance_desk import SensorDay
    from club.attendance_records import Correction
    from service.fmi_day import DayOfZone

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9000


class NotWritten(SentenceError):  # noqa: N818 - what the reader sees
    """The file of the history cannot be written, or not so."""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "history",
        Sentence.of("show one day of a zone, minute by minute where asked, and what was corrected"),
        "fmi history bassin",
        "fmi history bassin --day 2026-11-24 --csv day.csv",
        "fmi history bassin --plot day.png",
        run=_run,
    )
    parser.option("zone", metavar="NAME", help=Sentence.of("the zone"))
    parser.option("--day", type=_day, help=Sentence.of("the day, 2026-11-24; by default today"))
    parser.option("--csv", metavar="FILE", help=Sentence.of("write the minutes as CSV; - for the output"))
    parser.option(
        "--plot",
        metavar="FILE",
        type=Path,
        help=Sentence.of("draw the day with its limit and what is not known, as .png or .svg"),
    )
    parser.config_option()
    parser.json_option()


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:  # with the days before and after it, within what a calendar has
        raise ValueError(text)
    return day


def _run(options: argparse.Namespace, console: Console) -> int:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from actors.fmi.days import Days  # noqa: PLC0415
    from club.attendance_desk import AttendanceDesk  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.commands.fmi import checked_zone, fmi_settings  # noqa: PLC0415
    from service.fmi_day import DayOfZone  # noqa: PLC0415

    with club_database(options, console) as (database, settings):
        fmi = fmi_settings(settings)
        zone = checked_zone(options.zone, fmi)
        days = Days(ZoneInfo(settings.club.timezone), fmi.day_begins)
        day = DayOfZone.read(AttendanceDesk(database), zone, fmi, days, options.day)
    written: list[str | None] = []
    if options.plot is not None:
        written.append(_plot(day, options.plot, console))
    if options.csv is not None:
        written.append(_write_csv(day, options.csv, console))
    if options.json:
        console.print_json(day.document())
    elif not written:
        _print_page(day, console)
    else:
        for file in written:
            if file is not None:
                console.print(Sentence.of("{file} is written", file=file))
    return Exit.OK


def _write_csv(day: "DayOfZone", to: str, console: Console) -> str | None:
    """Write the minutes; return the file, None when they went to the output."""
    from service.fmi_csv import csv_of  # noqa: PLC0415

    text = csv_of(day, console.language)
    if to == "-":
        console.write(text)
        return None
    try:
        Path(to).write_text(text, encoding="utf-8-sig", newline="")  # the mark: Excel reads accents by it
    except OSError as error:
        raise _not_written(to, error) from error
    return to


def _plot(day: "DayOfZone", to: Path, console: Console) -> str:
    try:
        from service.fmi_plot import SUFFIXES, draw  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise NotWritten(_without_matplotlib()) from error
    if to.suffix.lower() not in SUFFIXES:
        raise NotWritten("a picture is written as {suffixes}, not {file}", suffixes=" or ".join(SUFFIXES), file=to)
    try:
        draw(day, to, console.language)
    except OSError as error:
        raise _not_written(str(to), error) from error
    return str(to)


def _without_matplotlib() -> Sentence:
    python = interpreter()
    if python is None:
        return Sentence.of("this build of the program cannot draw: write the minutes with --csv")
    return Sentence.of("drawing needs matplotlib: {python} -m pip install matplotlib", python=python)


def _not_written(to: str, error: OSError) -> NotWritten:
    return NotWritten("{file} cannot be written: {why}", file=to, why=system_words(error))


def _print_page(day: "DayOfZone", console: Console) -> None:
    from service.rendering_fmi import hour_lines  # noqa: PLC0415
    from service.terminal import wrap  # noqa: PLC0415

    stretches = day.stretches()
    if not stretches:
        console.print(Sentence.of("nothing is known of {zone} on {day}", zone=day.zone, day=day.day.isoformat()))
    for line in hour_lines(stretches, console.terminal, console.language) if stretches else ():
        console.print(line)
    said: list[Sentence] = [*map(_of_sensor, day.sensors), *(each.sentence for each in day.suspicions)]
    said += [_of_correction(correction, day) for correction in day.corrections]
    for sentence in said:
        for line in wrap(console.text(sentence), console.terminal.columns):
            console.print(line)


def _of_sensor(sensor: "SensorDay") -> Sentence:
    from actors.fmi.words import passed  # noqa: PLC0415

    said = Sentence.of(
        "sensor {sensor} of {station}: {passed}, balance {balance}",
        sensor=sensor.name,
        station=sensor.station,
        passed=passed(sensor.entries, sensor.exits),
        balance=f"{sensor.entries - sensor.exits:+d}",
    )
    if not sensor.blind_times:
        return said
    return Sentence.counted(
        "{said}; {n} time without it, {minutes} min in all",
        "{said}; {n} times without it, {minutes} min in all",
        n=sensor.blind_times,
        said=said,
        minutes=-(-sensor.blind_seconds // 60),
    )


def _of_correction(correction: "Correction", day: "DayOfZone") -> Sentence:
    at = "" if correction.created_at is None else day.clock(correction.created_at)
    if correction.error is not None:
        return Sentence.of(
            "{at} correction of {author} refused: {why}", at=at, author=correction.author, why=correction.error
        )
    return Sentence.of(
        "{at} corrected from {before} to {after} by {author}: {reason}",
        at=at,
        before="-" if correction.before is None else correction.before,
        after="-" if correction.after is None else correction.after,
        author=correction.author,
        reason=correction.reason,
    )
