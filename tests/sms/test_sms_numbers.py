"""Numbers: what is read, what is refused and why, and that none is shown."""

import re
import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sms.numbers import NumberRefusedError, mask, to_e164


@pytest.mark.parametrize(
    "text",
    [
        "0612345671",
        "06 12 34 56 71",
        "06.12.34.56.71",
        "06-12-34-56-71",
        "06/12/34/56/71",  # a slash alone does not make several
        "06\N{NO-BREAK SPACE}12\N{NARROW NO-BREAK SPACE}34 56 71",
        "06\N{NON-BREAKING HYPHEN}12\N{EN DASH}34 56 71",
        " (06) 12 34 56 71\n",
        "+33612345671",
        "+33 (0)6 12 34 56 71",
        "+330612345671",
        "0033612345671",
        "0033 (0) 612345671",
        "33612345671",  # what programs store who drop the plus
        "612345671",  # what spreadsheets make of it
        "\N{LEFT-TO-RIGHT EMBEDDING}+33 6 12 34 56 71\N{POP DIRECTIONAL FORMATTING}",  # copied from a telephone
        "０６１２３４５６７１",
    ],
)
def test_a_french_mobile_is_read_however_it_is_written(text: str) -> None:
    assert to_e164(text, "FR") == "+33612345671"


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("0690 20 12 57", "+590690201257"),
        ("0691 31 23 45", "+590691312345"),
        ("0694 21 23 57", "+594694212357"),
        ("0696 21 23 57", "+596696212357"),
        ("0697 21 23 57", "+596697212357"),
        ("0692 12 34 57", "+262692123457"),
        ("0693 12 34 57", "+262693123457"),
        ("0639 01 23 57", "+262639012357"),  # Mayotte
        ("0709 10 12 34", "+596709101234"),  # the ranges of 2023
        ("+33 690 20 12 57", "+590690201257"),  # not a number of +33: what a program made of 0690
        ("+590 690 20 12 57", "+590690201257"),
        ("00262 692 12 34 57", "+262692123457"),
        ("0752345671", "+33752345671"),
    ],
)
@pytest.mark.parametrize("country", ["FR", "GP", "RE", "MQ", "GF", "YT"])
def test_french_mobiles_have_the_code_of_their_department_wherever_the_club_is(
    text: str, e164: str, country: str
) -> None:
    assert to_e164(text, country) == e164


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("+49 151 12345671", "FR", "+4915112345671"),
        ("0049 151 12345671", "FR", "+4915112345671"),
        ("+32 470 12 34 57", "FR", "+32470123457"),
        ("+1 202 555 0143", "FR", "+12025550143"),  # cannot be told from a landline there
        ("0470 12 34 57", "BE", "+32470123457"),
        ("06 12 34 56 71", "BE", None),
        ("74 21 23", "NC", "+687742123"),  # six digits are a whole number there
        ("87 12 34 57", "PF", "+68987123457"),
        ("55 12 35", "PM", "+508551235"),
        ("+33612345671", "XX", "+33612345671"),
    ],
)
def test_foreign_mobiles_are_read_in_their_international_form(text: str, country: str, e164: str | None) -> None:
    if e164 is None:
        with pytest.raises(NumberRefusedError):
            to_e164(text, country)
    else:
        assert to_e164(text, country) == e164


def test_no_number_of_the_french_plan_is_a_mobile_under_two_codes() -> None:
    """What reading 0690 as +590 stands on: the program refuses the number where this should ever fail."""
    mobile = phonenumbers.PhoneNumberType.MOBILE
    for prefix in range(60_000, 80_000, 7):
        number = prefix * 10_000 + 1357
        found = [
            code
            for code in (33, 262, 590, 594, 596)
            if phonenumbers.number_type(phonenumbers.PhoneNumber(country_code=code, national_number=number)) == mobile
        ]
        assert len(found) <= 1, (prefix, found)


LANDLINE = "a landline, which takes no SMS"
SPECIAL = "a special number (free, shared or premium), which takes no SMS"
SHORT = "a short number, which takes no SMS from a club"
PLACEHOLDER = "a number that is typed when there is none: ask the member for theirs"
SEVERAL = "several numbers in one field: write one row for each"
SIGNS = "holds letters or signs that no number has"
UNASSIGNED = "no operator has given out numbers that begin like this"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("01 42 34 56 71", LANDLINE),
        ("0590 20 12 57", LANDLINE),  # Guadeloupe
        ("+49 30 12345671", LANDLINE),
        ("09 12 34 56 71", "the line of an internet box, which takes no SMS"),
        ("0800 12 34 57", SPECIAL),
        ("0899 12 34 57", SPECIAL),
        ("36111", SHORT),
        ("3639", SHORT),
        ("112", SHORT),
        ("118 218", SHORT),
        ("06 00 00 00 00", PLACEHOLDER),
        ("06 12 34 56 78", PLACEHOLDER),
        ("06 66 66 66 66", PLACEHOLDER),
        ("06 06 06 06 06", PLACEHOLDER),
        ("06 87 65 43 21", PLACEHOLDER),
        ("+33 6 11 11 11 11", PLACEHOLDER),
        ("00 00 00 00 00", PLACEHOLDER),
        ("01 23 45 67 89", PLACEHOLDER),
        ("0690 00 00 00", PLACEHOLDER),
        ("+262 692 12 34 56", PLACEHOLDER),
        ("06 17 34 56", "too few digits"),
        ("06", SHORT),
        ("06 12 34 56 71 9", "too many digits for a national number: foreign ones begin with + or 00"),
        ("49 151 12345671", "too many digits for a national number: foreign ones begin with + or 00"),
        ("+33 6 12 34 56 71 9", "too many digits"),
        ("+" + "49151234567" * 20, "too many digits"),
        ("06 12 AB 56 71", SIGNS),
        ("06 12 34 56 71 (mère)", SIGNS),
        ("06 12 34 56 71 poste 2", SIGNS),
        ("*123#", SIGNS),
        ("06+12345671", SIGNS),
        ("06 12 34 56 71 / 07 52 34 56 71", SEVERAL),
        ("0612345671;0752345671", SEVERAL),
        ("0612345671 ou 0752345671", SEVERAL),
        ("0612345671\n0752345671", SEVERAL),
        ("06123456710752345671", SEVERAL),
        ("07 12 34 56 71", UNASSIGNED),
        ("07 00 01 23 45", UNASSIGNED),  # machines
        ("06 39 98 12 34", UNASSIGNED),  # kept free for films
        ("+999 123456789", "no country has this code: foreign numbers begin with + or 00 and the country's code"),
        ("", "no number"),
        ("  ", "no number"),
        ("+", "no number"),
    ],
)
def test_a_number_that_takes_no_sms_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NumberRefusedError) as refused:
        to_e164(text, "FR")
    assert str(refused.value) == reason


def test_national_numbers_of_an_unknown_country_are_refused() -> None:
    with pytest.raises(NumberRefusedError, match="nothing is known of national numbers in the club's country"):
        to_e164("0612345671", "XX")


@given(st.text(alphabet="0123456789 +().-/;\N{NO-BREAK SPACE}a", max_size=30) | st.text(max_size=30))
def test_any_text_is_a_whole_number_or_a_reason_that_shows_none(text: str) -> None:
    try:
        e164 = to_e164(text, "FR")
    except NumberRefusedError as refused:
        said = str(refused)
    else:
        said = ""
        assert re.fullmatch(r"\+[1-9]\d{6,14}", e164)
        assert to_e164(e164, "FR") == e164
    assert not re.search(r"\d{4}", said)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+33612345678", "+33 6 ** ** ** 78"),
        ("+590690201257", "+590 690 ** ** 57"),
        ("+4915112345671", "+49 ********* 71"),
        ("06 12 34 56 78", "** 78"),  # as typed
        ("36111", "**"),
        ("jean@example.org", "**"),
        ("", "**"),
    ],
)
def test_a_masked_number_tells_its_country_and_end(number: str, masked: str) -> None:
    assert mask(number) == masked


def test_phonenumbers_is_loaded_only_when_a_number_is_read() -> None:
    program = (
        "import sys; from actors.sms import numbers; numbers.mask('+33612345678');"
        "before = 'phonenumbers' in sys.modules; numbers.to_e164('0612345671', 'FR');"
        "print(before, 'phonenumbers' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    assert found.stdout.split() == ["False", "True"]
