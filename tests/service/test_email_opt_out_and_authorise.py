"""`email opt-out` and `email authorise`: what a person asks, on a real database and against a real token server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from token_server import TokenServer

from actors.email.unsubscribe import Unsubscribe, UnsubscribeSettings
from club import Database, EmailOptOuts
from config.secret import Secret
from service.command_line import main
from service.commands import email_authorise

SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[email]
station = "SERVEUR"
[email.smtp]
host = "smtp.example.org"
user = "club@example.org"
sender = "club@example.org"
[email.smtp.oauth2]
provider = "custom"
client_id = "club"
refresh_token = "REFRESH"
token_url = "URL/token"
scope = "smtp"
device_url = "URL/device"
[email.unsubscribe]
url = "https://club.example.org/out/{token}"
secret = "the club's own"
"""


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    with TokenServer() as provider:
        yield provider


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: TokenServer) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS.replace("URL", provider.url).replace("REFRESH", "file:consent"), encoding="utf-8")
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(path))
    return path


@pytest.fixture
def database(config: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Database]:
    assert main(["database", "init"]) == 0
    capsys.readouterr()
    opened = Database(f"sqlite:///{config.parent / 'club.db'}")
    yield opened
    opened.dispose()


def test_an_objection_is_added_listed_hidden_and_removed(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["email", "opt-out", "add", "Lea@Example.org"]) == 0
    assert capsys.readouterr().out == "L***@example.org gets no more marketing by e-mail\n"
    assert main(["email", "opt-out", "add", "lea@example.org", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    assert main(["email", "opt-out", "list"]) == 0
    assert re.search(r"l\*\*\*@example\.org .* command line", capsys.readouterr().out)
    assert main(["email", "opt-out", "list", "--json", "--addresses"]) == 0
    [one] = json.loads(capsys.readouterr().out)["opt_outs"]
    assert (one["address"], one["source"]) == ("lea@example.org", "command line")
    assert EmailOptOuts(database).is_out("lea@example.org", None)
    assert main(["email", "opt-out", "remove", "LEA@example.org"]) == 0
    assert main(["email", "opt-out", "remove", "LEA@example.org"]) == 0
    assert "may get marketing by e-mail again" in (said := capsys.readouterr().out)
    assert "was not among those" in said


def test_a_token_is_an_objection_too_and_goes_with_its_address(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = UnsubscribeSettings(url="https://x.fr/{token}", secret=Secret("the club's own"))
    token = Unsubscribe(settings).token("lea@example.org")
    assert token is not None
    assert main(["email", "opt-out", "add", token]) == 0
    assert EmailOptOuts(database).list()[0].token == token
    assert main(["email", "opt-out", "remove", "lea@example.org"]) == 0
    assert EmailOptOuts(database).list() == ()


def test_what_is_no_address_is_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["email", "opt-out", "add", "lea"]) == 2
    assert "no e-mail address" in capsys.readouterr().err


def test_a_consent_by_code_is_asked_for_and_kept(
    config: Path, provider: TokenServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient:
        def wait(self, seconds: float) -> None:
            provider.codes["device-code"] = "ok"

    monkeypatch.setattr(email_authorise, "Event", Impatient)
    assert main(["email", "authorise"]) == 0
    said = capsys.readouterr()
    assert "https://login.test/device" in said.out
    assert "ABCD-EFGH" in said.out
    assert (config.parent / "consent").read_text() == provider.refresh_token
    assert provider.refresh_token not in said.out + said.err
    assert provider.access_token not in said.out + said.err


def test_a_consent_that_is_declined_keeps_nothing(
    config: Path, provider: TokenServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Declining:
        def wait(self, seconds: float) -> None:
            provider.codes["device-code"] = "authorization_declined"

    monkeypatch.setattr(email_authorise, "Event", Declining)
    assert main(["email", "authorise"]) == 1
    assert "declined" in capsys.readouterr().err
    assert not (config.parent / "consent").exists()


def test_a_consent_that_could_not_be_kept_is_not_asked_for(
    config: Path, provider: TokenServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text("utf-8").replace("file:consent", "env:CONSENT"), "utf-8")
    assert main(["email", "authorise"]) == 2
    assert "env:CONSENT, where nothing can be kept" in capsys.readouterr().err
    assert provider.asked == []
