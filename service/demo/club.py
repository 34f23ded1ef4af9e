"""The sample club: its settings file, its database, and the member desk that writes messages into it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from club import Database
from club.migrations import initialise
from service.demo.gateway import SETTINGS as SMS_SETTINGS

STATION: Final = "ACCUEIL"

_SETTINGS: Final = """\
[club]
name = "Forme et Santé"
language = "{language}"
database = "sqlite:///club.db"

[stations.SERVEUR]
server = true

[stations.ACCUEIL]
{pool}
[email]
station = "ACCUEIL"
every = "2s"
[email.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "Forme et Santé <club@example.org>"
"""

_MEMBERS: Final = ("Élodie", "Jean", "Maëlle", "François", "Inès", "Loïc", "Anaïs", "Théo", "Zoé", "Hélène")
_LESSONS: Final = ("Aquagym", "Pilates", "Natation enfants", "Vélo", "Yoga")


def make_club(folder: Path, smtp_port: int, sms_port: int, pool: str, language: str) -> Path:
    """Make the club in an empty folder and return its settings file; `pool` is what it says of sensors and zones."""
    settings = folder / "heitz-service.toml"
    text = _SETTINGS.format(port=smtp_port, pool=pool, language=language) + SMS_SETTINGS.format(port=sms_port)
    settings.write_text(text, encoding="utf-8")
    database = Database(f"sqlite:///{folder / 'club.db'}")
    initialise(database)
    database.dispose()
    return settings


def write_emails(folder: Path, first: int, count: int) -> None:
    """Write e-mails as any program of the club does: a plain INSERT of the columns that it must give."""
    rows = [_email(number) for number in range(first, first + count)]
    with closing(sqlite3.connect(folder / "club.db", timeout=10)) as connection, connection:
        connection.executemany("INSERT INTO email (recipient, subject, text_body) VALUES (?, ?, ?)", rows)


def write_sms(folder: Path, first: int, count: int) -> None:
    """Write SMS, likewise."""
    rows = [_sms(number) for number in range(first, first + count)]
    with closing(sqlite3.connect(folder / "club.db", timeout=10)) as connection, connection:
        connection.executemany("INSERT INTO sms (recipient, body) VALUES (?, ?)", rows)


def sent(folder: Path) -> tuple[int, int]:
    """Return how many e-mails and how many SMS of the club are marked as sent."""
    with closing(sqlite3.connect(folder / "club.db", timeout=10)) as connection:
        [emails] = connection.execute("SELECT count(*) FROM email WHERE state = 'sent'").fetchone()
        [sms] = connection.execute("SELECT count(*) FROM sms WHERE state = 'sent'").fetchone()
        return emails, sms


def counted(folder: Path) -> tuple[int, int]:
    """Return how many people the sensors have counted in and out."""
    with closing(sqlite3.connect(folder / "club.db", timeout=10)) as connection:
        entries, exits = connection.execute("SELECT sum(entries), sum(exits) FROM fmi_sensor").fetchone()
        return int(entries or 0), int(exits or 0)


def _email(number: int) -> tuple[str, str, str]:
    member = _MEMBERS[number % len(_MEMBERS)]
    lesson = _LESSONS[number % len(_LESSONS)]
    recipient = f"{member} <membre{number}@example.org>"
    return recipient, f"{lesson} : votre séance est confirmée", f"Bonjour {member},\n\nÀ bientôt au club !\n"


def _sms(number: int) -> tuple[str, str]:
    lesson = _LESSONS[number % len(_LESSONS)]
    return f"06 98 76 54 {number:02}", f"{lesson} : la séance de 18 h est annulée, le club vous prie de l'excuser."
