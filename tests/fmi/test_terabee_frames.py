"""The frames of a Terabee sensor: however they arrive, and whatever is between them."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_simulators import count_long, count_short, heartbeat, swipe_heartbeat

from actors.fmi.drivers.driver import Totals
from actors.fmi.drivers.listening import Heard
from actors.fmi.drivers.terabee import TerabeeDecoder, crc8

Form = Callable[[int, int], bytes]
FORMS = st.sampled_from([count_long, count_short])
COUNTS = st.tuples(st.integers(0, 65_535), st.integers(0, 65_535))


def decoded(stream: bytes, *cuts: int) -> Heard:
    """Return all that is found in a stream that arrives in pieces."""
    decoder = TerabeeDecoder()
    heard = Heard()
    for start, stop in zip((0, *cuts), (*cuts, len(stream)), strict=True):
        one = decoder.feed(stream[start:stop])
        heard = Heard(heard.counts + one.counts, heard.signs + one.signs, heard.skipped + one.skipped)
    return heard


@pytest.mark.parametrize(
    ("command", "check"),
    [
        ("313233343536373839", 0xF4),  # the usual check word of CRC-8
        ("00550800000000", 0x7C),  # reset of the counters
        ("006101", 0xE7),  # parameters, binary
        ("006102", 0xEE),  # parameters, text
        ("00210A", 0x8D),  # mode BPTD
        ("00550900000000", 0x1E),  # reset of presence
        ("001102", 0x4C),  # binary mode, from the maker's program
        # 00 11 07 AE of the manual is left out: AE is the check of 00 21 07, and the line a misprint
    ],
)
def test_the_check_is_that_of_the_manual(command: str, check: int) -> None:
    assert crc8(bytes.fromhex(command)) == check


@given(st.lists(COUNTS, max_size=8), FORMS, st.lists(st.integers(0, 2000), max_size=30), st.data())
def test_any_cut_of_the_stream_gives_the_same(
    counts: list[tuple[int, int]], count: Form, noise: list[int], data: st.DataObject
) -> None:
    """Noise too: what is skipped depends on the bytes alone."""
    stream = bytearray(b"".join(heartbeat() + count(*pair) for pair in counts) + heartbeat() * 3)
    for place in noise:
        stream.insert(place % len(stream), place % 256)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    assert decoded(bytes(stream), *cuts) == decoded(bytes(stream))


@given(st.lists(COUNTS, max_size=20), FORMS)
def test_a_sound_stream_is_told_whole(counts: list[tuple[int, int]], count: Form) -> None:
    heard = decoded(heartbeat() + b"".join(count(*pair) + heartbeat() for pair in counts) + heartbeat() * 3)
    assert heard.counts == tuple(Totals(*pair, bits=16) for pair in counts)
    assert (heard.signs, heard.skipped) == (len(counts) + 3, 0)


@given(st.lists(COUNTS, min_size=1, max_size=30), FORMS, st.integers(0, 2**32))
def test_noise_loses_only_the_frames_it_hits(counts: list[tuple[int, int]], count: Form, seed: int) -> None:
    """Three frames in a hundred and more are damaged: what is told was said, in order, and what was whole is told."""
    rng = random.Random(seed)
    stream, whole = bytearray(heartbeat() * 2), []
    for pair in counts:
        frame = bytearray(count(*pair))
        if rng.random() < 0.2:
            frame[rng.randrange(2, len(frame))] ^= 1 << rng.randrange(8)  # a CRC-8 finds every single bit
        else:
            whole.append(Totals(*pair, bits=16))
        stream += frame + heartbeat() * 3
    assert list(decoded(bytes(stream)).counts) == whole


def test_random_bytes_are_nobody() -> None:
    """Seeds are fixed: a chance of 2^-40 for each byte is no reason for a test to fail some day."""
    rng = random.Random(17)
    heard = decoded(rng.randbytes(1_000_000), *range(0, 1_000_000, 4096))
    assert heard.counts == ()
    assert heard.signs == 0
    assert heard.skipped > 999_900


@given(st.binary(max_size=300))
def test_every_byte_is_told_of_or_waited_with(stream: bytes) -> None:
    """Nothing is taken twice, and no more is kept back than one frame may still need."""
    heard = decoded(stream)
    if not heard.counts and not heard.signs:
        assert len(stream) - 60 <= heard.skipped <= len(stream)


def test_a_damaged_long_frame_is_no_short_one() -> None:
    """The one in ten thousand that CRC-8 alone lets through: a damaged long frame whose first 11 bytes check."""
    rng = random.Random(3)
    passing = 0
    for _ in range(60_000):
        frame = bytearray(b"PC" + rng.randbytes(9))
        frame[10] = crc8(frame[:10])
        entries, exits = int.from_bytes(frame[6:8]), int.from_bytes(frame[8:10])
        assert crc8(frame) == 0
        if (entries - exits - int.from_bytes(frame[2:6])) & 0xFFFF:
            passing += bool(decoded(bytes(frame) + b"\xff\xff\xff\xff" + heartbeat()).counts)
    assert passing == 0


def test_the_form_is_locked_and_the_other_one_is_noise() -> None:
    stream = b"".join(count_long(number, 0) for number in range(3)) + count_short(9, 0) + count_long(4, 0)
    heard = decoded(stream + heartbeat() * 3)
    assert [each.entries for each in heard.counts if isinstance(each, Totals)] == [0, 1, 2, 4]
    assert heard.skipped == 11


@pytest.mark.parametrize(("first", "then"), [(count_long, count_short), (count_short, count_long)])
def test_another_sensor_on_the_same_port_is_heard_after_three_frames(first: Form, then: Form) -> None:
    stream = b"".join(first(number, 0) for number in range(4)) + b"".join(then(number, 1) for number in range(5, 10))
    heard = decoded(stream + heartbeat() * 3)
    assert [each.entries for each in heard.counts if isinstance(each, Totals)] == [0, 1, 2, 3, 7, 8, 9]


def test_a_heartbeat_amid_noise_is_no_sign_of_life() -> None:
    """Random bytes hold a right heartbeat every half hour: the sensor would be alive, and its number known."""
    assert decoded((heartbeat() + b"?") * 10).signs == 0
    assert decoded(heartbeat() * 10).signs == 9
    assert decoded(swipe_heartbeat() * 10).signs == 9


@given(st.integers(0, 65_535), st.integers(0, 65_535), st.integers(0, 2**32 - 1))
def test_counters_that_wrapped_keep_their_check(entries: int, exits: int, people: int) -> None:
    """The sensor may keep its difference over the wrap of both others: it agrees with them modulo 65,536."""
    counter = (people & 0xFFFF0000) | ((entries - exits) & 0xFFFF)
    frame = b"PC" + (7).to_bytes(4) + counter.to_bytes(4) + entries.to_bytes(2) + exits.to_bytes(2)
    assert decoded(frame + bytes((crc8(frame),)) + heartbeat() * 2).counts == (Totals(entries, exits, 16),)


def test_the_port_gathers_the_longer_form_until_a_sensor_has_shown_the_shorter_three_times() -> None:
    decoder = TerabeeDecoder()
    gathered = []
    for people in range(4):
        gathered.append(decoder.count_length)
        decoder.feed(count_short(people, 0) + heartbeat())
    assert gathered == [15, 15, 15, 11]
