"""`config check|show|init|schema` as an installer uses them."""

import json
import stat
import tomllib
from pathlib import Path

import jsonschema
import pytest

from service.command_line import main

GOOD = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
database_password = "very secret"

[stations.SERVEUR]
server = true
[stations.ACCUEIL]

[email]
station = "ACCUEIL"
[email.smtp]
host = "smtp.example.org"
sender = "club@example.org"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_good_file_is_in_order(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", str(file)]) == 0
    assert capsys.readouterr() == (f"{file} is in order\n", "")


@pytest.mark.parametrize("command", ["check", "show"])
def test_the_file_may_be_named_as_for_every_other_command(
    file: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", command, "--config", str(file)]) == 0
    assert str(file) in capsys.readouterr().out


def test_every_problem_is_told_on_its_own_line_with_line_and_key(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.replace("server = true", "sever = true\nweb_server = 1"), encoding="utf-8")
    assert main(["config", "check", str(file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 3
    assert any(f"{file}:9: stations.SERVEUR.sever" in line for line in lines)
    assert any(f"{file}:10: stations.SERVEUR.web_server = 1" in line for line in lines)
    assert lines[-1].startswith(f"heitz-service: {len(lines) - 1} problems in {file}: ")
    assert main(["config", "check", "--json", str(file)]) == 2
    document = json.loads(capsys.readouterr().out)
    assert len(document["problems"]) == len(lines) - 1
    assert {"file", "line", "column", "key", "value", "problem", "suggestion"} == set(document["problems"][0])


def test_the_settings_in_force_are_shown_without_their_secrets(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert 'club.country = "FR"' in shown
    assert "very secret" not in shown
    assert main(["config", "show", str(file), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"key": "club.country", "value": '"FR"', "line": None} in document["settings"]
    assert "very secret" not in str(document)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_init_writes_passes_check_and_the_schema(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new folder" / "heitz-service.toml"
    assert main(["config", "init", str(path), "--lang", language]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert main(["config", "check", str(path)]) == 0
    capsys.readouterr()
    assert main(["config", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), schema)
    assert [name.name for name in path.parent.iterdir()] == ["heitz-service.toml"]


def test_init_replaces_no_file_unless_told_to(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "init", str(file)]) == 2
    assert (file.read_text(encoding="utf-8"), "say --force" in capsys.readouterr().err) == (GOOD, True)
    assert main(["config", "init", str(file), "--force"]) == 0
    assert file.read_text(encoding="utf-8") != GOOD
    assert main(["config", "init", str(file / "under-a-file")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_init_can_write_to_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "init", "-"]) == 0
    assert "[club]" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_file_that_is_not_there_is_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", command, str(tmp_path / "none.toml")]) == 2
    told = capsys.readouterr().err
    assert (told.count("\n"), "none.toml" in told) == (1, True)


def test_without_any_file_it_is_said_where_one_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    monkeypatch.delenv("HEITZ_SERVICE_CONFIG", raising=False)
    assert main(["config", "check"]) == 2
    assert str(tmp_path / "heitz-service" / "heitz-service.toml") in capsys.readouterr().err
