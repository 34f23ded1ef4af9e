"""`status --club`: every station of the club, by the signs of life that each leaves in the database."""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from club import STOPPED, Stations
from service.club_database import club_database
from service.console import Console
from service.exit_codes import Exit
from service.rendering_lists import render_club

if TYPE_CHECKING:
    from club import StationReport

LOST_AFTER_SECONDS: Final = 120.0
"""A station that gave no sign of life for so long is taken for lost; it gives several a minute."""


def show_club(options: argparse.Namespace, console: Console) -> int:
    """Print every station and return whether all are well."""
    with club_database(options, console) as (database, settings):
        reports = {report.name.casefold(): report for report in Stations(database).list()}
    expected = {name.casefold(): name for name in settings.stations}
    names = [*expected, *(name for name in reports if name not in expected)]
    stations = [_as_json(expected.get(name), reports.get(name)) for name in names]
    if options.json:
        console.print_json({"version": 1, "club": settings.club.name, "stations": stations})
    else:
        now = datetime.now().astimezone()
        console.print(render_club(stations, console.terminal, console.language, now))
    well = all(station["state"] == "active" and not station["is_lost"] for station in stations)
    return Exit.OK if well else Exit.ATTENTION


def _as_json(name: str | None, report: "StationReport | None") -> dict[str, Any]:
    if report is None:
        return {
            "name": name,
            "state": "unknown",
            "is_lost": True,
            "version": None,
            "holds": [],
            "started_at": None,
            "seen_at": None,
            "age_seconds": None,
        }
    return {
        "name": name or report.name,
        "state": report.state,
        "is_lost": report.state != STOPPED and report.age_seconds > LOST_AFTER_SECONDS,
        "version": report.version,
        "holds": list(report.holds),
        "started_at": report.started_at.isoformat() if report.started_at else None,
        "seen_at": report.seen_at.isoformat() if report.seen_at else None,
        "age_seconds": report.age_seconds,
    }
