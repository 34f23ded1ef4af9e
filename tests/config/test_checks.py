"""Each demand on a value accepts, refuses and explains itself."""

from datetime import time, timedelta
from typing import Any

import pytest

from config import Between, Check, Distinct, Judged, Matching, NotEmpty, ValueRefusedError, size_between
from config.sentence import Sentence

EVEN = Judged(lambda number: Sentence.of("odd") if number % 2 else None, Sentence.of("even"))
LETTERS = Matching("[a-z]+", Sentence.of("small letters"))


@pytest.mark.parametrize(
    ("check", "value", "is_accepted"),
    [
        (Between(1, 3), 1, True),  # both bounds belong
        (Between(1, 3), 3, True),
        (Between(1, 3), 0, False),
        (Between(1, 3), 4, False),
        (Between(minimum=0), -1, False),  # zero is a bound
        (Between(maximum=0), 1, False),
        (Between(time(8), time(20)), time(20, 1), False),
        (Between(timedelta(seconds=1)), timedelta(0), False),
        (size_between(maximum=10), 11, False),
        (NotEmpty(), "x", True),
        (NotEmpty(), " \t", False),
        (NotEmpty(), (), False),
        (NotEmpty(), (0,), True),
        (NotEmpty(), {}, False),
        (LETTERS, "abc", True),
        (LETTERS, "abc1", False),  # as a whole
        (LETTERS, "abc\n", False),
        (Distinct(), ("a", "b"), True),
        (Distinct(), ("a", "b", "a"), False),
        (EVEN, 2, True),
        (EVEN, 3, False),
    ],
)
def test_a_check_accepts_or_refuses(check: Check, value: Any, *, is_accepted: bool) -> None:
    if is_accepted:
        check(value)
    else:
        with pytest.raises(ValueRefusedError):
            check(value)


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        (Between(1, 3), "between 1 and 3"),
        (Between(minimum=0), "at least 0"),
        (Between(maximum=timedelta(minutes=90)), "at most 1h30min"),
        (Between(time(8), time(20)), "between 08:00 and 20:00"),
        (size_between(1_000, 2_000_000), "between 1kB and 2MB"),
        (size_between(0), "at least 0B"),
        (NotEmpty(), "not empty"),
        (LETTERS, "small letters"),
        (Distinct(), "nothing twice"),
        (EVEN, "even"),
    ],
)
def test_a_check_says_its_rule(check: Check, rule: str) -> None:
    assert str(check.rule) == rule


@pytest.mark.parametrize(
    ("check", "written", "schema"),
    [
        (Between(1, 3), "integer", {"minimum": 1, "maximum": 3}),
        (Between(maximum=0), "number", {"maximum": 0}),
        (Between(timedelta(seconds=1)), "string", {}),
        (size_between(1), "string", {}),
        (NotEmpty(), "string", {"pattern": r"\S"}),
        (NotEmpty(), "array", {"minItems": 1}),
        (NotEmpty(), "object", {"minProperties": 1}),
        (LETTERS, "string", {"pattern": "^(?:[a-z]+)$"}),
        (LETTERS, "array", {}),
        (Distinct(), "array", {"uniqueItems": True}),
        (Distinct(), "string", {}),
        (EVEN, "integer", {}),
    ],
)
def test_a_check_says_it_in_json_schema(check: Check, written: str, schema: dict[str, Any]) -> None:
    assert check.json_schema(written) == schema
