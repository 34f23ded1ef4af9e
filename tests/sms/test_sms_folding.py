"""Folding and what `sms count` tells."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sms.alphabet import GSM, Alphabet
from actors.sms.folding import Replacement, fold, near
from actors.sms.parts import count_parts
from actors.sms.reckoning import folded_if_cheaper, lines_of, reckon

LONG = "Bonjour, le cours d’aquagym de samedi est annulé. Votre séance est reportée à la fête de Noël…"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("être, ça, œuvre, Œuf, Noël, août, ÎLE", "etre, ca, oeuvre, OEuf, Noel, aout, ILE"),
        ("l’été « ici » – et “là”…", 'l\'été " ici " - et "là"...'),  # what the alphabet has stays as it is
        ("12\N{NARROW NO-BREAK SPACE}h\N{NO-BREAK SPACE}30", "12 h 30"),
        ("25° à 3 m²", "25o à 3 m2"),
        ("À BIENTÔT", "A BIENTOT"),
        ("e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}", "été"),  # the letter that was meant
        ("a\tb", "a b"),
        ("10\N{ZERO WIDTH SPACE}€ [x]", "10€ [x]"),
        ("ﬁn", "fin"),
        ("Привет \N{SWIMMER}", "Привет \N{SWIMMER}"),  # nothing is near: nothing is guessed
        ("a\0b\ud800", "a\0b\ud800"),  # refused elsewhere, not hidden here
    ],
)
def test_a_text_is_folded(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_every_replacement_is_told_once_with_how_often() -> None:
    assert fold("ça gêne, ça").replacements == (Replacement("ç", "c", 2), Replacement("ê", "e", 1))
    assert fold("déjà là").replacements == ()


def test_marks_that_were_joined_to_their_letter_are_told_too() -> None:
    assert fold("e\N{COMBINING ACUTE ACCENT}").replacements == (Replacement("\N{COMBINING ACUTE ACCENT}", "", 1),)


@given(st.text(max_size=80))
def test_folding_is_told_wherever_it_changes_and_changes_nothing_twice(text: str) -> None:
    once = fold(text)
    assert bool(once.replacements) == (once.text != text)
    assert fold(once.text).text == once.text


@given(st.characters())
def test_what_is_near_is_in_the_alphabet_or_the_character_itself(character: str) -> None:
    by = near(character)
    assert by == character or GSM.issuperset(by)


@pytest.mark.parametrize("letter", "âêîôûëïÿçÀÂÈÊËÎÏÔÙÛŸœŒ")
def test_every_french_letter_outside_the_alphabet_has_a_near_one(letter: str) -> None:
    assert near(letter).isascii()
    assert near(letter)[0] == unicodedata.normalize("NFD", letter.replace("œ", "o").replace("Œ", "O"))[0]


def test_folding_is_used_only_where_it_saves_a_part() -> None:
    assert folded_if_cheaper("ça gêne") == "ça gêne"
    assert folded_if_cheaper(LONG) == fold(LONG).text
    with_emoji = LONG + "\N{SWIMMER}"
    assert folded_if_cheaper(with_emoji) == with_emoji  # stays 16 bits: a worse text at the same price
    assert folded_if_cheaper("\0" + LONG) == "\0" + LONG


def test_a_reckoning_says_parts_room_culprits_and_savings() -> None:
    found = reckon(LONG)
    assert (found.alphabet, found.parts, found.units, found.room) == (Alphabet.UCS2, 2, len(LONG), 134 - len(LONG))
    assert [each.character for each in found.offending] == ["’", "ê", "ë", "…"]
    assert found.saving is not None
    assert (found.saving.parts_before, found.saving.parts, found.saving.left) == (2, 1, ())
    assert [str(line) for line in lines_of(found)] == [
        "2 SMS in a row: 94 characters, 94 of the 16-bit alphabet; room for 40 more",
        "because of «’» (U+2019 RIGHT SINGLE QUOTATION MARK), at 20",
        "because of «ê» (U+00EA LATIN SMALL LETTER E WITH CIRCUMFLEX), at 83",
        "because of «ë» (U+00EB LATIN SMALL LETTER E WITH DIAERESIS), at 92",
        "because of «…» (U+2026 HORIZONTAL ELLIPSIS), at 94",
        "with near characters instead it would make 1 SMS, not 2",
        "U+00EA LATIN SMALL LETTER E WITH CIRCUMFLEX would become «e», 1 time",
        "U+00EB LATIN SMALL LETTER E WITH DIAERESIS would become «e», 1 time",
        "U+2019 RIGHT SINGLE QUOTATION MARK would become «'», 1 time",
        "U+2026 HORIZONTAL ELLIPSIS would become «...», 1 time",
    ]


def test_a_plain_text_is_one_line() -> None:
    assert [str(line) for line in lines_of(reckon("à demain"))] == [
        "1 SMS: 8 characters, 8 of the 7-bit alphabet; room for 152 more"
    ]


def test_a_text_that_saves_nothing_says_so() -> None:
    assert "near characters instead would save nothing" in map(str, lines_of(reckon("ça va")))


def test_the_room_of_the_last_part_counts_what_pairs_left_unused() -> None:
    assert reckon("A" * 152 + "€" * 77).room == 153 - 2  # 152, 76 pairs, 1 pair
    assert reckon("A" * 160).room == 0
    assert reckon("A" * 306).room == 0


def test_a_text_that_cannot_be_sent_says_why_and_where() -> None:
    found = reckon("un\0deux\0")
    assert (found.parts, found.saving) == (None, None)
    assert [str(line) for line in lines_of(found)] == [
        "this cannot be sent: the text holds 2 characters that no SMS can carry: U+0000",
        "U+0000 at 3, 8 cannot be sent",
    ]


def test_a_text_above_the_limit_has_its_parts_and_the_reason() -> None:
    found = reckon("x" * 2000, most_parts=6)
    assert found.parts == count_parts("x" * 2000) == 14
    assert str(found.objection) == "the text makes 14 SMS in a row, more than the 6 allowed"


def test_a_reckoning_of_any_length_is_told() -> None:
    assert reckon("€" * 100_000, most_parts=6).parts == 1316
