"""The cable is cut at every byte: the answer never says "not sent" of a copy on air, nor "accepted" of none."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from modem_rig import Rig, an_sms, plugged_in, wait_until

from actors.sms.transport import Accepted, Unavailable, Unknown

SHORT = "ok"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with plugged_in(tmp_path) as rig:
        yield rig


def plug_in_again(rig: Rig) -> None:
    wait_until(lambda: not rig.simulated.link.exists())
    rig.simulated.cut_after = None
    rig.simulated.plug_in()


def test_a_cut_at_any_byte_of_a_sending_is_told_as_it_is(rig: Rig) -> None:
    rig.transport.open()
    rig.simulated.counted = 0
    assert isinstance(rig.send(an_sms("club-whole", body=SHORT)), Accepted)
    bytes_of_a_sending = rig.simulated.counted
    answers: Counter[str] = Counter()
    for place in range(1, bytes_of_a_sending + 12):  # the last are not cut
        rig.transport.open()
        with rig.simulated.lock:
            rig.simulated.counted, rig.simulated.cut_after = 0, place
        answers[type(rig.send(an_sms(f"club-{place}", body=SHORT))).__name__] += 1  # which judges it
        if rig.simulated.counted < place:
            rig.simulated.unplug()
        plug_in_again(rig)
    assert answers[Unavailable.__name__] >= len(b"AT+CMGS=00\r\r\n> ") - 1
    assert answers[Unknown.__name__] >= 40
    assert answers[Accepted.__name__] >= 1


def test_a_cut_at_any_byte_of_a_start_leaves_nothing_and_the_next_start_goes_well(rig: Rig) -> None:
    rig.simulated.counted = 0
    rig.transport.open()
    bytes_of_a_start = rig.simulated.counted
    rig.transport.close()
    for place in range(1, bytes_of_a_start, 23):  # a prime: other places of each command
        with rig.simulated.lock:
            rig.simulated.counted, rig.simulated.cut_after = 0, place
        assert isinstance(rig.send(), Unavailable)
        plug_in_again(rig)
    assert isinstance(rig.send(), Accepted)
    assert len(rig.simulated.air()) == 1


def test_a_line_of_an_answer_that_is_cut_short_is_no_answer(rig: Rig) -> None:
    # "+CMGS: 12" cut to "+CMGS: 1", "+CMS ERROR: 500" to "+CMS ERROR: 50": each would read as another answer.
    rig.transport.open()
    with rig.simulated.lock:
        rig.modem._mr = 199
        written = len(b"AT+CMGS=00\r\r\n> ") + 33 + len(b"\r\n+CMGS: 20")
        rig.simulated.counted, rig.simulated.cut_after = 0, written
    answer = rig.send(an_sms(body=SHORT))
    assert not isinstance(answer, Accepted) or (answer.provider_reference or "").endswith("-200")
