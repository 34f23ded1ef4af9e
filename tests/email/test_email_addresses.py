"""Addresses are read out of whatever another program wrote, and what is wrong is said."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.email.addresses import AddressError, Mailbox, parse_mailbox, parse_recipients


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        ("jean@example.org", "jean@example.org", ""),
        ("  jean@EXAMPLE.org ", "jean@example.org", ""),  # the domain knows no case
        ("Jean@example.org", "Jean@example.org", ""),  # what stands before the @ may
        ("Jean Dupont <jean@example.org>", "jean@example.org", "Jean Dupont"),
        ('"Dupont, Jean" <jean@example.org>', "jean@example.org", "Dupont, Jean"),
        (r'"Jean \"Jeannot\"" <jean@example.org>', "jean@example.org", 'Jean "Jeannot"'),
        ("<jean@example.org>", "jean@example.org", ""),
        ("jean@café.fr", "jean@xn--caf-dma.fr", ""),  # IDNA
        ("jean@faß.de", "jean@xn--fa-hia.de", ""),  # IDNA 2008, where 2003 made "fass" of it
        ("rene\u0301@x.fr", "rené@x.fr", ""),  # NFC
        ("jean+club@x.fr", "jean+club@x.fr", ""),
        ("o'neill@x.fr", "o'neill@x.fr", ""),
        ('"jean dupont"@x.fr', '"jean dupont"@x.fr', ""),
        ("jean@[192.0.2.1]", "jean@[192.0.2.1]", ""),
        ("jean@localhost", "jean@localhost", ""),
    ],
)
def test_an_address_is_made_fit_for_the_envelope(text: str, address: str, name: str) -> None:
    assert parse_mailbox(text) == Mailbox(address, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jean",
        "jean@",
        "@example.org",
        "jean@example..org",
        "jean@-example.org",
        "jean@exa mple.org",
        "je an@example.org",
        "jean..dupont@example.org",
        ".jean@example.org",
        "jean@example.org\0",
        "je\0an@example.org",
        "jean@example.org> <eve@example.org",
        "Jean\r\nBcc: eve@example.org <jean@example.org>",  # header injection
        "jean@example.org\r\nRCPT TO:<eve@example.org>",  # command injection
        "je\u202ean@example.org",  # turns the reading direction around
        "a" * 65 + "@example.org",
        "jean@" + "a." * 130 + "org",
        "jean@" + "é" * 80 + ".fr",
        "+33612345678",
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_mailbox(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "addresses", "wrong"),
    [
        ("a@x.fr,b@x.fr;c@x.fr\nd@x.fr\r\ne@x.fr", ["a@x.fr", "b@x.fr", "c@x.fr", "d@x.fr", "e@x.fr"], 0),
        (" a@x.fr ;; , ", ["a@x.fr"], 0),
        ("a@x.fr, A <a@X.FR>", ["a@x.fr"], 0),  # each once
        ('"Martin, Zoé" <z@x.fr>, b@x.fr', ["z@x.fr", "b@x.fr"], 0),
        ("a@x.fr, nobody, b@x.fr", ["a@x.fr", "b@x.fr"], 1),
        ('a@x.fr\n"open, b@x.fr\nc@x.fr', ["a@x.fr", "c@x.fr"], 1),  # a typing error spoils its line only
        ("a@x.fr\n<open@x.fr\nc@x.fr", ["a@x.fr", "c@x.fr"], 1),
    ],
)
def test_several_recipients_are_told_apart(text: str, addresses: list[str], wrong: int) -> None:
    found = parse_recipients(text, 50)
    assert [mailbox.address for mailbox in found.mailboxes] == addresses
    assert len(found.wrong) == wrong


@pytest.mark.parametrize("text", ["", " ", "\0", ";,\n", "nobody"])
def test_a_row_without_any_address_says_so(text: str) -> None:
    with pytest.raises(AddressError):
        parse_recipients(text, 50)


def test_ten_thousand_recipients_are_refused_because_all_would_read_each_other() -> None:
    with pytest.raises(AddressError, match="more than 50 recipients"):
        parse_recipients(",".join(f"a{number}@x.fr" for number in range(10_000)), 50)


@pytest.mark.parametrize(
    "text", ['"' * 2_000_000, "<" * 2_000_000, '"\\' * 1_000_000, "a" * 2_000_000, '"a"<' * 500_000, "é@" * 1_000_000]
)
def test_two_million_characters_of_nonsense_are_read_in_a_blink(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(AddressError):
        parse_recipients(text, 50)
    assert time.monotonic() - started < 5


@given(st.text())
def test_whatever_the_text_an_address_never_holds_what_would_end_a_line_or_a_bracket(text: str) -> None:
    try:
        found = parse_recipients(text, 50)
    except AddressError:
        return
    for mailbox in found.mailboxes:
        assert not set(mailbox.address) & set("\r\n\0<>")
        assert mailbox.name.isprintable()
        assert parse_mailbox(mailbox.address).address == mailbox.address
