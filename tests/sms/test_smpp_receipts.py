"""Delivery receipts as message centres write them, and bytes that nobody should send."""

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import command as smpplib_command

from actors.sms.adapters.smpp import pdu
from actors.sms.adapters.smpp.naming import Difference, name_in_answer, name_in_receipt
from actors.sms.adapters.smpp.receipts import Receipt, receipt_of
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.submission import read_text
from actors.sms.transport import Fate
from config.secret import Secret

SETTINGS = SmppSettings(kind="smpp", host="localhost", system_id="club", password=Secret("x"))
TYPICAL = "id:{id} sub:001 dlvrd:001 submit date:2611241200 done date:2611241201 stat:{stat} err:{err} text:{text}"


def a_delivery(text: str | bytes, esm_class: int = 4, **options: bytes) -> pdu.Delivery:
    content = text if isinstance(text, bytes) else text.encode("latin-1")
    named: dict[int, bytes] = {pdu.Option[name]: value for name, value in options.items()}
    return pdu.Delivery("33612345678", "38000", esm_class, 0, content, named)


@pytest.mark.parametrize(
    ("text", "id_", "fate", "error"),
    [
        # as it comes, the message's number, what became of it, the network's error
        (TYPICAL.format(id="12", stat="DELIVRD", err="000", text="Bonjour"), "12", Fate.DELIVERED, "000"),
        (TYPICAL.format(id="1a-F", stat="UNDELIV", err="1B", text="stat:DELIVRD"), "1a-F", Fate.FAILED, "1B"),
        (TYPICAL.format(id="12", stat="EXPIRED", err="0", text="id:13"), "12", Fate.FAILED, "0"),
        (TYPICAL.format(id="12", stat="ACCEPTD", err="000", text=""), "12", Fate.ON_ITS_WAY, "000"),
        (TYPICAL.format(id="12", stat="UNKNOWN", err="000", text=""), "12", Fate.ON_ITS_WAY, "000"),
        ("ID: 12 STAT: delivrd ERR: 000", "12", Fate.DELIVERED, "000"),
        ("id:12 stat:REJECTD", "12", Fate.FAILED, ""),
        ("id:12 done date:2611241201 stat:DELETED err:001 Text:x", "12", Fate.FAILED, "001"),
    ],
)
def test_the_typical_text_and_its_variants(text: str, id_: str, fate: Fate, error: str) -> None:
    receipt = receipt_of(a_delivery(text))
    assert receipt is not None
    assert (receipt.text_id, receipt.fate, receipt.error) == (id_, fate, error)
    assert (receipt.reason is None) is (fate is not Fate.FAILED)


def test_optional_parameters_say_more_than_the_text() -> None:
    text = TYPICAL.format(id="12", stat="DELIVRD", err="000", text="")
    receipt = receipt_of(
        a_delivery(text, 4, RECEIPTED_MESSAGE_ID=b"C\0", MESSAGE_STATE=b"\5", USER_MESSAGE_REFERENCE=b"\1\2")
    )
    assert receipt == Receipt("33612345678", Fate.FAILED, "UNDELIV", "000", "C", "12", 0x0102)


@pytest.mark.parametrize(
    ("text", "esm_class", "is_one"),
    [
        ("id:12 stat:DELIVRD", 0, True),  # a message centre that leaves esm_class alone
        ("my id:12", 0, False),
        ("STOP", 0, False),
        ("stat:DELIVRD", 0, False),
        ("id:12 stat:DELIVRD", 0x40, True),
        ("", 4, True),
    ],
)
def test_what_is_a_receipt(text: str, esm_class: int, *, is_one: bool) -> None:
    assert (receipt_of(a_delivery(text, esm_class)) is not None) is is_one


@pytest.mark.parametrize(
    ("receipts", "answer", "in_text"),
    [
        ("same", "0A1b", "0A1b"),
        ("decimal", "0A1B", "2587"),
        ("decimal", "a1b", "0000002587"),
        ("hexadecimal", "2587", "0A1B"),
        ("hexadecimal", "0000002587", "a1b"),
        ("decimal", "not-a-number", "not-a-number"),
    ],
)
def test_numbers_written_differently_are_the_same_name(receipts: Difference, answer: str, in_text: str) -> None:
    by_text = Receipt("336", Fate.DELIVERED, "DELIVRD", "", None, in_text, None)
    by_option = Receipt("336", Fate.DELIVERED, "DELIVRD", "", answer, None, None)
    assert (
        name_in_answer(answer, receipts) == name_in_receipt(by_text, receipts) == name_in_receipt(by_option, receipts)
    )


IDS = st.text("0123456789abcdefABCDEF-", min_size=1, max_size=64)


@given(IDS, st.sampled_from(["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD"]), st.text(max_size=20))
def test_whatever_the_quoted_text_holds_the_receipt_reads_the_same(id_: str, stat: str, quoted: str) -> None:
    text = TYPICAL.format(id=id_, stat=stat, err="000", text=quoted).encode("utf-8")
    receipt = receipt_of(a_delivery(text))
    assert receipt is not None
    assert (receipt.text_id, receipt.state) == (id_, stat)


@given(
    st.binary(max_size=300), st.integers(0, 255), st.dictionaries(st.sampled_from(pdu.Option), st.binary(max_size=70))
)
def test_no_content_is_too_strange(content: bytes, esm_class: int, options: dict[int, bytes]) -> None:
    for coding in (0, 1, 3, 8, 0xF1):
        delivery = pdu.Delivery("336", "38000", esm_class, coding, content, options)
        receipt_of(delivery)
        assert isinstance(read_text(delivery, SETTINGS), str)


@given(st.sampled_from([pdu.Command.DELIVER_SM, pdu.Command.DATA_SM]), st.binary(max_size=400))
def test_no_body_is_anything_but_a_delivery_or_nonsense(command: int, body: bytes) -> None:
    try:
        delivery = pdu.delivery_of(pdu.Pdu(command, 0, 1, body))
    except pdu.NonsenseError:
        return
    receipt_of(delivery)
    read_text(delivery, SETTINGS)


@given(st.binary(max_size=100))
def test_no_query_answer_is_anything_but_one_or_nonsense(body: bytes) -> None:
    with suppress(pdu.NonsenseError):
        assert pdu.query_answer_of(pdu.Pdu(pdu.Command.QUERY_SM | pdu.RESPONSE, 0, 1, body)).state >= 0


def test_parameters_that_smpplib_does_not_expect_are_read_past() -> None:
    raw = pdu.encoded("deliver_sm", 7, source_addr="336", destination_addr="38000", short_message=b"STOP")
    odd = struct.pack(">HH2s", 0x0426, 2, b"xy") + struct.pack(">HH1s", 0x1501, 1, b"!") + struct.pack(">HH", 0x1204, 0)
    known = struct.pack(">HHH", 0x0204, 2, 99)
    raw = raw + odd + known
    delivery = pdu.delivery_of(pdu.decoded(len(raw).to_bytes(4, "big") + raw[4:]))
    assert (delivery.source, delivery.content) == ("336", b"STOP")
    assert delivery.options[pdu.Option.USER_MESSAGE_REFERENCE] == b"\0\x63"


@pytest.mark.parametrize("length", [0, 15, 128 * 1024 + 1, 0xFFFFFFFF])
def test_a_length_that_no_pdu_has_is_nonsense(length: int) -> None:
    with pytest.raises(pdu.NonsenseError):
        pdu.length_of(length.to_bytes(4, "big"))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("submit_sm", {"destination_addr": "33612345678", "short_message": b"Bonjour", "data_coding": 8}),
        ("submit_sm", {"destination_addr": "33612345678", "message_payload": b"x" * 500, "user_message_reference": 7}),
        (
            "submit_sm",
            {"short_message": b"a", "sar_total_segments": 2, "sar_segment_seqnum": 1, "sar_msg_ref_num": 65535},
        ),
        ("bind_transceiver", {"system_id": "club", "password": "secret", "system_type": ""}),
        ("query_sm", {"message_id": "12", "source_addr_ton": 3, "source_addr_npi": 0, "source_addr": "38000"}),
        ("enquire_link", {}),
        ("unbind", {}),
    ],
)
def test_what_is_written_is_byte_for_byte_what_smpplib_writes(name: str, fields: dict[str, Any]) -> None:
    theirs = smpplib_command.factory(name, sequence=7, **fields)
    theirs.sequence, theirs.status = 7, 0
    assert pdu.encoded(name, 7, **fields) == bytes(theirs.generate())
