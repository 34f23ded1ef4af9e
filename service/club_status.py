"""`status --club`: every station of the club, by the signs of life that each leaves in the database."""

import argparse
from datetime import datetime

from club import Stations, lease_rows
from service.club_concerns import concerns
from service.club_database import club_database
from service.club_view import Found, lease_json, station_json, view
from service.console import Console
from service.exit_codes import Exit
from service.rendering_club import render_club
from service.roster import ROSTER


def show_club(options: argparse.Namespace, console: Console) -> int:
    """Print every station and who holds what, and return whether all is well."""
    with club_database(options, console) as (database, settings):
        found = Found(Stations(database).list(), lease_rows(database))
    club = view(settings, [operation.id for operation in ROSTER], found)
    worries = concerns(club, console.language)
    if options.json:
        console.print_json(
            {
                "version": 1,
                "club": club.name,
                "state": "attention" if worries else "active",
                "stations": [station_json(club, station) for station in club.stations],
                "leases": [lease_json(lease) for lease in club.leases],
                "concerns": [
                    {
                        "kind": worry.kind,
                        "stations": list(worry.stations),
                        "operation": worry.operation,
                        "sentence": console.text(worry.sentence),
                    }
                    for worry in worries
                ],
            }
        )
    else:
        console.print(render_club(club, worries, console.terminal, console.language, datetime.now().astimezone()))
    return Exit.ATTENTION if worries else Exit.OK
