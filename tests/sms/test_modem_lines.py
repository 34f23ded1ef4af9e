"""Lines are told whole and once, however bytes come; a prompt is told from everything else."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.sms.adapters.modem.lines import LineReader

NOISE = st.binary(max_size=60)


def cut_up(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(ends)]


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=20))
def test_the_pieces_in_which_bytes_come_change_nothing(data: bytes, places: list[int]) -> None:
    whole, pieces = LineReader(), LineReader()
    expected = whole.feed(data)
    assert [line for piece in cut_up(data, places) for line in pieces.feed(piece)] == expected
    assert whole.take_prompt() == pieces.take_prompt()


@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80), max_size=10))
def test_every_line_is_told_once_and_in_order(lines: list[str]) -> None:
    assert LineReader().feed("".join(f"\r\n{line}\r\n" for line in lines).encode()) == lines


@given(NOISE, st.sampled_from(["OK", "+CMGS: 12", "+CMS ERROR: 500"]))
def test_a_line_after_noise_is_told(noise: bytes, line: str) -> None:
    assert LineReader().feed(noise + b"\r\n" + line.encode() + b"\r\n")[-1] == line


@given(st.sampled_from([b"+CMGS: 12", b"+CMS ERROR: 500", b"OK"]), st.integers(0, 20))
def test_a_line_without_its_end_is_not_told(line: bytes, length: int) -> None:
    assert LineReader().feed(b"\r\n" + line[:length]) == []


@given(st.binary(max_size=5_000))
def test_no_line_has_an_end_in_it_and_what_is_kept_has_a_bound(data: bytes) -> None:
    reader = LineReader()
    for line in reader.feed(data * 3):
        assert line
        assert re.search(r"[\r\n]", line) is None
    assert len(reader._rest) <= 4096


@given(NOISE)
def test_a_prompt_stands_alone_at_the_beginning_of_a_line(noise: bytes) -> None:
    reader = LineReader()
    reader.feed(noise + b"\r\n> ")
    assert reader.take_prompt()
    assert not reader.take_prompt()
    reader.feed(b"x> ")
    assert not reader.take_prompt()


def test_a_prompt_with_more_after_it_is_a_line() -> None:
    reader = LineReader()
    assert reader.feed(b"\r\n> 0011") == []
    assert not reader.take_prompt()
    assert reader.feed(b"\r\n") == ["> 0011"]
