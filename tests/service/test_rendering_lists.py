"""History and e-mails on a terminal of 80 columns."""

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.rendering_lists import render_history, render_messages
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


def test_a_count_stays_with_its_word() -> None:
    states = ("pending", "sending", "sent", "delivered", "failed", "expired", "uncertain")
    page = render_messages([message()], dict.fromkeys(states, 0), Terminal(80), "fr", NOW)
    totals = page.split("\n\n")[0].splitlines()
    assert totals == [
        "en attente 0 · en envoi 0 · envoyé 0 · remis 0 · échec 0 · expiré 0 ·",
        "incertain 0",
    ]


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
