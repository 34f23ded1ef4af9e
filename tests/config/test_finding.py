"""The settings file is looked for where people put it, in order."""

from pathlib import Path

import pytest

from config import SettingsNotFoundError, find_settings_file
from config.finding import usual_places


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Bring the usual folders into the test's own."""
    found = tmp_path / "user" / "heitz-service.toml", tmp_path / "machine" / "heitz-service.toml"
    monkeypatch.setattr("config.finding.usual_places", lambda: found)
    return found


def create(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def test_the_option_is_taken_before_the_environment_even_when_it_does_not_exist(tmp_path: Path) -> None:
    environ = {"HEITZ_SERVICE_CONFIG": str(create(tmp_path / "e.toml"))}
    assert find_settings_file(tmp_path / "o.toml", environ) == tmp_path / "o.toml"
    assert find_settings_file(str(tmp_path / "o.toml"), environ) == tmp_path / "o.toml"


def test_the_environment_is_taken_before_the_usual_places(tmp_path: Path, places: tuple[Path, Path]) -> None:
    create(places[0])
    assert find_settings_file(None, {"HEITZ_SERVICE_CONFIG": str(tmp_path / "e.toml")}) == tmp_path / "e.toml"
    assert find_settings_file(None, {"HEITZ_SERVICE_CONFIG": ""}) == places[0]


def test_a_relative_name_starts_at_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_settings_file("o.toml", {}) == tmp_path / "o.toml"


def test_the_users_file_is_taken_before_the_machines(places: tuple[Path, Path]) -> None:
    create(places[1])
    assert find_settings_file(None, {}) == places[1]
    create(places[0])
    assert find_settings_file(None, {}) == places[0]


def test_a_place_that_cannot_be_looked_at_is_taken_so_that_loading_tells_why(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    create(places[1])
    monkeypatch.setattr(Path, "stat", refuse)
    assert find_settings_file(None, {}) == places[0]


def test_nothing_found_names_the_places_looked_at(places: tuple[Path, Path]) -> None:
    with pytest.raises(SettingsNotFoundError) as caught:
        find_settings_file(None, {})
    assert caught.value.places == places
    assert str(caught.value) == (
        f"no settings file: looked for {places[0]}, {places[1]}; write one with `heitz-service config init`, or name "
        "it by --config"
    )


def test_the_usual_places_are_the_users_folder_then_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/x/.config")
    monkeypatch.setenv("XDG_CONFIG_DIRS", "/etc/xdg")
    places = usual_places()
    assert [place.name for place in places] == ["heitz-service.toml"] * 2
    assert places[0] != places[1]
