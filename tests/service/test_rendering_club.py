"""`status --club` on a terminal of 80 columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.club_concerns import concerns
from service.club_view import ClubView, LeaseView
from service.rendering_club import render_club
from service.terminal import Terminal, width
from tests.service.sample_views import NOW, club, lease, report, station

WORDS = st.text(st.characters(codec="utf-8"), max_size=200)
LONG = "Caisse numéro 3 du bâtiment des vestiaires de la grande piscine"


def page(view: ClubView, terminal: Terminal | None = None, language: str = "en") -> str:
    return render_club(view, concerns(view, language), terminal or Terminal(), language, NOW)


def test_the_page_of_a_club_that_is_well() -> None:
    assert page(club()) == (
        "✔ Forme et Santé: all is well (2 stations)\n"
        "\n"
        "  station  state        last seen  version\n"
        "✔ SERVEUR  all is well  10:11:18   0.1.0\n"
        "✔ ACCUEIL  all is well  10:11:18   0.1.0\n"
        "    holds email\n"
        "\n"
        "  operation  done by  since\n"
        "✔ email      ACCUEIL  08:41:30\n"
        "    by the settings: ACCUEIL, else SERVEUR"
    )


def test_the_page_of_a_club_in_trouble() -> None:
    view = club(
        station("SERVEUR", report("SERVEUR", version="0.2.0"), server=True),
        station("ACCUEIL", report("ACCUEIL", age=11_000, holds=("email",))),
        station("BASSIN"),
        station("BUREAU", report("BUREAU", "stopped", age=40_000, version="0.2.0")),
        leases=[lease("SERVEUR", wanted="BUREAU")],
    )
    assert page(view) == (
        "✖ Forme et Santé: 3 things need attention (4 stations)\n"
        "  ✖ BASSIN was never seen: start Heitz Service there, or take it out of the\n"
        "    settings file\n"
        "  ✖ ACCUEIL has given no sign of life for 3 h 3 min: look whether it is on and\n"
        "    reaches the database\n"
        "  ▲ the versions differ: install 0.2.0 on ACCUEIL\n"
        "\n"
        "  station  state            last seen         version\n"
        "✔ SERVEUR  all is well      10:11:18          0.2.0\n"
        "    holds email\n"
        "✖ ACCUEIL  no sign of life  07:08:10          0.1.0\n"
        "    to be updated to version 0.2.0\n"
        "✖ BASSIN   never seen       -                 -\n"
        "○ BUREAU   stopped          2026-11-23 23:04  0.2.0\n"
        "\n"
        "  operation  done by  since\n"
        "✔ email      SERVEUR  08:41:30\n"
        "    goes over to BUREAU as soon as its work in hand is done\n"
        "    by the settings: ACCUEIL, else SERVEUR"
    )


def test_a_name_that_does_not_fit_is_cut_in_the_table_and_whole_beneath_it() -> None:
    lines = page(club(station(LONG, report(LONG, "attention")))).splitlines()
    (row,) = (index for index, line in enumerate(lines) if line.startswith("▲ Caisse"))
    assert lines[row].split("  ")[0].endswith("...")
    assert lines[row + 1] == f"    {LONG}"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_fifty_stations_take_a_line_each(language: str) -> None:
    stations = [station(f"POSTE-{number:02}", report(f"POSTE-{number:02}")) for number in range(50)]
    lines = page(club(*stations), Terminal(unicode=False), language).splitlines()
    assert sum(line.startswith("+ POSTE-") for line in lines) == 50
    assert len(lines) <= 60


def test_an_operation_that_nobody_does_is_seen_at_a_glance() -> None:
    assert "✖ email      nobody   -" in page(club(leases=[lease("")]))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (lease("SERVEUR", wanted="SERVEUR"), True),  # a person put it on the standby
        (lease("SERVEUR"), False),  # it took over from one that had gone
        (lease("ACCUEIL", wanted="ACCUEIL"), False),  # where it belongs anyhow
        (lease("BASSIN", wanted="BASSIN", candidates=()), False),  # not in this settings file at all
    ],
)
def test_an_operation_that_a_person_put_somewhere_says_so(found: LeaseView, *, said: bool) -> None:
    assert ("put there by hand: ACCUEIL does not take it back by itself" in page(club(leases=[found]))) is said


@given(WORDS, WORDS, WORDS, st.integers(80, 120), st.floats(-1e9, 1e9))
def test_nothing_is_wider_than_the_terminal_nor_moves_its_cursor(
    name: str, text: str, state: str, columns: int, age: float
) -> None:
    view = club(
        station(name, report(name, state, version=text, holds=(text,), plan={"email": (text, name)})),
        station(f"{name}2", report(name, state, age=abs(age), version=name)),
        leases=[lease(text, wanted=name, candidates=(name, text))],
    )
    shown = page(view, Terminal(columns=columns))
    assert all(width(line) <= columns for line in shown.split("\n"))
    assert not any(ord(character) < 32 for character in shown if character != "\n")
