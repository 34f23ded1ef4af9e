"""`[sms.gateway]` of kind smpp: the page's example loads, and faults are told with their remedy."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.sms.adapters.http.roster import HttpGatewaySettings
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.submission import relative
from config import ExclusiveSettings, SettingsError, SettingsSchema, effective, example, load, setting
from config.sentence import Sentence

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/sms-smpp.md"
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
    """As far as the gateway goes; a club chooses among all kinds."""

    gateway: HttpGatewaySettings | SmppSettings = setting(help=Sentence.of("what the SMS leave by"))


@attrs.frozen(kw_only=True)
class SmppAlone(ExclusiveSettings):
    """For the example that is made of declarations."""

    gateway: SmppSettings = setting(help=Sentence.of("what the SMS leave by"))


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Any]:
    def loaded(gateway: str) -> Any:
        file = tmp_path / "heitz-service.toml"
        file.write_text(CLUB + gateway, encoding="utf-8")
        return load(file, SettingsSchema({"sms": SmsSettings}))

    return loaded


def of_the_page() -> str:
    [block] = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_example_of_the_page_loads_beside_the_gateways(loaded: Callable[[str], Any]) -> None:
    settings = loaded(of_the_page()).operations["sms"].gateway
    assert isinstance(settings, SmppSettings)
    assert (settings.port, settings.tls, settings.bind) == (3550, True, "transceiver")


def test_it_can_be_written_from_its_declarations_alone(tmp_path: Path) -> None:
    schema = SettingsSchema({"sms": SmppAlone})
    file = tmp_path / "heitz-service.toml"
    written = example(schema).replace("enabled = false", "enabled = true").replace("smpp.example.org", "localhost")
    file.write_text(written, encoding="utf-8")
    assert isinstance(load(file, schema).operations["sms"].gateway, SmppSettings)


@pytest.mark.parametrize(
    ("before", "after", "key", "words"),
    [
        ("tls = true", "", "sms.gateway.tls", "in_clear = true"),
        ("tls = true", 'in_clear = true\nca_file = "ca.pem"', "sms.gateway.ca_file", "tls = true"),
        ("FormeSante", "Forme et Santé", "sms.gateway.sender", "3 to 11 letters"),
        ('"club"', '"a-name-of-too-many"', "sms.gateway.system_id", "as many as SMPP has room for"),
        ("tls", 'query = true\nreceipt_id = "decimal"\ntls', "sms.gateway.query", "receipt_id"),
        ("port = 3550", "port = 0", "sms.gateway.port", ""),
    ],
)
def test_a_fault_is_told_with_its_key_and_remedy(
    loaded: Callable[[str], Any], before: str, after: str, key: str, words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(of_the_page().replace(before, after))
    told = {problem.key: str(problem) for problem in refused.value.problems}
    assert words in told[key]


def test_the_password_is_not_shown(loaded: Callable[[str], Any]) -> None:
    settings = loaded(of_the_page().replace("keyring:smpp", "s3cr3t-1"))
    assert [entry.value for entry in effective(settings) if "s3cr3t-1" in entry.value] == []
    assert "s3cr3t-1" not in repr(settings)


@pytest.mark.parametrize(
    ("validity", "written"),
    [
        (timedelta(hours=2), "000000020000000R"),
        (timedelta(days=3, minutes=5, seconds=7), "000003000507000R"),
        (timedelta(0), "000000000100000R"),
        (timedelta(days=90), "000030230000000R"),
    ],
)
def test_how_long_it_is_worth_delivering_is_written_as_a_span(validity: timedelta, written: str) -> None:
    assert relative(validity) == written
