"""The program's files belong to one user and are found again from any terminal."""

import os
import stat
import sys
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.paths import HOME_VARIABLE, Folders, UnsafePath, folders, open_private, safe_name

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and owners are those of Unix")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_every_folder_is_closed_to_others(home: Folders) -> None:
    files = home.of("ACCUEIL")
    made = {home.state, home.runtime, files.lock.parent, files.socket.parent, files.log.parent, files.journal.parent}
    assert {mode(folder) for folder in made} == {0o700}


def test_a_folder_that_was_open_to_others_is_closed(home: Folders) -> None:
    home.state.chmod(0o755)
    folders()
    assert mode(home.state) == 0o700


def test_the_home_variable_puts_everything_under_one_folder(home: Folders, tmp_path: Path) -> None:
    files = home.of("x")
    assert all(path.is_relative_to(tmp_path / "home") for path in (*files, home.key))


def test_without_it_the_state_lies_in_the_state_folder_and_sockets_in_the_session_s(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir(mode=0o700)
    found = folders({"XDG_RUNTIME_DIR": str(tmp_path / "session"), "XDG_STATE_HOME": str(tmp_path / "state")})
    assert found == Folders(tmp_path / "state" / "heitz-service", tmp_path / "session" / "heitz-service")


@pytest.mark.parametrize("session", ["", "relative", "/no/such/folder"])
def test_a_session_without_a_usable_runtime_folder_takes_the_state_folder_not_a_shared_one(
    session: str, tmp_path: Path
) -> None:
    environment = {"XDG_RUNTIME_DIR": session, "XDG_STATE_HOME": str(tmp_path)}
    assert folders(environment).runtime == tmp_path / "heitz-service" / "run"


def test_the_state_folder_is_the_one_that_other_programs_would_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert folders({}).state == platformdirs.user_state_path("heitz-service", appauthor=False)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath, match="not a folder of this program"):
        folders({HOME_VARIABLE: str(tmp_path / "home")})


def test_a_file_in_the_folder_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(UnsafePath, match="File exists"):
        folders({HOME_VARIABLE: str(tmp_path / "home")})


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(home: Folders) -> None:
    os.chown(home.runtime, 65534, 65534)
    with pytest.raises(UnsafePath, match="belongs to another user"):
        folders()


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnsafePath, match="set HEITZ_SERVICE_HOME to another folder"):
        folders({HOME_VARIABLE: str(tmp_path / "file" / "home")})


def test_a_private_file_is_written_for_its_owner_only_and_an_open_one_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o644)
    os.close(open_private(path, os.O_RDONLY))
    os.close(open_private(tmp_path / "new", os.O_WRONLY | os.O_CREAT))
    assert (mode(path), mode(tmp_path / "new")) == (0o600, 0o600)


@pytest.mark.parametrize("trick", ["symlink", "hard link", "pipe"])
def test_a_file_that_somebody_could_have_put_there_is_refused(trick: str, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_text("precious")
    match trick:
        case "symlink":
            path.symlink_to(victim)
        case "hard link":
            path.hardlink_to(victim)
        case _:
            os.mkfifo(path)
    with pytest.raises(UnsafePath, match="remove it"):
        open_private(path, os.O_RDWR | os.O_CREAT)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    ("station", "name"),
    [
        ("ACCUEIL", "accueil"),
        ("poste-2", "poste-2"),
        ("Accueil", "accueil"),  # stations are the same without regard to case
    ],
)
def test_a_plain_name_stays_readable(station: str, name: str) -> None:
    assert safe_name(station) == name


@pytest.mark.parametrize("station", ["../../etc/passwd", "a/b", "a\\b", "con", "NUL", "", ".", "é", "x" * 300, "a\0b"])
def test_a_dangerous_name_is_made_harmless(station: str) -> None:
    name = safe_name(station)
    assert name not in {"con", "nul", ""}
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(name) <= 43


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_stations_have_different_files(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one.casefold() == other.casefold())
