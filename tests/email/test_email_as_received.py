"""A whole e-mail of the table, as a server receives it: its source by RFC 5322 and 2045, and what a reader is shown."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from email_fixtures import StartServer, smtp_settings
from test_email_marketing import WAY_OUT, Club

from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.courier import EmailCourier, Sender
from actors.email.settings import EmailSettings

HTML = '<p>Bonjour Léa, voici <img src="cid:logo.png"> et <b>l\'offre</b>.</p>' + "<p>très long " * 400
TEXT = ".\nBonjour Léa,\n..deux points\n" + "une ligne sans fin " * 100


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    club = Club(tmp_path)
    yield club
    club.database.dispose()


@pytest.fixture
def source(club: Club, start_server: StartServer, tmp_path: Path) -> bytes:
    """Return the source of a mail with all that a row can have."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "conditions.pdf").write_bytes(bytes(range(256)) * 20)
    club.sql(
        "INSERT INTO email (recipient, subject, text_body, html_body, reply_to, category) VALUES (?, ?, ?, ?, ?, ?)",
        '"Léa d\'Ornano, membre" <lea@example.org>',
        "L'été à la piscine : " + "profitez de l'offre « découverte » " * 8,
        TEXT,
        HTML,
        "Accueil <accueil@example.org>",
        "marketing",
    )
    club.sql(
        "INSERT INTO email_attachment (email_id, name, content, media_type) VALUES (1, ?, ?, ?)",
        "logo.png",
        b"\x89PNG",
        "image/png",
    )
    club.sql(
        "INSERT INTO email_attachment (email_id, name, content, path) VALUES (1, ?, X'', ?)",
        "conditions générales.pdf",
        "conditions.pdf",
    )
    server = start_server()
    settings = EmailSettings(
        station="ACCUEIL", smtp=smtp_settings(server.port), unsubscribe=WAY_OUT, attachments_folder=folder
    )
    with SmtpSession(settings.smtp) as session:
        sender = Sender("Forme et Santé", "en", lambda: datetime.now(UTC))
        courier = EmailCourier(session, settings, sender, club.outbox.content, club.opt_outs.is_out)
        Delivery(club.outbox, courier, Reins(lambda: True), Tally(), Terms(), Brake(time.monotonic)).run()
    assert club.sql("SELECT state, error FROM email") == [("sent", None)]
    return server.copies[0].content


def test_the_source_keeps_the_rules_of_the_road(source: bytes) -> None:
    assert source.isascii()
    assert source.count(b"\n") == source.count(b"\r\n") == source.count(b"\r")
    lines = source.split(b"\r\n")
    head = source.partition(b"\r\n\r\n")[0]
    assert max(map(len, lines)) <= 998  # RFC 5322 §2.1.1
    assert max(map(len, head.split(b"\r\n"))) <= 120  # List-Unsubscribe is one word
    assert b"\0" not in source
    names = re.findall(rb"^([A-Za-z-]+):", head, re.MULTILINE)
    assert len(names) == len({name.lower() for name in names})  # RFC 5322 §3.6: each once
    assert {b"Date", b"From", b"To", b"Message-ID", b"MIME-Version", b"Subject", b"Reply-To"} <= set(names)
    for part in message_from_bytes(source).walk():
        encoding = part.get("Content-Transfer-Encoding", "7bit")
        assert encoding in (
            ("7bit",) if part.is_multipart() else ("7bit", "quoted-printable", "base64")
        )  # RFC 2045 §6.4
        if encoding in ("quoted-printable", "base64"):
            assert max(map(len, str(part.get_payload()).splitlines())) <= 76


def test_a_reader_is_shown_what_was_written(source: bytes) -> None:
    message = message_from_bytes(source, _class=EmailMessage, policy=policy.default)
    assert not message.defects
    assert message["To"].addresses[0].display_name == "Léa d'Ornano, membre"
    assert len(message["To"].addresses) == 1
    assert message["Subject"] == "L'été à la piscine : " + "profitez de l'offre « découverte » " * 8
    assert parsedate_to_datetime(message["Date"]).utcoffset() is not None
    assert re.fullmatch(r"<[0-9a-f]{40}@example\.org>", message["Message-ID"])
    assert message.get_content_type() == "multipart/mixed"
    body, attached = message.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    text, related = body.iter_parts()
    assert text.get_content().replace("\r\n", "\n").rstrip("\n") == TEXT.rstrip("\n")
    html, image = related.iter_parts()
    assert html.get_content().rstrip("\r\n") == HTML
    assert (image["Content-ID"], image.get_content_disposition(), image.get_content()) == (
        "<logo.png>",
        "inline",
        b"\x89PNG",
    )
    assert attached.get_filename() == "conditions générales.pdf"
    assert attached.get_content() == bytes(range(256)) * 20


def test_the_servers_own_words_are_kept_whole_and_without_addresses(club: Club, start_server: StartServer) -> None:
    words = "Message for lea@example.org deferred: " + " ".join(f"reason{number}" for number in range(45))
    server = start_server(mails_in_all=0, enough=f"451 4.3.0 {words}")
    club.write("lea@example.org", "transactional")
    club.run(server)
    for table in ("email", "outbox_attempt"):
        [(error,)] = club.sql(f"SELECT error FROM {table}")
        assert words.replace("lea@", "l***@") in error
        assert "lea@" not in error
