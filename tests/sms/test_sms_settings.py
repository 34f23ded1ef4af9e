"""The settings of when, how long and how often: read from a file, refused with what to do, made into hours."""

import re
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest

from actors.sms.public_holidays import NoCalendarError
from actors.sms.settings_sending import SendingSettings
from actors.sms.settings_window import check_ever_opens, hours_of
from actors.sms.transport import Category
from config import ClubSettings, DatabaseUrl, SettingsSchema, ValueRefusedError, example, load
from config.problem import SettingsError
from config.schema_json import json_schema

SCHEMA = SettingsSchema({"sms": SendingSettings})
CLUB = ClubSettings(name="Forme et Santé", database=DatabaseUrl("sqlite:///club.db"))
FILE = """
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[sms]
station = "ACCUEIL"
"""


def read(folder: Path, lines: str) -> SendingSettings:
    file = folder / "heitz-service.toml"
    file.write_text(FILE + lines, "utf-8")
    settings = load(file, SCHEMA).operations["sms"]
    assert isinstance(settings, SendingSettings)
    return settings


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def test_the_window_of_the_contract_is_read_and_is_what_there_is_without_one(tmp_path: Path) -> None:
    written = 'window = { days = "mon-sat", from = "08:00", to = "20:00", public_holidays = false }'
    settings = read(tmp_path, written)
    assert settings == read(tmp_path, "")
    hours = hours_of(settings, CLUB)
    assert hours.is_open(utc("2026-11-24 08:00"), Category.TRANSACTIONAL)
    assert not hours.is_open(utc("2026-11-24 20:00"), Category.TRANSACTIONAL)
    assert not hours.is_open(utc("2026-12-25 12:00"), Category.TRANSACTIONAL)


def test_several_spans_and_hours_for_marketing_are_read(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        window = { days = "mon-sun", from = "07:00", to = "23:00", also = [{ from = "23:30", to = "00:30" }] }
        marketing_window = { days = "tue,thu", from = "10:00", to = "23:00" }
        fold = ["marketing"]
        """,
    )
    hours = hours_of(settings, CLUB)
    assert hours.is_open(utc("2026-11-29 22:00"), Category.TRANSACTIONAL)  # a Sunday
    assert hours.is_open(utc("2026-11-24 00:15"), Category.TRANSACTIONAL)
    assert not hours.is_open(utc("2026-11-24 23:15"), Category.TRANSACTIONAL)
    assert hours.is_open(utc("2026-11-24 21:00"), Category.MARKETING)
    assert not hours.is_open(utc("2026-11-24 21:30"), Category.MARKETING)  # the charter's end, not the club's
    assert not hours.is_open(utc("2026-11-25 12:00"), Category.MARKETING)
    assert settings.fold == (Category.MARKETING,)


@pytest.mark.parametrize(
    ("charter", "provider", "at", "is_open"),
    [
        ("recommended", None, "2026-11-28 19:00", True),  # Saturday
        ("recommended", None, "2026-11-29 12:00", False),  # Sunday
        ("tolerated", None, "2026-11-29 12:00", True),
        ("tolerated", None, "2026-11-24 21:45", False),
        ("none", None, "2026-11-24 23:45", True),
        ("none", "brevo", "2026-11-24 22:45", False),
        ("none", "brevo", "2026-11-24 21:45", True),
        ("none", "ovh", "2026-11-28 12:00", False),  # its pages disagree about Saturdays
        ("none", "octopush", "2026-11-29 23:45", True),  # says nothing of hours
    ],
)
def test_marketing_leaves_only_when_charter_and_provider_let_it_pass(
    tmp_path: Path, charter: str, provider: str | None, at: str, *, is_open: bool
) -> None:
    always = 'window = { days = "mon-sun", from = "00:00", to = "00:00", public_holidays = true }'
    hours = hours_of(read(tmp_path, f'{always}\ncharter = "{charter}"'), CLUB, provider)
    assert hours.is_open(utc(at), Category.MARKETING) is is_open
    assert hours.is_open(utc(at), Category.TRANSACTIONAL)


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        ('window = { from = "09:00", to = "09:00" }', "sms.window.to", "begins and ends at the same time"),
        ('window = { days = "lun-sam" }', "sms.window.days", "not days of the week"),
        ('window = { days = "sun" }', "sms.window", "marketing would never leave"),
        ('marketing_window = { from = "22:00", to = "07:00" }', "sms.marketing_window", "marketing would never leave"),
        ('window = { from = "8h" }', "sms.window.from", "not a time of day"),
        ('window = { open = "08:00" }', "sms.window.open", "unknown key"),
        ('subdivision = "Moselle"', "sms.subdivision", "expected the number of a department"),
        ('charter = "no"', "sms.charter", "expected one of recommended, tolerated"),
        ('fold = ["marketing", "marketing"]', "sms.fold[1]", "named twice"),
        ("max_parts = 256", "sms.max_parts", "out of bounds"),
        ("per_minute = 3", "sms.per_minute", "less than max_parts"),
        ("per_day = 3", "sms.per_day", "less than max_parts"),
        ('retry_after = "2h"', "sms.retry_after", "longer than retry_at_most"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, lines: str, key: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, lines)
    (problem,) = caught.value.problems
    assert problem.key == key
    assert said in str(problem.sentence)


def test_a_window_that_the_provider_never_shares_is_refused_where_the_gateway_is_known() -> None:
    settings = SendingSettings(station="ACCUEIL")
    check_ever_opens(settings, "ovh")
    saturdays = attrs.evolve(
        settings, window=attrs.evolve(settings.window, days=type(settings.window.days)(frozenset({5})))
    )
    with pytest.raises(ValueRefusedError, match="the hours of OVHcloud for marketing have nothing in common"):
        check_ever_opens(saturdays, "ovh")


def test_the_subdivision_brings_its_public_holidays() -> None:
    moselle = hours_of(SendingSettings(station="ACCUEIL", subdivision="57"), CLUB)
    assert not moselle.is_open(utc("2026-12-26 12:00"), Category.TRANSACTIONAL)
    assert hours_of(SendingSettings(station="ACCUEIL"), CLUB).is_open(utc("2026-12-26 12:00"), Category.TRANSACTIONAL)


def test_a_country_without_known_holidays_is_told_only_where_they_matter() -> None:
    nowhere = attrs.evolve(CLUB, country="XX")
    with pytest.raises(NoCalendarError):
        hours_of(SendingSettings(station="ACCUEIL"), nowhere)
    window = attrs.evolve(SendingSettings(station="ACCUEIL").window, public_holidays=True, end=time(23))
    hours = hours_of(SendingSettings(station="ACCUEIL", window=window, charter="none"), nowhere)
    assert hours.is_open(utc("2026-12-25 22:00"), Category.TRANSACTIONAL)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_example_file_loads_as_written_and_with_everything_taken(tmp_path: Path, language: str) -> None:
    file = tmp_path / "heitz-service.toml"
    written = example(SCHEMA, language)
    for text in (written, re.sub(r"^#(?! )", "", written, flags=re.MULTILINE)):
        file.write_text(text, "utf-8")
        load(file, SCHEMA)
    assert "marketing_window" in str(json_schema(SCHEMA))
