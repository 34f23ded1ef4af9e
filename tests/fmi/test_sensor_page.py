"""The installers' page about sensors: its examples load, it tells every key, and it quotes what the program says."""

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.fmi.drivers.roster import pace_of
from actors.fmi.drivers.settings import DriverSettings, LineSettings, ModbusSettings, TerabeeSettings, Tpw321Settings
from config import ExclusiveSettings, SettingsError, SettingsSchema, load, setting
from config.sentence import Sentence

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/fmi-sensors.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
KINDS = (TerabeeSettings, ModbusSettings, Tpw321Settings, LineSettings)
CLUB = """
[club]
name = "Forme"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[sms]
station = "ACCUEIL"
"""


@attrs.frozen(kw_only=True)
class One(ExclusiveSettings):
    """A sensor where any operation's settings may be."""

    sensor: DriverSettings = setting(help=Sentence.of("the sensor"))


def loaded(folder: Path, sensor: str) -> Any:
    file = folder / "heitz-service.toml"
    file.write_text(f"{CLUB}[sms.sensor]\n{sensor}", encoding="utf-8")
    return load(file, SettingsSchema({"sms": One})).operations["sms"].sensor


def test_the_examples_of_the_page_load(tmp_path: Path) -> None:
    kinds = set()
    for example in EXAMPLES:
        keys = re.sub(r"^(\[\[.*|(name|zone) = .*)\n", "", example, flags=re.MULTILINE)
        kinds.add(type(loaded(tmp_path, keys)))
    assert kinds == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_the_page_tells_every_key(kind: Any) -> None:
    told = set(re.findall(r"`([a-z_]+)`", PAGE)) | set(re.findall(r"^([a-z_]+) =", PAGE, re.MULTILINE))
    assert [field.name for field in attrs.fields(kind) if field.name not in told] == []


def test_what_the_page_quotes_is_what_the_program_says() -> None:
    folders = (ROOT / "actors/fmi/drivers", ROOT / "actors/serial_port")
    source = "".join(file.read_text("utf-8") for folder in folders for file in folder.glob("*.py"))
    table = PAGE.split("## What it says")[1]
    said = re.findall(r"^\| (?!it says|---)(.*?) \|", table, re.MULTILINE)
    assert len(said) > 8
    assert [words for words in said if words not in source] == []


@pytest.mark.parametrize(
    "sensor",
    [
        'port = "COM3"',  # of which kind
        'driver = "terrabee"\nport = "COM3"',
        'driver = "terabee"',
        'driver = "terabee"\nport = "first one"',
        'driver = "terabee"\nport = "COM3"\nunit = 1',  # another kind's key
        'driver = "modbus"\nport = "COM3"',
        'driver = "modbus"\nport = "COM3"\nentries = 0\nevery = "5s"\nanswer_within = "10s"',
        'driver = "line"\nport = "COM3"',
        'driver = "line"\nport = "COM3"\nentry = "("',
        'driver = "tpw321"\nport = "COM3"\naddress = 256',
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, sensor: str) -> None:
    with pytest.raises(SettingsError):
        loaded(tmp_path, sensor + "\n")


def test_more_is_taken_than_a_wire_carries_and_not_much_more() -> None:
    assert pace_of(TerabeeSettings(driver="terabee", port="COM3")) == 23_040
    assert pace_of(TerabeeSettings(driver="terabee", port="COM3", baud=300)) == 1000
