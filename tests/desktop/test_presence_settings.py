"""The table [presence], and whether there can be an icon at all."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from actors.tray.settings import PresenceSettings, QuietSettings
from config import SettingsError, load
from service.presence import why_no_icon
from service.roster import settings_schema

CLUB = """
[club]
name = "Forme"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
"""


def read(folder: Path, text: str) -> PresenceSettings | None:
    file = folder / "heitz-service.toml"
    file.write_text(CLUB + text, "utf-8")
    found = load(file, settings_schema()).club_tables.get("presence")
    assert found is None or isinstance(found, PresenceSettings)
    return found


def test_the_table_may_be_missing(tmp_path: Path) -> None:
    assert read(tmp_path, "") is None


def test_every_key_is_read(tmp_path: Path) -> None:
    text = '[presence]\nicon = false\nalerts = false\nalert_after = "5min"\nsupport = "Anne"\n'
    quiet = '[presence.quiet]\nfrom = "22:00"\nto = "07:00"\n'
    assert read(tmp_path, text + quiet) == PresenceSettings(
        icon=False,
        alerts=False,
        alert_after=timedelta(minutes=5),
        support="Anne",
        quiet=QuietSettings(start=time(22), end=time(7)),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[presence]\nicom = true\n", "presence.icom"),
        ("[presence]\nicon = 1\n", "presence.icon"),
        ('[presence]\nalert_after = "13h"\n', "presence.alert_after"),
        ('[presence.quiet]\nfrom = "22:00"\nto = "22:00"\n', "the quiet hours begin and end at the same time"),
        ('[presence.quiet]\nfrom = "22:00"\n', "presence.quiet.to"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("environment", "platform", "is_headless", "state"),
    [
        ({"DISPLAY": ":0"}, "linux", False, None),
        ({}, "linux", False, "no_display"),
        ({"DISPLAY": ""}, "linux", False, "no_display"),
        ({"DISPLAY": ":0"}, "linux", True, "off"),
        ({}, "win32", False, None),
        ({}, "win32", True, "off"),
        ({}, "darwin", False, "off"),
    ],
)
def test_whether_there_can_be_an_icon(
    environment: dict[str, str],
    platform: str,
    is_headless: bool,  # noqa: FBT001 - a column of the table
    state: str | None,
) -> None:
    found = why_no_icon(environment, platform, is_headless=is_headless)
    assert (None if found is None else found.state) == state
