"""Protocol data units (PDU) as bytes and back: written and read by smpplib, which is given no socket.

smpplib's own client loses the half of a PDU that came before a timeout, takes any length for good, fails on optional
parameters that a PDU should not have, and logs whole PDUs. So it is used for what a PDU holds, not for how it travels.
Source: SMPP 3.4 issue 1.2 §3.2 (layout), §5.1 (header), §5.3 (optional parameters).
"""

import struct
from collections.abc import Mapping
from enum import IntEnum, unique
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import attrs
from smpplib import command as smpplib_command
from smpplib import exceptions as smpplib_exceptions

HEADER_BYTES: Final = 16
LARGEST_BYTES: Final = 128 * 1024
"""Longer than a PDU with a full message_payload and every other parameter."""
RESPONSE: Final = 0x80000000
_HEADER: Final = struct.Struct(">4I")
_OPTION: Final = struct.Struct(">2H")
_ANY_SEQUENCE: Final = 1


@unique
class Command(IntEnum):
    """The requests that come up here; a response has the same number and the highest bit."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    QUERY_SM = 0x03
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    OUTBIND = 0x0B
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103


GENERIC_NACK: Final = 0x80000000


@unique
class Option(IntEnum):
    """The optional parameters that are read (§5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class NonsenseError(Exception):
    """Bytes are no PDU of the kind that they should be."""


@attrs.frozen
class Pdu:
    """One PDU as it came; `body` holds numbers and texts of people."""

    command: int
    status: int
    sequence: int
    body: bytes = attrs.field(repr=False, default=b"")

    @property
    def is_response(self) -> bool:
        """Whether it answers one of ours."""
        return bool(self.command & RESPONSE)

    @property
    def name(self) -> str:
        """Return the first string of the body: what submit_sm_resp calls the message; empty for none."""
        return _text(self.body.partition(b"\0")[0])


@attrs.frozen
class Delivery:
    """What a deliver_sm or data_sm holds; `options` are its optional parameters by their tag."""

    source: str = attrs.field(repr=False)
    destination: str = attrs.field(repr=False)
    esm_class: int
    data_coding: int
    content: bytes = attrs.field(repr=False)
    options: Mapping[int, bytes] = attrs.field(repr=False)


@attrs.frozen
class QueryAnswer:
    """What a query_sm_resp says of a message: the state by its number, and the network's error."""

    state: int
    error: int


def length_of(beginning: bytes) -> int:
    """Return how long the PDU is that begins with these 4 bytes or more. Raises NonsenseError."""
    length = int.from_bytes(beginning[:4], "big")
    if not HEADER_BYTES <= length <= LARGEST_BYTES:
        raise NonsenseError
    return length


def decoded(raw: bytes) -> Pdu:
    """Return a whole PDU."""
    _, command, status, sequence = _HEADER.unpack_from(raw)
    return Pdu(command, status, sequence, raw[HEADER_BYTES:])


def encoded(name: str, sequence: int, status: int = 0, **fields: Any) -> bytes:
    """Return a PDU by smpplib's names of commands and fields. Raises NonsenseError for what does not fit."""
    try:
        made = smpplib_command.factory(name, sequence=sequence, **fields)
        for field, value in fields.items():
            if isinstance(value, str) and len(value) >= made.params[field].max:
                raise NonsenseError(field)  # smpplib would cut it in silence
        made.sequence, made.status = sequence, status
        made.params_order = _written(name, frozenset(fields))
        return bytes(made.generate())
    except (struct.error, ValueError) as error:  # UnicodeError is a ValueError
        raise NonsenseError(type(error).__name__) from None  # the cause holds the text


@cache
def _written(name: str, given: frozenset[str]) -> tuple[str, ...]:
    """Return, in order, the fields of a PDU that are written when these are given.

    smpplib looks for each of some forty others every time: a fifth of what making a submit_sm takes.
    """
    blank = smpplib_command.factory(name, sequence=_ANY_SEQUENCE)
    return tuple(field for field in blank.params_order if field in given or not blank.field_is_optional(field))


def numbered(raw: bytes, sequence: int) -> bytes:
    """Return the same PDU with another sequence number."""
    return raw[:12] + sequence.to_bytes(4, "big") + raw[HEADER_BYTES:]


def response(to: Pdu, status: int = 0) -> bytes:
    """Return the answer to a request: with an empty message_id where the answer has one (§4.6.2), else without body."""
    body = b"\0" if to.command in (Command.DELIVER_SM, Command.DATA_SM) else b""
    return _HEADER.pack(HEADER_BYTES + len(body), to.command | RESPONSE, status, to.sequence) + body


def nack(sequence: int, status: int) -> bytes:
    """Return a generic_nack (§4.3)."""
    return _HEADER.pack(HEADER_BYTES, GENERIC_NACK, status, sequence)


def delivery_of(pdu: Pdu) -> Delivery:
    """Return what a deliver_sm or data_sm brings. Raises NonsenseError."""
    parsed, options = _parsed("deliver_sm" if pdu.command == Command.DELIVER_SM else "data_sm", pdu)
    content = getattr(parsed, "short_message", None) or options.get(Option.MESSAGE_PAYLOAD, b"")
    source, destination = parsed.source_addr, parsed.destination_addr
    if not isinstance(source, bytes) or not isinstance(destination, bytes) or not isinstance(parsed.data_coding, int):
        raise NonsenseError
    return Delivery(
        _text(source), _text(destination), parsed.esm_class, parsed.data_coding, content, MappingProxyType(options)
    )


def query_answer_of(pdu: Pdu) -> QueryAnswer:
    """Return what a query_sm_resp says. Raises NonsenseError."""
    parsed, _ = _parsed("query_sm_resp", pdu)
    if not isinstance(parsed.message_state, int):
        raise NonsenseError
    return QueryAnswer(parsed.message_state, parsed.error_code or 0)


def _parsed(name: str, pdu: Pdu) -> tuple[Any, dict[int, bytes]]:
    parsed = smpplib_command.factory(name, sequence=_ANY_SEQUENCE)
    options: dict[int, bytes] = {}
    # smpplib raises KeyError on an optional parameter that exists but not in this PDU, and knows none of a vendor's.
    parsed.parse_optional_params = lambda rest: options.update(_options(rest))
    try:
        parsed.parse_params(pdu.body)
    except (struct.error, ValueError, TypeError, smpplib_exceptions.UnknownCommandError):
        raise NonsenseError from None
    return parsed, options


def _options(rest: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    place = 0
    while place + _OPTION.size <= len(rest):
        tag, length = _OPTION.unpack_from(rest, place)
        place += _OPTION.size
        found[tag] = rest[place : place + length]
        place += length
    return found


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")
