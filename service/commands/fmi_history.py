"""`fmi history`: one day of a zone, as a table, CSV, JSON or a picture, with what was corrected and by whom."""

import argparse
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from config.own_program import interpreter
from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.fmi.balance import Suspicion
    from actors.fmi.days import Days
    from actors.fmi.settings import FmiSettings
    from club.attendance_desk import AttendanceDesk, SensorDay
    from club.attendance_records import Correction, HistoryMinute

_STRETCH: Final = timedelta(minutes=30)
_MINUTE: Final = timedelta(minutes=1)
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9000
_COMPARED: Final = timedelta(days=14)
"""The days before, by which a sensor that counts badly is found."""


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


@attrs.frozen
class DayOfZone:
    """What the database has of one day of a zone, until now when it is today."""

    zone: str
    day: date
    begins_at: datetime
    ends_at: datetime
    timezone: tzinfo
    minutes: "Sequence[HistoryMinute]"
    corrections: "Sequence[Correction]"
    sensors: "Sequence[SensorDay]"
    suspicions: "Sequence[Suspicion]"

    @classmethod
    def read(
        cls, desk: "AttendanceDesk", zone: str, settings: "FmiSettings", days: "Days", asked: date | None
    ) -> "DayOfZone":
        """Read it; a zone that is a sum has the sensors of its parts."""
        from actors.fmi.balance import suspicions  # noqa: PLC0415

        day = asked or days.day_of(datetime.now().astimezone())
        begins_at, ends_at = days.begins_at(day), days.begins_at(day + timedelta(days=1))
        zones = settings.zones[zone].includes or (zone,)
        near = {
            (sensor.key.station, sensor.key.name)
            for sensor in desk.sensors(day.isoformat())
            if sensor.zone in zones or sensor.from_zone in zones
        }
        corrections = [
            each for each in desk.corrections(None, begins_at, limit=1000, until=ends_at) if each.zone in zones
        ]
        lately = [
            each
            for each in desk.sensor_days((day - _COMPARED).isoformat())
            if each.day <= day.isoformat() and (each.station, each.name) in near
        ]
        of_day = [each for each in lately if each.day == day.isoformat()]
        minutes = desk.history(zone, begins_at, ends_at)
        return cls(
            zone=zone,
            day=day,
            begins_at=begins_at,
            ends_at=min(ends_at, datetime.now().astimezone()),
            timezone=days.zone,
            minutes=minutes,
            corrections=corrections[::-1],
            sensors=of_day,
            suspicions=suspicions(lately, day.isoformat()),
        )

    def document(self) -> dict[str, Any]:
        """Return it for JSON; minutes that are not there are not known."""
        return {
            "version": 1,
            "zone": self.zone,
            "day": self.day.isoformat(),
            "minutes": [
                {
                    "at": self._local(each.at),
                    "present": each.present,
                    "known": each.known,
                    "estimated": each.estimated,
                    "in": each.entries,
                    "out": each.exits,
                    "uncertainty": each.uncertainty,
                    "limit": each.present_limit,
                }
                for each in self.minutes
            ],
            "corrections": [
                {
                    "at": None if each.created_at is None else self._local(each.created_at),
                    "zone": each.zone,
                    "kind": each.kind,
                    "author": each.author,
                    "reason": each.reason,
                    "before": each.before,
                    "after": each.after,
                    "error": each.error,
                }
                for each in self.corrections
            ],
            "sensors": [
                {
                    "name": each.name,
                    "station": each.station,
                    "in": each.entries,
                    "out": each.exits,
                    "balance": each.entries - each.exits,
                    "blind_seconds": each.blind_seconds,
                    "blind_times": each.blind_times,
                }
                for each in self.sensors
            ],
        }

    def stretches(self) -> list[dict[str, Any]]:
        """Return the day in half hours, without those in which nothing is known and nobody passed at its two ends."""
        found: list[dict[str, Any]] = []
        by_stretch: dict[int, list[HistoryMinute]] = {}
        for minute in self.minutes:
            by_stretch.setdefault((minute.at - self.begins_at) // _STRETCH, []).append(minute)
        at, number = self.begins_at, 0
        while at < self.ends_at:
            until = min(at + _STRETCH, self.ends_at)
            minutes = by_stretch.get(number, [])
            known = [minute for minute in minutes if minute.known]
            expected = max(len(minutes), round((until - at) / _MINUTE))
            found.append(
                {
                    "from": self.clock(at),
                    "in": sum(minute.entries for minute in minutes),
                    "out": sum(minute.exits for minute in minutes),
                    "most": max((minute.present for minute in known), default=None),
                    "last": known[-1].present if known else None,
                    "unknown_minutes": max(0, expected - len(known)),
                }
            )
            at, number = at + _STRETCH, number + 1
        return _trimmed(found)

    def clock(self, at: datetime, form: str = "%H:%M") -> str:
        """Return what the club's clock shows; in autumn an hour comes twice, and each says which it is."""
        local = at.astimezone(self.timezone)
        shown = f"{local:{form}}"
        if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return shown
        return f"{shown} ({local.fold + 1})"

    def clocks(self, at: datetime) -> tuple[str, str, str]:
        """Return an instant as it can be ordered, and as the club's date and clock, which a spreadsheet understands."""
        local = at.astimezone(self.timezone)
        return self._local(at), f"{local:%Y-%m-%d}", f"{local:%H:%M}"

    def _local(self, at: datetime) -> str:
        return at.astimezone(self.timezone).isoformat(timespec="seconds")


def _trimmed(stretches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def says_something(each: dict[str, Any]) -> bool:
        return bool(each["in"] or each["out"] or each["most"])

    places = [place for place, each in enumerate(stretches) if says_something(each)]
    return stretches[places[0] : places[-1] + 1] if places else []


def _write_csv(day: DayOfZone, to: str, console: Console) -> str | None:
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


def _plot(day: DayOfZone, to: Path, console: Console) -> str:
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


def _print_page(day: DayOfZone, console: Console) -> None:
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


def _of_correction(correction: "Correction", day: DayOfZone) -> Sentence:
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
