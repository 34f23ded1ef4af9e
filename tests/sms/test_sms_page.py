"""What docs/how-to/sms.md shows is taken by the program, and its promises hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from actors.sms.settings import SmsSettings
from actors.sms.settings_sending import SendingSettings
from actors.sms.settings_window import hours_of
from config import SettingsSchema, load
from service.roster import settings_schema

PAGE = (Path(__file__).parents[2] / "docs/how-to/sms.md").read_text("utf-8")
SHOWN = re.findall(r"`((?:window|marketing_window|subdivision|charter|fold) = [^`]+)`", PAGE)
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
START = '[club]\nname = "C"\ndatabase = "sqlite:///club.db"\n[stations.ACCUEIL]\nserver = true\n'


def read(folder: Path, text: str) -> SendingSettings:
    file = folder / "heitz-service.toml"
    file.write_text(text, "utf-8")
    settings = load(file, SettingsSchema({"sms": SendingSettings}))
    assert hours_of(settings.operations["sms"], settings.club) is not None
    found = settings.operations["sms"]
    assert isinstance(found, SendingSettings)
    return found


def test_the_page_shows_settings() -> None:
    assert len(SHOWN) >= 6


@pytest.mark.parametrize("shown", SHOWN)
def test_each_setting_that_the_page_shows_is_taken(tmp_path: Path, shown: str) -> None:
    assert read(tmp_path, f'{START}[sms]\nstation = "ACCUEIL"\n{shown}\n') != SendingSettings(station="ACCUEIL")


def test_the_whole_table_that_the_page_shows_is_taken_by_the_program(tmp_path: Path) -> None:
    (block,) = (each for each in BLOCKS if "[sms.gateway]" in each)
    file = tmp_path / "heitz-service.toml"
    file.write_text(block, "utf-8")
    settings = load(file, settings_schema()).operations["sms"]
    assert isinstance(settings, SmsSettings)
    assert (settings.standby, settings.credit_low) == (("SERVEUR",), 200)
    assert f"`credit_low` ({SmsSettings.__attrs_attrs__.credit_low.default})" in PAGE


def test_the_window_that_the_page_shows_is_what_there_is_without_one(tmp_path: Path) -> None:
    (block,) = (each for each in BLOCKS if "[sms.gateway]" not in each)
    sms = block[block.index("[sms]") :]
    assert read(tmp_path, START + sms) == SendingSettings(station="ACCUEIL")


def test_the_limits_that_the_page_names_are_the_program_s() -> None:
    settings = SendingSettings(station="ACCUEIL")
    assert f"`max_parts` ({settings.max_parts})" in PAGE
    assert f"`retry_after` ({settings.retry_after.total_seconds() / 60:.0f} min)" in PAGE
    assert f"`retry_at_most` ({settings.retry_at_most.total_seconds() / 60:.0f} min)" in PAGE
    assert f"`give_up_after` ({settings.give_up_after.days} d)" in PAGE


def test_reading_the_settings_loads_neither_numbers_nor_holidays() -> None:
    program = (
        "import sys; from actors.sms import policy, limits, reckoning; from actors.sms.settings_sending import *;"
        "SendingSettings(station='A'); print({'phonenumbers', 'holidays'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    assert found.stdout.strip() == "set()"
