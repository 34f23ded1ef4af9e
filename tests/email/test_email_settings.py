"""The settings of the contract's example are read, and what contradicts itself is refused with its key."""

from datetime import timedelta
from pathlib import Path

import pytest

from actors.email.settings import EmailSettings, Security
from config import SettingsError, SettingsSchema, load

SCHEMA = SettingsSchema(operations={"email": EmailSettings}, station_tables={})
HEAD = """
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
"""
EXAMPLE = """
[email]
station = "ACCUEIL"
[email.smtp]
host = "smtp.example.org"
port = 587
security = "starttls"
user = "club@example.org"
password = "keyring:smtp"
sender = "Forme et Santé <club@example.org>"
"""


def read(folder: Path, text: str) -> EmailSettings:
    file = folder / "heitz-service.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    settings = load(file, SCHEMA).operations["email"]
    assert isinstance(settings, EmailSettings)
    return settings


def test_the_contracts_example_fits(tmp_path: Path) -> None:
    settings = read(tmp_path, EXAMPLE)
    assert (settings.station, settings.standby, settings.enabled) == ("ACCUEIL", (), True)
    assert (settings.every, settings.smtp.security) == (timedelta(seconds=60), Security.STARTTLS)
    assert "keyring:smtp" in repr(settings.smtp.password)


def test_durations_and_sizes_are_written_with_their_units(tmp_path: Path) -> None:
    text = EXAMPLE.replace("[email.smtp]", 'every = "30s"\nmax_message_size = "5MB"\n[email.smtp]')
    settings = read(tmp_path, text + 'acceptance_timeout = "2min"\n')
    assert (settings.every, settings.max_message_size) == (timedelta(seconds=30), 5_000_000)
    assert settings.smtp.acceptance_timeout == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"smtp.example.org"', '"smtp.example.org:587"', "host"),
        ('"smtp.example.org"', '""', "host"),
        ("587", "70000", "port"),
        ('"starttls"', '"ssl"', "security"),
        ('"starttls"', '"none"', "security"),  # a password in clear
        ('password = "keyring:smtp"', "", "user"),
        ('user = "club@example.org"', "", "password"),
        ('"Forme et Santé <club@example.org>"', '"Forme et Santé"', "sender"),
        ('"Forme et Santé <club@example.org>"', '"forme.santé@example.org"', "sender"),
        ("[email.smtp]", 'every = "0s"\n[email.smtp]', "every"),
        ("[email.smtp]", 'retry_after = "2h"\n[email.smtp]', "retry_after"),
        ("[email.smtp]", 'standby = ["ACCUEIL"]\n[email.smtp]', "standby"),
        ("[email.smtp]", "batch = 0\n[email.smtp]", "batch"),
        ("[email.smtp]", "max_attempts = -5\n[email.smtp]", "max_attempts"),
        ("[email.smtp]", "attempts = -5\n[email.smtp]", "attempts"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, EXAMPLE.replace(old, new))
    assert key in str(caught.value.problems[0].key)


def test_a_refused_password_is_not_shown(tmp_path: Path) -> None:
    text = EXAMPLE.replace('user = "club@example.org"', "").replace("keyring:smtp", "hunter2")
    with pytest.raises(SettingsError, match="a password needs a user") as caught:
        read(tmp_path, text)
    assert "hunter2" not in str(caught.value)
