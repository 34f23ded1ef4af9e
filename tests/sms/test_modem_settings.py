"""`[sms.gateway]` of kind modem is read as docs/how-to/sms-modem.md shows it; what it quotes is what is said."""

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.sms.adapters.modem.settings import ModemSettings
from config import ExclusiveSettings, SettingsError, SettingsSchema, example, load, setting
from config.sentence import Sentence

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/sms-modem.md").read_text("utf-8")
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
class SmsSettings(ExclusiveSettings):
    """As far as the gateway goes."""

    gateway: ModemSettings = setting(help=Sentence.of("what the SMS leave by"))


SCHEMA = SettingsSchema({"sms": SmsSettings})


def loaded(folder: Path, gateway: str) -> Any:
    file = folder / "heitz-service.toml"
    file.write_text(CLUB + gateway, encoding="utf-8")
    return load(file, SCHEMA)


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    gateway = loaded(tmp_path, block).operations["sms"].gateway
    assert (gateway.port, gateway.baud) == ("COM3", 115_200)


def test_the_page_tells_every_key() -> None:
    for field in attrs.fields(ModemSettings):
        assert f"`{field.name}`" in PAGE or f"{field.name} =" in PAGE


def test_the_example_file_has_a_modem_that_loads(tmp_path: Path) -> None:
    file = tmp_path / "heitz-service.toml"
    file.write_text(example(SCHEMA, "en"), encoding="utf-8")
    assert isinstance(load(file, SCHEMA).operations.get("sms"), SmsSettings | None)


PORTS = [
    "COM1",
    "COM256",
    "/dev/ttyUSB0",
    "/dev/serial/by-id/usb-HUAWEI-if00",
    "socket://192.0.2.7:4000",
    "rfc2217://h:1",
    "loop://",
]


@pytest.mark.parametrize("port", PORTS)
def test_every_port_of_pyserial_is_taken(tmp_path: Path, port: str) -> None:
    loaded(tmp_path, f'[sms.gateway]\nkind = "modem"\nport = "{port}"\n')


@pytest.mark.parametrize(
    "line", ['port = "USB"', 'port = ""', 'sms_centre = "0609001390"', "baud = 0", 'answer_within = "5min"']
)
def test_what_cannot_work_is_refused(tmp_path: Path, line: str) -> None:
    port = "" if line.startswith("port") else 'port = "COM3"\n'
    with pytest.raises(SettingsError):
        loaded(tmp_path, f'[sms.gateway]\nkind = "modem"\n{port}{line}\n')


def test_the_pin_is_not_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[sms.gateway]\nkind = "modem"\nport = "COM3"\npin = "4711"\n')
    assert "4711" not in repr(settings)


def test_what_the_page_quotes_is_what_the_program_says() -> None:
    folders = (ROOT / "actors/sms/adapters/modem", ROOT / "actors/serial_port")
    source = "".join(file.read_text("utf-8") for folder in folders for file in folder.glob("*.py"))
    table = PAGE.split("## What it says")[1].split("##")[0]
    for said in re.findall(r"^\| (?!it says|---)(.*?) \|", table, re.MULTILINE):
        words = re.split(r" at COM3| / | 2 tries", said)[0]
        assert words.strip() in source, said
