"""Durations, times of day and sizes are read exactly, or refused with what to write."""

import re
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.problem import ValueRefusedError
from config.units import (
    DURATION_PATTERN,
    SIZE_PATTERN,
    TIME_PATTERN,
    format_duration,
    format_size,
    format_time_of_day,
    parse_duration,
    parse_size,
    parse_time_of_day,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5min", 300),
        ("1h", 3600),
        ("1h30min", 5400),
        ("1h 30min", 5400),  # a space between parts
        ("30 s", 30),  # a space before the unit
        ("500ms", 0.5),
        ("2d", 172_800),
        ("0s", 0),
        ("90min", 5400),  # more than the next unit holds
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("30", 'write the unit (d, h, min, s, ms), as in "30s"'),
        ("30m", 'write "30min"'),  # a minute or a month
        ("30S", 'write "30s"'),
        ("5 minutes", 'write "5min"'),
        ("2 jours", 'write "2d"'),
        ("3w", "the units are d, h, min, s, ms"),
        ("30min1h", 'write it as in "1h30min"'),  # from the shortest
        ("1h1h", 'write it as in "1h30min"'),  # twice
        ("", 'write a whole number and its unit (d, h, min, s, ms), as in "30s", "5min" or "1h30min"'),
        ("1.5h", 'write the unit (d, h, min, s, ms), as in "1s"'),  # no fractions: 1h30min
        ("-5s", 'write a whole number and its unit (d, h, min, s, ms), as in "30s", "5min" or "1h30min"'),
        ("٣s", 'write a whole number and its unit (d, h, min, s, ms), as in "30s", "5min" or "1h30min"'),
        ("9999999999999999999999999999999999999999d", None),  # beyond what a timedelta holds
        ("3661d", None),
    ],
)
def test_a_wrong_duration_is_refused_with_what_to_write(text: str, advice: str | None) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        parse_duration(text)
    assert (str(refused.value.suggestion) if refused.value.suggestion else None) == advice


@given(st.integers(0, 3660 * 86_400_000).map(lambda ms: timedelta(milliseconds=ms)))
def test_a_duration_written_is_read_back(value: timedelta) -> None:
    text = format_duration(value)
    assert parse_duration(text) == value
    assert re.match(DURATION_PATTERN, text)


@pytest.mark.parametrize("text", ["1h 30min", "5min", "500ms", "1d2h3min4s5ms"])
def test_the_schemas_pattern_takes_durations(text: str) -> None:
    assert re.match(DURATION_PATTERN, text)


@pytest.mark.parametrize("text", ["", "30", "30m", "30min1h", "1.5h"])
def test_the_schemas_pattern_refuses_what_is_no_duration(text: str) -> None:
    assert re.match(DURATION_PATTERN, text) is None


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)))
def test_a_time_of_day_written_is_read_back(value: time) -> None:
    text = format_time_of_day(value)
    assert parse_time_of_day(text) == value
    assert re.match(TIME_PATTERN, text)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("8:00", "08:00"),
        ("8h", "08:00"),
        ("20h30", "20:30"),
        ("20.15", "20:15"),
        ("24:00", "23:00"),  # no such minute: the example is only an example
        ("12:60", "23:00"),
        ("12:30:00", "23:00"),
        ("noon", "23:00"),
        ("", "23:00"),
    ],
)
def test_a_wrong_time_of_day_is_refused_with_the_one_meant(text: str, example: str) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        parse_time_of_day(text)
    assert str(refused.value.suggestion) == f'write hours and minutes, 00:00 to 23:59, as in "{example}"'


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2_000_000_000),
        ("2GiB", 2_147_483_648),
        ("1.5MB", 1_500_000),
        ("10kB", 10_000),
        ("10 KiB", 10_240),
        ("0B", 0),
        ("3TB", 3_000_000_000_000),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert re.match(SIZE_PATTERN, text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("2", 'write the unit, as in "2MB"'),
        ("2gb", 'write "2GB"'),
        ("2Go", 'write "2GB"'),  # French: octets
        ("2Kib", 'write "2KiB"'),
        ("2XB", "the units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"),
        ("big", 'write a number and its unit, as in "500MB" or "2GB"'),
        ("-1MB", 'write a number and its unit, as in "500MB" or "2GB"'),
        ("1.0001kB", None),  # a tenth of a byte
    ],
)
def test_a_wrong_size_is_refused_with_what_to_write(text: str, advice: str | None) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        parse_size(text)
    assert (str(refused.value.suggestion) if refused.value.suggestion else None) == advice


@given(st.integers(0, 10**15))
def test_a_size_written_is_read_back(value: int) -> None:
    assert parse_size(format_size(value)) == value
