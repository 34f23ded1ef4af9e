"""History, e-mails and the club's stations on a terminal of 80 columns."""

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.rendering_lists import render_club, render_history, render_messages
from service.rendering_message import render_message
from service.terminal import Terminal, width

NOW = datetime(2026, 11, 24, 10, 11, 30, tzinfo=timezone(timedelta(hours=1)))
WORDS = st.text(st.characters(codec="utf-8"), max_size=200)


def run(**changes: Any) -> dict[str, Any]:
    return {
        "operation": "email",
        "station": "ACCUEIL",
        "started_at": "2026-11-24T09:11:00+00:00",
        "seconds": 0.41,
        "outcome": "ok",
        "summary": "3 e-mails envoyés",
        **changes,
    }


def message(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1234,
        "state": "sent",
        "attempts": 1,
        "recipient": "léa@example.org",
        "subject": "Votre séance de mardi",
        "reference": None,
        "source": None,
        "created_at": "2026-11-24T09:10:00+00:00",
        "sent_at": None,
        "next_attempt_at": None,
        "error": None,
        "message_id": None,
        "recipients": [],
        "attachments": [],
        "deliveries": [],
        "text_body": "Bonjour",
        "html_body": None,
        **changes,
    }


def station(**changes: Any) -> dict[str, Any]:
    return {
        "name": "ACCUEIL",
        "state": "active",
        "is_lost": False,
        "version": "0.1.0",
        "holds": ["email"],
        "seen_at": "2026-11-24T09:11:20+00:00",
        **changes,
    }


HISTORY = """\
  began             operation       station         outcome       time taken
✔ 10:11             email           ACCUEIL         ok            0.41 s
    3 e-mails envoyés
✖ 2026-11-23 23:00  backup          SERVEUR         failed        12 min 5 s
    le disque //nas/club/backups ne répond pas : vérifier le réseau, puis
    relancer par `heitz-service run-now backup`
◌ 10:11             email           ACCUEIL         running       -"""


def test_the_page_of_history() -> None:
    failed = run(
        operation="backup",
        station="SERVEUR",
        started_at="2026-11-23T22:00:00+00:00",
        seconds=725,
        outcome="failed",
        summary="le disque //nas/club/backups ne répond pas : vérifier le réseau, puis relancer par "
        "`heitz-service run-now backup`",
    )
    runs = [run(), failed, run(outcome="running", seconds=None, summary=None)]
    assert render_history(runs, Terminal(), "en", NOW) == HISTORY


def test_the_page_of_emails() -> None:
    page = render_messages(
        [message(), message(id=1233, state="failed", subject="Facture " * 9, error="550 no such user")],
        {"sent": 1, "failed": 1},
        Terminal(unicode=False),
        "en",
        NOW,
    )
    assert page == (
        "sent 1 , failed 1\n"
        "\n"
        "  number    state        written           attempts  subject\n"
        "+ 1234      sent         10:10             1         Votre séance de mardi\n"
        "x 1233      failed       10:10             1         Facture Facture Facture ...\n"
        "    550 no such user"
    )


def test_a_station_that_stopped_in_order_is_not_a_lost_one() -> None:
    page = render_club([station(state="stopped", holds=[])], Terminal(), "en", NOW)
    assert "○ ACCUEIL               stopped  " in page


def test_the_page_of_the_club() -> None:
    lost = station(name="SERVEUR", is_lost=True, holds=[], seen_at="2026-11-23T09:11:20+00:00")
    unseen = station(name="BASSIN", state="unknown", is_lost=True, holds=[], seen_at=None, version=None)
    page = render_club([station(), station(name="B", state="attention"), lost, unseen], Terminal(), "en", NOW)
    assert page == (
        "  station               state                       last seen         version\n"
        "✔ ACCUEIL               all is well                 10:11:20          0.1.0\n"
        "    holds email\n"
        "▲ B                     something needs attention   10:11:20          0.1.0\n"
        "    holds email\n"
        "✖ SERVEUR               no sign of life             2026-11-23 10:11  0.1.0\n"
        "✖ BASSIN                never seen                  -                 -"
    )


def test_a_long_body_is_cut_and_says_so() -> None:
    page = render_message(message(text_body="\n".join(map(str, range(100)))), Terminal(), "en", NOW)
    assert page.endswith("\n10\n11\n...")


@given(WORDS, WORDS, WORDS, st.integers(80, 120))
def test_nothing_is_wider_than_the_terminal_nor_moves_its_cursor(
    name: str, text: str, outcome: str, columns: int
) -> None:
    terminal = Terminal(columns=columns)
    one = {"address": name, "state": outcome, "error": text}
    delivery = {"attempt": 1, "station": name, "ended_at": text, "outcome": outcome, "error": text}
    pages = (
        render_history([run(operation=name, station=text, outcome=outcome, summary=text)], terminal, "en", NOW),
        render_messages([message(subject=text, state=outcome, error=name)], {}, terminal, "en", NOW),
        render_club([station(name=name, state=outcome, holds=[text])], terminal, "en", NOW),
        render_message(
            message(
                subject=text,
                recipient=name,
                text_body=text,
                recipients=[one],
                deliveries=[delivery],
                attachments=[{"name": name, "size": 1}],
            ),
            terminal,
            "en",
            NOW,
        ),
    )
    for page in pages:
        assert all(width(line) <= columns for line in page.split("\n"))
        assert not any(ord(character) < 32 for character in page if character != "\n")
