"""`pause`, `resume` and `autostart` as people type them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service import command_line
from service.command_line import main
from service.instance import Instance
from service.paths import Folders

Serve = Callable[..., Instance]


@pytest.fixture
def heard(serve: Serve) -> list[dict[str, Any]]:
    """Run what stands for the program, and note what it is asked."""
    requests: list[dict[str, Any]] = []

    def handle(request: dict[str, Any], _language: str) -> dict[str, Any]:
        requests.append(request)
        if request["command"] == "resume":
            return {"operation": request["operation"], "resumed": request["operation"] == "email"}
        until = None if request["seconds"] is None else "2026-11-24T15:00:00+01:00"
        return {"operation": request["operation"], "paused_until": until, "reason": "paused"}

    serve(handle)
    return requests


def test_a_pause_says_how_long_why_and_by_whom(
    heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOGNAME", "marie")
    assert main(["pause", "email", "--for", "1h30min", "--reason", "the server moves"]) == 0
    assert {**heard[0], "language": None} == {
        "command": "pause",
        "operation": "email",
        "seconds": 5400.0,
        "by": "marie",
        "reason": "the server moves",
        "language": None,
    }
    assert "email is paused until " in capsys.readouterr().out


def test_a_pause_without_a_length_lasts(heard: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pause", "email"]) == 0
    assert heard[0]["seconds"] is None
    assert "until somebody says `heitz-service resume email`" in capsys.readouterr().out


@pytest.mark.parametrize("length", ["", "1", "an hour", "1h 1h", "-1h"])
def test_a_length_that_is_none_is_a_usage_error(
    heard: list[dict[str, Any]], length: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pause", "email", f"--for={length}"]) == 2
    assert "--for" in capsys.readouterr().err
    assert heard == []


def test_resuming_says_whether_there_was_a_pause(
    heard: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert (main(["resume", "email"]), main(["resume", "sms"])) == (0, 0)
    out = capsys.readouterr().out
    assert ("email goes on" in out, "sms was not paused" in out) == (True, True)
    assert main(["resume", "email", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"operation": "email", "resumed": True}


@pytest.mark.parametrize("words", [["pause", "email"], ["resume", "email"]])
def test_without_a_program_there_is_nothing_to_pause(
    home: Folders, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 6
    assert "does not run" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["pause", "email"], ["resume", "email"], ["status"], ["stop"], ["restart", "email"], ["run-now", "email"]],
)
def test_an_error_speaks_the_language_of_the_settings_then_of_the_system(
    home: Folders,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "heitz-service.toml"
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(file))
    spoke_english = []
    for settings in (None, '[club]\nlanguage = "fr"\n', "[club\n", '[club]\nlanguage = ["fr"]\n'):
        if settings is not None:
            file.write_text(settings, "utf-8")
        assert main(words) == 6
        spoke_english.append("does not run" in capsys.readouterr().err)
    assert spoke_english == [True, False, True, True]
    file.write_text('[club]\nlanguage = "fr"\n', "utf-8")
    assert main([*words, "--lang", "en"]) == 6
    assert "does not run" in capsys.readouterr().err


@pytest.mark.parametrize("command", list(command_line._MODULES))
def test_every_commands_help_speaks_the_language_of_the_settings(
    home: Folders, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "heitz-service.toml").write_text('[club]\nlanguage = "fr"\n', "utf-8")
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(tmp_path / "heitz-service.toml"))
    assert main([command, "--help"]) == 0
    assert "afficher cette aide" in capsys.readouterr().out
    assert main([command, "--help", "--lang", "en"]) == 0
    assert "show this help" in capsys.readouterr().out


def test_the_start_at_login_is_switched_on_told_and_switched_off(
    home: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "heitz-service.toml").write_text('[club]\nlanguage = "fr"\n', "utf-8")
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(tmp_path / "heitz-service.toml"))
    assert main(["autostart", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["enabled"] is False
    assert main(["autostart", "enable", "--station", "ACCUEIL"]) == 0
    said = capsys.readouterr().out
    assert "ouvre sa session" in said
    assert str(tmp_path / "heitz-service.toml") in said
    assert main(["autostart", "status", "--json", "--lang", "en"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert (state["enabled"], state["way"], state["problem"]) == (True, "xdg", None)
    assert main(["autostart", "enable", "--how", "systemd"]) == 0
    assert main(["autostart", "enable", "--how", "task"]) == 2
    capsys.readouterr()
    assert main(["autostart", "disable", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == ["systemd"]
    assert main(["autostart", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["enabled"] is False
