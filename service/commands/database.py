"""`database init|upgrade|check`: the club database's tables."""

import argparse

from config.sentence import Sentence
from service.argument_parser import Commands
from service.console import Console
from service.exit_codes import Exit


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "database", Sentence.of("make, migrate or check the club database"), "database init", "database check"
    )
    database = Commands(group, "database_command")
    init = database.add(
        "init", Sentence.of("make the tables of the club database"), "database init", "database init --sql", run=_init
    )
    init.option(
        "--sql", action="store_true", help=Sentence.of("print the statements instead, for the database's administrator")
    )
    upgrade = database.add(
        "upgrade", Sentence.of("bring the club database up to this version"), "database upgrade", run=_upgrade
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


def _init(options: argparse.Namespace, console: Console) -> int:
    from club.migrations import as_sql, initialise  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    with club_database(options, console, failure=Exit.USAGE) as (database, _):
        if options.sql:
            console.write(as_sql(database.engine.dialect.name))
            return Exit.OK
        applied = initialise(database)
        return _tell(options, console, database.where, applied.before, applied.after)


def _upgrade(options: argparse.Namespace, console: Console) -> int:
    from club.migrations import upgrade  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    with club_database(options, console, failure=Exit.USAGE) as (database, _):
        applied = upgrade(database)
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
