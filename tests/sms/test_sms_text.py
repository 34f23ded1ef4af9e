"""The alphabets, the parts and their bytes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sms.alphabet import GSM, SEPTETS, Alphabet, alphabet_of, offending, units_of, unsendable
from actors.sms.parts import ALONE, JOINED, TextRefusedError, count_parts, objection_to, segments

EMOJI = "\N{SWIMMER}"
SENDABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\n\t€^{}[]~|\\êœ’…" + EMOJI)
MOSTLY_GSM = st.sampled_from(sorted(GSM))
TEXTS = st.one_of(st.text(SENDABLE, min_size=1, max_size=400), st.text(MOSTLY_GSM, min_size=1, max_size=800)).filter(
    str.strip
)


def test_the_default_alphabet_has_127_characters_and_the_extension_ten() -> None:
    assert len([septets for septets in SEPTETS.values() if len(septets) == 1]) == 127
    assert len([septets for septets in SEPTETS.values() if len(septets) == 2]) == 10


@pytest.mark.parametrize(
    ("character", "septets"),
    [
        ("@", "00"),
        ("é", "05"),
        ("Ç", "09"),
        ("\n", "0a"),
        ("Δ", "10"),
        ("Ξ", "1a"),
        ("É", "1f"),
        (" ", "20"),
        ("¡", "40"),
        ("A", "41"),
        ("§", "5f"),
        ("¿", "60"),
        ("z", "7a"),
        ("à", "7f"),
        ("€", "1b65"),  # from here on by the extension table
        ("\f", "1b0a"),
        ("\\", "1b2f"),
    ],
)
def test_a_character_has_the_septets_of_the_standard(character: str, septets: str) -> None:
    assert SEPTETS[character].hex() == septets


@pytest.mark.parametrize(
    ("text", "alphabet", "parts"),
    [
        ("A" * 160, Alphabet.GSM7, 1),
        ("A" * 161, Alphabet.GSM7, 2),
        ("A" * 306, Alphabet.GSM7, 2),
        ("A" * 307, Alphabet.GSM7, 3),
        ("€" * 80, Alphabet.GSM7, 1),  # two septets each
        ("€" * 81, Alphabet.GSM7, 2),
        ("A" * 152 + "€" * 77, Alphabet.GSM7, 3),  # 306 septets, but the pair at the border moves on
        ("A" * 153 + "€" * 76 + "B", Alphabet.GSM7, 2),  # as many, without a pair there
        ("àéèùìòäöñü" * 16, Alphabet.GSM7, 1),  # the accents that it has
        ("ê" * 70, Alphabet.UCS2, 1),
        ("ê" * 71, Alphabet.UCS2, 2),
        ("A" * 70 + "ç", Alphabet.UCS2, 2),  # one small c with a cedilla
        (EMOJI * 35, Alphabet.UCS2, 1),
        (EMOJI * 67, Alphabet.UCS2, 3),  # 134 units, but 33 pairs in each part
        ("A" + EMOJI * 66, Alphabet.UCS2, 2),
        ("e\N{COMBINING ACUTE ACCENT}", Alphabet.UCS2, 1),  # looks like é and is not
    ],
    ids=lambda value: value[:2] if isinstance(value, str) else None,
)
def test_parts_are_counted(text: str, alphabet: Alphabet, parts: int) -> None:
    assert alphabet_of(text) is alphabet
    assert count_parts(text) == parts == len(segments(text, 1))


def test_the_bytes_of_one_part_are_those_of_a_known_pdu() -> None:
    (segment,) = segments("hellohello", 0)
    assert segment.user_data.hex() == "e8329bfd4697d9ec37"
    assert (segment.user_data_length, segment.header, segment.data_coding) == (10, b"", 0)
    assert segment.unpacked == b"hellohello"


def test_a_part_of_many_has_its_header_and_one_fill_bit() -> None:
    first, second = segments("A" * 153 + "B" * 8, 0x2A)
    assert first.header.hex() == "0500032a0201"
    assert second.header.hex() == "0500032a0202"
    assert second.packed[0] == 0x42 << 1  # one bit further than without a header
    assert (first.user_data_length, len(first.user_data)) == (160, 140)
    assert (second.user_data_length, len(second.user_data)) == (15, 14)


def test_the_bytes_of_ucs2_are_big_end_first_and_counted_in_bytes() -> None:
    first, second = segments("ê" * 66 + EMOJI * 3, 7)
    assert first.text == "ê" * 66
    assert second.packed == second.unpacked == bytes.fromhex("d83cdfca") * 3
    assert (second.data_coding, second.user_data_length) == (8, 18)
    assert (segments("ê", 0)[0].user_data_length, segments("ê", 0)[0].packed.hex()) == (2, "00ea")


@given(TEXTS)
def test_the_parts_of_any_text_are_the_text_and_each_fits(text: str) -> None:
    found = segments(text, 255)
    assert "".join(segment.text for segment in found) == text
    assert count_parts(text) == len(found)
    limit = ALONE if len(found) == 1 else JOINED
    for segment in found:
        assert 1 <= segment.units <= limit[segment.alphabet]
        assert len(segment.user_data) <= 140
        assert segment.units == units_of(segment.text, segment.alphabet)
        assert unpacked(segment.packed, len(segment.header), segment.units, segment.alphabet) == segment.unpacked


@given(TEXTS)
def test_no_part_could_have_taken_what_the_next_begins_with(text: str) -> None:
    found = segments(text, 0)
    for one, following in pairwise(found):
        assert one.units + units_of(following.text[0], one.alphabet) > JOINED[one.alphabet]


def unpacked(packed: bytes, header: int, units: int, alphabet: Alphabet) -> bytes:
    """Return the septets of packed bytes, bit by bit, as a telephone reads them."""
    if alphabet is Alphabet.UCS2:
        return packed
    fill = -header * 8 % 7
    bits = [byte >> place & 1 for byte in packed for place in range(8)][fill:]
    return bytes(sum(bits[7 * unit + place] << place for place in range(7)) for unit in range(units))


def test_what_makes_a_text_long_is_told_with_its_places() -> None:
    found = offending("Fête à Noël, fête")
    assert [(each.character, each.positions) for each in found] == [("ê", (1, 14)), ("ë", (9,))]
    assert found[0].name == "U+00EA LATIN SMALL LETTER E WITH CIRCUMFLEX"


@pytest.mark.parametrize("character", ["\0", "\x1a", "\x1b", "\x7f", "\x85", "\ud83c", "\ufffe", "\U0010ffff"])
def test_what_no_sms_can_carry_is_refused_and_named_and_not_left_out(character: str) -> None:
    text = f"cours{character} annulé"
    assert [each.positions for each in unsendable(text)] == [(5,)]
    assert not any(each.character == character for each in offending(text))
    with pytest.raises(TextRefusedError, match=f"1 character that no SMS can carry: U\\+{ord(character):04X}"):
        segments(text, 0)
    with pytest.raises(TextRefusedError):
        count_parts(text)


@pytest.mark.parametrize("text", ["", "  \n\t", "\N{NO-BREAK SPACE}"])
def test_an_empty_text_is_refused(text: str) -> None:
    assert str(objection_to(text)) == "the text is empty"


def test_a_text_of_control_characters_names_the_first_and_counts_all() -> None:
    text = "".join(map(chr, range(1, 32)))
    assert str(objection_to(text)) == ("the text holds 27 characters that no SMS can carry: U+0001, U+0002, U+0003, …")


def test_line_breaks_and_form_feeds_stay_in_the_7_bit_alphabet_and_a_tab_does_not() -> None:
    assert alphabet_of("a\r\nb\fc") is Alphabet.GSM7
    assert alphabet_of("a\tb") is Alphabet.UCS2


def test_more_parts_than_a_byte_can_number_are_refused() -> None:
    assert len(segments("A" * 153 * 255, 0)) == 255
    with pytest.raises(TextRefusedError, match="256 SMS in a row, more than the 255 allowed"):
        segments("A" * (153 * 255 + 1), 0)


def test_a_segment_shows_no_text() -> None:
    assert "secret" not in repr(segments("secret", 0))
