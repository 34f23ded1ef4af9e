"""The settings file is followed while the program runs, and only what it concerns is touched."""

import pytest

from tests.program.sample_club import Club


def incarnations(club: Club) -> dict[str, str]:
    return {actor["path"]: actor["up_since"] for actor in club.status()["actors"]}


def test_a_change_is_applied_by_itself_and_touches_only_its_operation(club: Club) -> None:
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    before = incarnations(club)
    club.write_settings(email="batch = 7")
    club.wait_until(lambda: incarnations(club)["email"] not in {before["email"], None})
    after = incarnations(club)
    assert {path for path in before if before[path] != after[path]} == {"email"}


def test_a_change_that_concerns_no_actor_touches_none(club: Club) -> None:
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    before, loaded_at = incarnations(club), club.status()["config"]["loaded_at"]
    text = club.settings.read_text("utf-8")
    fresh = club.settings.with_suffix(".new")
    fresh.write_text(text.replace("server = true", "server = true\nweb_server = true"), "utf-8")
    fresh.replace(club.settings)
    club.wait_until(lambda: club.status()["config"]["loaded_at"] != loaded_at)
    assert incarnations(club) == before


def test_an_operation_that_is_switched_off_stops_and_comes_back(club: Club) -> None:
    club.start()
    club.wait_until(lambda: club.operation("email")["state"] == "active")
    club.write_settings(email="enabled = false")
    club.wait_until(lambda: club.operation("email")["state"] == "disabled")
    assert "email" not in incarnations(club)
    assert club.rows("SELECT station FROM lease WHERE name = 'email'") == [("",)]
    club.write_settings()
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[club",
        b"\xff\xfe not UTF-8",
        b'[club]\nname = "half-writt',
        b"x" * 10_000_000,
    ],
    ids=["empty", "cut", "not UTF-8", "half-written", "10 MB"],
)
def test_a_bad_file_changes_nothing_is_shown_and_is_over_when_mended(club: Club, content: bytes) -> None:
    club.start()
    club.wait_until(lambda: club.status()["state"] == "active")
    club.settings.write_bytes(content)
    club.wait_until(lambda: club.status()["config"]["problem"])
    status = club.status()
    assert status["state"] == "attention"
    club.write_emails("a@example.org")
    club.wait_until(lambda: club.states() == {"sent": 1})
    club.write_settings()
    club.wait_until(lambda: club.status()["config"]["problem"] is None)
    assert club.status()["state"] == "active"


def test_a_file_that_names_this_station_no_more_changes_nothing_and_is_shown(club: Club) -> None:
    club.start()
    text = club.settings.read_text("utf-8")
    club.settings.write_text(text.replace("ACCUEIL", "BUREAU"), "utf-8")
    club.wait_until(lambda: club.status()["config"]["problem"])
    assert "ACCUEIL" in club.status()["config"]["problem"]
    assert club.operation("email")["state"] == "active"


@pytest.mark.parametrize(
    ("content", "word"),
    [(None, "there is no such file"), (b"", "empty"), (b"[club]\nnom = 1", "nom")],
    ids=["missing", "empty", "unknown key"],
)
def test_a_station_with_bad_settings_does_not_start_and_says_why(club: Club, content: bytes | None, word: str) -> None:
    club.settings.unlink()
    if content is not None:
        club.settings.write_bytes(content)
    code, _, errors = club.command("run", "--config", str(club.settings), "--station", "ACCUEIL", "--headless")
    assert code == 2
    assert word in errors
    assert "Traceback" not in errors


def test_an_unknown_station_is_refused_with_the_names_that_there_are(club: Club) -> None:
    code, _, errors = club.command("run", "--config", str(club.settings), "--station", "ACUEIL", "--headless")
    assert code == 2
    assert "ACCUEIL" in errors
