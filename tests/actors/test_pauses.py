"""Pauses end when they should, survive a restart, and are never half written."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.pauses import Pause, PauseNotKept, Pauses

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clocks:
    """The wall clock and the monotonic one, each set by the test."""

    def __init__(self) -> None:
        self.wall = NOON
        self.seconds = 100.0

    def pass_(self, **length: float) -> None:
        self.wall += timedelta(**length)
        self.seconds += timedelta(**length).total_seconds()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def pauses(clocks: Clocks, path: Path | None = None) -> Pauses:
    return Pauses(path, lambda: clocks.wall, lambda: clocks.seconds)


def hour(operation: str = "email") -> Pause:
    return Pause(operation, NOON, NOON + timedelta(hours=1), "marie", "the server moves")


def test_a_pause_is_in_force_until_its_end(clocks: Clocks) -> None:
    book = pauses(clocks)
    book.begin(hour())
    clocks.pass_(minutes=59)
    assert book.in_force() == {"email"}
    clocks.pass_(minutes=1)
    assert book.in_force() == frozenset()


def test_a_pause_without_an_end_lasts_until_a_person_ends_it(clocks: Clocks) -> None:
    book = pauses(clocks)
    book.begin(Pause("email", NOON))
    clocks.pass_(days=300)
    assert book.in_force() == {"email"}
    assert (book.end("email"), book.end("email")) == (True, False)
    assert book.in_force() == frozenset()


def test_what_is_over_is_shown_until_its_operation_is_back(clocks: Clocks) -> None:
    book = pauses(clocks)
    book.begin(hour())
    clocks.pass_(hours=2)
    book.settle(frozenset({"email"}))  # its actor is not started again yet
    assert list(book.shown()) == ["email"]
    book.settle(frozenset())
    assert book.shown() == {}


def test_a_pause_that_has_just_begun_is_not_forgotten_by_an_application_that_began_before(clocks: Clocks) -> None:
    book = pauses(clocks)
    book.begin(hour())
    book.settle(frozenset())
    assert list(book.shown()) == ["email"]


def test_a_second_pause_replaces_the_first(clocks: Clocks) -> None:
    book = pauses(clocks)
    book.begin(hour())
    book.begin(Pause("email", NOON, NOON + timedelta(minutes=5)))
    clocks.pass_(minutes=6)
    assert book.in_force() == frozenset()


def test_a_pause_that_was_ended_by_hand_can_begin_again(clocks: Clocks) -> None:
    book = pauses(clocks)
    book.begin(hour())
    book.end("email")
    book.begin(hour())
    assert book.in_force() == {"email"}


@pytest.mark.parametrize("until", [NOON + timedelta(hours=1), None])
def test_pauses_are_kept_over_a_restart(clocks: Clocks, tmp_path: Path, until: datetime | None) -> None:
    path = tmp_path / "accueil.pauses"
    kept = Pause("email", NOON, until, "marie", "déménagement « du » serveur")
    pauses(clocks, path).begin(kept)
    clocks.pass_(minutes=10)
    assert pauses(clocks, path).shown() == {"email": kept}


def test_a_pause_that_ended_while_the_program_was_off_is_gone(clocks: Clocks, tmp_path: Path) -> None:
    path = tmp_path / "accueil.pauses"
    pauses(clocks, path).begin(hour())
    clocks.pass_(hours=3)
    assert pauses(clocks, path).shown() == {}


def test_a_clock_that_is_set_back_does_not_prolong_a_pause(clocks: Clocks, tmp_path: Path) -> None:
    path = tmp_path / "accueil.pauses"
    book = pauses(clocks, path)
    book.begin(hour())
    clocks.wall -= timedelta(minutes=1)  # a correction
    assert book.in_force() == {"email"}
    clocks.seconds += 3600
    assert book.in_force() == frozenset()  # the hour has passed, whatever the wall clock says
    clocks.wall -= timedelta(days=365)
    assert pauses(clocks, path).in_force() == frozenset()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 300,
        b"{",
        b"[]",
        b'{"pauses": 3}',
        b'{"pauses": [{}]}',
        b'{"pauses": [{"operation": "email", "since_at": "2026-11-24T12:00:00", "until_at": null}]}',
        b'{"pauses": [{"operation": "email", "since_at": 3, "until_at": null}]}',
        b"[" * 70_000,
    ],
)
def test_a_damaged_file_pauses_nothing_and_is_written_anew(clocks: Clocks, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "accueil.pauses"
    path.write_bytes(content)
    book = pauses(clocks, path)
    assert book.shown() == {}
    book.begin(hour())
    assert [each["operation"] for each in json.loads(path.read_bytes())["pauses"]] == ["email"]


def test_a_pause_that_cannot_be_written_is_refused_and_changes_nothing(clocks: Clocks, tmp_path: Path) -> None:
    book = pauses(clocks, tmp_path / "gone" / "accueil.pauses")
    with pytest.raises(PauseNotKept, match="nothing was changed"):
        book.begin(hour())
    assert book.in_force() == frozenset()


def test_the_file_is_this_users_alone_and_nothing_is_left_beside_it(clocks: Clocks, tmp_path: Path) -> None:
    path = tmp_path / "accueil.pauses"
    book = pauses(clocks, path)
    book.begin(hour())
    book.begin(hour("sms"))
    book.end("sms")
    assert [file.name for file in tmp_path.iterdir()] == ["accueil.pauses"]
    assert path.stat().st_mode & 0o077 == 0
