"""PDUs are as the simulator's own decoder reads them, and what cannot be read is refused without a crash."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modem_pdus import DEFAULT, EXTENDED, decode_submit, deliver, status_report

from actors.sms.adapters.modem.pdu import PduRefusedError, Received, StatusReport, read, relative_validity, submit
from actors.sms.parts import segments

GSM = st.text(st.sampled_from([*DEFAULT.replace("\x1b", ""), *EXTENDED.values()]), min_size=1, max_size=500)
ANY = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=200)


def spoken(text: str) -> bool:
    return bool(text.strip())


@given(text=(GSM | ANY).filter(spoken), reference=st.integers(0, 255), wants_report=st.booleans())
def test_another_decoder_reads_what_was_written(text: str, reference: int, *, wants_report: bool) -> None:
    read_back = []
    for part in segments(text, reference):
        pdu, octets = submit("+33612345678", part, timedelta(days=2), wants_report=wants_report)
        sms = decode_submit(pdu)
        assert (sms["to"], sms["octets"], sms["srr"]) == ("+33612345678", octets, wants_report)
        read_back.append(sms["text"])
    assert "".join(read_back) == text


VALIDITIES = [
    (timedelta(seconds=1), 0),  # the shortest there is: five minutes
    (timedelta(minutes=5), 0),
    (timedelta(minutes=14), 1),  # not longer than asked
    (timedelta(hours=12), 143),
    (timedelta(hours=12, minutes=30), 144),
    (timedelta(hours=23, minutes=59), 166),
    (timedelta(hours=24), 167),
    (timedelta(hours=47), 167),
    (timedelta(days=2), 168),
    (timedelta(days=30), 196),
    (timedelta(days=34), 196),
    (timedelta(weeks=5), 197),
    (timedelta(weeks=63), 255),
    (timedelta(days=2000), 255),
]


@pytest.mark.parametrize(("validity", "written"), VALIDITIES)
def test_the_validity_is_the_longest_that_is_not_longer(validity: timedelta, written: int) -> None:
    assert relative_validity(validity) == written


@given(
    st.text(st.sampled_from(DEFAULT.replace("\x1b", "")), min_size=1, max_size=150) | ANY.filter(lambda s: len(s) < 60)
)
def test_what_a_member_sends_is_read(text: str) -> None:
    found = read(deliver("+33612345678", text))
    assert isinstance(found, Received)
    assert (found.sender, found.body, found.total) == ("+33612345678", text, 1)


def test_a_report_is_read() -> None:
    at = datetime(2026, 11, 24, 8, 30, 1, tzinfo=UTC)
    assert read(status_report(200, "+33612345678", 0x46, at)) == StatusReport(200, "+33612345678", at, at, 0x46)


def test_a_sender_with_a_name_is_read() -> None:
    # "Club" in seven bits, as operators and gateways sign.
    found = read("0004" + "07D0" + "43765D0C" + "0000" + "62114280000000" + "02" + "C834")
    assert isinstance(found, Received)
    assert (found.sender, found.body) == ("Club", "Hi")


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    with suppress(PduRefusedError):
        assert isinstance(read(noise.hex()), Received | StatusReport | None)


@given(st.text(max_size=50))
def test_what_is_no_pdu_is_refused(text: str) -> None:
    try:
        read(text)
    except PduRefusedError:
        return
    assert set(text.lower()) <= set("0123456789abcdef \t\n\r\x0b\x0c")
