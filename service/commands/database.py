"""`database init|upgrade|check`: the club database's tables."""

import argparse
from typing import Final

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit

_DIGITS: Final = 9


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "database", Sentence.of("make, migrate or check the club database"), "database init", "database check"
    )
    database = Commands(group, "database_command")
    init = database.add(
        "init", Sentence.of("make the tables of the club database"), "database init", "database init --sql", run=_init
    )
    upgrade = database.add(
        "upgrade",
        Sentence.of("bring the club database up to this version"),
        "database upgrade",
        "database upgrade --sql --from 1",
        run=_upgrade,
    )
    for parser, first in ((init, 0), (upgrade, 1)):
        parser.option(
            "--sql",
            action="store_true",
            help=Sentence.of("print the statements instead, for the database's administrator"),
        )
        parser.option(
            "--from",
            dest="since",
            type=revision,
            default=first,
            metavar="REVISION",
            help=Sentence.of("with --sql: the revision at which the database stands"),
        )
    check = database.add(
        "check",
        Sentence.of("tell whether this version can work with the club database"),
        "database check",
        run=_check,
    )
    for parser in (init, upgrade, check):
        parser.config_option()
        parser.json_option()


def revision(text: str) -> int:
    """Return the revision that an argument names. Raises ValueError for what can be none."""
    if not text.isdecimal() or len(text) > _DIGITS:
        raise ValueError(text)
    return int(text)


def _init(options: argparse.Namespace, console: Console) -> int:
    return _change(options, console, "initialise")


def _upgrade(options: argparse.Namespace, console: Console) -> int:
    return _change(options, console, "upgrade")


def _change(options: argparse.Namespace, console: Console, way: str) -> int:
    from club import DatabaseError, migrations  # noqa: PLC0415
    from service.club_database import DatabaseProblem, club_database  # noqa: PLC0415
    from service.settings_file import load_settings  # noqa: PLC0415

    if options.sql:
        # Neither a connection nor a driver nor the password: the administrator has them.
        engine = str(load_settings(options, console).club.database).partition(":")[0].partition("+")[0]
        try:
            console.write(migrations.as_sql(engine, options.since))
        except DatabaseError as error:
            raise DatabaseProblem(error.sentence, Exit.USAGE) from error
        return Exit.OK
    with club_database(options, console, failure=Exit.USAGE) as (database, _):
        applied = getattr(migrations, way)(database)
        return _tell(options, console, database.where, applied.before, applied.after)


def _check(options: argparse.Namespace, console: Console) -> int:
    from club import check  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    with club_database(options, console, failure=Exit.USAGE) as (database, _):
        status = check(database)
        return _tell(options, console, database.where, status.revision, status.revision)


def _tell(options: argparse.Namespace, console: Console, where: str, before: int, after: int) -> int:
    if options.json:
        console.print_json({"database": where, "revision_before": before, "revision": after})
    elif before == after:
        console.print(Sentence.of("the database {where} is up to date (revision {after})", where=where, after=after))
    elif before == 0:
        console.print(Sentence.of("the database {where} is made (revision {after})", where=where, after=after))
    else:
        console.print(
            Sentence.of(
                "the database {where} went from revision {before} to {after}", where=where, before=before, after=after
            )
        )
    return Exit.OK
