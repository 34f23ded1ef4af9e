"""A settings file is followed through every way it can change while the program runs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import Bad, Loaded, Poll, SettingsError, SettingsFile, SettingsSchema, Unchanged

Write = Callable[[str | bytes], Path]


@pytest.fixture
def followed(write: Write, schema: SettingsSchema, good: str) -> SettingsFile:
    file = SettingsFile(write(good), schema)
    file.load()
    return file


def name_in(poll: Poll) -> str:
    assert isinstance(poll, Loaded)
    return poll.settings.club.name


def quiet(followed: SettingsFile, polls: int = 5) -> bool:
    return all(followed.poll() == Unchanged() for _ in range(polls))


def replace(file: Path, content: str) -> None:
    """Replace the file as the Configuration tool does."""
    new = file.with_suffix(".new")
    new.write_text(content, encoding="utf-8")
    new.replace(file)


def test_a_file_that_stays_is_unchanged(followed: SettingsFile) -> None:
    assert quiet(followed, 10)


def test_loading_a_bad_file_raises(write: Write, schema: SettingsSchema) -> None:
    file = SettingsFile(write("a ="), schema)
    with pytest.raises(SettingsError):
        file.load()
    assert file.settings is None
    assert file.problems
    assert quiet(file)  # told already


def test_a_replacement_is_loaded_at_the_second_poll_that_sees_it_and_once(followed: SettingsFile, good: str) -> None:
    replace(followed.path, good.replace("Forme", "Eau"))
    assert followed.poll() == Unchanged()
    assert name_in(followed.poll()) == "Eau et Santé"
    assert followed.settings
    assert followed.settings.club.name == "Eau et Santé"
    assert quiet(followed)


def test_a_half_written_file_is_waited_for(followed: SettingsFile, write: Write, good: str) -> None:
    content = good.replace("Forme", "Eau").encode()
    for end in (0, 10, 50, 100, 200):  # each poll sees a little more of it
        write(content[:end])
        assert followed.poll() == Unchanged()
    assert not followed.problems
    write(content)
    assert followed.poll() == Unchanged()
    assert name_in(followed.poll()) == "Eau et Santé"


def test_a_bad_file_is_told_once_and_changes_nothing(followed: SettingsFile, write: Write, good: str) -> None:
    before = followed.settings
    write(good.replace("[email]", "[email"))
    assert followed.poll() == Unchanged()
    told = followed.poll()
    assert isinstance(told, Bad)
    assert [problem.line for problem in told.problems] == [13]
    assert followed.problems == told.problems
    assert followed.settings is before
    assert quiet(followed)


def test_another_fault_of_a_bad_file_is_told_anew(followed: SettingsFile, write: Write) -> None:
    write("a =")
    followed.poll()
    first = followed.poll()
    write("a = 1\nb =")
    followed.poll()
    second = followed.poll()
    assert isinstance(first, Bad)
    assert isinstance(second, Bad)
    assert first.problems != second.problems


def test_a_file_mended_to_what_it_was_is_loaded_again(followed: SettingsFile, write: Write, good: str) -> None:
    before = followed.settings
    write("a =")
    followed.poll()
    followed.poll()
    write(good)
    followed.poll()
    mended = followed.poll()
    assert isinstance(mended, Loaded)
    assert mended.settings == before
    assert followed.problems == ()


def test_a_fault_that_is_gone_before_it_is_told_was_none(followed: SettingsFile, write: Write, good: str) -> None:
    write("a =")
    assert followed.poll() == Unchanged()
    write(good)
    assert quiet(followed)


def test_a_deleted_file_is_told_and_taken_again_when_it_is_back(
    followed: SettingsFile, write: Write, good: str
) -> None:
    followed.path.unlink()
    assert followed.poll() == Unchanged()  # between deleting and renaming
    told = followed.poll()
    assert isinstance(told, Bad)
    assert [str(problem.sentence) for problem in told.problems] == ["there is no such file"]
    assert quiet(followed)
    write(good)
    followed.poll()
    assert name_in(followed.poll()) == "Forme et Santé"


def test_a_folder_in_its_place_is_told(followed: SettingsFile) -> None:
    followed.path.unlink()
    followed.path.mkdir()
    followed.poll()
    told = followed.poll()
    assert isinstance(told, Bad)
    assert str(told.problems[0].sentence) == "this is a folder, not a file"
    assert quiet(followed)


def test_a_folder_that_went_away_with_the_file_is_told(followed: SettingsFile) -> None:
    shutil.rmtree(followed.path.parent)
    followed.poll()
    assert isinstance(followed.poll(), Bad)


def test_a_right_that_is_taken_and_given_back_is_seen_though_the_file_is_the_same(
    followed: SettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Played: the tests may run as a user who may read everything, and Windows keeps the stamp when rights change.
    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    os.utime(followed.path)
    with monkeypatch.context() as taken:
        taken.setattr(Path, "open", refuse)
        followed.poll()
        told = followed.poll()
        assert isinstance(told, Bad)
        assert str(told.problems[0].sentence) == "this user may not read the file"
        assert quiet(followed)
    followed.poll()
    assert isinstance(followed.poll(), Loaded)
    assert quiet(followed)


def test_a_second_change_within_one_tick_of_the_clock_is_seen(
    followed: SettingsFile, write: Write, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same size, same stamp: seen by its bytes while the first change is fresh."""
    stamp = followed.path.stat()
    monkeypatch.setattr("config.following._stamp", lambda _path: (stamp.st_mtime_ns, stamp.st_size))
    write(good.replace("Forme", "Aaaaa"))
    followed.poll()
    write(good.replace("Forme", "Bbbbb"))
    followed.poll()
    assert name_in(followed.poll()) == "Bbbbb et Santé"


def test_a_settled_file_is_no_longer_read(followed: SettingsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    assert quiet(followed)

    def never(_path: Path) -> bytes:
        raise AssertionError

    monkeypatch.setattr("config.following.read_bytes", never)
    assert quiet(followed)


def test_a_change_that_keeps_size_and_time_is_seen_by_its_other_marks(followed: SettingsFile, good: str) -> None:
    """As `cp -p` or rsync leave it: same size, same time of change, another file."""
    assert quiet(followed)
    status = followed.path.stat()
    new = followed.path.with_suffix(".new")
    new.write_text(good.replace("Forme", "Aaaaa"), encoding="utf-8")
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(followed.path)
    followed.poll()
    assert name_in(followed.poll()) == "Aaaaa et Santé"


def test_a_file_that_was_never_loaded_is_loaded_by_polls(write: Write, schema: SettingsSchema, good: str) -> None:
    file = SettingsFile(write(good), schema)
    assert file.poll() == Unchanged()
    assert name_in(file.poll()) == "Forme et Santé"


def test_a_file_that_changes_at_each_poll_is_never_taken_in_between(
    followed: SettingsFile, write: Write, good: str
) -> None:
    for turn in range(20):
        write(good.replace("Forme", f"F{turn}"))
        assert followed.poll() == Unchanged()
    assert name_in(followed.poll()) == "F19 et Santé"


CONTENTS = {"good": "Forme", "other": "Eau", "bad": None, "gone": None}


@settings(deadline=None)  # how long a file system takes is not what is tested
@given(st.lists(st.tuples(st.sampled_from(sorted(CONTENTS)), st.integers(1, 6)), max_size=8))
def test_after_any_changes_what_is_in_force_is_the_last_good_that_stood(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int]]
) -> None:
    schema = SettingsSchema()
    text = '[club]\nname = "{}"\ndatabase = "sqlite://"\n[stations.A]\nserver = true\n'
    path = tmp_path_factory.mktemp("followed") / "settings.toml"
    path.write_text(text.format("Forme"), encoding="utf-8")
    followed = SettingsFile(path, schema)
    followed.load()
    in_force, acted_on, previous = "Forme", "good", "good"
    for kind, polls in changes:
        if kind == "gone":
            path.unlink(missing_ok=True)
        elif kind == "bad":
            path.write_text("a =", encoding="utf-8")
        else:
            path.write_text(text.format(CONTENTS[kind]), encoding="utf-8")
        results = [followed.poll() for _ in range(polls)]
        expected_at = 0 if kind == previous else 1  # the poll that makes it two in a row
        is_news = kind != acted_on and polls > expected_at
        told = [index for index, result in enumerate(results) if result != Unchanged()]
        assert told == ([expected_at] if is_news else [])
        previous = kind
        if is_news:
            acted_on = kind
            in_force = CONTENTS[kind] or in_force
        assert followed.settings
        assert followed.settings.club.name == in_force
        assert bool(followed.problems) is (acted_on in ("bad", "gone"))
