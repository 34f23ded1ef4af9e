"""A message says what its row says, in bytes that any server takes, and is the same at every attempt."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from email_fixtures import DATED_AT, SENDER, envelope
from hypothesis import given
from hypothesis import strategies as st

from actors.email.adapters.message import Attachment, Draft, Unsendable, build, message_id
from actors.email.adapters.transaction import transparent
from actors.email.addresses import Mailbox, parse_mailbox

ME = parse_mailbox(SENDER)
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NAMES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=80)


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def assert_fit_for_the_wire(content: bytes) -> None:
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\0" not in content


def test_a_plain_message_stays_plain() -> None:
    message = parsed(envelope("Jean <jean@x.fr>", subject="Bonjour", text_body="a\nb").content)
    assert (message["Subject"], message["To"], message["From"]) == ("Bonjour", "Jean <jean@x.fr>", SENDER)
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "a\r\nb\r\n"
    assert message["Date"].datetime == DATED_AT


def test_text_html_images_and_files_are_nested_as_readers_expect() -> None:
    files = (
        Attachment("reçu.pdf", b"%PDF", "application/pdf"),
        Attachment("logo.png", b"\x89PNG", "image/png", content_id="logo"),
    )
    message = parsed(envelope("a@x.fr", text_body="é", html_body="<p>é</p>", attachments=files).content)
    assert message.get_content_type() == "multipart/mixed"
    alternative, pdf = message.iter_parts()
    assert isinstance(alternative, EmailMessage)
    assert isinstance(pdf, EmailMessage)
    text, related = alternative.iter_parts()
    assert isinstance(related, EmailMessage)
    html, image = related.iter_parts()
    kinds = [part.get_content_type() for part in (alternative, text, related, html, image, pdf)]
    assert kinds == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "application/pdf"
    ]  # fmt: skip
    assert (pdf.get_filename(), pdf.get_content(), image["Content-ID"]) == ("reçu.pdf", b"%PDF", "<logo>")


def test_a_calendar_keeps_the_method_that_mail_programs_act_on() -> None:
    file = Attachment("planning.ics", b"BEGIN:VCALENDAR", 'text/calendar; method=REQUEST; charset="utf-8"')
    part = next(parsed(envelope("a@x.fr", attachments=(file,)).content).iter_attachments())
    assert (part.get_content_type(), part["Content-Type"].params["method"]) == ("text/calendar", "REQUEST")


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("C:\\Users\\x\\facture.pdf", "facture.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"b\\".txt', '".txt'),
        ("x\r\nBcc: eve@x.fr", "xBcc: eve@x.fr"),
        ("", "attachment"),
        ("é" * 300 + ".pdf", "é" * 76 + ".pdf"),
        ("😀" * 300 + ".pdf", "😀" * 76 + ".pdf"),
    ],
)
def test_a_file_name_is_a_name_and_nothing_else(filename: str, expected: str) -> None:
    content = envelope("a@x.fr", attachments=(Attachment(filename, b"x"),)).content
    assert_fit_for_the_wire(content)
    assert next(parsed(content).iter_attachments()).get_filename() == expected
    assert parsed(content)["Bcc"] is None


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "nonsense", "a/b\r\nX: y", ""])
def test_a_content_type_that_cannot_be_is_an_unknown_file(kind: str) -> None:
    content = envelope("a@x.fr", attachments=(Attachment("f", b"x", kind),)).content
    part = next(parsed(content).iter_attachments())
    assert (part.get_content_type(), part.get_content()) == ("application/octet-stream", b"x")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text_body": None}, "neither text nor HTML"),
        ({"text_body": ""}, "neither text nor HTML"),
        ({"subject": "a\r\nBcc: eve@x.fr"}, "more than one line"),
        ({"subject": "a\nb"}, "more than one line"),
        ({"subject": "a\u2028b"}, "more than one line"),
        ({"subject": "a\0b"}, "NUL"),
        ({"text_body": "a\0b"}, "NUL"),
        ({"html_body": "\0"}, "NUL"),
        ({"text_body": "\ud800"}, "surrogate"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"reply_to": "a@x.fr\r\nBcc: eve@x.fr"}, "reply_to"),
        ({"text_body": "x" * 20_000_001}, "max_message_size"),
        ({"text_body": "é" * 8_000_000}, "max_message_size"),  # fits only before it is encoded
        ({"attachments": (Attachment("f", b"x" * 15_000_000),)}, "max_message_size"),
    ],
)
def test_a_row_that_no_server_could_be_given_says_why(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unsendable, match=reason):
        envelope("a@x.fr", **fields)


def test_five_megabytes_of_french_are_built_whole() -> None:
    body = "Ça a été une séance très agréable.\n" * 140_000
    content = envelope("a@x.fr", text_body=body).content
    assert_fit_for_the_wire(content)
    assert parsed(content).get_content().replace("\r\n", "\n") == body


def test_a_subject_of_any_length_is_folded_and_read_back() -> None:
    for subject in ("mot " * 500 + "fin", "été " * 500 + "fin", "x" * 3000, "é" * 3000, "=?utf-8?q?x?=", "a  b"):
        content = envelope("a@x.fr", subject=subject).content
        assert_fit_for_the_wire(content)
        assert (
            email.header.make_header(  # as the RFCs say, which the e-mail package's newer parser bends
                email.header.decode_header(email.message_from_bytes(content)["Subject"].replace("\r\n", ""))
            )
            == subject
        )


def test_a_name_with_a_comma_never_becomes_two_addresses() -> None:
    mailbox = Mailbox("jean@x.fr", "Dupont, Jean-Étienne, Président <eve@x.fr>, " + "é" * 60)
    content = build(Draft((mailbox,), "s", "<1@x>", DATED_AT, "t"), ME, 10**6).content
    assert [address.addr_spec for address in parsed(content)["To"].addresses] == ["jean@x.fr"]


def test_two_attempts_are_the_same_bytes() -> None:
    files = (Attachment("a.txt", b"x"),)
    first, second = (envelope("a@x.fr", html_body="<p>", attachments=files) for _ in range(2))
    assert first == second


def test_the_identity_is_the_rows_and_no_other_rows() -> None:
    rows = [
        ("club", 1, DATED_AT, None),
        ("club", 2, DATED_AT, None),
        ("other club", 1, DATED_AT, None),
        ("club", 1, datetime(2027, 1, 1, tzinfo=UTC), None),  # the same number in a database made anew
        ("club", 1, DATED_AT, "booking 1"),
    ]
    identities = [message_id(club, row, at, reference, ME) for club, row, at, reference in rows]
    assert len(set(identities)) == len(rows)
    assert identities == [message_id(club, row, at, reference, ME) for club, row, at, reference in rows]
    assert all(identity.endswith("@example.org>") for identity in identities)


@given(LINES)
def test_whatever_the_text_it_arrives_with_its_line_ends_made_equal(text: str) -> None:
    if not text:
        return
    content = envelope("a@x.fr", text_body=text).content
    assert_fit_for_the_wire(content)
    body = parsed(content).get_payload(decode=True)
    assert isinstance(body, bytes)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    assert body.decode().replace("\r\n", "\n") == expected


@given(NAMES, NAMES)
def test_whatever_the_name_and_subject_they_arrive(name: str, subject: str) -> None:
    draft = Draft((Mailbox("jean@x.fr", name),), subject, "<1@x>", DATED_AT, "t")
    content = build(draft, ME, 10**6).content
    assert_fit_for_the_wire(content)
    message = parsed(content)
    assert [address.addr_spec for address in message["To"].addresses] == ["jean@x.fr"]
    assert message["Subject"] == subject


@given(st.binary(max_size=200))
def test_no_content_can_end_the_message_before_its_end(content: bytes) -> None:
    on_the_wire = transparent(content) + b".\r\n"
    assert (b"\r\n" + on_the_wire).index(b"\r\n.\r\n") + 3 == len(on_the_wire)
    assert on_the_wire.count(b"\n") == on_the_wire.count(b"\r") == on_the_wire.count(b"\r\n")
