"""Days of the week are read exactly, or refused with what to write."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.problem import ValueRefusedError
from config.weekdays import DAYS_PATTERN, Days, format_days, parse_days


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("mon-sat", {0, 1, 2, 3, 4, 5}),
        ("mon-sun", set(range(7))),
        ("sat-mon", {5, 6, 0}),  # over the end of the week
        ("wed", {2}),
        ("wed-wed", {2}),
        ("mon,wed, fri", {0, 2, 4}),
        ("mon-fri,sun", {0, 1, 2, 3, 4, 6}),
    ],
)
def test_days_are_read(text: str, weekdays: set[int]) -> None:
    assert parse_days(text) == Days(frozenset(weekdays))


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("Mon-Sat", "mon-sat"),
        ("monday - saturday", "mon-sat"),
        ("lundi-samedi", "mon-sat"),
        ("lun-ven,dim", "mon-fri,sun"),
        ("mardi au jeudi", "tue-thu"),
        ("mar;jeu", "tue,thu"),
        ("", "mon-sat"),
        ("0-6", "mon-sat"),
        ("mon-", "mon-sat"),
        ("every day", "mon-sat"),
    ],
)
def test_what_is_no_day_is_refused_with_what_was_meant(text: str, example: str) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        parse_days(text)
    assert f'"{example}"' in str(refused.value.suggestion)


@given(st.frozensets(st.integers(0, 6), min_size=1).map(Days))
def test_what_is_written_is_read_again(days: Days) -> None:
    text = format_days(days)
    assert parse_days(text) == days
    assert re.search(DAYS_PATTERN, text)
