"""`fmi status|history|correct|simulate|ports|probe`: how many are inside, how the day went, and what staff counted."""

import argparse
import getpass
from datetime import datetime
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands
from service.commands import fmi_history, fmi_ports, fmi_simulate
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from actors.fmi.settings import FmiSettings
    from club.attendance_desk import AttendanceDesk
    from club.attendance_records import Correction
    from config import Settings

_APPLIED_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.1


class NoAttendance(SentenceError):  # noqa: N818 - what the reader sees
    """The settings count nobody, or not there."""

    exit_code = Exit.USAGE


class NotCorrected(SentenceError):  # noqa: N818 - what the reader sees
    """A correction that was refused."""


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "fmi",
        Sentence.of("show how many are inside, and the day; correct the number; look at sensors; play a day"),
        "fmi status",
        "fmi history bassin --plot day.png",
        'fmi correct bassin --present 42 --reason "counted at 15:00"',
    )
    fmi = Commands(group, "fmi_command")
    status = fmi.add(
        "status",
        Sentence.of("show how many are inside, zone by zone, and how the sensors are"),
        "fmi status",
        "fmi status --json",
        run=_status,
    )
    status.config_option()
    status.json_option()
    fmi_history.add(fmi)
    correct = fmi.add(
        "correct",
        Sentence.of("say how many are inside, because somebody counted them; the reason is kept"),
        'fmi correct bassin --present 42 --reason "counted at 15:00"',
        'fmi correct bassin --by -2 --reason "two left by the garden" --author Anne',
        run=_correct,
    )
    correct.option("zone", metavar="NAME", help=Sentence.of("the zone"))
    number = correct.add_mutually_exclusive_group(required=True)
    number.add_argument(
        "--present", type=_people, metavar="N", help=console_help(correct.language, Sentence.of("so many are inside"))
    )
    number.add_argument(
        "--by",
        type=_difference,
        metavar="N",
        help=console_help(correct.language, Sentence.of("so many more, or fewer: -2")),
    )
    correct.option("--reason", required=True, metavar="TEXT", help=Sentence.of("why, for who reads it later"))
    correct.option("--author", metavar="NAME", help=Sentence.of("who says so; by default the user of this computer"))
    correct.config_option()
    correct.json_option()
    fmi_simulate.add(fmi)
    fmi_ports.add(fmi)


def console_help(language: str, sentence: Sentence) -> str:
    """Return the help of an option of a group, which argparse adds itself."""
    return sentence.render(language).replace("%", "%%")


def fmi_settings(settings: "Settings") -> "FmiSettings":
    """Return the table `[fmi]`. Raises NoAttendance when nobody is counted."""
    table = settings.operations.get("fmi")
    if table is None or not table.enabled:
        raise NoAttendance("nobody is counted: the settings file has no [fmi], or it is switched off")
    found: FmiSettings = table
    return found


def checked_zone(zone: str, settings: "FmiSettings") -> str:
    """Return the zone as the settings write it. Raises NoAttendance."""
    from config.problem import did_you_mean  # noqa: PLC0415

    for known in settings.zones:
        if known.casefold() == zone.casefold():
            return known
    hint = did_you_mean(zone, settings.zones) or Sentence.of("they are {names}", names=", ".join(settings.zones))
    raise NoAttendance("there is no zone {zone}: {hint}", zone=zone, hint=hint)


def _people(text: str) -> int:
    from club.attendance_records import MOST_PEOPLE  # noqa: PLC0415

    value = int(text)
    if not 0 <= value <= MOST_PEOPLE:
        raise ValueError(text)
    return value


def _difference(text: str) -> int:
    from club.attendance_records import MOST_PEOPLE  # noqa: PLC0415

    value = int(text)
    if not 0 < abs(value) <= MOST_PEOPLE:
        raise ValueError(text)
    return value


def _status(options: argparse.Namespace, console: Console) -> int:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from actors.fmi.days import Days  # noqa: PLC0415
    from actors.fmi.shown import sensor_document, zone_document  # noqa: PLC0415
    from actors.operation import Page  # noqa: PLC0415
    from club.attendance_desk import AttendanceDesk  # noqa: PLC0415
    from club.attendance_records import ZoneRecord  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    with club_database(options, console) as (database, settings):
        fmi = fmi_settings(settings)
        desk = AttendanceDesk(database)
        zone = ZoneInfo(settings.club.timezone)
        records = {record.name: record for record in desk.zones()}
        sensors = desk.sensors(Days(zone, fmi.day_begins).key(datetime.now().astimezone()))
    page = Page(console.language, zone)
    nobody = Sentence.of("no station has counted here yet").render(console.language)
    found = [
        records.get(name) or ZoneRecord(name, present_limit=each.limit, reason=nobody)
        for name, each in fmi.zones.items()
    ]
    silent = Sentence.of("no station writes the number: does the program run where the sensors are")
    document: dict[str, Any] = {
        "version": 1,
        "zones": [
            # A row that nobody writes any more still says that all is well.
            zone_document(each, page, None if each.known or each.reason else silent.render(console.language))
            for each in found
        ],
        "sensors": [sensor_document(sensor, page) for sensor in sensors],
    }
    if options.json:
        console.print_json(document)
    else:
        _print_page(document, console)
    is_well = all(each["known"] and each["level"] in ("normal", "notice") for each in document["zones"])
    return Exit.OK if is_well else Exit.ATTENTION


def _print_page(document: dict[str, Any], console: Console) -> None:
    from service.rendering_fmi import sensor_lines, zone_lines  # noqa: PLC0415

    now = datetime.now().astimezone()
    for line in zone_lines(document["zones"], console.terminal, console.language, now):
        console.print(line)
    if document["sensors"]:
        console.print("")
        for line in sensor_lines(document["sensors"], console.terminal, console.language):
            console.print(line)


def _correct(options: argparse.Namespace, console: Console) -> int:
    from club.attendance_desk import AttendanceDesk  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    if not options.reason.strip():
        raise NoAttendance("a correction needs a reason: write it after --reason")
    with club_database(options, console) as (database, settings):
        fmi = fmi_settings(settings)
        zone = checked_zone(options.zone, fmi)
        if parts := fmi.zones[zone].includes:
            raise NoAttendance("{zone} is a sum: correct one of {zones}", zone=zone, zones=", ".join(parts))
        desk = AttendanceDesk(database)
        author = (options.author or "").strip() or _user()
        number = desk.correct(zone, author, options.reason, present=options.present, delta=options.by)
        done = _await(desk, number)
    if done is not None and done.error is not None:
        raise NotCorrected("{zone} is not corrected: {why}", zone=zone, why=done.error)
    if options.json:
        console.print_json(
            {
                "version": 1,
                "id": number,
                "zone": zone,
                "applied": done is not None,
                "before": None if done is None else done.before,
                "after": None if done is None else done.after,
            }
        )
    elif done is None:
        console.print(Sentence.of("it is written, and applied as soon as a station counts again"))
    else:
        console.print(
            Sentence.counted(
                "{zone}: {n} inside, instead of {before}",
                "{zone}: {n} inside, instead of {before}",
                n=done.after or 0,
                zone=zone,
                before=done.before,
            )
        )
    return Exit.OK


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a user without a name, as in a container
        raise NoAttendance("who says so is not known: write --author and the name") from None


def _await(desk: "AttendanceDesk", number: int) -> "Correction | None":
    """Return the correction when a station has applied or refused it; None: none does soon."""
    until = monotonic() + _APPLIED_SECONDS
    while True:
        found = desk.correction(number)
        if found is not None and (found.applied_at is not None or found.error is not None):
            return found
        if monotonic() > until:
            return None
        Event().wait(_LOOK_SECONDS)
