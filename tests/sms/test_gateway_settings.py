"""`[sms.gateway]` of kind http is read as the settings of its provider, and each has an example that loads."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.sms.adapters.http.roster import GATEWAYS, HttpGatewaySettings, gateway_for
from config import ExclusiveSettings, SettingsError, SettingsSchema, effective, example, load, setting
from config.sentence import Sentence

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/sms-gateways.md"
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

    gateway: HttpGatewaySettings = setting(help=Sentence.of("what the SMS leave by"))


@pytest.fixture
def schema() -> SettingsSchema:
    return SettingsSchema({"sms": SmsSettings})


@pytest.fixture
def loaded(tmp_path: Path, schema: SettingsSchema) -> Callable[[str], Any]:
    def loaded(gateway: str) -> Any:
        file = tmp_path / "heitz-service.toml"
        file.write_text(CLUB + gateway, encoding="utf-8")
        return load(file, schema)

    return loaded


def examples() -> dict[str, str]:
    """Return the examples of the page, by provider."""
    blocks = re.findall(r"^```toml\n(\[sms\.gateway\]\n.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return {match[1]: block for block in blocks if (match := re.search(r'^provider = "(\w+)"$', block, re.MULTILINE))}


def test_the_page_has_an_example_for_each_gateway() -> None:
    assert sorted(examples()) == sorted(re.sub(r"Gateway$", "", each.__name__).lower() for each in GATEWAYS)


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda each: str(each.NAME))
def test_the_examples_of_the_page_load(loaded: Callable[[str], Any], gateway: Any) -> None:
    [provider] = [name for name in examples() if name == re.sub(r"Gateway$", "", gateway.__name__).lower()]
    settings = loaded(examples()[provider]).operations["sms"].gateway
    assert isinstance(settings, gateway.SETTINGS)
    assert type(gateway_for(settings)) is gateway


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda each: str(each.NAME))
def test_each_gateway_can_be_written_from_its_declarations_alone(tmp_path: Path, gateway: Any) -> None:
    kind: Any = gateway.SETTINGS

    @attrs.frozen(kw_only=True)
    class Alone(ExclusiveSettings):
        gateway: kind = setting(help=Sentence.of("what the SMS leave by"))

    schema = SettingsSchema({"sms": Alone})
    file = tmp_path / "heitz-service.toml"
    file.write_text(example(schema).replace("enabled = false", "enabled = true"), encoding="utf-8")
    assert isinstance(load(file, schema).operations["sms"].gateway, gateway.SETTINGS)


def test_what_is_shown_of_a_gateway_holds_no_secret(loaded: Callable[[str], Any]) -> None:
    settings = loaded(examples()["octopush"].replace("keyring:octopush", "the-key-itself"))
    assert [entry.value for entry in effective(settings) if "the-key-itself" in entry.value] == []
    assert "the-key-itself" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        # what is changed in an example, the key that is told, part of what is said
        (("kannel", "127.0.0.1:13013", "192.168.1.5:13013"), "sms.gateway.url", "in_clear = true"),
        (("kannel", "reports_listen", "report_listen"), "sms.gateway.report_listen", "did you mean reports_listen?"),
        (("kannel", 'user = "club"', ""), "sms.gateway.user", "missing"),
        (("octopush", '"octopush"', '"octopus"'), "sms.gateway.provider", "did you mean octopush?"),
        (("ovh", "FormeSante", "Forme et Santé !"), "sms.gateway.sender", "3 to 11 letters"),
    ],
)
def test_a_fault_is_told_with_its_key_and_remedy(
    loaded: Callable[[str], Any], change: tuple[str, str, str], key: str, words: str
) -> None:
    provider, before, after = change
    with pytest.raises(SettingsError) as refused:
        loaded(examples()[provider].replace(before, after))
    told = {problem.key: str(problem) for problem in refused.value.problems}
    assert words in told[key]
