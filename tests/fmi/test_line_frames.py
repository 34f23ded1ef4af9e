"""Lines of text as a counter: whole lines alone mean something."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.fmi.drivers.driver import Passages, Totals
from actors.fmi.drivers.line import LineDecoder
from actors.fmi.drivers.listening import Heard
from actors.fmi.drivers.settings import LineSettings
from config.problem import ValueRefusedError

TOTALS = r"(?P<entries>[0-9]+),(?P<exits>[0-9]+)"


def settings(**keys: Any) -> LineSettings:
    return LineSettings(driver="line", port="/dev/ttyUSB0", **keys)


def decoded(stream: bytes, *cuts: int, **keys: Any) -> Heard:
    decoder = LineDecoder(settings(**keys))
    heard = Heard()
    for start, stop in zip((0, *cuts), (*cuts, len(stream)), strict=True):
        one = decoder.feed(stream[start:stop])
        heard = Heard(heard.counts + one.counts, heard.signs + one.signs, heard.skipped + one.skipped)
    return heard


@pytest.mark.parametrize(
    ("stream", "counts"),
    [
        (b"IN\r\n", (Passages(entries=1),)),
        (b"OUT\rIN\n", (Passages(exits=1), Passages(entries=1))),
        (b"IN 3\n", (Passages(entries=3),)),  # a group of people in one line
        (b"\x00 IN \t\n", (Passages(entries=1),)),  # blanks and zeros around it
        (b"IN", ()),  # not whole yet
        (b"xIN\n", ()),  # a pattern is the whole line
        (b"IN 2000\n", ()),  # more people than a door lets through
        (b"\n\r\n\n", ()),
    ],
)
def test_a_line_is_a_passage(stream: bytes, counts: tuple[Passages, ...]) -> None:
    assert decoded(stream, entry=r"IN(?: (?P<count>[0-9]+))?", exit="OUT").counts == counts


def test_the_first_line_of_totals_may_be_half_a_number() -> None:
    """A port opened in the middle of `123,45` would read 3,45: 120 people gone."""
    assert decoded(b"3,45\n124,45\n", totals=TOTALS).counts == (Totals(124, 45, 0),)


def test_a_passage_in_the_first_line_counts() -> None:
    """It would be lost: nobody says it again."""
    assert decoded(b"IN\n", entry="IN").counts == (Passages(entries=1),)


@pytest.mark.parametrize("line", [b"65536,1", b"99999999999,0", b"12;13", b"12,1x3", b"-1,4"])
def test_totals_that_cannot_be_are_noise(line: bytes) -> None:
    heard = decoded(b"\n1,1\n" + line + b"\n2,1\n", totals=TOTALS, bits=16)
    assert heard.counts == (Totals(2, 1, 16),)
    assert heard.skipped == len(line) + 3  # and the first line


def test_totals_of_one_direction_have_no_other() -> None:
    assert decoded(b"x\nE=17\n", totals="E=(?P<entries>[0-9]+)").counts == (Totals(17, 0, 0),)


def test_a_line_without_people_may_be_a_sign_of_life() -> None:
    heard = decoded(b"tick\ntick\nIN\n", entry="IN", alive="tick")
    assert (heard.signs, heard.counts, heard.skipped) == (2, (Passages(entries=1),), 0)


def test_what_never_ends_a_line_is_noise_and_is_not_kept() -> None:
    decoder = LineDecoder(settings(entry="IN"))
    assert sum(decoder.feed(b"IN" * 500).skipped for _ in range(100)) == 100_000
    assert decoder.feed(b"IN\n").counts == ()
    assert decoder.feed(b"IN\n").counts == (Passages(entries=1),)


@given(st.text("IN,OUT 0123456789\r\n\x00é", max_size=600), st.data())
def test_any_cut_of_the_stream_gives_the_same(text: str, data: st.DataObject) -> None:
    stream = text.encode("latin-1")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    keys = {"entry": "IN", "exit": "OUT", "totals": TOTALS}
    assert decoded(stream, *cuts, **keys) == decoded(stream, **keys)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_an_error(stream: bytes) -> None:
    heard = decoded(stream, entry="IN", totals=TOTALS, alive=".")
    assert heard.skipped <= len(stream)


@pytest.mark.parametrize(
    "keys",
    [
        {},  # no line means anything
        {"entry": "("},  # no regular expression
        {"totals": "[0-9]+"},  # no group
        {"entry": "I" * 201},  # longer than anybody reads
        {"entry": "IN", "bits": 12},
        {"entry": "IN", "baud": 1},
        {"entry": "IN", "stop_bits": 3},
    ],
)
def test_patterns_that_cannot_work_are_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueRefusedError):
        settings(**keys)
