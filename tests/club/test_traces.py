"""The set of fixed size by which the journal knows what it need not look up."""

import sys

from club.traces import Traces


def test_nothing_that_was_added_is_ever_denied() -> None:
    traces = Traces()
    for number in range(20_000):
        traces.add("sms", number)
    assert all(traces.may_hold("sms", number) for number in range(20_000))


def test_of_a_page_of_messages_hardly_another_is_taken_for_one_of_them() -> None:
    traces = Traces()
    for number in range(20_000):
        traces.add("sms", number)
    others = sum(
        traces.may_hold("email", number) or traces.may_hold("sms", number + 20_000) for number in range(20_000)
    )
    assert others < 20


def test_it_is_as_large_empty_as_full() -> None:
    traces = Traces()
    empty = sys.getsizeof(traces._bits)
    for number in range(5_000):
        traces.add("sms", number)
    assert sys.getsizeof(traces._bits) == empty


def test_an_empty_one_holds_nothing() -> None:
    assert not any(Traces().may_hold("sms", number) for number in range(100))
