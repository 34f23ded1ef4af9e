"""The club database as commands use it: opened by the settings, its errors told with an exit code."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from club import Database, DatabaseError
from config import SecretError, Settings
from config.sentence import Sentence, SentenceError
from service.console import Console
from service.exit_codes import Exit
from service.settings_file import load_settings

_NOWHERE: Final = logging.NullHandler()


class DatabaseProblem(SentenceError):  # noqa: N818 - what the reader sees
    """The club database could not do what the command wanted."""

    def __init__(self, sentence: Sentence, exit_code: Exit) -> None:
        self.exit_code = exit_code
        super().__init__(sentence)


def database_of(settings: Settings) -> Database:
    """Return the database that the settings name, for a command, not opened. Raises `DatabaseError`, `SecretError`."""
    # A command has no log: Python would print each warning at the terminal, beside the sentence that the command says.
    logging.getLogger().addHandler(_NOWHERE)
    password = settings.club.database_password
    return Database(str(settings.club.database), password.reveal() if password is not None else None)


@contextmanager
def club_database(
    options: argparse.Namespace, console: Console, *, failure: Exit = Exit.ATTENTION
) -> Iterator[tuple[Database, Settings]]:
    """Open the club database for the time of a command; its errors end the command with the exit code `failure`."""
    settings = load_settings(options, console)
    try:
        database = database_of(settings)
        try:
            yield database, settings
        finally:
            database.dispose()
    except (DatabaseError, SecretError) as error:
        raise DatabaseProblem(error.sentence, failure) from error
